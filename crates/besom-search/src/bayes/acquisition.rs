//! The acquisition function: how much a point is worth trying.
//!
//! Letters are those of the papers, for a loss to be minimized: mean mu(x) and standard deviation sigma(x) of
//! the posterior, and the incumbent y*, which is to be improved on.
//!
//! * Expected improvement, `EI(x) = sigma(x) h((y* - mu(x)) / sigma(x))` with `h(z) = phi(z) + z Phi(z)`; its
//!   logarithm is what is climbed (Ament et al., *Unexpected Improvements to Expected Improvement for
//!   Bayesian Optimization*, NeurIPS 2023).
//! * The lower confidence bound, `mu(x) - beta sigma(x)` (Srinivas et al., *Gaussian Process Optimization in
//!   the Bandit Setting*, ICML 2010, whose beta is the square of this one).

use besom_gp::improvement::{LogImprovement, log_expected_improvement};

/// Which acquisition function.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Acquisition {
    /// The logarithm of expected improvement.
    #[default]
    ExpectedImprovement,
    /// The negated lower confidence bound.
    ConfidenceBound { beta: f64 },
}

impl Acquisition {
    /// The value at a point with this posterior mean and standard deviation, and its derivatives with respect
    /// to both.
    pub(super) fn score(self, mean: f64, sd: f64, incumbent: f64) -> LogImprovement {
        match self {
            Self::ExpectedImprovement => log_expected_improvement(mean, sd, incumbent),
            Self::ConfidenceBound { beta } => LogImprovement::new(beta * sd - mean, -1.0, beta),
        }
    }

    /// What its largest value is called in a note.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::ExpectedImprovement => "largest expected improvement",
            Self::ConfidenceBound { .. } => "best confidence bound",
        }
    }
}

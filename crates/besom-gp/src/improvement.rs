//! Expected improvement over the best value so far, when minimizing, and its logarithm with derivatives.
//!
//! Expected improvement underflows to a flat 0 a few standard deviations from the best value, which leaves an
//! optimizer of it without a slope; its logarithm does not (Ament, Daulton, Eriksson, Balandat, Bakshy,
//! *Unexpected Improvements to Expected Improvement for Bayesian Optimization*, NeurIPS 2023, section 4.1).
//! Letters are theirs, for a function to be minimized: with the posterior mean μ and deviation σ at a point
//! and the incumbent y*, `z = (y* - μ) / σ` and `h(z) = φ(z) + z Φ(z)`, `EI = σ h(z)` and `LogEI = log_h(z) +
//! ln σ`. [`HypervolumeImprovement`] is the same for several losses at once.

mod hypervolume;

use std::f64::consts::FRAC_1_SQRT_2;

pub use hypervolume::{HypervolumeImprovement, LogHypervolumeImprovement};

use crate::normal::{HALF_LN_TAU, SQRT_HALF_PI, cdf, erfcx, pdf};

/// The logarithm of expected improvement, and how it changes with the posterior.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct LogImprovement {
    /// `ln EI`.
    pub value: f64,
    /// Its derivative with respect to the mean; never positive.
    pub by_mean: f64,
    /// Its derivative with respect to the standard deviation; never negative.
    pub by_sd: f64,
}

impl LogImprovement {
    /// Of this value and its derivatives, for an acquisition function of one's own.
    pub fn new(value: f64, by_mean: f64, by_sd: f64) -> Self {
        Self { value, by_mean, by_sd }
    }
}

/// `ln h(z)` and its derivative `Φ(z) / h(z)`, for every finite z without underflow.
pub fn log_h(z: f64) -> (f64, f64) {
    // h is z to the last bit here.
    if z > 9.0 {
        return (libm::log(z), 1.0 / z);
    }
    if z > -1.0 {
        let h = pdf(z) + z * cdf(z);
        return (libm::log(h), cdf(z) / h);
    }
    // h = φ(z) w with w = 1 + z Φ(z)/φ(z): the exponential is taken out before it underflows. Below -200 the
    // two terms of w cancel to fewer digits than its asymptotic series has.
    let c = SQRT_HALF_PI * erfcx(-z * FRAC_1_SQRT_2);
    let w = if z < -200.0 {
        let q = 1.0 / (z * z);
        q * (1.0 - 3.0 * q * (1.0 - 5.0 * q))
    } else {
        1.0 + z * c
    };
    (-0.5 * z * z - HALF_LN_TAU + libm::log(w), c / w)
}

/// The logarithm of expected improvement below `best` at a point with this posterior mean and standard
/// deviation. With `sd = 0` it is the logarithm of the certain improvement, minus infinity if there is none.
pub fn log_expected_improvement(mean: f64, sd: f64, best: f64) -> LogImprovement {
    if sd <= 0.0 {
        let gain = (best - mean).max(0.0);
        let by_mean = if gain > 0.0 { -1.0 / gain } else { 0.0 };
        return LogImprovement { value: libm::log(gain), by_mean, by_sd: 0.0 };
    }
    let z = (best - mean) / sd;
    let (value, slope) = log_h(z);
    LogImprovement { value: value + libm::log(sd), by_mean: -slope / sd, by_sd: (1.0 - slope * z) / sd }
}

/// The expected improvement below `best`.
pub fn expected_improvement(mean: f64, sd: f64, best: f64) -> f64 {
    libm::exp(log_expected_improvement(mean, sd, best).value)
}

/// The probability of falling below `best`.
pub fn probability_of_improvement(mean: f64, sd: f64, best: f64) -> f64 {
    if sd > 0.0 { cdf((best - mean) / sd) } else { f64::from(u8::from(mean < best)) }
}

//! What only a stopping rule itself can see in its options and its problem.

use thiserror::Error;

/// Why a stopping rule refuses a problem, or options that do not go together.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum RuleError {
    /// The problem has no metric, so there is nothing to compare runs by.
    #[error("early termination needs a metric")]
    NoMetric,
    /// Hyperband's options leave no band: no run would ever be judged.
    #[error("no band is left: max_iter {max_iter} is smaller than eta {eta}")]
    NoBands {
        /// The option `max_iter`.
        max_iter: usize,
        /// The option `eta`.
        eta: f64,
    },
    /// Hyperband's options make more bands than could be of use.
    #[error("eta {eta} is so near 1 that there would be more than {limit} bands")]
    TooManyBands {
        /// The option `eta`.
        eta: f64,
        /// The most bands there may be.
        limit: usize,
    },
    /// The bounds of `threshold` leave no value between them.
    #[error("no value lies between lower {lower} and upper {upper}")]
    EmptyBounds {
        /// The option `lower`.
        lower: f64,
        /// The option `upper`.
        upper: f64,
    },
}

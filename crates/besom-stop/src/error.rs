//! Why a stopping rule refuses a problem or its options.

use besom_core::OptionError;
use thiserror::Error;

/// Why a stopping rule refuses a problem or its options.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum RuleError {
    /// The problem has no metric, so there is nothing to compare runs by.
    #[error("early termination needs a metric")]
    NoMetric,
    /// Something is wrong with an option.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// Hyperband's options leave no band: no run would ever be judged.
    #[error("no band is left: max_iter {max_iter} is smaller than eta {eta}")]
    NoBands {
        /// The option `max_iter`.
        max_iter: u64,
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
    /// Several of these at once.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Several(Vec<RuleError>),
}

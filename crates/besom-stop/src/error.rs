//! Why a stopping rule refuses a problem or its options.

use serde_json::Value;
use thiserror::Error;

/// Why a stopping rule refuses a problem or its options.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum RuleError {
    /// The problem has no metric, so there is nothing to compare runs by.
    #[error("early termination needs a metric")]
    NoMetric,
    /// The rule has no option of this name.
    #[error("unknown option '{key}'{}; known: {}", did_you_mean(nearest.as_deref()), known.join(", "))]
    UnknownOption {
        /// The name that was found.
        key: String,
        /// All options of the rule.
        known: Vec<&'static str>,
        /// The known name that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
    /// An option has a value that it can't have.
    #[error("option '{key}' must be {expected}, found {found}")]
    WrongOption {
        /// The option.
        key: &'static str,
        /// What it may be.
        expected: String,
        /// What it was.
        found: Value,
    },
    /// An option is missing.
    #[error("option {missing} is missing{}", because.map(|key| format!(": '{key}' needs it")).unwrap_or_default())]
    MissingOption {
        /// The option, or the alternatives, in words.
        missing: &'static str,
        /// The option that asks for it; `None` if the rule always does.
        because: Option<&'static str>,
    },
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

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(", did you mean '{name}'?")).unwrap_or_default()
}

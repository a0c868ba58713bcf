//! What can go wrong.

use thiserror::Error;

/// Why a history says nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InsightError {
    /// The sweep optimises nothing.
    #[error("the sweep has no metric")]
    NoMetric,
    /// No run has a value of the metric.
    #[error("no run has logged a number as '{metric}' yet")]
    NoValues {
        /// The metric.
        metric: String,
    },
    /// A model needs more runs.
    #[error("a model of the metric needs at least {needed} runs with a value of it, there are {found}")]
    Runs {
        /// How many it needs.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// A parameter was named that the sweep does not vary.
    #[error(
        "no parameter '{name}' that is not constant{}; there are: {}",
        nearest.as_ref().map(|name| format!(", did you mean '{name}'?")).unwrap_or_default(),
        known.join(", ")
    )]
    UnknownParameter {
        /// What was named.
        name: String,
        /// What there is.
        known: Vec<String>,
        /// The name that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
    /// The model could not be fitted.
    #[error("the model of the metric could not be fitted")]
    Model(#[from] besom_gp::GpError),
}

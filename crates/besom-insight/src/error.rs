//! What can go wrong.

use besom_core::{Space, nearest};
use thiserror::Error;

/// Why a history does not answer a question.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InsightError {
    /// The sweep does not optimize anything.
    #[error("the sweep has no metric")]
    NoMetric,
    /// No run has a value of the metric.
    #[error("no run has logged a number as '{metric}' yet")]
    NoValues {
        /// The metric.
        metric: String,
    },
    /// A model needs more runs.
    #[error("a model of the metric requires at least {needed} runs with a value, found {found}")]
    Runs {
        /// How many it needs.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// The question needs more parameters that are not constant.
    #[error("needs {needed} or more parameters that vary; found {found}")]
    Parameters {
        /// How many it needs.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// A contour is one of two different parameters.
    #[error("a contour takes two different parameters, not {}", named.join(", "))]
    Pair {
        /// The names that were given.
        named: Vec<String>,
    },
    /// The sweep does not vary a parameter of this name.
    #[error(
        "no parameter '{name}' that is not constant{}; known: {}",
        besom_core::did_you_mean(nearest.as_deref()),
        known.join(", ")
    )]
    UnknownParameter {
        /// The name.
        name: String,
        /// The names that exist.
        known: Vec<String>,
        /// The name with the most similar spelling, if one is near.
        nearest: Option<String>,
    },
    /// The model could not be fitted.
    #[error("the model of the metric could not be fitted")]
    Model(#[from] besom_gp::GpError),
}

impl InsightError {
    /// That no parameter of a space that varies has this name.
    pub fn unknown_parameter(name: &str, space: &Space) -> Self {
        let known: Vec<String> = space.searchable().map(|parameter| parameter.name.to_string()).collect();
        let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Self::UnknownParameter { name: name.to_owned(), known, nearest }
    }
}

//! Why a search method refuses a problem.

use besom_core::ParamPath;
use thiserror::Error;

/// Why a search method refuses a problem.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SearchError {
    /// These parameters have no grid: no list of values, or values with probabilities.
    #[error("a grid needs parameters with countable, equally likely values; not so: {}", listed(.0))]
    NotCountable(
        /// Each parameter with the name of its distribution.
        Vec<(ParamPath, &'static str)>,
    ),
    /// The grid has more points than a `u128` counts.
    #[error("the grid has 2^128 points or more")]
    GridTooLarge,
    /// The conditions of the space are too many to number its points.
    #[error("the conditions tell too many cases apart for a grid")]
    TooManyCases,
    /// The method knows no conditions, and parameters have some.
    #[error("{method} search knows no conditions (`when`); {instead}")]
    Conditions {
        /// The method.
        method: &'static str,
        /// What to do.
        instead: &'static str,
    },
    /// The method knows no constraints between parameters, and there are some.
    #[error("{method} search knows no constraints between parameters (`parameter_constraints`); {instead}")]
    Constraints {
        /// The method.
        method: &'static str,
        /// What to do.
        instead: &'static str,
    },
    /// No point is known that keeps all constraints.
    #[error("no point is known that keeps all constraints between parameters, so there is nothing to try")]
    NoLegalPoint,
    /// Too many cells of a grid in a row break a constraint.
    #[error(
        "none of {0} points of the grid in a row keeps all constraints between parameters; use method random, or leave out \
         values that fit nowhere"
    )]
    TooFewLegal(u64),
    /// There are more parameters to search than the method has dimensions for.
    #[error("{method} search has {limit} dimensions at most, and there are {found} parameters to search")]
    TooManyDimensions {
        /// The method.
        method: &'static str,
        /// How many parameters are to be searched.
        found: usize,
        /// The most that there may be.
        limit: usize,
    },
    /// The method learns from a metric, and the problem has none.
    #[error("there is no metric to optimize")]
    NoMetric,
    /// The method varies parameters, and all are constant.
    #[error("there is no parameter to search: all are constant")]
    NothingToSearch,
}

fn listed(parameters: &[(ParamPath, &str)]) -> String {
    let parameters = parameters.iter().map(|(name, distribution)| format!("{name} ({distribution})"));
    parameters.collect::<Vec<_>>().join(", ")
}

//! Why a search method refuses a problem or its options.

use besom_core::{Name, Options, nearest};
use thiserror::Error;

/// Why a search method refuses a problem or its options.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The method has no option of this name.
    #[error("unknown option '{key}'{}; {}", did_you_mean(nearest.as_deref()), known_options(known))]
    UnknownOption {
        /// The name that was found.
        key: String,
        /// All options of the method.
        known: Vec<&'static str>,
        /// The known name that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
    /// An option has a value that it can't have.
    #[error("option '{key}' must be {expected}, found {found}{}", did_you_mean(nearest.as_deref()))]
    WrongOption {
        /// The option.
        key: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it was, as JSON.
        found: String,
        /// The possible value that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
    /// A grid can't be laid over these parameters: they have no list of values, or the values have probabilities.
    #[error("a grid needs parameters with countable, equally likely values; not so: {}", listed(.0))]
    NotCountable(
        /// Each parameter with the name of its distribution.
        Vec<(Name, &'static str)>,
    ),
    /// The grid has more points than a `u128` counts.
    #[error("the grid has 2^128 points or more")]
    GridTooLarge,
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
    #[error("there is no metric to optimise")]
    NoMetric,
    /// The method varies parameters, and all are constant.
    #[error("there is no parameter to search: all are constant")]
    NothingToSearch,
    /// Several of these at once.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Several(Vec<SearchError>),
}

/// A fault for each option that is not among the `known`.
pub(crate) fn unknown_options(options: &Options, known: &[&'static str]) -> Vec<SearchError> {
    let unknown = options.keys().filter(|key| !known.contains(&key.as_str()));
    let faults = unknown.map(|key| SearchError::UnknownOption {
        key: key.clone(),
        known: known.to_vec(),
        nearest: nearest(key, known.iter().copied()).map(str::to_owned),
    });
    faults.collect()
}

/// Nothing, or all `faults` as one error.
pub(crate) fn none_of(mut faults: Vec<SearchError>) -> Result<(), SearchError> {
    match faults.len() {
        0 => Ok(()),
        1 => Err(faults.remove(0)),
        _ => Err(SearchError::Several(faults)),
    }
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(", did you mean '{name}'?")).unwrap_or_default()
}

fn known_options(known: &[&str]) -> String {
    if known.is_empty() { "the method has none".to_owned() } else { format!("known: {}", known.join(", ")) }
}

fn listed(parameters: &[(Name, &str)]) -> String {
    let parameters = parameters.iter().map(|(name, distribution)| format!("{name} ({distribution})"));
    parameters.collect::<Vec<_>>().join(", ")
}

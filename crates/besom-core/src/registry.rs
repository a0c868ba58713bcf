//! Names of algorithms and how they are built.
//!
//! Filled by explicit calls; a user's algorithm and a built-in one have equal rights. There is no global registry.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::{BoxError, Problem, Search, Stopper};

/// What the sweep file says to an algorithm besides its name, as a JSON object.
pub type Options = Map<String, Value>;

type MakeSearch = Box<dyn Fn(&Problem, &Options) -> Result<Box<dyn Search>, BoxError> + Send + Sync>;
type MakeStopper = Box<dyn Fn(&Problem, &Options) -> Result<Box<dyn Stopper>, BoxError> + Send + Sync>;

/// Maps the names in sweep files (`method`, `early_terminate.type`) to constructors.
///
/// ```
/// use besom_core::{Answer, Ask, BoxError, Registry, Search};
///
/// struct Nothing;
/// impl Search for Nothing {
///     fn suggest(&mut self, _: &Ask<'_>) -> Result<Answer, BoxError> {
///         Ok(Answer::Done)
///     }
/// }
///
/// let mut registry = Registry::new();
/// registry.add_search("nothing", |_problem, _options| Ok(Nothing));
/// assert_eq!(registry.searches().collect::<Vec<_>>(), ["nothing"]);
/// ```
#[derive(Default)]
pub struct Registry {
    searches: BTreeMap<String, MakeSearch>,
    stoppers: BTreeMap<String, MakeStopper>,
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a search method under `name`, in place of one that had it. The constructor checks the options against
    /// the problem; its error is shown before anything is stored.
    pub fn add_search<S, F>(&mut self, name: impl Into<String>, make: F) -> &mut Self
    where
        S: Search + 'static,
        F: Fn(&Problem, &Options) -> Result<S, BoxError> + Send + Sync + 'static,
    {
        let make: MakeSearch = Box::new(move |problem, options| Ok(Box::new(make(problem, options)?)));
        self.searches.insert(name.into(), make);
        self
    }

    /// Adds a stopping rule under `name`, in place of one that had it.
    pub fn add_stopper<S, F>(&mut self, name: impl Into<String>, make: F) -> &mut Self
    where
        S: Stopper + 'static,
        F: Fn(&Problem, &Options) -> Result<S, BoxError> + Send + Sync + 'static,
    {
        let make: MakeStopper = Box::new(move |problem, options| Ok(Box::new(make(problem, options)?)));
        self.stoppers.insert(name.into(), make);
        self
    }

    /// Builds the search method `name`.
    pub fn search(
        &self,
        name: &str,
        problem: &Problem,
        options: &Options,
    ) -> Result<Box<dyn Search>, RegistryError> {
        let make = find(&self.searches, "search method", name)?;
        make(problem, options).map_err(|source| refused("search method", name, source))
    }

    /// Builds the stopping rule `name`.
    pub fn stopper(
        &self,
        name: &str,
        problem: &Problem,
        options: &Options,
    ) -> Result<Box<dyn Stopper>, RegistryError> {
        let make = find(&self.stoppers, "stopping rule", name)?;
        make(problem, options).map_err(|source| refused("stopping rule", name, source))
    }

    /// The names of all search methods, in order.
    pub fn searches(&self) -> impl Iterator<Item = &str> {
        self.searches.keys().map(String::as_str)
    }

    /// The names of all stopping rules, in order.
    pub fn stoppers(&self) -> impl Iterator<Item = &str> {
        self.stoppers.keys().map(String::as_str)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("searches", &self.searches.keys())
            .field("stoppers", &self.stoppers.keys())
            .finish()
    }
}

/// Why an algorithm could not be built.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// No algorithm has this name.
    #[error("unknown {kind} '{name}'{}; known: {}", did_you_mean(nearest), listed(known))]
    Unknown {
        /// `search method` or `stopping rule`.
        kind: &'static str,
        /// The name that was asked for.
        name: String,
        /// All names there are.
        known: Vec<String>,
        /// The known name that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
    /// The algorithm refused the problem or its options.
    #[error("{kind} '{name}': {source}")]
    Refused {
        /// `search method` or `stopping rule`.
        kind: &'static str,
        /// The algorithm's name.
        name: String,
        /// Its reason.
        source: BoxError,
    },
}

fn find<'a, T>(map: &'a BTreeMap<String, T>, kind: &'static str, name: &str) -> Result<&'a T, RegistryError> {
    map.get(name).ok_or_else(|| RegistryError::Unknown {
        kind,
        name: name.to_owned(),
        known: map.keys().cloned().collect(),
        nearest: nearest(name, map.keys().map(String::as_str)).map(str::to_owned),
    })
}

fn refused(kind: &'static str, name: &str, source: BoxError) -> RegistryError {
    RegistryError::Refused { kind, name: name.to_owned(), source }
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!(", did you mean '{name}'?")).unwrap_or_default()
}

fn listed(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

/// The candidate that is spelled most like `word`, if one is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|&(distance, candidate)| {
            distance <= 1 + candidate.chars().count().min(word.chars().count()) / 4
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

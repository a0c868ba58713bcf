//! Names of algorithms and how they are built.
//!
//! Filled by explicit calls; a user's algorithm and a built-in one have equal rights. There is no global registry.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::{BoxError, Fault, Faults, Problem, Search, Spec, Stopper, did_you_mean, nearest};

/// What the sweep file says to an algorithm besides its name, as a JSON object.
pub type Options = Map<String, Value>;

type Make<T> = Box<dyn Fn(&Problem, &Options) -> Result<Box<T>, BoxError> + Send + Sync>;

/// What a name in a sweep file stands for.
struct Entry<T: ?Sized> {
    spec: Spec,
    make: Make<T>,
}

/// Maps the names in sweep files (`method`, `early_terminate.type`) to constructors and what they say of themselves.
///
/// ```
/// use besom_core::{Answer, Ask, BoxError, Registry, Search, Spec};
///
/// struct Nothing;
/// impl Search for Nothing {
///     fn suggest(&mut self, _: &Ask<'_>) -> Result<Answer, BoxError> {
///         Ok(Answer::Done)
///     }
/// }
///
/// let mut registry = Registry::new();
/// registry.add_search("nothing", Spec::new("Tries nothing"), |_problem, _options| Ok(Nothing));
/// assert_eq!(registry.searches().collect::<Vec<_>>(), ["nothing"]);
/// assert_eq!(registry.search_spec("nothing").expect("it was added").summary, "Tries nothing");
/// ```
#[derive(Default)]
pub struct Registry {
    searches: BTreeMap<String, Entry<dyn Search>>,
    stoppers: BTreeMap<String, Entry<dyn Stopper>>,
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a search method under `name`, in place of one that had it. The constructor gets options that `spec` allows, and
    /// checks them against each other and the problem; its error is shown before anything is stored. Let it be [`Faults`] that
    /// name the option, and the sweep file's reader says where it stands.
    pub fn add_search<S, F>(&mut self, name: impl Into<String>, spec: Spec, make: F) -> &mut Self
    where
        S: Search + 'static,
        F: Fn(&Problem, &Options) -> Result<S, BoxError> + Send + Sync + 'static,
    {
        let make: Make<dyn Search> = Box::new(move |problem, options| Ok(Box::new(make(problem, options)?)));
        self.searches.insert(name.into(), Entry { spec, make });
        self
    }

    /// Adds a stopping rule under `name`, in place of one that had it, as [`Registry::add_search`] does a search method.
    pub fn add_stopper<S, F>(&mut self, name: impl Into<String>, spec: Spec, make: F) -> &mut Self
    where
        S: Stopper + 'static,
        F: Fn(&Problem, &Options) -> Result<S, BoxError> + Send + Sync + 'static,
    {
        let make: Make<dyn Stopper> = Box::new(move |problem, options| Ok(Box::new(make(problem, options)?)));
        self.stoppers.insert(name.into(), Entry { spec, make });
        self
    }

    /// Builds the search method `name`.
    pub fn search(
        &self,
        name: &str,
        problem: &Problem,
        options: &Options,
    ) -> Result<Box<dyn Search>, RegistryError> {
        find(&self.searches, "search method", name)?
            .build(problem, options)
            .map_err(|source| refused("search method", name, source))
    }

    /// Builds the stopping rule `name`.
    pub fn stopper(
        &self,
        name: &str,
        problem: &Problem,
        options: &Options,
    ) -> Result<Box<dyn Stopper>, RegistryError> {
        find(&self.stoppers, "stopping rule", name)?
            .build(problem, options)
            .map_err(|source| refused("stopping rule", name, source))
    }

    /// The names of all search methods, in order.
    pub fn searches(&self) -> impl Iterator<Item = &str> {
        self.searches.keys().map(String::as_str)
    }

    /// The names of all stopping rules, in order.
    pub fn stoppers(&self) -> impl Iterator<Item = &str> {
        self.stoppers.keys().map(String::as_str)
    }

    /// What the search method `name` says of itself.
    pub fn search_spec(&self, name: &str) -> Option<&Spec> {
        self.searches.get(name).map(|entry| &entry.spec)
    }

    /// What the stopping rule `name` says of itself.
    pub fn stopper_spec(&self, name: &str) -> Option<&Spec> {
        self.stoppers.get(name).map(|entry| &entry.spec)
    }
}

impl<T: ?Sized> Entry<T> {
    /// Calls the constructor with the options that the spec allows; what is wrong with the others is reported together with
    /// what it finds itself.
    fn build(&self, problem: &Problem, options: &Options) -> Result<Box<T>, BoxError> {
        let Err(Faults(mut faults)) = self.spec.check(options) else { return (self.make)(problem, options) };
        let wrong: Vec<String> = faults.iter().filter_map(|fault| fault.option.clone()).collect();
        let allowed = options.iter().filter(|(key, _)| !wrong.contains(key));
        let allowed = allowed.map(|(key, value)| (key.clone(), value.clone())).collect();
        if let Err(error) = (self.make)(problem, &allowed)
            && let Ok(Faults(more)) = error.downcast::<Faults>().map(|faults| *faults)
        {
            // An option that was left out because it is wrong or misspelled is not missing.
            let meant: Vec<String> = faults.iter().filter_map(Fault::meant).chain(wrong).collect();
            let known = |fault: &Fault| fault.option.as_ref().is_some_and(|key| meant.contains(key));
            faults.extend(more.into_iter().filter(|fault| !known(fault)));
        }
        Err(Faults(faults).into())
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
    #[error("unknown {kind} '{name}'{}; known: {}", did_you_mean(nearest.as_deref()), listed(known))]
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
    #[error("{kind} '{name}'")]
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

fn listed(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

//! Names of algorithms and how they are built.
//!
//! Filled by explicit calls; a user's algorithm and a built-in one have equal rights. There is no global registry.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::method::constructed;
use crate::{BoxError, Fault, Faults, Method, Problem, Rule, Search, Spec, Stopper, UnknownName};

/// What the sweep file says to an algorithm besides its name, as a JSON object.
pub type Options = Map<String, Value>;

type Make<T> = Arc<dyn Fn(&Problem, &Options) -> Result<Box<T>, BoxError> + Send + Sync>;

/// What a name in a sweep file stands for.
struct Entry<T: ?Sized> {
    spec: Spec,
    make: Make<T>,
}

impl<T: ?Sized> Clone for Entry<T> {
    fn clone(&self) -> Self {
        Self { spec: self.spec, make: Arc::clone(&self.make) }
    }
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
/// registry.add_search("nothing", Spec::new("Tries nothing"), |_problem, _options| Ok(Nothing))?;
/// assert_eq!(registry.searches().collect::<Vec<_>>(), ["nothing"]);
/// assert_eq!(registry.search_spec("nothing").expect("it was added").summary, "Tries nothing");
/// # Ok::<(), besom_core::Taken>(())
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    searches: BTreeMap<String, Entry<dyn Search>>,
    stoppers: BTreeMap<String, Entry<dyn Stopper>>,
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a search method under `name`. The constructor gets options that `spec` allows, and checks them against each other and
    /// the problem; its error is shown before anything is stored. Let it be [`Faults`] that name the option, and the sweep
    /// file's reader says where it stands. The constructor is called again after a panic, see [`Method`].
    ///
    /// # Errors
    /// If the name is taken; see [`Registry::replace_search`].
    pub fn add_search<S, F>(
        &mut self,
        name: impl Into<String>,
        spec: Spec,
        make: F,
    ) -> Result<&mut Self, Taken>
    where
        S: Search + 'static,
        F: Fn(&Problem, &Options) -> Result<S, BoxError> + Send + Sync + 'static,
    {
        let name = free(&self.searches, AlgorithmKind::Search, name.into())?;
        Ok(self.replace_search(name, spec, make))
    }

    /// Adds a search method under `name`, in place of one that had it.
    pub fn replace_search<S, F>(&mut self, name: impl Into<String>, spec: Spec, make: F) -> &mut Self
    where
        S: Search + 'static,
        F: Fn(&Problem, &Options) -> Result<S, BoxError> + Send + Sync + 'static,
    {
        let make: Make<dyn Search> = Arc::new(move |problem, options| Ok(Box::new(make(problem, options)?)));
        self.searches.insert(name.into(), Entry { spec, make });
        self
    }

    /// Adds a stopping rule under `name`, as [`Registry::add_search`] does a search method.
    ///
    /// # Errors
    /// If the name is taken; see [`Registry::replace_stopper`].
    pub fn add_stopper<S, F>(
        &mut self,
        name: impl Into<String>,
        spec: Spec,
        make: F,
    ) -> Result<&mut Self, Taken>
    where
        S: Stopper + 'static,
        F: Fn(&Problem, &Options) -> Result<S, BoxError> + Send + Sync + 'static,
    {
        let name = free(&self.stoppers, AlgorithmKind::Stopper, name.into())?;
        Ok(self.replace_stopper(name, spec, make))
    }

    /// Adds a stopping rule under `name`, in place of one that had it.
    pub fn replace_stopper<S, F>(&mut self, name: impl Into<String>, spec: Spec, make: F) -> &mut Self
    where
        S: Stopper + 'static,
        F: Fn(&Problem, &Options) -> Result<S, BoxError> + Send + Sync + 'static,
    {
        let make: Make<dyn Stopper> = Arc::new(move |problem, options| Ok(Box::new(make(problem, options)?)));
        self.stoppers.insert(name.into(), Entry { spec, make });
        self
    }

    /// Builds the search method `name`, guarded.
    ///
    /// # Errors
    /// If there is none, or it refuses the problem or its options, or its constructor panics.
    pub fn search(&self, name: &str, problem: &Problem, options: &Options) -> Result<Method, RegistryError> {
        let entry = find(&self.searches, AlgorithmKind::Search, name)?;
        let maker = entry.maker(problem, options, &self.taking(AlgorithmKind::Search, problem));
        let built = maker.and_then(|make| Method::of(name, entry.spec, make));
        built.map_err(|source| refused(AlgorithmKind::Search, name, source))
    }

    /// Builds the stopping rule `name`, guarded.
    ///
    /// # Errors
    /// As [`Registry::search`].
    pub fn stopper(&self, name: &str, problem: &Problem, options: &Options) -> Result<Rule, RegistryError> {
        let entry = find(&self.stoppers, AlgorithmKind::Stopper, name)?;
        let maker = entry.maker(problem, options, &self.taking(AlgorithmKind::Stopper, problem));
        let built = maker.and_then(|make| Rule::of(name, entry.spec, make));
        built.map_err(|source| refused(AlgorithmKind::Stopper, name, source))
    }

    /// The names of all search methods, in order.
    pub fn searches(&self) -> impl Iterator<Item = &str> {
        self.searches.keys().map(String::as_str)
    }

    /// The names of all stopping rules, in order.
    pub fn stoppers(&self) -> impl Iterator<Item = &str> {
        self.stoppers.keys().map(String::as_str)
    }

    /// The names of all algorithms of a kind, in order.
    pub fn names(&self, kind: AlgorithmKind) -> Vec<&str> {
        match kind {
            AlgorithmKind::Search => self.searches().collect(),
            AlgorithmKind::Stopper => self.stoppers().collect(),
        }
    }

    /// The names of the algorithms of a kind that take all metrics of a problem into account, in order.
    pub fn taking(&self, kind: AlgorithmKind, problem: &Problem) -> Vec<&str> {
        let takes = |name: &&str| {
            self.spec(kind, name).is_some_and(|spec| spec.supports.metrics >= problem.metrics.len())
        };
        self.names(kind).into_iter().filter(takes).collect()
    }

    /// What the algorithm of this kind and name says of itself.
    pub fn spec(&self, kind: AlgorithmKind, name: &str) -> Option<&Spec> {
        match kind {
            AlgorithmKind::Search => self.search_spec(name),
            AlgorithmKind::Stopper => self.stopper_spec(name),
        }
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

impl<T: ?Sized + 'static> Entry<T> {
    /// What builds instances for this problem and these options, if the spec allows them; `taking` are the names of those that take
    /// as many metrics. What is wrong is reported together with what the constructor finds itself.
    fn maker(
        &self,
        problem: &Problem,
        options: &Options,
        taking: &[&str],
    ) -> Result<crate::method::Make<T>, BoxError> {
        let checked = self.spec.check(options);
        if let Err(error) = self.spec.supports.check_metrics(problem, taking.iter().copied()) {
            // What the constructor would find of a problem that is not for it is no help.
            let mut faults = checked.err().map(|faults| faults.0).unwrap_or_default();
            faults.push(Fault::of_problem(error));
            return Err(Faults(faults).into());
        }
        let Err(Faults(mut faults)) = checked else {
            let (make, problem, options) = (Arc::clone(&self.make), problem.clone(), options.clone());
            return Ok(Arc::new(move || make(&problem, &options)));
        };
        let wrong: Vec<String> = faults.iter().filter_map(|fault| fault.option.clone()).collect();
        let allowed = options.iter().filter(|(key, _)| !wrong.contains(key));
        let allowed = allowed.map(|(key, value)| (key.clone(), value.clone())).collect();
        if let Err(error) = constructed(|| (self.make)(problem, &allowed))
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

/// The kinds of algorithms that a sweep file may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlgorithmKind {
    /// What suggests points: `method`.
    Search,
    /// What ends runs early: `early_terminate`.
    Stopper,
}

impl AlgorithmKind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::Search, Self::Stopper];

    /// What such an algorithm is called.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search method",
            Self::Stopper => "stopping rule",
        }
    }
}

/// A name that is not free.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the name '{name}' is taken by another {kind}; to replace it, call `{replace}`")]
#[non_exhaustive]
pub struct Taken {
    /// `search method` or `stopping rule`.
    pub kind: &'static str,
    /// The name.
    pub name: String,
    /// The function that replaces an algorithm.
    pub replace: &'static str,
}

/// Why an algorithm could not be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// No algorithm has this name.
    #[error(transparent)]
    Unknown(UnknownName),
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

fn find<'a, T>(
    map: &'a BTreeMap<String, T>,
    kind: AlgorithmKind,
    name: &str,
) -> Result<&'a T, RegistryError> {
    let known = map.keys().map(String::as_str);
    map.get(name).ok_or_else(|| RegistryError::Unknown(UnknownName::new(kind.as_str(), name, known)))
}

fn free<T>(map: &BTreeMap<String, T>, kind: AlgorithmKind, name: String) -> Result<String, Taken> {
    let replace = match kind {
        AlgorithmKind::Search => "replace_search",
        AlgorithmKind::Stopper => "replace_stopper",
    };
    if map.contains_key(&name) { Err(Taken { kind: kind.as_str(), name, replace }) } else { Ok(name) }
}

fn refused(kind: AlgorithmKind, name: &str, source: BoxError) -> RegistryError {
    RegistryError::Refused { kind: kind.as_str(), name: name.to_owned(), source }
}

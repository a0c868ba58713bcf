//! Algorithms as a sweep has them: named, described, and guarded.
//!
//! A [`Method`] is a [`Search`] and a [`Rule`] is a [`Stopper`] of which every answer is checked against the contract
//! ([`crate::contract`]) and every panic is caught. Neither implements the trait itself, so that nothing is guarded twice and a
//! bare algorithm converts into it.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::contract::{self, Breach};
use crate::panics::{Caught, at, caught};
use crate::{Answer, Ask, BoxError, History, Problem, Search, Shown, Spec, Stop, Stopper, Supports};

/// A search method that a sweep can rely on: a [`Search`] of which every answer is checked and every panic caught.
///
/// [`Registry::search`](crate::Registry::search) builds one; a bare search converts into one, without a name and without a way to
/// build it again.
///
/// ```
/// use besom_core::{Answer, Ask, BoxError, Goal, History, Method, Metric, Problem, Search, Space};
///
/// struct Greedy;
/// impl Search for Greedy {
///     fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
///         Ok(Answer::Try(vec![ask.problem.space.decode(&[]).into(); 9]))
///     }
/// }
///
/// let problem = Problem::new(Space::default(), Metric::new("loss", Goal::Minimize));
/// let history = History::new();
/// let mut method = Method::from(Greedy);
/// let error = method.suggest(&Ask::new(&problem, &history).count(2)).unwrap_err();
/// assert_eq!(
///     besom_core::error_chain(&error),
///     "the search method broke its contract: it made 9 suggestions where 1 to 2 were asked for; make at most `ask.count`",
/// );
/// ```
pub struct Method {
    guard: Guard<dyn Search>,
    spec: Spec,
}

/// A stopping rule that a sweep can rely on, as a [`Method`] is for search methods.
pub struct Rule {
    guard: Guard<dyn Stopper>,
    spec: Spec,
}

/// Why an algorithm gave no answer that can be used.
///
/// After a panic the instance is dropped. The next call builds a new one, which the history law makes as good as the lost one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AlgorithmError {
    /// It returned an error.
    #[error("{who} failed")]
    Failed {
        /// `the search method 'tpe'`.
        who: String,
        /// Its error.
        source: BoxError,
    },
    /// Its answer breaks the contract.
    #[error("{who} broke its contract")]
    Contract {
        /// `the search method 'tpe'`.
        who: String,
        /// How.
        source: Box<Breach>,
    },
    /// It panicked.
    #[error("{who} panicked{}: {message}", at(place.as_deref()))]
    Panicked {
        /// `the search method 'tpe'`.
        who: String,
        /// File and line, if they are known.
        place: Option<String>,
        /// The message of the panic.
        message: String,
    },
    /// It panicked in an earlier call, and nobody knows how to build another instance.
    #[error("{who} panicked before and cannot be built again; make a new sweep from the same history")]
    Lost {
        /// `the search method`.
        who: String,
    },
}

impl Method {
    /// The search method `name`, built by `make`, which is called again after a panic.
    ///
    /// # Errors
    /// That of `make`.
    pub fn new<S, F>(name: &str, spec: Spec, make: F) -> Result<Self, BoxError>
    where
        S: Search + 'static,
        F: Fn() -> Result<S, BoxError> + Send + Sync + 'static,
    {
        Self::of(name, spec, Arc::new(move || Ok(Box::new(make()?))))
    }

    pub(crate) fn of(name: &str, spec: Spec, make: Make<dyn Search>) -> Result<Self, BoxError> {
        Ok(Self { guard: Guard::new(format!("the search method '{name}'"), make)?, spec })
    }

    /// What the method says of itself; of a bare search nothing is known.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The answer of the method to `ask`, if it keeps the contract.
    ///
    /// # Errors
    /// If the method fails, panics or breaks the contract.
    pub fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, AlgorithmError> {
        let answer = self.guard.call(|search| search.suggest(ask))?;
        let checked = contract::check_answer(ask, &self.spec, &answer);
        checked.map(|()| answer).map_err(|breach| self.guard.broke(breach))
    }

    /// The search without its guard, for the laws and for tests of it.
    ///
    /// # Errors
    /// If it was lost in a panic and cannot be built again.
    pub fn into_search(mut self) -> Result<Box<dyn Search>, AlgorithmError> {
        self.guard.take()
    }
}

impl<S: Search + 'static> From<S> for Method {
    fn from(search: S) -> Self {
        let supports = Supports::ONE_METRIC.conditions().any_metrics();
        let spec = Spec::new("A search method of which nothing more is known").supports(supports);
        Self { guard: Guard::bare("the search method", Box::new(search)), spec }
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method").field("who", &self.guard.who).finish_non_exhaustive()
    }
}

impl Rule {
    /// The stopping rule `name`, built by `make`, which is called again after a panic.
    ///
    /// # Errors
    /// That of `make`.
    pub fn new<S, F>(name: &str, spec: Spec, make: F) -> Result<Self, BoxError>
    where
        S: Stopper + 'static,
        F: Fn() -> Result<S, BoxError> + Send + Sync + 'static,
    {
        Self::of(name, spec, Arc::new(move || Ok(Box::new(make()?))))
    }

    pub(crate) fn of(name: &str, spec: Spec, make: Make<dyn Stopper>) -> Result<Self, BoxError> {
        Ok(Self { guard: Guard::new(format!("the stopping rule '{name}'"), make)?, spec })
    }

    /// What the rule says of itself; of a bare stopper nothing is known.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The stops that the rule wants, if they keep the contract.
    ///
    /// # Errors
    /// If the rule fails, panics or breaks the contract.
    pub fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, AlgorithmError> {
        let stops = self.guard.call(|stopper| stopper.stop(problem, history))?;
        let checked = contract::check_stops(history, &stops);
        checked.map(|()| stops).map_err(|breach| self.guard.broke(breach))
    }

    /// What the rule shows of its view.
    ///
    /// # Errors
    /// If the rule fails or panics.
    pub fn show(&mut self, problem: &Problem, history: &History) -> Result<Shown, AlgorithmError> {
        self.guard.call(|stopper| stopper.show(problem, history))
    }

    /// The rule without its guard, for the laws and for tests of it.
    ///
    /// # Errors
    /// If it was lost in a panic and cannot be built again.
    pub fn into_stopper(mut self) -> Result<Box<dyn Stopper>, AlgorithmError> {
        self.guard.take()
    }
}

impl<S: Stopper + 'static> From<S> for Rule {
    fn from(stopper: S) -> Self {
        let supports = Supports::ONE_METRIC.conditions().any_metrics();
        let spec = Spec::new("A stopping rule of which nothing more is known").supports(supports);
        Self { guard: Guard::bare("the stopping rule", Box::new(stopper)), spec }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("who", &self.guard.who).finish_non_exhaustive()
    }
}

pub(crate) type Make<T> = Arc<dyn Fn() -> Result<Box<T>, BoxError> + Send + Sync>;

/// Calls a constructor; a panic in it is its error.
pub(crate) fn constructed<T>(make: impl FnOnce() -> Result<T, BoxError>) -> Result<T, BoxError> {
    caught(make).unwrap_or_else(|Caught { place, message }| {
        Err(format!("its constructor panicked{}: {message}", at(place.as_deref())).into())
    })
}

/// An instance of an algorithm, replaced after a panic.
struct Guard<T: ?Sized> {
    /// What errors call it.
    who: String,
    /// `None` after a panic.
    instance: Option<Box<T>>,
    make: Option<Make<T>>,
}

impl<T: ?Sized> Guard<T> {
    fn new(who: String, make: Make<T>) -> Result<Self, BoxError> {
        let mut guard = Self { who, instance: None, make: Some(make) };
        guard.build()?;
        Ok(guard)
    }

    fn bare(who: &str, instance: Box<T>) -> Self {
        Self { who: who.to_owned(), instance: Some(instance), make: None }
    }

    /// Calls the algorithm; what it does wrong comes back as an error.
    fn call<R>(&mut self, call: impl FnOnce(&mut T) -> Result<R, BoxError>) -> Result<R, AlgorithmError> {
        let mut instance = self.take()?;
        match caught(|| call(&mut *instance)) {
            Ok(answer) => {
                self.instance = Some(instance);
                answer.map_err(|source| AlgorithmError::Failed { who: self.who.clone(), source })
            }
            Err(panic) => {
                // Its memory may be half changed. That it may panic once more as it goes is of no interest.
                drop(caught(|| drop(instance)));
                Err(self.panicked(panic))
            }
        }
    }

    /// The instance, built anew if it was lost.
    fn take(&mut self) -> Result<Box<T>, AlgorithmError> {
        if self.instance.is_none() {
            self.build().map_err(|source| AlgorithmError::Failed { who: self.who.clone(), source })?;
        }
        self.instance.take().ok_or_else(|| AlgorithmError::Lost { who: self.who.clone() })
    }

    fn build(&mut self) -> Result<(), BoxError> {
        let Some(make) = &self.make else { return Ok(()) };
        self.instance = Some(constructed(|| make())?);
        Ok(())
    }

    fn panicked(&self, Caught { place, message }: Caught) -> AlgorithmError {
        AlgorithmError::Panicked { who: self.who.clone(), place, message }
    }

    fn broke(&self, source: Breach) -> AlgorithmError {
        AlgorithmError::Contract { who: self.who.clone(), source: Box::new(source) }
    }
}

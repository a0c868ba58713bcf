//! Public test suites: pass a constructor, and everything that a [`Search`] or [`Stopper`] must satisfy is
//! checked.
//!
//! Each case is a small story: runs arrive (suggested ones and foreign ones), log (numbers, NaN, infinities, nothing at
//! all, or without end), fail, crash and finish, and between these the algorithm is asked. One instance follows the
//! whole story, as in a controller; others are built at every question, as after a crash, and asked on another thread. First come
//! tiny stories (asked for 1 and for 3 after 0 runs, one parameter), then a long one, then random ones. A broken law is reported
//! with what cures it and with the smallest story that shows it; panics on the way print nothing. The stories are the same in
//! every execution, unless the variable `BESOM_LAWS_SEED` selects others.
//!
//! What an algorithm takes from outside is found if it changes while the suite runs: a clock in milliseconds is, one in seconds
//! only if the suite takes that long, an environment variable or a file not at all.
//!
//! ```
//! use besom_core::{Answer, Ask, BoxError, Search, laws};
//!
//! /// Tries the middle of the space again and again.
//! struct Middle;
//! impl Search for Middle {
//!     fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
//!         let space = &ask.problem.space;
//!         Ok(Answer::Try(vec![space.decode(&vec![0.5; space.dimensions()]).into()]))
//!     }
//! }
//!
//! laws::check_search(laws::any_problem(), |_problem| Ok(Middle));
//! ```

mod history;
mod law;
mod play;
mod problem;
mod runner;
mod search;
mod spec;
mod stopper;
mod story;
mod tale;
#[cfg(test)]
mod tests;

use proptest::strategy::Strategy;

pub use history::{history, point, run};
pub use law::{Broken, Law};
pub use problem::{
    any_problem, constrained, continuous, distribution, finite_distribution, finite_problem, mixed_problem,
};
/// The crate in whose [`Strategy`]s problems are given.
pub use proptest;
pub use runner::runner;

use crate::panics::{Caught, at, caught};
use crate::{BoxError, Options, Problem, Search, Spec, Stopper, error_chain};

/// How much a suite tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Suite {
    /// How many random stories.
    pub cases: u32,
    /// The most questions in one of them.
    pub steps: usize,
    /// The most runs that arrive from elsewhere between two questions.
    pub arrivals: usize,
    /// How many runs the long story has; 0 for none.
    pub long: usize,
    /// Whether an answer may have equal points.
    pub repeats: bool,
}

impl Default for Suite {
    /// 100 stories of up to 8 questions, with up to 4 foreign runs before each, and one of 300 runs.
    fn default() -> Self {
        Self { cases: 100, steps: 8, arrivals: 4, long: 300, repeats: false }
    }
}

/// Checks a search with the default [`Suite`]; `problems` says what it supports ([`finite_problem`],
/// [`mixed_problem`], [`any_problem`], or a strategy of your own), and [`constrained`] whether it keeps constraints between
/// parameters.
///
/// # Panics
/// If a law is broken, with the law in words and the smallest story that shows it.
pub fn check_search<P, S>(problems: P, make: impl Fn(&Problem) -> Result<S, BoxError>)
where
    P: Strategy<Value = Problem>,
    S: Search,
{
    Suite::default().check_search(problems, make);
}

/// Checks a stopping rule with the default [`Suite`], on problems with one metric.
///
/// # Panics
/// If a law is broken, with the law in words and the smallest story that shows it.
pub fn check_stopper<S: Stopper>(make: impl Fn(&Problem) -> Result<S, BoxError>) {
    Suite::default().check_stopper(mixed_problem(), make);
}

/// Checks the [`Spec`] of a search with the default [`Suite`]: every option just outside of it is refused, by an error that
/// names the option, and options that are written out with their defaults behave as those that are left out. `make` is what
/// is registered; where options must be given, let it add them.
///
/// ```
/// use besom_core::{Answer, Ask, BoxError, OptionDefault, OptionKind, OptionReader, OptionSpec, Search, Spec, laws};
///
/// const SPEC: Spec = Spec::new("Tries the middle of the space so often, then nothing more").options(&[
///     OptionSpec::new("times", OptionKind::at_least(1), OptionDefault::Count(3), "How often."),
/// ]);
///
/// struct Middle(usize);
/// impl Search for Middle {
///     fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
///         let space = &ask.problem.space;
///         let middle = || space.decode(&vec![0.5; space.dimensions()]).into();
///         Ok(if ask.history.len() < self.0 { Answer::Try(vec![middle()]) } else { Answer::Done })
///     }
/// }
///
/// laws::check_search_spec(SPEC, laws::any_problem(), |_problem, options| {
///     let read = OptionReader::new(SPEC, options);
///     let times = read.count("times");
///     Ok(read.finish(Middle(times))?)
/// });
/// ```
///
/// # Panics
/// If a law is broken, with the law in words and the smallest story that shows it.
pub fn check_search_spec<P, S>(
    spec: Spec,
    problems: P,
    make: impl Fn(&Problem, &Options) -> Result<S, BoxError>,
) where
    P: Strategy<Value = Problem>,
    S: Search,
{
    Suite::default().check_search_spec(spec, problems, make);
}

/// Checks the [`Spec`] of a stopping rule, as [`check_search_spec`] does that of a search.
///
/// # Panics
/// If a law is broken, with the law in words and the smallest story that shows it.
pub fn check_stopper_spec<S: Stopper>(spec: Spec, make: impl Fn(&Problem, &Options) -> Result<S, BoxError>) {
    let checked = play::play(Suite::default(), mixed_problem(), play::tiny_stoppers, |story| {
        spec::check_options(&spec, &story.problem, &make)?;
        spec::check_stopper_defaults(&spec, story, &make)?;
        Ok(String::new())
    });
    if let Err(broken) = checked {
        panic!("{broken}");
    }
}

impl Suite {
    /// As [`check_search_spec`].
    ///
    /// # Panics
    /// If a law is broken.
    pub fn check_search_spec<P, S>(
        &self,
        spec: Spec,
        problems: P,
        make: impl Fn(&Problem, &Options) -> Result<S, BoxError>,
    ) where
        P: Strategy<Value = Problem>,
        S: Search,
    {
        let checked = play::play(*self, problems, play::tiny_searches, |story| {
            spec::check_options(&spec, &story.problem, &make)?;
            spec::check_search_defaults(&spec, story, &make)?;
            search::check_never_repeats(&spec, story, &|problem: &Problem| make(problem, &Options::new()))?;
            Ok(String::new())
        });
        if let Err(broken) = checked {
            panic!("{broken}");
        }
    }

    /// The same suite with another number of stories, for algorithms that are slow to ask.
    #[must_use]
    pub fn cases(self, cases: u32) -> Self {
        Self { cases, ..self }
    }

    /// The same suite with at most so many questions in a story.
    #[must_use]
    pub fn steps(self, steps: usize) -> Self {
        Self { steps, ..self }
    }

    /// The same suite with another length of the long story, for algorithms that are slow with many runs; 0 for none.
    #[must_use]
    pub fn long(self, long: usize) -> Self {
        Self { long, ..self }
    }

    /// The same suite for a search that means to suggest equal points in one answer, for example to average noise.
    #[must_use]
    pub fn allow_repeats(self) -> Self {
        Self { repeats: true, ..self }
    }

    /// As [`check_search`].
    ///
    /// # Panics
    /// If a law is broken.
    pub fn check_search<P, S>(&self, problems: P, make: impl Fn(&Problem) -> Result<S, BoxError>)
    where
        P: Strategy<Value = Problem>,
        S: Search,
    {
        if let Err(broken) = self.try_search(problems, make) {
            panic!("{broken}");
        }
    }

    /// As [`check_stopper`], on problems of your choice.
    ///
    /// # Panics
    /// If a law is broken.
    pub fn check_stopper<P, S>(&self, problems: P, make: impl Fn(&Problem) -> Result<S, BoxError>)
    where
        P: Strategy<Value = Problem>,
        S: Stopper,
    {
        if let Err(broken) = self.try_stopper(problems, make) {
            panic!("{broken}");
        }
    }

    /// As [`Suite::check_search`], but gives back what is broken.
    pub fn try_search<P, S>(
        &self,
        problems: P,
        make: impl Fn(&Problem) -> Result<S, BoxError>,
    ) -> Result<(), Broken>
    where
        P: Strategy<Value = Problem>,
        S: Search,
    {
        play::play(*self, problems, play::tiny_searches, |story| search::check(*self, story, &make))
    }

    /// As [`Suite::check_stopper`], but gives back what is broken.
    pub fn try_stopper<P, S>(
        &self,
        problems: P,
        make: impl Fn(&Problem) -> Result<S, BoxError>,
    ) -> Result<(), Broken>
    where
        P: Strategy<Value = Problem>,
        S: Stopper,
    {
        play::play(*self, problems, play::tiny_stoppers, |story| stopper::check(story, &make))
    }
}

/// How many later fresh instances must agree before one that differs is said to remember something. Two may have agreed by
/// chance: what flips a coin passes for what remembers in one of a million cases.
const LATER: u32 = 20;

/// Calls an algorithm; an error or a panic breaks a law.
fn call<T>(moment: &str, call: impl FnOnce() -> Result<T, BoxError>) -> Result<T, Broken> {
    outcome(moment, caught(call))
}

/// Calls an algorithm on another thread.
fn elsewhere<T: Send>(moment: &str, call: impl FnOnce() -> Result<T, BoxError> + Send) -> Result<T, Broken> {
    let outcome_there = std::thread::scope(|scope| scope.spawn(|| caught(call)).join());
    outcome(moment, outcome_there.expect("a panic of the algorithm is caught on its thread"))
}

fn outcome<T>(moment: &str, outcome: Result<Result<T, BoxError>, Caught>) -> Result<T, Broken> {
    match outcome {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            Err(law::broken(Law::Answered, format!("{moment}, it gave the error: {}", error_chain(&*error))))
        }
        Err(Caught { place, message }) => {
            let place = at(place.as_deref());
            Err(law::broken(Law::NoPanic, format!("{moment}, it panicked{place}: {message}")))
        }
    }
}

fn build<S>(problem: &Problem, make: &impl Fn(&Problem) -> Result<S, BoxError>) -> Result<S, Broken> {
    match caught(|| make(problem)) {
        Ok(Ok(made)) => Ok(made),
        Ok(Err(error)) => Err(law::broken(Law::Built, format!("it is refused: {}", error_chain(&*error)))),
        Err(panic) => outcome("while it was built", Err(panic)),
    }
}

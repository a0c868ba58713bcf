//! Public test suites: pass a constructor, and everything that a [`Search`] or [`Stopper`] must satisfy is
//! checked.
//!
//! Each case is a small story: runs arrive (suggested ones and foreign ones), log (numbers, NaN, infinities, nothing at
//! all, or without end), fail, crash and finish, and between these the algorithm is asked. One instance follows the
//! whole story, as in a controller; others are built at every question, as after a crash. A broken law is reported
//! with the smallest story that shows it. The stories are the same in every execution.
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
mod problem;
mod search;
mod spec;
mod stopper;
mod story;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

pub use history::{history, point, run};
pub use problem::{
    any_problem, continuous, distribution, finite_distribution, finite_problem, mixed_problem,
};
/// The crate in whose [`Strategy`]s problems are given.
pub use proptest;

use crate::{BoxError, Options, Problem, Search, Spec, Stopper};

/// How much a suite tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// How many stories.
    pub cases: u32,
    /// The most questions in one story.
    pub steps: usize,
    /// The most runs that arrive from elsewhere between two questions.
    pub arrivals: usize,
}

impl Default for Suite {
    /// 100 stories of up to 8 questions, with up to 4 foreign runs before each.
    fn default() -> Self {
        Self { cases: 100, steps: 8, arrivals: 4 }
    }
}

/// Checks a search with the default [`Suite`]; `problems` says what it supports ([`finite_problem`],
/// [`mixed_problem`], [`any_problem`], or a strategy of your own).
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
    let checked = Suite::default().run_stories(mixed_problem(), |story| {
        spec::check_options(&spec, &story.problem, &make)?;
        spec::check_stopper_defaults(&spec, story, &make)
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
        let checked = self.run_stories(problems, |story| {
            spec::check_options(&spec, &story.problem, &make)?;
            spec::check_search_defaults(&spec, story, &make)
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
        self.run_stories(problems, |story| search::check(story, &make))
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
        self.run_stories(problems, |story| stopper::check(story, &make))
    }

    /// Runs stories through `check` until one breaks a law, and then ever smaller ones.
    fn run_stories<P>(
        &self,
        problems: P,
        check: impl Fn(&story::Story) -> Result<(), Broken>,
    ) -> Result<(), Broken>
    where
        P: Strategy<Value = Problem>,
    {
        let config = Config {
            cases: self.cases,
            failure_persistence: None,
            max_shrink_iters: 400,
            ..Config::default()
        };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let last = RefCell::new(None);
        let outcome = runner.run(&story::story(problems, *self), |story| {
            check(&story).map_err(|broken| {
                let reason = broken.what.clone();
                *last.borrow_mut() = Some((broken, story));
                TestCaseError::fail(reason)
            })
        });
        match outcome {
            Ok(()) => Ok(()),
            Err(TestError::Fail(..)) => {
                let (broken, story) = last.into_inner().expect("a story failed");
                Err(Broken { story: story.to_string(), ..broken })
            }
            Err(TestError::Abort(reason)) => panic!("no stories could be made: {reason}"),
        }
    }
}

/// What an algorithm must satisfy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Law {
    /// The constructor accepts every problem that the caller of the suite says it supports.
    Built,
    /// Every history is answered, not refused with an error.
    Answered,
    /// No panic, whatever the history holds.
    NoPanic,
    /// A fresh instance answers the same when asked the same.
    Seed,
    /// An instance that followed the history answers as a fresh one, bit for bit, however often it is asked.
    History,
    /// A search suggests points of the space.
    Space,
    /// A search that answers `Try` suggests at least one point and at most the number asked for.
    Count,
    /// A search waits only for an open run.
    Wait,
    /// A search that is done stays done when the history grows.
    Done,
    /// A rule selects running runs, each once.
    Running,
    /// A rule gives a reason for people.
    Reason,
    /// A rule leaves a run alone that has not logged a metric.
    Silent,
    /// An option just outside its spec is refused, by an error that names it.
    Options,
    /// A default that is written out behaves as the option left out.
    Defaults,
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Built => "an algorithm can be built for every problem that it supports",
            Self::Answered => "every history gets an answer, not an error",
            Self::NoPanic => "no history makes an algorithm panic",
            Self::Seed => "seed law: two fresh instances that are asked the same answer the same",
            Self::History => "history law: an instance that followed the history answers as a fresh one",
            Self::Space => "suggestions are points of the space",
            Self::Count => "there is at least one suggestion and never more than asked for",
            Self::Wait => "a search waits only while a run is open",
            Self::Done => "a search that is done stays done",
            Self::Running => "a stopping rule selects running runs, each once",
            Self::Reason => "a stopping rule gives its reason",
            Self::Silent => "a run that has not logged a metric is not stopped",
            Self::Options => "an option just outside its spec is refused",
            Self::Defaults => "a default that is written out behaves as the option left out",
        })
    }
}

/// A law that an algorithm broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which one.
    pub law: Law,
    /// How.
    pub what: String,
    /// The smallest story found that shows it.
    pub story: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "broken law: {}\n{}\nthe smallest story that shows it:\n{}",
            self.law, self.what, self.story
        )
    }
}

impl std::error::Error for Broken {}

fn broken(law: Law, what: impl Into<String>) -> Broken {
    Broken { law, what: what.into(), story: String::new() }
}

/// Calls an algorithm; an error or a panic breaks a law.
fn call<T>(moment: &str, call: impl FnOnce() -> Result<T, BoxError>) -> Result<T, Broken> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(broken(Law::Answered, format!("{moment} it gave the error: {error}"))),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            Err(broken(Law::NoPanic, format!("{moment} it panicked: {text}")))
        }
    }
}

/// Builds an instance.
fn build<S>(problem: &Problem, make: impl Fn(&Problem) -> Result<S, BoxError>) -> Result<S, Broken> {
    call("when built", || make(problem)).map_err(|b| match b.law {
        Law::Answered => Broken { law: Law::Built, ..b },
        _ => b,
    })
}

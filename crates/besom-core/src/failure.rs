//! Why a run failed: what tells the fault of its point from the fault of its machine.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::parse::parse_word;
use crate::{ParseError, Run, RunState};

/// Why a run failed, as far as whoever executed it knows.
///
/// ```
/// use besom_core::{Culprit, Failure};
///
/// assert_eq!(Failure::OutOfMemory.culprit(), Culprit::Point);
/// assert_eq!("lost_agent".parse::<Failure>()?.culprit(), Culprit::Machine);
/// # Ok::<(), besom_core::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Failure {
    /// It needed more memory than there was, of the machine or of a GPU.
    OutOfMemory,
    /// It took longer than the sweep's `timeout`.
    TimeLimit,
    /// It diverged: the last value of the metric that it logged is no finite number.
    NotFinite,
    /// Its program ended with an error of its own: an exit code, an exception, a signal such as SIGSEGV.
    Error,
    /// A signal from outside ended its program: somebody or something else killed it.
    Signal,
    /// Its agent sent no signs of life any more.
    LostAgent,
    /// Its machine could not execute it, or was taken away too often.
    Machine,
}

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Culprit {
    /// Likely the point's: a run of the same point would fail again.
    Point,
    /// Never the point's: a run of any point would have failed then and there.
    Machine,
    /// Not known: whether failures depend on the point is for the runs to tell.
    Unknown,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OutOfMemory,
        Self::TimeLimit,
        Self::NotFinite,
        Self::Error,
        Self::Signal,
        Self::LostAgent,
        Self::Machine,
    ];

    /// The name in files, tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutOfMemory => "out_of_memory",
            Self::TimeLimit => "time_limit",
            Self::NotFinite => "not_finite",
            Self::Error => "error",
            Self::Signal => "signal",
            Self::LostAgent => "lost_agent",
            Self::Machine => "machine",
        }
    }

    /// The same for people, as the end of a sentence that begins with "the run".
    pub fn words(self) -> &'static str {
        match self {
            Self::OutOfMemory => "ran out of memory",
            Self::TimeLimit => "reached its time limit",
            Self::NotFinite => "diverged",
            Self::Error => "ended with an error",
            Self::Signal => "was killed from outside",
            Self::LostAgent => "lost its agent",
            Self::Machine => "lost its machine",
        }
    }

    /// Whose fault it is.
    pub fn culprit(self) -> Culprit {
        match self {
            Self::OutOfMemory | Self::TimeLimit | Self::NotFinite => Culprit::Point,
            Self::Signal | Self::LostAgent | Self::Machine => Culprit::Machine,
            Self::Error => Culprit::Unknown,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Failure {
    type Err = ParseError;

    /// The failure of this name, as [`Failure::as_str`] writes it.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse_word("kind of failure", text, &Self::ALL, Self::as_str)
    }
}

impl Run {
    /// Why it failed: what was recorded ([`Run::failure`]) or, where that says no more than that there was an error, what state and
    /// curve say. `None` if it has not failed, or was ended by its owner, or nothing is known.
    pub fn why_failed(&self) -> Option<Failure> {
        match (self.state, self.failure) {
            (RunState::Failed, None | Some(Failure::Error)) if self.diverged() => Some(Failure::NotFinite),
            (RunState::Failed, failure) => failure,
            (RunState::Crashed, failure) => Some(failure.unwrap_or(Failure::LostAgent)),
            (RunState::Finished, failure) if self.stopped.is_none() => {
                (self.diverged() || failure == Some(Failure::NotFinite)).then_some(Failure::NotFinite)
            }
            _ => None,
        }
    }

    /// Whether the last value that it logged of a metric is no finite number.
    fn diverged(&self) -> bool {
        self.curves.iter().any(|curve| curve.values.last().is_some_and(|value| !value.is_finite()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Curve, Point};

    #[test]
    fn failures_have_the_names_of_files() {
        for failure in Failure::ALL {
            assert_eq!(serde_json::to_value(failure).ok(), Some(failure.as_str().into()));
            assert_eq!(failure.to_string().parse(), Ok(failure));
        }
        assert!("oom".parse::<Failure>().is_err());
    }

    #[test]
    fn what_is_not_recorded_follows_from_state_and_curve() {
        let run = |state, failure, values: &[f64]| {
            let run = Run::new(Point::default()).with_state(state).with_failure(failure);
            run.with_curve(0, Curve::new(values)).why_failed()
        };
        use Failure::{Error, LostAgent, NotFinite, OutOfMemory, Signal};
        use RunState::{Crashed, Failed, Finished, Killed, Running};
        assert_eq!(run(Failed, None, &[]), None);
        assert_eq!(run(Failed, Some(Error), &[0.5]), Some(Error));
        assert_eq!(run(Failed, Some(Error), &[0.5, f64::NAN]), Some(NotFinite));
        assert_eq!(run(Failed, Some(OutOfMemory), &[f64::INFINITY]), Some(OutOfMemory));
        assert_eq!(run(Crashed, None, &[f64::NAN]), Some(LostAgent));
        assert_eq!(run(Crashed, Some(Signal), &[]), Some(Signal));
        assert_eq!(run(Finished, None, &[0.5, f64::NAN]), Some(NotFinite));
        assert_eq!(run(Finished, Some(NotFinite), &[]), Some(NotFinite));
        assert_eq!(run(Finished, None, &[]), None);
        let second = Run::new(Point::default()).with_state(Failed).with_curve(0, Curve::new([0.5]));
        assert_eq!(second.with_curve(1, Curve::new([f64::NAN])).why_failed(), Some(NotFinite));
        for state in [Running, Killed] {
            assert_eq!(run(state, None, &[f64::NAN]), None);
        }
    }
}

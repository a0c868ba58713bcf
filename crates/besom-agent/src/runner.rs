//! The trait that executes a run.

use besom_core::RunState;
use besom_store::{ClaimedRun, End};

use crate::Link;

/// Executes runs, one at a time.
///
/// # Contract
///
/// * What the run logs is in the metrics file of `link` when `run` returns; [`Link::pump`] is called often enough that
///   the store hears of the agent (about every second) and is obeyed: see [`crate::Signal`].
/// * Nothing of the run is left when `run` returns: no process, no thread that still logs.
/// * Never panics because of what a program does.
pub trait Runner {
    /// Executes one run from its beginning to its end.
    fn run(&mut self, run: &ClaimedRun, link: &mut Link<'_>) -> Ended;
}

impl<R: Runner + ?Sized> Runner for Box<R> {
    fn run(&mut self, run: &ClaimedRun, link: &mut Link<'_>) -> Ended {
        (**self).run(run, link)
    }
}

/// How a run came to its end, as its runner saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What the store is told, unless the lease was lost.
    pub end: End,
    /// The last lines that the program printed, quoted when the sweep is paused because of it; may be empty.
    pub excerpt: String,
    /// Why no run of this sweep can succeed (the program is missing): the sweep is paused at once with this reason.
    pub hopeless: Option<String>,
    /// Whether somebody else ended it, by killing the program or its supervisor: that says nothing of the program.
    pub from_outside: bool,
}

impl Ended {
    /// An end in `state` with nothing to say.
    pub fn new(state: RunState) -> Self {
        let end = End { state, exit_code: None, message: None };
        Self { end, excerpt: String::new(), hopeless: None, from_outside: false }
    }

    /// A failure, and why.
    pub fn failed(message: impl Into<String>) -> Self {
        let mut ended = Self::new(RunState::Failed);
        ended.end.message = Some(message.into());
        ended
    }

    /// A failure that every run of the sweep will share, and why.
    pub fn hopeless(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { hopeless: Some(reason.clone()), ..Self::failed(reason) }
    }
}

//! The trait that executes a run.

use besom_core::{Failure, RunState};
use besom_store::{ClaimedRun, End};

use crate::{Link, Shutdown, cause};

/// Executes runs, one at a time.
///
/// # Implementing it
///
/// - Everything that the run logged is in the metrics file of `link`, or was given to [`Link::log`] or
///   [`Link::writer`], when `run` returns.
/// - Call [`Link::pump`] about every second, so that the store receives rows and heartbeats, and obey the
///   [`Signal`](crate::Signal) that it returns.
/// - Leave nothing of the run behind when `run` returns: no process, no thread that still logs.
/// - Must not panic because of what a program does.
pub trait Runner {
    /// Executes one run from its beginning to its end.
    fn run(&mut self, run: &ClaimedRun, link: &mut Link<'_>) -> Ended;

    /// Why no run can begin here now, for people; its agent claims nothing meanwhile, says so, and asks again every second. `None`,
    /// which is all that most runners need, if nothing is in the way. Must not wait for anything once the shutdown is raised.
    fn obstacle(&mut self, shutdown: &Shutdown) -> Option<String> {
        let _ = shutdown;
        None
    }
}

impl<R: Runner + ?Sized> Runner for Box<R> {
    fn run(&mut self, run: &ClaimedRun, link: &mut Link<'_>) -> Ended {
        (**self).run(run, link)
    }

    fn obstacle(&mut self, shutdown: &Shutdown) -> Option<String> {
        (**self).obstacle(shutdown)
    }
}

/// How a run ended, as its runner saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// The end that is reported, unless the lease was lost.
    pub end: End,
    /// The last lines that the program printed, quoted when the sweep is paused because of it; may be empty.
    pub excerpt: String,
    /// Why no run of this sweep can succeed here (the program is missing): the agent leaves at once with this reason, and the
    /// sweep is paused if no other agent is left.
    pub broken: Option<String>,
    /// Whether somebody else killed the program or its supervisor, which says nothing about the program.
    pub killed_externally: bool,
    /// Whether it took longer than its timeout, which says nothing about the machine and is no preemption.
    pub timed_out: bool,
    /// Why the machine could not even begin the run (its disk is full): it was no attempt. The run is given back, and the agent
    /// waits until the machine is well. Everything else about the end is ignored then.
    pub unstarted: Option<String>,
    /// Why this agent must not execute runs of this sweep: the run is given back for others, and the agent leaves. Everything else
    /// about the end is ignored then.
    pub refused: Option<String>,
}

impl Ended {
    /// An end in `state` without a message.
    pub fn new(state: RunState) -> Self {
        let end = End::new(state);
        let (excerpt, broken, unstarted, refused) = (String::new(), None, None, None);
        Self { end, excerpt, broken, killed_externally: false, timed_out: false, unstarted, refused }
    }

    /// An end in `state`, and why.
    pub(crate) fn because(state: RunState, message: impl Into<String>) -> Self {
        let mut ended = Self::new(state);
        ended.end.message = Some(message.into());
        ended
    }

    /// The same, with the last lines that the program printed.
    #[must_use]
    pub fn excerpt(mut self, excerpt: impl Into<String>) -> Self {
        self.excerpt = excerpt.into();
        self
    }

    /// A failure, and why: an error, or that memory ran out, if the message says so.
    pub fn failed(message: impl Into<String>) -> Self {
        let message = message.into();
        let failure = cause::of_words(&message);
        Self::because(RunState::Failed, message).with_failure(failure)
    }

    /// The same, which failed for this reason.
    #[must_use]
    pub fn with_failure(mut self, failure: Failure) -> Self {
        self.end.failure = Some(failure);
        self
    }

    /// No attempt at all, because the machine could not begin the run, and why.
    pub fn unstarted(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { unstarted: Some(reason.clone()), ..Self::because(RunState::Crashed, reason) }
    }

    /// No attempt at all, because this agent must not execute the run, and why.
    pub fn refused(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { refused: Some(reason.clone()), ..Self::because(RunState::Crashed, reason) }
    }

    /// A failure that every run at this agent will share, and why.
    pub fn broken(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { broken: Some(reason.clone()), ..Self::failed(reason).with_failure(Failure::Machine) }
    }
}

//! The life of an agent.

use std::path::PathBuf;
use std::time::Duration;

use besom_core::BoxError;
use besom_store::{Store, SweepId, SweepState};

use crate::{AgentError, Guard, Runner, Shutdown};

/// How an agent works.
#[derive(Clone, Debug)]
pub struct AgentOptions {
    /// A name for people, such as `host/1234/2`.
    pub name: String,
    /// The directory of the store, below which the directories of runs are made.
    pub directory: PathBuf,
    /// The most runs to execute; no limit if `None`.
    pub count: Option<u64>,
    /// How often the store hears that a run goes on, if it hears of no metrics; 10 s, at most a third of `silence`.
    pub heartbeat: Duration,
    /// After how long a silence others may give up the agent's run; 300 s.
    pub silence: Duration,
    /// The shortest wait when there is nothing to claim; 5 ms.
    pub poll_min: Duration,
    /// The longest wait when there is nothing to claim; 500 ms.
    pub poll_max: Duration,
    /// How long the store may fail before the agent does; 60 s.
    pub patience: Duration,
    /// Pauses the sweep when its program is broken; share one between the agents of a process.
    pub guard: Guard,
}

impl AgentOptions {
    /// The defaults.
    pub fn new(name: impl Into<String>, directory: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            directory: directory.into(),
            count: None,
            heartbeat: Duration::from_secs(10),
            silence: Duration::from_secs(300),
            poll_min: Duration::from_millis(5),
            poll_max: Duration::from_millis(500),
            patience: Duration::from_secs(60),
            guard: Guard::default(),
        }
    }
}

/// What came of doing something else while there was nothing to claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// There may be something to claim now.
    Worked,
    /// Nothing changed.
    Waiting,
}

/// Why an agent left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// The sweep is over.
    Over(SweepState),
    /// It has executed as many runs as it was to.
    Count,
    /// It was told to go.
    Shutdown,
    /// The program is broken; the sweep was paused with this reason.
    Broken(String),
}

/// What an agent has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Why it left.
    pub left: Left,
    /// How many runs it has executed.
    pub runs: u64,
}

/// Works on a sweep until it is over, or until told to go.
pub fn work(
    store: &mut dyn Store,
    sweep: &SweepId,
    options: &AgentOptions,
    runner: &mut dyn Runner,
    shutdown: &Shutdown,
    idle: &mut dyn FnMut(&mut dyn Store) -> Result<Idle, BoxError>,
) -> Result<Outcome, AgentError> {
    let _ = (store, sweep, options, runner, shutdown, idle);
    unimplemented!()
}

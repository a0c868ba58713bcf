//! What a valid sweep file means.

use std::time::Duration;

use besom_core::{Metric, Options, Problem, Space};
use serde_json::{Map, Value};

/// A checked sweep configuration with all defaults filled in.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SweepConfig {
    /// The key `parameters`: the space, with its parameters in declared order.
    pub space: Space,
    /// The key `metric` or `metrics`; empty if the file has neither.
    pub metrics: Vec<Metric>,
    /// The key `seed`.
    pub seed: Option<u64>,
    /// The key `run_cap`: the maximum number of runs.
    pub run_cap: Option<u64>,
    /// Which search method suggests points.
    pub method: Algorithm,
    /// Which rule stops runs early, if any.
    pub early_terminate: Option<Algorithm>,
    /// The key `name`: what to call the sweep.
    pub name: Option<String>,
    /// The key `description`.
    pub description: Option<String>,
    /// The key `project`; besom keeps it and makes no use of it.
    pub project: Option<String>,
    /// The key `entity`; besom keeps it and makes no use of it.
    pub entity: Option<String>,
    /// The key `program`: the training program.
    pub program: Option<String>,
    /// The key `command`: the words of the command line, with macros; items that are not text are as they were written.
    pub command: Option<Vec<String>>,
    /// Whether the file has `controller: {type: local}`: a person drives the loop, not the agents.
    pub controller_local: bool,
    /// How often a run is tried again.
    pub retry: Retry,
    /// The key `timeout`: how long an attempt of a run may take.
    pub timeout: Option<Duration>,
    /// The whole configuration as JSON with the defaults filled in, in the order of the file.
    pub filled: Value,
}

impl SweepConfig {
    /// What the sweep has to solve. If the file has no seed, that of the problem is a fresh one, another at each call;
    /// `config.problem().seed(7)` has one of your own.
    pub fn problem(&self) -> Problem {
        let problem = Problem::without_metric().space(self.space.clone()).run_cap(self.run_cap);
        let problem = self.metrics.iter().cloned().fold(problem, Problem::with_metric);
        match self.seed {
            Some(seed) => problem.seed(seed),
            None => problem,
        }
    }
}

/// A search method or stopping rule by name, with its options.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Algorithm {
    /// The name under which it is registered.
    pub name: String,
    /// Its options, checked and with defaults filled in; those of an algorithm that is not in the registry untouched.
    pub options: Options,
}

impl Algorithm {
    /// An algorithm without options.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), options: Map::new() }
    }
}

/// How often a run is tried again, by the way it ended (the key `retry`).
///
/// `retry: 2` allows two more tries for either; `retry: {crashed: 2, failed: 1}` says each. Preempted runs always continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// For a run whose agent is gone or sent no heartbeat.
    pub crashed: u32,
    /// For a run whose program failed.
    pub failed: u32,
}

impl Retry {
    /// This many more tries after a crash, and this many after a failure.
    pub fn new(crashed: u32, failed: u32) -> Self {
        Self { crashed, failed }
    }
}

impl Default for Retry {
    /// Three for a crash, which is the machine's fault unless it happens often; none for a failure, which the program would
    /// most often repeat.
    fn default() -> Self {
        Self { crashed: 3, failed: 0 }
    }
}

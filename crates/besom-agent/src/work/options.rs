//! How an agent works.

use std::path::PathBuf;
use std::time::Duration;

use crate::CrashLoopGuard;

/// How an agent works.
#[derive(Clone, Debug)]
pub struct AgentOptions {
    /// A name for people, such as `host/1234/2`.
    pub name: String,
    /// The directory below which run directories and lock files of agents are created: the store's, so that
    /// agents of one machine can recover each other's runs.
    pub directory: PathBuf,
    /// The maximum number of runs to execute; no limit if `None`.
    pub count: Option<u64>,
    /// The interval between heartbeats of a run that logs nothing; 10 s. At most a third of
    /// `heartbeat_timeout` is used, so that two lost heartbeats do no harm.
    pub heartbeat_interval: Duration,
    /// How long after its last sign of life others may give up this agent's run; 300 s, which outlasts a
    /// suspended virtual machine or a stalled network disk.
    pub heartbeat_timeout: Duration,
    /// The shortest wait when there is nothing to claim; 5 ms.
    pub poll_min: Duration,
    /// The longest wait when there is nothing to claim; 500 ms.
    pub poll_max: Duration,
    /// How long to retry while the store fails before the agent fails, too; 60 s.
    pub store_timeout: Duration,
    /// Pauses the sweep when its program is broken; share one between the agents of a process.
    pub guard: CrashLoopGuard,
}

impl AgentOptions {
    /// The defaults.
    pub fn new(name: impl Into<String>, directory: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            directory: directory.into(),
            count: None,
            heartbeat_interval: Duration::from_secs(10),
            heartbeat_timeout: Duration::from_secs(300),
            poll_min: Duration::from_millis(5),
            poll_max: Duration::from_millis(500),
            store_timeout: Duration::from_secs(60),
            guard: CrashLoopGuard::default(),
        }
    }

    /// The interval between heartbeats that is used.
    pub(crate) fn safe_heartbeat_interval(&self) -> Duration {
        self.heartbeat_interval.min(self.heartbeat_timeout / 3)
    }
}

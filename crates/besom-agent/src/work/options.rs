//! How an agent works.

use std::path::{self, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::notice::Notices;
use crate::recovery::Files;
use crate::{AgentError, Bridge, CrashLoopGuard, Notice};

/// How an agent works.
///
/// ```
/// use besom_agent::AgentOptions;
///
/// let options = AgentOptions::new("host/1234/1").directory(".besom").count(10);
/// assert!(AgentOptions::new("a thread").directory.is_none(), "it needs no file system");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AgentOptions {
    /// A name for people, such as `host/1234/2`.
    pub name: String,
    /// The directory below which run directories and lock files of agents are created: the store's, so that
    /// agents of one machine can recover each other's runs. `None`, the default, is enough for agents that call functions:
    /// they create no files, rows go to the queue from memory, and others notice by the heartbeat timeout alone that they
    /// are gone. Programs need one.
    pub directory: Option<PathBuf>,
    /// The place of this agent among those that work side by side, from 0: its programs find it in `BESOM_SLOT`, to choose
    /// a GPU by, for example.
    pub slot: u32,
    /// The maximum number of runs to execute; no limit if `None`.
    pub count: Option<u64>,
    /// How long an attempt of a run may take; no limit if `None`. One that takes longer is asked to end, and has failed: for good,
    /// unless the sweep retries failures, and whatever it says about being preempted.
    pub timeout: Option<Duration>,
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
    /// How long a claim may wait for a run at a store that hears of changes ([`Queue::claim_within`](besom_store::Queue::claim_within));
    /// not at all by default. At most a third of `heartbeat_timeout` is used, since a claim is a sign of life.
    pub claim_wait: Duration,
    /// The least time between two reports of a run's rows; its end is reported at once. None by default.
    pub report_every: Duration,
    /// Whether somebody at the store gives up the runs of silent agents, as a server does. Then this agent gives up only those whose
    /// files are on its machine, which it reads before.
    pub is_served: bool,
    /// How long an agent that was asked to shut down keeps trying to reach a store that fails; 60 s. Before that it tries for
    /// ever: what its runs have logged is in files, and a disk does not stay full.
    pub store_timeout: Duration,
    /// When the agent takes itself for unable to work; share one between the agents of a process, so that they leave a paused
    /// sweep together.
    pub guard: CrashLoopGuard,
    /// Where the agent says what its owner should know while it lasts.
    pub notices: Option<Sender<Notice>>,
    /// What speaks the protocol of another tool with the code of runs; nothing by default.
    pub bridge: Option<Arc<dyn Bridge>>,
}

impl AgentOptions {
    /// The defaults, without a directory.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            directory: None,
            slot: 0,
            count: None,
            timeout: None,
            heartbeat_interval: Duration::from_secs(10),
            heartbeat_timeout: Duration::from_secs(300),
            poll_min: Duration::from_millis(5),
            poll_max: Duration::from_millis(500),
            claim_wait: Duration::ZERO,
            report_every: Duration::ZERO,
            is_served: false,
            store_timeout: Duration::from_secs(60),
            guard: CrashLoopGuard::default(),
            notices: None,
            bridge: None,
        }
    }

    /// The same with files in this directory.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// The same in this slot.
    #[must_use]
    pub fn slot(mut self, slot: u32) -> Self {
        self.slot = slot;
        self
    }

    /// The same for at most this many runs.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// The same for runs that may take this long.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The same with this heartbeat timeout.
    #[must_use]
    pub fn heartbeat_timeout(mut self, timeout: Duration) -> Self {
        self.heartbeat_timeout = timeout;
        self
    }

    /// The same with this interval between heartbeats.
    #[must_use]
    pub fn heartbeat_interval(mut self, interval: Duration) -> Self {
        self.heartbeat_interval = interval;
        self
    }

    /// The same, waiting at most this long when there is nothing to claim.
    #[must_use]
    pub fn poll_max(mut self, wait: Duration) -> Self {
        self.poll_max = wait;
        self
    }

    /// The same for a store behind a server: requests are few, because each costs somebody else. A claim waits for up to 25 s, rows
    /// are reported twice a second, and silent agents are the server's matter.
    #[must_use]
    pub fn behind_server(mut self) -> Self {
        (self.claim_wait, self.report_every) = (Duration::from_secs(25), Duration::from_millis(500));
        self.is_served = true;
        self
    }

    /// The same, trying to reach a store that fails for this long after a shutdown was asked for.
    #[must_use]
    pub fn store_timeout(mut self, timeout: Duration) -> Self {
        self.store_timeout = timeout;
        self
    }

    /// The same with this guard.
    #[must_use]
    pub fn guard(mut self, guard: CrashLoopGuard) -> Self {
        self.guard = guard;
        self
    }

    /// The same, saying there what its owner should know.
    #[must_use]
    pub fn report_to(mut self, notices: Sender<Notice>) -> Self {
        self.notices = Some(notices);
        self
    }

    /// The same over this bridge.
    #[must_use]
    pub fn bridge(mut self, bridge: Arc<dyn Bridge>) -> Self {
        self.bridge = Some(bridge);
        self
    }

    /// Where the files of runs are, and what they are needed for.
    pub(crate) fn files(&self) -> Files<'_> {
        Files { directory: self.directory.as_deref(), is_served: self.is_served }
    }

    /// Where notices go.
    pub(crate) fn notices(&self) -> Notices {
        Notices(self.notices.clone())
    }

    /// The same with an absolute directory: programs run elsewhere.
    pub(crate) fn absolute(mut self) -> Result<Self, AgentError> {
        if let Some(directory) = &mut self.directory {
            *directory = path::absolute(&*directory).map_err(AgentError::io(&*directory))?;
        }
        Ok(self)
    }

    /// The interval between heartbeats that is used.
    pub(crate) fn safe_heartbeat_interval(&self) -> Duration {
        self.heartbeat_interval.min(self.idle_interval())
    }

    /// The longest time without a sign of life. An agent without a run has nothing to learn by more of them.
    pub(crate) fn idle_interval(&self) -> Duration {
        self.heartbeat_timeout / 3
    }
}

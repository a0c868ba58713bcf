//! What agents send and get.

use std::str::FromStr;
use std::time::Duration;

use besom_core::{Failure, ParseError, RunNumber, RunState, parse_word};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{SweepId, SweepState};

/// The id of an agent, unique in its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentId(pub u64);

/// An agent that joins a sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NewAgent {
    /// A name for people, such as `host/1234/2`; agents that share one count as one where it is asked whether others are there.
    pub name: String,
    /// How long it may send no heartbeat before its run is given up, in milliseconds.
    pub heartbeat_timeout_ms: u64,
}

impl NewAgent {
    /// An agent that sends a sign of life at least once per heartbeat timeout.
    pub fn new(name: impl Into<String>, heartbeat_timeout: Duration) -> Self {
        let heartbeat_timeout_ms = u64::try_from(heartbeat_timeout.as_millis()).unwrap_or(u64::MAX);
        Self { name: name.into(), heartbeat_timeout_ms }
    }
}

/// An agent as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentRow {
    /// Its id.
    pub id: AgentId,
    /// Its name for people.
    pub name: String,
    /// The time of its last sign of life, in milliseconds since 1970. Every call that it makes is one, unless it is
    /// answered [`Reply::Lost`], [`Reply::Gap`] or an error.
    pub seen_ms: u64,
    /// Whether it has not left and showed a sign of life within its heartbeat timeout, by the clock of whoever asks: for people
    /// to read. Nothing is decided by it.
    pub alive: bool,
    /// Whether it has left: by itself, or because it was found dead.
    #[serde(default)]
    pub left: bool,
    /// Whether it gets no more runs, and leaves after the one that it holds: [`Store::drain`](crate::Store::drain).
    #[serde(default)]
    pub draining: bool,
    /// The run it holds; the one of the lowest number, if there are several.
    pub run: Option<RunNumber>,
}

impl AgentRow {
    /// An agent that was heard of at `seen_ms`, is alive and holds no run.
    pub fn new(id: AgentId, name: impl Into<String>, seen_ms: u64) -> Self {
        Self { id, name: name.into(), seen_ms, alive: true, left: false, draining: false, run: None }
    }
}

/// The right to report on a run: it ends when the run is handed out again. Three words that say which right it is, and will
/// stay three.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// The sweep.
    pub sweep: SweepId,
    /// The run.
    pub run: RunNumber,
    /// How many times the run was handed out, this time included; the fencing token.
    pub attempt: u64,
}

impl Lease {
    /// The [name](SweepId::run_name) of the run.
    pub fn run_name(&self) -> String {
        self.sweep.run_name(self.run)
    }
}

/// A running run as whoever recovers it needs to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HeldRun {
    /// The lease under which it runs.
    pub lease: Lease,
    /// How many rows of this attempt are stored.
    pub rows: u64,
    /// How many signs of life there were under the lease. A watcher that has seen it stand still for a whole heartbeat timeout
    /// of its own clock gives the run up: [`Queue::give_up`](crate::Queue::give_up).
    pub beat: u64,
    /// The heartbeat timeout of its agent, in milliseconds.
    pub heartbeat_timeout_ms: u64,
}

impl HeldRun {
    /// A run under this lease with this many rows.
    pub fn new(lease: Lease, rows: u64) -> Self {
        Self { lease, rows, beat: 0, heartbeat_timeout_ms: 0 }
    }

    /// The same after so many signs of life, with this heartbeat timeout.
    #[must_use]
    pub fn beat(mut self, beat: u64, heartbeat_timeout_ms: u64) -> Self {
        (self.beat, self.heartbeat_timeout_ms) = (beat, heartbeat_timeout_ms);
        self
    }
}

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// A run to execute.
    Run(ClaimedRun),
    /// Nothing to hand out now; the state of the sweep says whether waiting makes sense.
    Nothing(SweepState),
    /// Nothing to this agent any more, whatever waits: it was [drained](crate::Store::drain), and is to leave.
    Drained,
}

/// A run that was handed out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClaimedRun {
    /// The right to report on it.
    pub lease: Lease,
    /// The point as a nested JSON object.
    pub point: Map<String, Value>,
}

impl ClaimedRun {
    /// The run of this lease, with its point.
    pub fn new(lease: Lease, point: Map<String, Value>) -> Self {
        Self { lease, point }
    }
}

/// One row of metrics: what a program logged at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Row {
    /// Its number in this attempt of the run, from 1, without gaps.
    pub seq: u64,
    /// The logged values.
    pub values: Map<String, Value>,
}

impl Row {
    /// The row of this number.
    pub fn new(seq: u64, values: Map<String, Value>) -> Self {
        Self { seq, values }
    }
}

/// The answer to a report or an end. Variants that are added later will mean that it was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Stored; continue.
    Continue,
    /// Stored; end the run, for this reason.
    Stop {
        /// Why.
        reason: String,
        /// The origin of the request, which decides the state that the run ends in.
        kind: StopKind,
    },
    /// Nothing was stored: rows between the last stored one and the first of these, or among these, are missing. Send again
    /// from here. It is no sign of life, and does not take back a run that was given up.
    Gap {
        /// The seq that is expected next.
        expected: u64,
    },
    /// Nothing was stored: the lease has ended (the run was handed out again, or has ended).
    Lost,
}

/// The origin of a request that a run end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopKind {
    /// A stopping rule: the run ends `finished`.
    Early,
    /// The owner: the run ends `killed`.
    Cancel,
}

impl StopKind {
    /// The name in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Cancel => "cancel",
        }
    }
}

impl FromStr for StopKind {
    type Err = ParseError;

    /// The kind of this name, as [`StopKind::as_str`] writes it.
    fn from_str(name: &str) -> Result<Self, ParseError> {
        parse_word("kind of stop", name, &[Self::Early, Self::Cancel], Self::as_str)
    }
}

/// How an attempt came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct End {
    /// `Finished`, `Failed`, `Killed`, `Preempted` (it will be handed out again) or `Crashed` (its program or agent
    /// vanished; handed out again while the retry budget lasts). A `Failed` end uses up the sweep's `retry_failed`.
    pub state: RunState,
    /// The exit code, if its program had one.
    pub exit_code: Option<i32>,
    /// What people should know of it ("exit status 1", the last line of an error).
    pub message: Option<String>,
    /// Of a `Failed` or `Crashed` end: why, as far as the agent knows.
    #[serde(default)]
    pub failure: Option<Failure>,
    /// Of a `Preempted` end: whether the program said that it goes on from here, so that what it logged, and what counted before that,
    /// counts in all later attempts, too.
    #[serde(default)]
    pub keeps_rows: bool,
}

impl End {
    /// An end in this state, without exit code and message.
    pub const fn new(state: RunState) -> Self {
        Self { state, exit_code: None, message: None, failure: None, keeps_rows: false }
    }

    /// The same with the exit code of its program.
    #[must_use]
    pub const fn exit_code(mut self, code: i32) -> Self {
        self.exit_code = Some(code);
        self
    }

    /// The same, which failed for this reason.
    #[must_use]
    pub const fn failure(mut self, failure: Failure) -> Self {
        self.failure = Some(failure);
        self
    }

    /// The same, where what the attempt logged counts in later ones: its program announced that it will go on from here.
    #[must_use]
    pub const fn keeping_rows(mut self) -> Self {
        self.keeps_rows = true;
        self
    }

    /// The same with a message for people.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }
}

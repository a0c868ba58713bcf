//! The rows that go in and out of a store: plain data.

use std::fmt;

use besom_core::{Best, Goal, RunNumber, RunState};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The id of a sweep: 8 characters `0-9a-z`, made by whoever creates the sweep.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SweepId(String);

impl SweepId {
    /// An id from its text, which is taken as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SweepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The id of an agent, unique in its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AgentId(pub u64);

/// Where a sweep stands.
///
/// ```text
/// pending -> running <-> paused;  pending -> paused;  pending | running | paused -> finished | canceled
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SweepState {
    /// Created; nothing was claimed yet.
    Pending,
    /// Runs are handed out. A pending sweep becomes running by its first claim.
    Running,
    /// Hands out nothing until its owner resumes it.
    Paused,
    /// Ended by itself, or because its owner wanted no new runs (`stop`).
    Finished,
    /// Ended by its owner together with its running runs.
    Canceled,
}

impl SweepState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Running, Self::Paused, Self::Finished, Self::Canceled];

    /// The state's name in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Canceled => "canceled",
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether the sweep has ended.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Canceled)
    }
}

impl fmt::Display for SweepState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The cause of a pause, which decides what it takes to resume the sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PausedBy {
    /// Its owner, who will resume it: agents wait.
    Owner,
    /// The search method failed.
    Search,
    /// The stopping rule failed.
    Stopper,
    /// The program of its runs looks broken.
    Program,
}

impl PausedBy {
    /// All causes of a pause.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Search, Self::Stopper, Self::Program];

    /// The name in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Search => "search",
            Self::Stopper => "stopper",
            Self::Program => "program",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == name)
    }
}

impl fmt::Display for PausedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A metric whose values the store extracts from reported rows, so that runs are ranked without parsing curves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Watched {
    /// The key in the rows; a dotted path is not split.
    pub name: String,
    /// Which way it is better.
    pub goal: Goal,
}

/// A sweep to create.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSweep {
    /// Its id.
    pub id: SweepId,
    /// The owner's name for it.
    pub name: Option<String>,
    /// The sweep file as the owner wrote it.
    pub text: String,
    /// Where the file was, for resuming "the same file"; any text.
    pub source: Option<String>,
    /// The directory in which programs run.
    pub directory: Option<String>,
    /// The seed.
    pub seed: u64,
    /// The metrics of the problem, in its order.
    pub metrics: Vec<Watched>,
    /// The most runs it may have.
    pub run_cap: Option<u64>,
    /// How often a crashed run is handed out again.
    pub retry_crashed: u32,
    /// How often a failed run is handed out again.
    pub retry_failed: u32,
}

/// A sweep as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SweepRow {
    /// Its id.
    pub id: SweepId,
    /// The owner's name for it.
    pub name: Option<String>,
    /// The sweep file as the owner wrote it.
    pub text: String,
    /// Where the file was.
    pub source: Option<String>,
    /// The directory in which programs run.
    pub directory: Option<String>,
    /// The seed.
    pub seed: u64,
    /// The metrics of the problem.
    pub metrics: Vec<Watched>,
    /// The most runs it may have.
    pub run_cap: Option<u64>,
    /// How often a crashed run is handed out again.
    pub retry_crashed: u32,
    /// How often a failed run is handed out again.
    pub retry_failed: u32,
    /// Where it stands.
    pub state: SweepState,
    /// Why it stands there (what failed, what was reached), for people.
    pub reason: Option<String>,
    /// The cause of its pause, if it is paused.
    pub paused_by: Option<PausedBy>,
    /// When it was created, in milliseconds since 1970.
    pub created_ms: u64,
    /// When it came to its end.
    pub ended_ms: Option<u64>,
    /// How many runs it has.
    pub runs: u64,
}

/// An agent that joins a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAgent {
    /// A name for people, such as `host/1234/2`.
    pub name: String,
    /// How long it may be silent before its run is given up, in milliseconds.
    pub silence_ms: u64,
}

/// An agent as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgentRow {
    /// Its id.
    pub id: AgentId,
    /// Its name for people.
    pub name: String,
    /// The time of its last sign of life, in milliseconds since 1970.
    pub seen_ms: u64,
    /// Whether it has not left and showed a sign of life within its silence limit.
    pub alive: bool,
    /// The run it holds.
    pub run: Option<RunNumber>,
}

/// The right to report on a run: it ends when the run is handed out again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Lease {
    /// The sweep.
    pub sweep: SweepId,
    /// The run.
    pub run: RunNumber,
    /// How many times the run was handed out, this time included; the fencing token.
    pub attempt: u64,
}

/// A running run as whoever recovers it needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRun {
    /// The lease under which it runs.
    pub lease: Lease,
    /// How many rows of this attempt are stored.
    pub rows: u64,
}

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// A run to execute.
    Run(ClaimedRun),
    /// Nothing to hand out now; the state of the sweep says whether waiting makes sense.
    Nothing(SweepState),
}

/// A run that was handed out.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedRun {
    /// The right to report on it.
    pub lease: Lease,
    /// The point as a nested JSON object.
    pub point: Map<String, Value>,
}

/// One row of metrics: what a program logged at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its number in this attempt of the run, from 1, without gaps.
    pub seq: u64,
    /// The logged values.
    pub values: Map<String, Value>,
}

/// The answer to a report.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Nothing was stored: rows between the last stored one and the first of these are missing. Send again from here.
    Gap {
        /// The seq that is expected next.
        expected: u64,
    },
    /// Nothing was stored: the lease has ended (the run was handed out again, or has ended).
    Lost,
}

/// The origin of a request that a run end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
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

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Early, Self::Cancel].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// `Finished`, `Failed`, `Killed`, `Preempted` (it will be handed out again) or `Crashed` (its program or agent
    /// vanished; handed out again while the retry budget lasts). A `Failed` end uses up the sweep's `retry_failed`.
    pub state: RunState,
    /// The exit code, if its program had one.
    pub exit_code: Option<i32>,
    /// What people should know of it ("exit status 1", the last line of an error).
    pub message: Option<String>,
}

/// A run to add.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// The point as a nested JSON object.
    pub point: Map<String, Value>,
    /// The note of its suggestion.
    pub note: Map<String, Value>,
}

/// What the history was when a run was suggested: with the log of the sweep and the rows of its runs, all that it takes
/// to build that history again and to ask for the suggestion once more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The cursor up to which changes were read: [`Changes::upto`].
    pub upto: u64,
    /// How many runs there were.
    pub runs: u64,
    /// How many rows each running run had logged, by number; rows are no part of the log. What other runs had logged
    /// was all that their newest attempts have logged, or as many rows as they [came back](crate::rules) with.
    pub rows: Vec<(RunNumber, u64)>,
}

/// A run as it is stored, without its curve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunRow {
    /// Its number.
    pub number: RunNumber,
    /// Where it stands.
    pub state: RunState,
    /// The point as a nested JSON object.
    pub point: Map<String, Value>,
    /// The note of its suggestion.
    pub note: Map<String, Value>,
    /// Why a stopping rule or the owner asked that it be ended.
    pub stop_reason: Option<String>,
    /// The origin of that request.
    pub stop_kind: Option<StopKind>,
    /// What people should know of its end.
    pub message: Option<String>,
    /// How many times it was handed out.
    pub attempt: u64,
    /// The exit code of its last attempt.
    pub exit_code: Option<i32>,
    /// How many rows its newest attempt has logged.
    pub rows: u64,
    /// The value of the first metric by which the newest attempt is ranked: its best valid one or, if the sweep has several
    /// metrics, its last.
    pub best: Option<f64>,
    /// The last valid value of the first metric in the newest attempt.
    pub last: Option<f64>,
    /// When it was added, in milliseconds since 1970.
    pub created_ms: u64,
    /// When its newest attempt began.
    pub started_ms: Option<u64>,
    /// When it came to its end.
    pub ended_ms: Option<u64>,
}

/// One hand-out of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attempt {
    /// Its number, from 1: the run's attempt then.
    pub number: u64,
    /// The agent that had it.
    pub agent: String,
    /// When it began, in milliseconds since 1970.
    pub started_ms: u64,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// How it ended.
    pub state: RunState,
    /// How many rows it logged.
    pub rows: u64,
}

/// Which runs to list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunQuery {
    /// Only runs in these states; all if empty.
    pub states: Vec<RunState>,
    /// In which order.
    pub order: Order,
    /// At most this many, if given.
    pub limit: Option<u64>,
    /// After skipping this many.
    pub offset: u64,
}

/// An order of runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By number.
    #[default]
    Number,
    /// By number, newest first.
    Newest,
    /// By the value of the first metric, best first: runs that can be the best, then failed, crashed and killed ones, then
    /// those that wait to be tried again, then those without a value.
    Best,
}

/// What has changed in a sweep since a cursor.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// The cursor to ask with next time.
    pub upto: u64,
    /// The state of the sweep.
    pub state: SweepState,
    /// The runs that are new or changed, by number; the newest state of each.
    pub runs: Vec<RunChange>,
}

/// The newest state of a run that has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct RunChange {
    /// The run.
    pub number: RunNumber,
    /// Point and note, if the run was added since the cursor.
    pub added: Option<NewRun>,
    /// Where it stands.
    pub state: RunState,
    /// Why a stopping rule asked that it be ended (not set by the owner's cancel).
    pub stopped: Option<String>,
    /// How many rows its newest attempt has logged.
    pub rows: u64,
    /// New parts of its curves.
    pub curves: Vec<CurvePart>,
}

/// A part of a curve: cut the curve at `from` and append `values`. A new attempt begins at 0 again.
#[derive(Clone, Debug, PartialEq)]
pub struct CurvePart {
    /// The place of the metric in [`NewSweep::metrics`].
    pub metric: usize,
    /// Where the part begins, from 0.
    pub from: usize,
    /// One value per row that held the metric; NaN where it was no finite number.
    pub values: Vec<f64>,
}

/// An entry of a sweep's log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// Its place in the sweep's log; grows, may have gaps.
    pub seq: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// The run that it is about, if one.
    pub run: Option<RunNumber>,
    /// What happened. To a sweep: `created`, `started`, `paused`, `resumed`, `finished`, `canceled`. To a run: `added`,
    /// `claimed`, `returned` (was given up and came back), `stop_requested`, `retried` (pending again after an end),
    /// or the state that an attempt ended in: `finished`, `failed`, `killed`, `preempted`, `crashed`.
    pub kind: String,
    /// More of it, a JSON object.
    pub detail: Map<String, Value>,
}

/// A sweep at a glance; cheap whatever its size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// How many runs are in each state, in the order of [`RunState::ALL`], zeros included.
    pub counts: Vec<(RunState, u64)>,
    /// How many runs a stopping rule has ended, or asked to be ended.
    pub stopped: u64,
    /// The run with the best value of the first metric, as [`History::best`](besom_core::History::best) has it: a failed,
    /// crashed or killed run never is.
    pub best: Option<Best>,
    /// The failed, crashed or killed run that would be the best if it counted.
    pub better_uncounted: Option<Best>,
    /// How many agents are alive.
    pub agents: u64,
    /// Mean time that an ended run took, in milliseconds, over the newest hundred.
    pub mean_run_ms: Option<f64>,
}

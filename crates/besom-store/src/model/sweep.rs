//! Sweeps as they are created and stored.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use besom_core::{Best, Goal, ParseError, RunNumber, RunState, parse_word};
use serde::{Deserialize, Serialize};

use crate::wire;

/// The id of a sweep: 8 characters `0-9a-z`, made by whoever creates the sweep.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

    /// The name of one of its runs where nothing else says which sweep is meant, as in `BESOM_RUN_ID`: `SWEEP-NUMBER`.
    ///
    /// ```
    /// # use besom_core::RunNumber;
    /// # use besom_store::SweepId;
    /// assert_eq!(SweepId::new("3k8s0x1q").run_name(RunNumber::FIRST), "3k8s0x1q-1");
    /// ```
    pub fn run_name(&self, run: RunNumber) -> String {
        format!("{self}-{run}")
    }
}

impl From<&str> for SweepId {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for SweepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Where a sweep stands.
///
/// ```text
/// pending -> running <-> paused;  pending -> paused;  pending | running | paused -> finished | canceled
/// ```
///
/// [`Store::retry`](crate::Store::retry) and [`Store::set_run_cap`](crate::Store::set_run_cap) alone lead back from `finished` to `running`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

    /// Whether the sweep has ended.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Canceled)
    }
}

impl FromStr for SweepState {
    type Err = ParseError;

    /// The state of this name, as [`SweepState::as_str`] writes it.
    fn from_str(name: &str) -> Result<Self, ParseError> {
        parse_word("sweep state", name, &Self::ALL, Self::as_str)
    }
}

impl fmt::Display for SweepState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The cause of a pause, which decides what it takes to resume the sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PausedBy {
    /// Its owner, who will resume it: agents wait.
    Owner,
    /// The search method failed.
    Search,
    /// The stopping rule failed.
    Stopper,
    /// The program of its runs looks broken.
    Program,
    /// No run has logged the metric that its algorithms need.
    Metric,
}

impl PausedBy {
    /// All causes of a pause.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Search, Self::Stopper, Self::Program, Self::Metric];

    /// The name in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Search => "search",
            Self::Stopper => "stopper",
            Self::Program => "program",
            Self::Metric => "metric",
        }
    }
}

impl FromStr for PausedBy {
    type Err = ParseError;

    /// The cause of this name, as [`PausedBy::as_str`] writes it.
    fn from_str(name: &str) -> Result<Self, ParseError> {
        parse_word("cause of a pause", name, &Self::ALL, Self::as_str)
    }
}

impl fmt::Display for PausedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A metric whose values the store extracts from reported rows, so that runs are ranked without parsing curves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Watched {
    /// The key in the rows, found as [`logged_value`](besom_core::logged_value) does.
    pub name: String,
    /// Which way it is better.
    pub goal: Goal,
}

impl Watched {
    /// A metric of this name.
    pub fn new(name: impl Into<String>, goal: Goal) -> Self {
        Self { name: name.into(), goal }
    }
}

/// A sweep to create.
///
/// ```
/// use besom_core::Goal;
/// use besom_store::NewSweep;
///
/// let new = NewSweep::new("3k8s0x1q").metric("loss", Goal::Minimize).run_cap(60).retry_crashed(1);
/// assert_eq!((new.seed, new.run_cap), (0, Some(60)));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
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
    #[serde(default, deserialize_with = "wire::number_or_text")]
    pub seed: u64,
    /// The metrics of the problem, in its order.
    pub metrics: Vec<Watched>,
    /// The most runs it may have; of a [`SweepRow`], at present.
    pub run_cap: Option<u64>,
    /// How often a crashed run is handed out again.
    #[serde(default)]
    pub retry_crashed: u32,
    /// How often a failed run is handed out again.
    #[serde(default)]
    pub retry_failed: u32,
    /// Small texts by name: what its owner and programs say of it (`project`, `tags`). They can be changed later:
    /// [`Store::set_label`](crate::Store::set_label).
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

impl NewSweep {
    /// A sweep with this id: no text, no metrics, seed 0, no cap, nothing is tried again.
    pub fn new(id: impl Into<SweepId>) -> Self {
        Self {
            id: id.into(),
            name: None,
            text: String::new(),
            source: None,
            directory: None,
            seed: 0,
            metrics: Vec::new(),
            run_cap: None,
            retry_crashed: 0,
            retry_failed: 0,
            labels: BTreeMap::new(),
        }
    }

    /// The same with this sweep file.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// The same with this seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same with one more metric.
    #[must_use]
    pub fn metric(mut self, name: impl Into<String>, goal: Goal) -> Self {
        self.metrics.push(Watched::new(name, goal));
        self
    }

    /// The same with one more label.
    #[must_use]
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// The same with at most this many runs.
    #[must_use]
    pub fn run_cap(mut self, cap: u64) -> Self {
        self.run_cap = Some(cap);
        self
    }

    /// The same, where a crashed run is handed out again this often.
    #[must_use]
    pub fn retry_crashed(mut self, times: u32) -> Self {
        self.retry_crashed = times;
        self
    }

    /// The same, where a failed run is handed out again this often.
    #[must_use]
    pub fn retry_failed(mut self, times: u32) -> Self {
        self.retry_failed = times;
        self
    }
}

/// A sweep as it is stored. As JSON, it has the fields of [`SweepRow::new`] beside its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SweepRow {
    /// What it was created with.
    #[serde(flatten)]
    pub new: NewSweep,
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

impl SweepRow {
    /// A sweep that was just created: pending, without runs.
    pub fn new(new: NewSweep, created_ms: u64) -> Self {
        let state = SweepState::Pending;
        Self { new, state, reason: None, paused_by: None, created_ms, ended_ms: None, runs: 0 }
    }

    /// Its id.
    pub fn id(&self) -> &SweepId {
        &self.new.id
    }

    /// The goal of the first metric, by which runs are ranked; to minimize, if it has none.
    pub fn goal(&self) -> Goal {
        self.new.metrics.first().map_or(Goal::Minimize, |metric| metric.goal)
    }
}

/// A sweep at a glance; cheap whatever its size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Status {
    /// How many runs are in each state, in the order of [`RunState::ALL`], zeros included.
    pub counts: Vec<(RunState, u64)>,
    /// How many of the finished runs a stopping rule has ended: those whose stop is of kind
    /// [`Early`](crate::StopKind::Early).
    pub stopped: u64,
    /// The run with the best value of the first metric, as [`History::best`](besom_core::History::best) has it: a failed,
    /// crashed or killed run never is, nor one that waits to be tried again. Among equals, the one of the lowest number.
    pub best: Option<Best>,
    /// The failed, crashed or killed run that would be the best if it counted: it is better than the best one, or there is
    /// none.
    pub better_uncounted: Option<Best>,
    /// How many agents are alive.
    pub agents: u64,
    /// Mean time that an ended run took, in milliseconds, over the hundred that ended last; runs that never began do not
    /// count.
    pub mean_run_ms: Option<f64>,
}

impl Default for Status {
    /// That of a sweep with no runs and no agents.
    fn default() -> Self {
        Self {
            counts: RunState::ALL.map(|state| (state, 0)).to_vec(),
            stopped: 0,
            best: None,
            better_uncounted: None,
            agents: 0,
            mean_run_ms: None,
        }
    }
}

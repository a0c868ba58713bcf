//! Runs as they are added, listed and stored.

use besom_core::{Failure, RunNumber, RunState};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{End, StopKind, SweepState};
use crate::{Row, StoreError, wire};

/// A run to add.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NewRun {
    /// The point as a nested JSON object.
    pub point: Map<String, Value>,
    /// The note of its suggestion.
    #[serde(default)]
    pub note: Map<String, Value>,
}

impl NewRun {
    /// A run of this point, without a note.
    pub fn new(point: Map<String, Value>) -> Self {
        Self { point, note: Map::new() }
    }

    /// The same with the note of its suggestion.
    #[must_use]
    pub fn note(mut self, note: Map<String, Value>) -> Self {
        self.note = note;
        self
    }
}

/// A run that has ended elsewhere, for a new sweep to begin with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PastRun {
    /// Its point and a note.
    pub new: NewRun,
    /// The rows that it logged, in order.
    #[serde(default)]
    pub rows: Vec<Map<String, Value>>,
    /// How it ended: `Finished`, `Failed`, `Crashed` or `Killed`. No retry budget brings it back.
    pub end: End,
}

impl PastRun {
    /// A run that has logged nothing.
    pub fn new(new: NewRun, end: End) -> Self {
        Self { new, rows: Vec::new(), end }
    }

    /// Its rows as an agent would have reported them.
    pub fn reported(&self) -> Vec<Row> {
        (1..).zip(&self.rows).map(|(seq, values)| Row::new(seq, values.clone())).collect()
    }

    /// Whether all have ended.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotAnEnd`] with the state of the first that has not.
    pub fn all_ended(past: &[Self]) -> Result<(), StoreError> {
        let open = past.iter().find(|run| run.end.state.is_open());
        open.map_or(Ok(()), |open| Err(StoreError::NotAnEnd(open.end.state)))
    }

    /// The same with these rows.
    #[must_use]
    pub fn rows(mut self, rows: Vec<Map<String, Value>>) -> Self {
        self.rows = rows;
        self
    }
}

/// What the history was when a run was suggested: with the log of the sweep and the rows of its runs, all that it takes
/// to build that history again and to ask for the suggestion once more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Seen {
    /// The cursor up to which changes were read: [`Changes::upto`](crate::Changes::upto).
    #[serde(deserialize_with = "wire::number_or_text")]
    pub upto: u64,
    /// How many runs there were.
    pub runs: u64,
    /// How many rows of each running run counted, by number; rows are no part of the log. What other runs had logged
    /// was all that their newest attempts have logged, or as many rows as they [came back](crate::rules) with, after those that
    /// earlier attempts had kept.
    pub rows: Vec<(RunNumber, u64)>,
}

impl Seen {
    /// What was read up to a cursor: so many runs, and so many rows of each running one.
    pub fn new(upto: u64, runs: u64, rows: Vec<(RunNumber, u64)>) -> Self {
        Self { upto, runs, rows }
    }
}

/// The answer to [`Store::add_runs`](crate::Store::add_runs). Variants that are added later will mean that none was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Added {
    /// This many were added.
    Added(usize),
    /// None was added: another controller was first, and this is the next number now.
    Lost(RunNumber),
    /// None was added: the cap is reached.
    Capped,
    /// None was added: the sweep is paused or has ended.
    Closed(SweepState),
}

/// A run as it is stored, without its curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunRow {
    /// Its number.
    pub number: RunNumber,
    /// Where it stands.
    pub state: RunState,
    /// The point as a nested JSON object; `params` where rows are JSON.
    #[serde(rename = "params")]
    pub point: Map<String, Value>,
    /// The note of its suggestion.
    pub note: Map<String, Value>,
    /// Why a stopping rule or the owner asked that it be ended.
    pub stop_reason: Option<String>,
    /// The origin of that request.
    pub stop_kind: Option<StopKind>,
    /// What people should know of the end of its newest attempt; none again once it is handed out again or has returned.
    pub message: Option<String>,
    /// How many times it was handed out.
    pub attempt: u64,
    /// The exit code of its newest attempt; none again once it is handed out again.
    pub exit_code: Option<i32>,
    /// Why its newest attempt failed, as far as its agent knew; none again once it is handed out again.
    #[serde(default)]
    pub failure: Option<Failure>,
    /// How many rows count: those of its newest attempt, and of the earlier ones from whose checkpoints it went on.
    pub rows: u64,
    /// How many of them earlier attempts have logged.
    pub kept: u64,
    /// The value of the first metric by which the run is ranked: its best valid one or, if the sweep has several
    /// metrics, its last if that is valid, because values that belong together come from one moment. Finite numbers are valid.
    pub best: Option<f64>,
    /// The last valid value of the first metric.
    pub last: Option<f64>,
    /// When it was added, in milliseconds since 1970.
    pub created_ms: u64,
    /// When its newest attempt began.
    pub started_ms: Option<u64>,
    /// When it came to its end: none while it is open, which it is again when it is tried again or has returned.
    pub ended_ms: Option<u64>,
}

impl RunRow {
    /// How long its newest attempt took, or has taken so far, in milliseconds; `None` if none has begun.
    pub fn took_ms(&self, now_ms: u64) -> Option<u64> {
        Some(self.ended_ms.unwrap_or(now_ms).saturating_sub(self.started_ms?))
    }

    /// A run that was just added.
    pub fn new(number: RunNumber, new: NewRun, created_ms: u64) -> Self {
        Self {
            number,
            state: RunState::Pending,
            point: new.point,
            note: new.note,
            stop_reason: None,
            stop_kind: None,
            message: None,
            attempt: 0,
            exit_code: None,
            failure: None,
            rows: 0,
            kept: 0,
            best: None,
            last: None,
            created_ms,
            started_ms: None,
            ended_ms: None,
        }
    }
}

/// One hand-out of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attempt {
    /// Its number, from 1: the run's attempt then.
    pub number: u64,
    /// The name of the agent that had it.
    pub agent: String,
    /// When it began, in milliseconds since 1970.
    pub started_ms: u64,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// How it ended: the state of its end, `Finished` instead where a stopping rule wanted the end, and `Killed` instead of
    /// `Preempted` where the run was not to be handed out again. `Running` while it runs.
    pub state: RunState,
    /// How many rows it logged.
    pub rows: u64,
    /// Whether they count before those of the newest attempt, because that one goes on from here; of the newest one itself, whether they
    /// count in all later ones.
    pub kept: bool,
}

impl Attempt {
    /// An attempt that has just begun.
    pub fn new(number: u64, agent: impl Into<String>, started_ms: u64) -> Self {
        Self {
            number,
            agent: agent.into(),
            started_ms,
            ended_ms: None,
            state: RunState::Running,
            rows: 0,
            kept: false,
        }
    }
}

/// Which runs to list. The default is all, by number.
///
/// ```
/// use besom_core::RunState;
/// use besom_store::{Order, RunQuery};
///
/// let best = RunQuery::default().states([RunState::Finished]).order(Order::Best).limit(10);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(default)]
pub struct RunQuery {
    /// Only runs in these states; all if empty.
    pub states: Vec<RunState>,
    /// Only runs of these numbers; all if empty. Numbers that no run has are ignored.
    pub numbers: Vec<RunNumber>,
    /// Only runs of higher numbers than this, if given: the next page of a listing by number.
    pub after: Option<RunNumber>,
    /// In which order.
    pub order: Order,
    /// At most this many, if given.
    pub limit: Option<u64>,
    /// After skipping this many.
    pub offset: u64,
}

impl RunQuery {
    /// Whether a run of this number, in this state, is one of those asked for.
    pub(crate) fn chooses(&self, number: RunNumber, state: RunState) -> bool {
        (self.states.is_empty() || self.states.contains(&state))
            && (self.numbers.is_empty() || self.numbers.contains(&number))
            && self.after.is_none_or(|after| number > after)
    }

    /// The same for runs in these states only.
    #[must_use]
    pub fn states(mut self, states: impl Into<Vec<RunState>>) -> Self {
        self.states = states.into();
        self
    }

    /// The same for runs of these numbers only.
    #[must_use]
    pub fn numbers(mut self, numbers: impl Into<Vec<RunNumber>>) -> Self {
        self.numbers = numbers.into();
        self
    }

    /// The same for runs of higher numbers only.
    #[must_use]
    pub fn after(mut self, number: impl Into<Option<RunNumber>>) -> Self {
        self.after = number.into();
        self
    }

    /// The same in this order.
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// The same for at most this many runs.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The same after skipping this many runs.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }
}

/// An order of runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// By number.
    #[default]
    Number,
    /// By number, newest first.
    Newest,
    /// By the value of the first metric, best first: runs that can be the best, then failed, crashed and killed ones, then
    /// those that wait to be tried again, then those without a value. Among equals, and without a value, by number.
    Best,
}

//! What has happened in a sweep: its changes since a cursor, and its log.

use besom_core::{Failure, RunNumber, RunState};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{NewRun, SweepState};
use crate::wire;

/// What has changed in a sweep since a cursor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Changes {
    /// The cursor to ask with next time; never lower than the one asked with, if that came from the same sweep.
    #[serde(serialize_with = "wire::as_text", deserialize_with = "wire::number_or_text")]
    pub upto: u64,
    /// The state of the sweep.
    pub state: SweepState,
    /// How many runs it may have at present.
    pub run_cap: Option<u64>,
    /// The runs that are new or changed, by number; the newest state of each. Signs of life are no changes.
    pub runs: Vec<RunChange>,
    /// How many of all runs that wait are held back until later: see [`Queue::claim`](crate::Queue::claim).
    pub held_back: u64,
}

impl Changes {
    /// Changes up to a cursor, with no run held back.
    pub fn new(upto: u64, state: SweepState, runs: Vec<RunChange>) -> Self {
        Self { upto, state, run_cap: None, runs, held_back: 0 }
    }

    /// The same with this many runs held back.
    #[must_use]
    pub fn held_back(mut self, runs: u64) -> Self {
        self.held_back = runs;
        self
    }

    /// The same of a sweep that may have so many runs.
    #[must_use]
    pub fn run_cap(mut self, cap: Option<u64>) -> Self {
        self.run_cap = cap;
        self
    }
}

/// The newest state of a run that has changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunChange {
    /// The run.
    pub number: RunNumber,
    /// Point and note, if the run was added since the cursor.
    pub added: Option<NewRun>,
    /// Where it stands.
    pub state: RunState,
    /// Why a stopping rule asked that it be ended (not set by the owner's cancel).
    pub stopped: Option<String>,
    /// Why its newest attempt failed, as far as its agent knew.
    #[serde(default)]
    pub failure: Option<Failure>,
    /// How many rows of it count, those of earlier attempts that are kept included.
    pub rows: u64,
    /// New parts of its curves; nothing for a curve that has nothing new. A new attempt cuts the curves of the one before, if
    /// the cursor has seen that one, by parts from 0 (empty ones too).
    pub curves: Vec<CurvePart>,
}

impl RunChange {
    /// A run that is in this state, without stop, rows and curves, and not new.
    pub fn new(number: RunNumber, state: RunState) -> Self {
        Self { number, added: None, state, stopped: None, failure: None, rows: 0, curves: Vec::new() }
    }
}

/// A part of a curve: cut the curve at `from` and append `values`. A new attempt begins at 0 again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CurvePart {
    /// The place of the metric in [`NewSweep::metrics`](crate::NewSweep::metrics).
    pub metric: usize,
    /// Where the part begins, from 0; not beyond the end of what the cursor has seen.
    pub from: usize,
    /// One value per row that held the metric; NaN where it was no finite number.
    #[serde(deserialize_with = "wire::numbers_or_null")]
    pub values: Vec<f64>,
}

impl CurvePart {
    /// The values of a metric from one place on.
    pub fn new(metric: usize, from: usize, values: Vec<f64>) -> Self {
        Self { metric, from, values }
    }
}

/// A few neighboring values of a curve at a glance: see [`Store::curve_view`](crate::Store::curve_view).
///
/// Where none of them is a finite number, `min`, `max`, `first` and `last` are NaN.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Bucket {
    /// The place of its first value in the curve, from 0.
    pub from: usize,
    /// How many values it has, those included that are no finite numbers; at least 1 in an answer.
    pub count: usize,
    /// The least finite value.
    #[serde(deserialize_with = "wire::number_or_null")]
    pub min: f64,
    /// The greatest finite value.
    #[serde(deserialize_with = "wire::number_or_null")]
    pub max: f64,
    /// The first finite value.
    #[serde(deserialize_with = "wire::number_or_null")]
    pub first: f64,
    /// The last finite value.
    #[serde(deserialize_with = "wire::number_or_null")]
    pub last: f64,
}

impl Bucket {
    /// A bucket without values that begins at this place.
    pub fn new(from: usize) -> Self {
        Self { from, count: 0, min: f64::NAN, max: f64::NAN, first: f64::NAN, last: f64::NAN }
    }

    /// Appends the next value of the curve.
    pub fn push(&mut self, value: f64) {
        self.count += 1;
        if value.is_finite() {
            self.min = self.min.min(value);
            self.max = self.max.max(value);
            self.first = if self.first.is_nan() { value } else { self.first };
            self.last = value;
        }
    }
}

/// An entry of a sweep's log.
///
/// | `kind` | of | `detail` |
/// |---|---|---|
/// | `created` | sweep | |
/// | `started`, `paused`, `resumed`, `finished`, `canceled` | sweep | `reason`, if one was given |
/// | `run_cap_set` | sweep | `run_cap`, if there is one now |
/// | `drain_requested` (an agent is to get no more runs) | sweep | `agent` (its name) |
/// | `quarantined` (an agent left because it seemed unable to work) | sweep | `agent`, `reason` |
/// | `added` | run | |
/// | `claimed` | run | `agent` (its name), `attempt` |
/// | `continued` (what an earlier attempt logged counts: the program goes on from its checkpoint) | run | `attempt`; `from`, the earlier one |
/// | `returned` (was given up and came back) | run | `attempt`, `rows` (how many it has) |
/// | `finished`, `failed`, `killed`, `preempted`, `crashed` (an attempt ended so) | run | `attempt`; `exit_code`, `failure` (why, see [`Failure`]), `message`, `stopped` (why it was asked to end), `keeps_rows`, where there are such |
/// | `stop_requested`; `killed` or, if a rule wanted it after an attempt, `finished` (it was waiting) | run | `reason`, `kind` |
/// | `retried` (pending again after an end) | run | |
///
/// `killed` and `finished` are so the end of an attempt if the detail has an `attempt`, and of a waiting run if it has a `kind`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// Its place in the sweep's log; grows, may have gaps. The log up to the cursor of a [`Changes`] is what those changes
    /// have seen.
    #[serde(deserialize_with = "wire::number_or_text")]
    pub seq: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// The run that it is about, if one.
    pub run: Option<RunNumber>,
    /// What happened.
    pub kind: String,
    /// More of it, a JSON object.
    pub detail: Map<String, Value>,
}

impl Event {
    /// What happened to a sweep, or to one of its runs.
    pub fn new(
        seq: u64,
        at_ms: u64,
        run: Option<RunNumber>,
        kind: impl Into<String>,
        detail: Map<String, Value>,
    ) -> Self {
        Self { seq, at_ms, run, kind: kind.into(), detail }
    }
}

//! Runs without what is large of them.

use besom_core::{RunNumber, RunState};
use serde::{Deserialize, Serialize};

use super::{RunRow, StopKind};
use crate::wire;

/// The runs of a sweep that are new or have changed since a cursor, without points and notes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outlines {
    /// The cursor to ask with next time, as [`Changes::upto`](crate::Changes::upto).
    #[serde(serialize_with = "wire::as_text", deserialize_with = "wire::number_or_text")]
    pub upto: u64,
    /// Each such run as it is now, by number.
    pub runs: Vec<RunOutline>,
}

impl Outlines {
    /// These runs, up to a cursor.
    pub fn new(upto: u64, runs: Vec<RunOutline>) -> Self {
        Self { upto, runs }
    }
}

/// A run without its point and note: what tables and pictures of very many runs are made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunOutline {
    /// Its number.
    pub number: RunNumber,
    /// Whether it was added since the cursor.
    pub is_new: bool,
    /// Where it stands.
    pub state: RunState,
    /// The origin of the request that it be ended.
    pub stop_kind: Option<StopKind>,
    /// Why a stopping rule or the owner asked that it be ended.
    pub stop_reason: Option<String>,
    /// How many times it was handed out.
    pub attempt: u64,
    /// The name of the agent that has or had its newest attempt.
    pub agent: Option<String>,
    /// As in [`RunRow`].
    pub rows: u64,
    /// As in [`RunRow`].
    pub best: Option<f64>,
    /// As in [`RunRow`].
    pub last: Option<f64>,
    /// When its newest attempt began, in milliseconds since 1970.
    pub started_ms: Option<u64>,
    /// When it came to its end.
    pub ended_ms: Option<u64>,
}

impl RunOutline {
    /// The outline of a run, whose newest attempt this agent had.
    pub fn new(run: &RunRow, agent: Option<String>, is_new: bool) -> Self {
        Self {
            number: run.number,
            is_new,
            state: run.state,
            stop_kind: run.stop_kind,
            stop_reason: run.stop_reason.clone(),
            attempt: run.attempt,
            agent,
            rows: run.rows,
            best: run.best,
            last: run.last,
            started_ms: run.started_ms,
            ended_ms: run.ended_ms,
        }
    }
}

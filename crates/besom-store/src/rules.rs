//! The rules of a run's and a sweep's life, as pure functions on plain rows.
//!
//! A store loads a [`RunRecord`] or a [`SweepRecord`], calls a rule, and saves the record and the [`LogEntry`] that the
//! rule returns in one transaction. So SQL holds no rule, and every store has the same ones. Nothing here reads a clock:
//! the time comes in as `now`, in milliseconds since 1970. The model of the laws, [`MemoryStore`](crate::MemoryStore), is written without this module, so that
//! the two check each other.

mod earlier;
mod facts;
mod run;
mod sweep;
#[cfg(test)]
mod tests;

use besom_core::RunState;
use serde_json::{Map, Value, json};

pub use self::earlier::{Earlier, Kept, count_alone, go_on};
pub use self::facts::{compose, facts_text, fits, kept, merge, unprinted};
pub use self::run::{Ended, RunRecord, Standing, StopRequest};
pub use self::sweep::SweepRecord;
use crate::Row;

/// What a rule did, for the log of the sweep: see [`Event`](crate::Event).
#[derive(Clone, Debug, PartialEq)]
#[must_use = "it belongs in the log, in the same transaction"]
#[non_exhaustive]
pub struct LogEntry {
    /// What happened.
    pub kind: &'static str,
    /// More of it.
    pub detail: Map<String, Value>,
}

impl LogEntry {
    /// A sweep was created.
    pub fn created() -> Self {
        Self::new("created", [])
    }

    /// A run was added.
    pub fn added() -> Self {
        Self::new("added", [])
    }

    /// An agent is to get no more runs.
    pub fn drain_requested(agent: &str) -> Self {
        Self::new("drain_requested", [("agent", Some(json!(agent)))])
    }

    /// An agent left because it seems unable to work.
    pub fn quarantined(agent: &str, reason: &str) -> Self {
        Self::new("quarantined", [("agent", Some(json!(agent))), ("reason", Some(json!(reason)))])
    }

    fn new<const N: usize>(kind: &'static str, detail: [(&str, Option<Value>); N]) -> Self {
        let detail = detail.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        Self { kind, detail: detail.collect() }
    }
}

/// What a claim is, by its request number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// The first with this number.
    New,
    /// The newest one that got a run, repeated.
    Repeated,
    /// An older one.
    Stale,
}

impl Request {
    /// What request `number` is to an agent whose newest answered request is `newest`.
    pub fn of(number: u64, newest: u64) -> Self {
        match number.cmp(&newest) {
            std::cmp::Ordering::Greater => Self::New,
            std::cmp::Ordering::Equal => Self::Repeated,
            std::cmp::Ordering::Less => Self::Stale,
        }
    }

    /// Whether it gets nothing because its agent was drained. What a claim got before that is answered again: its reply may have
    /// been lost, and the run would wait for an agent that does not know of it.
    pub fn is_drained(self, draining: bool) -> bool {
        draining && self == Self::New
    }
}

/// The rows that are not stored yet, when `stored` are; `None` if there is a gap before or among them.
pub fn unstored(stored: u64, rows: &[Row]) -> Option<&[Row]> {
    let first = rows.iter().position(|row| row.seq > stored).unwrap_or(rows.len());
    let fresh = &rows[first..];
    let gapless = fresh.iter().zip(stored + 1..).all(|(row, expected)| row.seq == expected);
    gapless.then_some(fresh)
}

/// Whether an attempt can end in this state.
pub fn is_end(state: RunState) -> bool {
    !matches!(state, RunState::Pending | RunState::Running)
}

/// Whether a run in this state waits to be handed out.
pub fn is_waiting(state: RunState) -> bool {
    matches!(state, RunState::Pending | RunState::Preempted)
}

/// Whether an agent that was last heard of at `seen_ms` counts as alive, for people to read: wall clocks decide nothing.
pub fn is_alive(seen_ms: u64, heartbeat_timeout_ms: u64, now: u64) -> bool {
    now.saturating_sub(seen_ms) <= heartbeat_timeout_ms
}

/// How many attempts in a row may be preempted without logging a row; what is preempted once more has failed. A program that
/// says so each time would be tried for ever.
pub const MAX_FRUITLESS: u32 = 20;

/// The longest time in milliseconds for which a run that came back is held back.
pub const MAX_BACKOFF_MS: u64 = 60_000;

/// For how many milliseconds a run is held back that came back after so many attempts in a row that have logged nothing.
pub fn backoff_ms(fruitless: u32) -> u64 {
    // Eight doublings exceed the limit.
    (500 << fruitless.saturating_sub(1).min(8)).min(MAX_BACKOFF_MS)
}

/// Whether a run that waits is held back until later. One that would be held back for longer than ever happens is not: the
/// clock that has set the time was wrong.
pub fn is_held_back(due_ms: Option<u64>, now: u64) -> bool {
    due_ms.is_some_and(|due| now < due && due - now <= MAX_BACKOFF_MS)
}

//! A run with its attempts and curves.

use std::iter;

use besom_core::{Goal, RunNumber, RunState, logged_value};
use serde_json::{Map, Value};

use super::facts::Printed;
use crate::{
    AgentId, Attempt, CurvePart, End, Lease, NewRun, Row, RunChange, RunRow, Seen, StopKind, SweepId, Watched,
};

#[derive(Debug)]
pub(super) struct Run {
    /// As it is listed.
    pub(super) row: RunRow,
    pub(super) seen: Option<Seen>,
    /// The facts that its owner has stated.
    pub(super) annotations: Map<String, Value>,
    /// The last one is the newest.
    pub(super) attempts: Vec<Tried>,
    /// Whether its agent may still come back.
    pub(super) given_up: bool,
    /// How many retries after a crash and after a failure were used.
    pub(super) crashes: u32,
    pub(super) failures: u32,
    /// How many attempts in a row have logged nothing.
    pub(super) fruitless: u32,
    /// Until when it is held back, if it came back to wait.
    pub(super) due_ms: Option<u64>,
    /// The change by which it was added, by which its newest attempt began, and its newest change.
    pub(super) added: u64,
    pub(super) began: u64,
    pub(super) changed: u64,
    /// Those of the newest attempt, one per metric.
    curves: Vec<Curve>,
    /// The places of its events in the log.
    pub(super) events: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Tried {
    /// As it is listed, but for `rows` and `kept`.
    pub(super) attempt: Attempt,
    pub(super) agent: AgentId,
    pub(super) heartbeat_timeout_ms: u64,
    /// How many signs of life there were under its lease.
    pub(super) beat: u64,
    pub(super) rows: Vec<Row>,
    pub(super) facts: Map<String, Value>,
    pub(super) printed: Printed,
    /// The end that its agent has given it.
    pub(super) given: Option<End>,
    /// The place of the attempt that it goes on from.
    pub(super) from: Option<usize>,
    /// Whether all later attempts go on from it.
    pub(super) keeps: bool,
}

#[derive(Clone, Debug, Default)]
struct Curve {
    values: Vec<f64>,
    /// The change by which each value was added; they never fall.
    changes: Vec<u64>,
}

impl Run {
    pub(super) fn new(number: RunNumber, new: NewRun, seen: Option<Seen>, metrics: usize, now: u64) -> Self {
        Self {
            row: RunRow::new(number, new, now),
            seen,
            annotations: Map::new(),
            attempts: Vec::new(),
            given_up: false,
            crashes: 0,
            failures: 0,
            fruitless: 0,
            due_ms: None,
            added: 0,
            began: 0,
            changed: 0,
            curves: vec![Curve::default(); metrics],
            events: Vec::new(),
        }
    }

    pub(super) fn lease(&self, sweep: &SweepId) -> Lease {
        Lease { sweep: sweep.clone(), run: self.row.number, attempt: self.row.attempt }
    }

    /// Whether an agent holds it.
    pub(super) fn is_held_by(&self, agent: AgentId) -> bool {
        self.row.state == RunState::Running
            && self.attempts.last().is_some_and(|newest| newest.agent == agent)
    }

    /// Whether it runs, and no sign of life has come under its lease since that number of them.
    pub(super) fn is_still(&self, beat: u64) -> bool {
        self.row.state == RunState::Running && self.attempts.last().is_some_and(|newest| newest.beat == beat)
    }

    /// Lets it wait behind the others, for half a second at first and for a minute at last.
    pub(super) fn hold_back(&mut self, now: u64) {
        let doublings = self.fruitless.max(1) - 1;
        let pause = if doublings < 7 { 500 * 2u64.pow(doublings) } else { 60_000 };
        self.due_ms = Some(now.saturating_add(pause));
    }

    /// Whether it is held back now; a time further away than ever happens comes from a wrong clock.
    pub(super) fn is_held_back(&self, now: u64) -> bool {
        self.due_ms.is_some_and(|due| (1..=60_000).contains(&due.saturating_sub(now)))
    }

    /// Begins an attempt by a change.
    pub(super) fn begin(&mut self, tried: Tried, metrics: &[Watched], change: u64) {
        self.row.state = RunState::Running;
        self.row.attempt = tried.attempt.number;
        self.row.started_ms = Some(tried.attempt.started_ms);
        (self.row.exit_code, self.row.failure, self.row.message, self.row.ended_ms) =
            (None, None, None, None);
        self.given_up = false;
        self.fruitless += 1;
        self.due_ms = None;
        let from = self.attempts.iter().rposition(|earlier| earlier.keeps);
        self.attempts.push(Tried { from, ..tried });
        self.recount(metrics, change);
    }

    /// Puts curves and rank together from all attempts that count, anew from a change on.
    pub(super) fn recount(&mut self, metrics: &[Watched], change: u64) {
        self.began = change;
        self.curves.fill(Curve::default());
        (self.row.rows, self.row.kept, self.row.best, self.row.last) = (0, 0, None, None);
        for place in self.counted() {
            let rows = self.attempts[place].rows.clone();
            self.row.kept = self.row.rows;
            self.count(&rows, metrics, change);
        }
    }

    /// Lets the newest attempt go on from the one at a place.
    pub(super) fn resume(&mut self, place: usize) {
        if let Some(newest) = self.attempts.last_mut() {
            newest.from = Some(place);
        }
    }

    /// The places of the attempts that count, in order: the newest one, and those from which it goes on.
    pub(super) fn counted(&self) -> Vec<usize> {
        let newest = self.attempts.len().checked_sub(1);
        let mut places: Vec<usize> = iter::successors(newest, |&place| self.attempts[place].from).collect();
        places.reverse();
        places
    }

    /// As they are listed.
    pub(super) fn attempts(&self) -> Vec<Attempt> {
        let counted = self.counted();
        let newest = self.attempts.len().saturating_sub(1);
        let listed = |(place, tried): (usize, &Tried)| {
            let kept = if place == newest { tried.keeps } else { counted.contains(&place) };
            Attempt { rows: tried.rows.len() as u64, kept, ..tried.attempt.clone() }
        };
        self.attempts.iter().enumerate().map(listed).collect()
    }

    /// The rows that count, numbered through.
    pub(super) fn rows(&self) -> Vec<Row> {
        let rows = self.counted().into_iter().flat_map(|place| &self.attempts[place].rows);
        (1..).zip(rows).map(|(seq, row)| Row { seq, ..row.clone() }).collect()
    }

    /// How many rows the newest attempt has logged.
    pub(super) fn logged(&self) -> u64 {
        self.row.rows - self.row.kept
    }

    /// Makes it run again after it was given up.
    pub(super) fn come_back(&mut self) {
        // Being pending again had used up a retry.
        self.crashes -= u32::from(self.row.state == RunState::Pending);
        (self.row.state, self.row.ended_ms, self.row.message) = (RunState::Running, None, None);
        self.given_up = false;
        if let Some(newest) = self.attempts.last_mut() {
            (newest.attempt.state, newest.attempt.ended_ms) = (RunState::Running, None);
        }
    }

    /// Appends rows that follow those of the newest attempt.
    pub(super) fn append(&mut self, rows: &[Row], metrics: &[Watched], change: u64) {
        if let Some(newest) = self.attempts.last_mut() {
            newest.rows.extend_from_slice(rows);
        }
        self.fruitless = 0;
        self.count(rows, metrics, change);
    }

    fn count(&mut self, rows: &[Row], metrics: &[Watched], change: u64) {
        self.row.rows += rows.len() as u64;
        for (at, (curve, watched)) in self.curves.iter_mut().zip(metrics).enumerate() {
            let logged = rows.iter().filter_map(|row| logged_value(&row.values, &watched.name)).map(number);
            let before = curve.values.len();
            curve.values.extend(logged);
            curve.changes.resize(curve.values.len(), change);
            if at == 0 {
                rank(&mut self.row, &curve.values[before..], watched.goal, metrics.len());
            }
        }
    }

    /// The curve of a metric.
    pub(super) fn curve(&self, metric: usize) -> Vec<f64> {
        self.curves.get(metric).map(|curve| curve.values.clone()).unwrap_or_default()
    }

    /// What is new of it to whoever has seen the changes up to `since`.
    pub(super) fn change(&self, since: u64) -> RunChange {
        let row = &self.row;
        let mut change = RunChange::new(row.number, row.state);
        if self.added > since {
            change.added = Some(NewRun::new(row.point.clone()).note(row.note.clone()));
        }
        change.stopped = row.stop_reason.clone().filter(|_| row.stop_kind == Some(StopKind::Early));
        change.failure = row.failure;
        change.rows = row.rows;
        change.curves = self.parts(since);
        change
    }

    fn parts(&self, since: u64) -> Vec<CurvePart> {
        // A new attempt without values must still cut away those of the one before.
        let cuts = self.began > since && self.row.attempt > 1 && self.added <= since;
        let part = |(metric, curve): (usize, &Curve)| {
            // All values of a new attempt are newer than the cursor.
            let from = curve.changes.partition_point(|&change| change <= since);
            let values = curve.values[from..].to_vec();
            (cuts || !values.is_empty()).then(|| CurvePart::new(metric, from, values))
        };
        self.curves.iter().enumerate().filter_map(part).collect()
    }
}

/// Ranks a run by new values of the first of `metrics` metrics: by its best valid one or, if there are several metrics, by its
/// last if that is valid, because values that belong together come from one moment.
fn rank(row: &mut RunRow, values: &[f64], goal: Goal, metrics: usize) {
    for &value in values.iter().filter(|value| value.is_finite()) {
        let is_better = row.best.is_none_or(|best| goal.to_loss(value) < goal.to_loss(best));
        if metrics > 1 || is_better {
            // Adding zero turns the negative zero into the positive one, so that equal values are the same.
            row.best = Some(value + 0.0);
        }
        row.last = Some(value);
    }
    if metrics > 1 && values.last().is_some_and(|newest| !newest.is_finite()) {
        row.best = None;
    }
}

/// The value of a metric in a row, NaN if it is not a finite number.
fn number(value: &Value) -> f64 {
    match value.as_f64() {
        Some(value) if value.is_finite() => value,
        _ => f64::NAN,
    }
}

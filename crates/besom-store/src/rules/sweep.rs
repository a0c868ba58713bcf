//! The life of a sweep.

use besom_core::{Goal, RunNumber, RunState};
use serde_json::json;

use super::LogEntry;
use crate::{Added, NewSweep, PausedBy, StoreError, SweepId, SweepState, Watched};

/// What the rules need to know of a sweep; from `state` on, it changes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SweepRecord {
    /// Its id.
    pub id: SweepId,
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
    /// Why, for people.
    pub reason: Option<String>,
    /// The cause of its pause, if it is paused.
    pub paused_by: Option<PausedBy>,
    /// How many runs it has.
    pub runs: u64,
    /// When it came to its end.
    pub ended_ms: Option<u64>,
}

impl SweepRecord {
    /// A sweep that was just created.
    pub fn new(new: &NewSweep) -> Self {
        Self {
            id: new.id.clone(),
            metrics: new.metrics.clone(),
            run_cap: new.run_cap,
            retry_crashed: new.retry_crashed,
            retry_failed: new.retry_failed,
            state: SweepState::Pending,
            reason: None,
            paused_by: None,
            runs: 0,
            ended_ms: None,
        }
    }

    /// The goal of the first metric, by which runs are ranked.
    pub fn goal(&self) -> Goal {
        self.metrics.first().map_or(Goal::Minimize, |metric| metric.goal)
    }

    /// Whether runs may be added and handed out.
    pub fn hands_out(&self) -> bool {
        matches!(self.state, SweepState::Pending | SweepState::Running)
    }

    /// How many of `count` runs may be added from number `first` on: at least one of them, unless none was given.
    pub fn admit(&self, first: RunNumber, count: usize) -> Result<usize, Added> {
        if !self.hands_out() {
            return Err(Added::Closed(self.state));
        }
        let next = RunNumber::FIRST.plus(usize::try_from(self.runs).unwrap_or(usize::MAX - 1));
        if first != next {
            return Err(Added::Lost(next));
        }
        let room = self.run_cap.map_or(u64::MAX, |cap| cap.saturating_sub(self.runs));
        match usize::try_from(room).unwrap_or(usize::MAX) {
            0 => Err(Added::Capped),
            room => Ok(count.min(room)),
        }
    }

    /// Brings it to a state as its owner asks; `None` if it is there already.
    pub fn set_state(
        &mut self,
        to: SweepState,
        reason: Option<&str>,
        now: u64,
    ) -> Result<Option<LogEntry>, StoreError> {
        use SweepState as S;
        let from = self.state;
        let kind = match (from, to) {
            (from, to) if from == to => return Ok(None),
            (S::Pending, S::Running) => "started",
            (S::Pending | S::Running, S::Paused) => "paused",
            (S::Paused, S::Running) => "resumed",
            (S::Pending | S::Running | S::Paused, S::Finished) => "finished",
            (S::Pending | S::Running | S::Paused, S::Canceled) => "canceled",
            _ => return Err(self.refused(to)),
        };
        Ok(Some(self.go(kind, to, reason, now)))
    }

    /// Pauses it; `None` if it is paused already, whatever the cause.
    pub fn pause(
        &mut self,
        by: PausedBy,
        reason: Option<&str>,
        now: u64,
    ) -> Result<Option<LogEntry>, StoreError> {
        let entry = self.set_state(SweepState::Paused, reason, now)?;
        if entry.is_some() {
            self.paused_by = Some(by);
        }
        Ok(entry)
    }

    /// Pauses it because the program of its runs cannot work; `None` if it hands out nothing anyway.
    pub fn report_broken(&mut self, reason: &str, now: u64) -> Option<LogEntry> {
        if !self.hands_out() {
            return None;
        }
        let entry = self.go("paused", SweepState::Paused, Some(reason), now);
        self.paused_by = Some(PausedBy::Program);
        Some(entry)
    }

    /// Its first run is handed out: a pending sweep runs from then on.
    pub fn begin(&mut self, now: u64) -> Option<LogEntry> {
        let begins = self.state == SweepState::Pending;
        begins.then(|| self.go("started", SweepState::Running, None, now))
    }

    /// Some of its runs are to be tried again: a finished sweep runs again.
    ///
    /// # Errors
    /// [`StoreError::Transition`] if it is canceled.
    pub fn reopen(&mut self, now: u64) -> Result<Option<LogEntry>, StoreError> {
        match self.state {
            SweepState::Canceled => Err(self.refused(SweepState::Running)),
            SweepState::Finished => Ok(Some(self.go("resumed", SweepState::Running, None, now))),
            SweepState::Pending | SweepState::Running | SweepState::Paused => Ok(None),
        }
    }

    /// Sets how many runs it may have. A finished sweep runs again if there is room now.
    ///
    /// # Errors
    /// [`StoreError::Transition`] if it is canceled and the cap another.
    pub fn set_run_cap(&mut self, cap: Option<u64>, now: u64) -> Result<Vec<LogEntry>, StoreError> {
        if self.run_cap == cap {
            return Ok(Vec::new());
        }
        if self.state == SweepState::Canceled {
            return Err(self.refused(SweepState::Running));
        }
        self.run_cap = cap;
        let mut log = vec![LogEntry::new("run_cap_set", [("run_cap", cap.map(|cap| json!(cap)))])];
        if self.state == SweepState::Finished && cap.is_none_or(|cap| cap > self.runs) {
            log.push(self.go("resumed", SweepState::Running, None, now));
        }
        Ok(log)
    }

    /// Refuses more past runs to begin with than it may have runs.
    pub fn admit_past(&self, runs: usize) -> Result<(), StoreError> {
        match self.run_cap {
            Some(cap) if runs as u64 > cap => Err(StoreError::TooManyRuns { runs: runs as u64, cap }),
            _ => Ok(()),
        }
    }

    /// Which runs are to be stopped once it has ended: those that wait, and the running ones too if it was canceled.
    pub fn closes(&self) -> &'static [RunState] {
        match self.state {
            SweepState::Finished => &[RunState::Pending, RunState::Preempted],
            SweepState::Canceled => &[RunState::Pending, RunState::Preempted, RunState::Running],
            SweepState::Pending | SweepState::Running | SweepState::Paused => &[],
        }
    }

    fn go(&mut self, kind: &'static str, to: SweepState, reason: Option<&str>, now: u64) -> LogEntry {
        self.state = to;
        self.reason = reason.map(str::to_owned);
        self.paused_by = (to == SweepState::Paused).then_some(PausedBy::Owner);
        self.ended_ms = to.is_over().then_some(now);
        LogEntry::new(kind, [("reason", reason.map(|reason| json!(reason)))])
    }

    fn refused(&self, to: SweepState) -> StoreError {
        StoreError::Transition { sweep: self.id.clone(), from: self.state, to }
    }
}

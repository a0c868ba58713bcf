//! A sweep with its runs and its log.

use besom_core::{Failure, RunNumber, RunState};
use serde_json::{Map, Value, json};

use super::detail;
use super::facts::Printed;
use super::index::Index;
use super::run::{Run, Tried};
use super::stock::Agent;
use crate::{
    Added, AgentId, Attempt, End, Event, NewRun, NewSweep, PastRun, PausedBy, Row, Seen, StopKind,
    StoreError, SweepRow, SweepState, Watched,
};

#[derive(Debug)]
pub(super) struct Sweep {
    pub(super) row: SweepRow,
    pub(super) runs: Vec<Run>,
    pub(super) events: Vec<Event>,
    pub(super) agents: Vec<AgentId>,
    pub(super) index: Index,
    /// The number of changes so far; events have it as their seq, so that cursors and events agree.
    pub(super) change: u64,
}

/// The reason for the stops of a sweep that ended without one.
pub(super) fn why_ended(to: SweepState) -> String {
    format!("the sweep is {to}")
}

impl Sweep {
    pub(super) fn new(new: NewSweep, now: u64) -> Self {
        let mut sweep = Self {
            row: SweepRow::new(new, now),
            runs: Vec::new(),
            events: Vec::new(),
            agents: Vec::new(),
            index: Index::default(),
            change: 0,
        };
        sweep.log(None, "created", Map::new(), now);
        sweep
    }

    /// The place of a run that must be there.
    pub(super) fn place(&self, run: RunNumber) -> Result<usize, StoreError> {
        let missing = || StoreError::NoRun { sweep: self.row.new.id.clone(), run };
        Some(run.index()).filter(|&at| at < self.runs.len()).ok_or_else(missing)
    }

    /// Changes a run, with the watched metrics at hand, and keeps the index right.
    pub(super) fn edit<T>(&mut self, at: usize, work: impl FnOnce(&mut Run, &[Watched]) -> T) -> T {
        let goal = self.row.goal();
        let Self { runs, index, row, .. } = self;
        let run = &mut runs[at];
        index.take_out(at, run, goal);
        let done = work(run, &row.new.metrics);
        index.enter(at, run, goal);
        done
    }

    /// Adds to the log, which is a change.
    fn log(&mut self, run: Option<usize>, kind: &'static str, detail: Map<String, Value>, now: u64) {
        self.change += 1;
        let (change, place) = (self.change, self.events.len());
        let number = run.map(|at| self.runs[at].row.number);
        self.events.push(Event::new(change, now, number, kind, detail));
        if let Some(at) = run {
            self.edit(at, |run, _| {
                run.changed = change;
                run.events.push(place);
            });
        }
    }

    fn go(&mut self, to: SweepState, reason: Option<&str>, kind: &'static str, now: u64) {
        self.row.state = to;
        self.row.reason = reason.map(str::to_owned);
        self.row.paused_by = (to == SweepState::Paused).then_some(PausedBy::Owner);
        self.row.ended_ms = to.is_over().then_some(now);
        self.log(None, kind, detail([("reason", reason.map(Value::from))]), now);
    }

    fn hands_out(&self) -> bool {
        matches!(self.row.state, SweepState::Pending | SweepState::Running)
    }

    pub(super) fn add_runs(
        &mut self,
        first: RunNumber,
        runs: &[NewRun],
        seen: Option<&Seen>,
        now: u64,
    ) -> Added {
        if !self.hands_out() {
            return Added::Closed(self.row.state);
        }
        if first.index() != self.runs.len() {
            return Added::Lost(RunNumber::from_index(self.runs.len()));
        }
        let cap = self.row.new.run_cap.and_then(|cap| usize::try_from(cap).ok()).unwrap_or(usize::MAX);
        if self.runs.len() >= cap {
            return Added::Capped;
        }
        let count = runs.len().min(cap - self.runs.len());
        for new in &runs[..count] {
            let (at, metrics, goal) = (self.runs.len(), self.row.new.metrics.len(), self.row.goal());
            let mut run = Run::new(RunNumber::from_index(at), new.clone(), seen.cloned(), metrics, now);
            run.added = self.change + 1;
            self.index.enter(at, &run, goal);
            self.runs.push(run);
            self.log(Some(at), "added", Map::new(), now);
        }
        self.row.runs = self.runs.len() as u64;
        Added::Added(count)
    }

    /// Lets past runs happen again, in an empty sweep.
    pub(super) fn begin_with(&mut self, agent: &Agent, past: &[PastRun], now: u64) {
        let runs: Vec<NewRun> = past.iter().map(|run| run.new.clone()).collect();
        let _: Added = self.add_runs(RunNumber::FIRST, &runs, None, now);
        let budgets = (self.row.new.retry_crashed, self.row.new.retry_failed);
        (self.row.new.retry_crashed, self.row.new.retry_failed) = (0, 0);
        for run in past {
            let Some(at) = self.hand_out(agent, now) else { break };
            self.append(at, &run.reported());
            self.conclude(at, &run.end, now);
            if let Some(newest) = self.runs[at].attempts.last_mut() {
                newest.given = Some(run.end.clone());
            }
        }
        (self.row.new.retry_crashed, self.row.new.retry_failed) = budgets;
    }

    pub(super) fn set_run_cap(&mut self, cap: Option<u64>, now: u64) -> Result<(), StoreError> {
        if self.row.new.run_cap == cap {
            return Ok(());
        }
        if self.row.state == SweepState::Canceled {
            return Err(self.refusal(SweepState::Running));
        }
        self.row.new.run_cap = cap;
        self.log(None, "run_cap_set", detail([("run_cap", cap.map(Value::from))]), now);
        if self.row.state == SweepState::Finished && cap.is_none_or(|cap| cap > self.row.runs) {
            self.go(SweepState::Running, None, "resumed", now);
        }
        Ok(())
    }

    /// Hands out the first run that waits, if the sweep hands out runs. Returns its place.
    pub(super) fn hand_out(&mut self, agent: &Agent, now: u64) -> Option<usize> {
        let at = self.next(now).filter(|_| self.hands_out())?;
        if self.row.state == SweepState::Pending {
            self.go(SweepState::Running, None, "started", now);
        }
        let number = self.runs[at].row.attempt + 1;
        let tried = Tried {
            attempt: Attempt::new(number, &agent.new.name, now),
            agent: agent.id,
            heartbeat_timeout_ms: agent.new.heartbeat_timeout_ms,
            beat: 0,
            rows: Vec::new(),
            facts: Map::new(),
            printed: Printed::default(),
            given: None,
            from: None,
            keeps: false,
        };
        let began = self.change + 1;
        self.edit(at, |run, metrics| run.begin(tried, metrics, began));
        let entries = [("agent", Some(json!(agent.new.name))), ("attempt", Some(json!(number)))];
        self.log(Some(at), "claimed", detail(entries), now);
        Some(at)
    }

    /// The first run that can be handed out.
    fn next(&self, now: u64) -> Option<usize> {
        let due = || self.index.came_back.iter().copied().find(|&at| !self.runs[at].is_held_back(now));
        self.index.next().or_else(due)
    }

    /// How many runs are held back.
    pub(super) fn held_back(&self, now: u64) -> u64 {
        self.index.came_back.iter().filter(|&&at| self.runs[at].is_held_back(now)).count() as u64
    }

    /// Gives back an attempt that was not begun or has failed; returns whether anything was changed.
    pub(super) fn give_back(&mut self, at: usize, attempt: u64, why: &str, now: u64) -> bool {
        let run = &self.runs[at];
        let closed = run.row.stop_kind.is_some() || self.row.state.is_over();
        let was_begun = run.row.state != RunState::Running;
        let has_failed = match run.row.state {
            RunState::Failed => run.fruitless <= 20,
            RunState::Pending => run.failures > 0 && !run.given_up && run.due_ms.is_none(),
            _ => false,
        };
        if run.row.attempt != attempt || (was_begun && (closed || !has_failed)) {
            return false;
        }
        if closed {
            self.conclude(at, &End::new(RunState::Preempted).message(why), now);
            return true;
        }
        self.edit(at, |run, _| {
            if was_begun {
                run.failures = 0;
            } else {
                run.fruitless = run.fruitless.saturating_sub(1);
                run.row.message = Some(why.to_owned());
                if let Some(newest) = run.attempts.last_mut() {
                    (newest.attempt.state, newest.attempt.ended_ms) = (RunState::Preempted, Some(now));
                }
            }
            (run.row.state, run.row.ended_ms) = (RunState::Pending, None);
            run.hold_back(now);
        });
        let entries = [("attempt", Some(json!(attempt))), ("message", Some(json!(why)))];
        self.log(Some(at), "given_back", detail(entries), now);
        true
    }

    /// Notes that an agent is to get no more runs.
    pub(super) fn note_drain(&mut self, agent: &str, now: u64) {
        self.log(None, "drain_requested", detail([("agent", Some(json!(agent)))]), now);
    }

    /// Notes that an agent left because it seems unable to work.
    pub(super) fn note_quarantine(&mut self, agent: &str, reason: &str, now: u64) {
        let entries = [("agent", Some(json!(agent))), ("reason", Some(json!(reason)))];
        self.log(None, "quarantined", detail(entries), now);
    }

    /// Whether the lease of an attempt stands: its run runs, or was given up and may come back.
    pub(super) fn stands(&self, at: usize, attempt: u64) -> bool {
        let run = &self.runs[at];
        let may_return = run.given_up && self.row.state != SweepState::Canceled;
        run.row.attempt == attempt && (run.row.state == RunState::Running || may_return)
    }

    /// Notes a sign of life under a lease that stands, which undoes giving its run up. Returns whose it is.
    pub(super) fn revive(&mut self, at: usize, now: u64) -> Option<AgentId> {
        if self.runs[at].row.state != RunState::Running {
            self.edit(at, |run, _| run.come_back());
            let row = &self.runs[at].row;
            let entries = [("attempt", Some(json!(row.attempt))), ("rows", Some(json!(row.rows - row.kept)))];
            self.log(Some(at), "returned", detail(entries), now);
        }
        let newest = self.runs[at].attempts.last_mut()?;
        newest.beat += 1;
        Some(newest.agent)
    }

    /// Counts what an earlier attempt has logged: the newest one goes on from its checkpoint.
    pub(super) fn resume(&mut self, at: usize, now: u64) {
        let Some((newest, earlier)) = self.runs[at].attempts.split_last() else { return };
        let Some(place) = earlier.iter().rposition(|tried| !tried.rows.is_empty()) else { return };
        if self.runs[at].counted().contains(&place) {
            return;
        }
        let (attempt, from) = (newest.attempt.number, earlier[place].attempt.number);
        let change = self.change + 1;
        self.edit(at, |run, metrics| {
            run.resume(place);
            run.recount(metrics, change);
        });
        let entries = [("attempt", Some(json!(attempt))), ("from", Some(json!(from)))];
        self.log(Some(at), "continued", detail(entries), now);
    }

    /// Stores rows that follow those of the run.
    pub(super) fn append(&mut self, at: usize, rows: &[Row]) {
        if rows.is_empty() {
            return;
        }
        self.change += 1;
        let change = self.change;
        self.edit(at, |run, metrics| {
            run.append(rows, metrics, change);
            run.changed = change;
        });
    }

    /// Ends the attempt of a run because its agent is gone, as it seems.
    pub(super) fn lose(&mut self, at: usize, why: &str, now: u64) {
        let may_return = self.runs[at].row.stop_kind.is_none();
        self.runs[at].given_up = may_return;
        self.conclude(at, &End::new(RunState::Crashed).message(why), now);
    }

    /// Ends the attempt of a run.
    pub(super) fn conclude(&mut self, at: usize, end: &End, now: u64) {
        let ended = self.ended(at, end.state);
        let again = self.is_tried_again(at, ended);
        let keeps_rows = end.keeps_rows && ended == RunState::Preempted;
        let stopped = self.edit(at, |run, _| {
            run.crashes += u32::from(again && ended == RunState::Crashed);
            run.failures += u32::from(again && ended == RunState::Failed);
            run.row.state = if again { RunState::Pending } else { ended };
            run.row.exit_code = end.exit_code;
            run.row.failure = match (end.state, ended) {
                (RunState::Preempted, RunState::Failed) => Some(Failure::Machine),
                _ => end.failure,
            };
            run.row.message.clone_from(&end.message);
            if end.state == RunState::Preempted && run.fruitless > 1 && run.row.stop_kind.is_none() {
                let said = end.message.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
                let times = run.fruitless;
                run.row.message = Some(format!("preempted {times} times in a row without a new row{said}"));
            }
            run.due_ms = None;
            if run.row.state == RunState::Preempted && run.fruitless > 0 {
                run.hold_back(now);
            }
            run.row.ended_ms = (!run.row.state.is_open()).then_some(now);
            if let Some(newest) = run.attempts.last_mut() {
                (newest.attempt.state, newest.attempt.ended_ms) = (ended, Some(now));
                newest.keeps = keeps_rows && run.row.rows > 0;
            }
            run.row.stop_reason.clone()
        });
        let entries = [
            ("attempt", Some(json!(self.runs[at].row.attempt))),
            ("exit_code", end.exit_code.map(Value::from)),
            ("failure", self.runs[at].row.failure.map(|failure| json!(failure))),
            ("message", self.runs[at].row.message.clone().map(Value::from)),
            ("stopped", stopped.map(Value::from)),
            ("keeps_rows", keeps_rows.then(|| Value::from(true))),
        ];
        self.log(Some(at), ended.as_str(), detail(entries), now);
        if again {
            self.log(Some(at), "retried", Map::new(), now);
        }
    }

    /// The state in which an attempt ends.
    fn ended(&self, at: usize, end: RunState) -> RunState {
        let stop = self.runs[at].row.stop_kind;
        match end {
            RunState::Killed | RunState::Preempted | RunState::Crashed if stop == Some(StopKind::Early) => {
                RunState::Finished
            }
            RunState::Crashed if stop == Some(StopKind::Cancel) => RunState::Killed,
            RunState::Preempted if stop.is_some() || self.row.state.is_over() => RunState::Killed,
            RunState::Preempted if self.runs[at].fruitless > 20 => RunState::Failed,
            end => end,
        }
    }

    fn is_tried_again(&self, at: usize, ended: RunState) -> bool {
        let (run, new) = (&self.runs[at], &self.row.new);
        let has_budget = match ended {
            RunState::Crashed => run.crashes < new.retry_crashed,
            RunState::Failed => run.failures < new.retry_failed,
            _ => false,
        };
        has_budget && run.row.stop_kind.is_none() && !self.row.state.is_over()
    }

    /// Asks a run to end, or ends it if it waits. Returns whether that changed anything.
    pub(super) fn stop(&mut self, at: usize, reason: &str, kind: StopKind, now: u64) -> bool {
        let row = &self.runs[at].row;
        let waits = matches!(row.state, RunState::Pending | RunState::Preempted);
        let is_news = match row.stop_kind {
            None => true,
            Some(standing) => standing == StopKind::Early && kind == StopKind::Cancel,
        };
        let runs_on = row.state == RunState::Running && !is_news;
        if runs_on || !row.state.is_open() {
            return false;
        }
        let event = self.edit(at, |run, _| {
            if is_news {
                (run.row.stop_kind, run.row.stop_reason) = (Some(kind), Some(reason.to_owned()));
            }
            if !waits {
                return "stop_requested";
            }
            let was_tried = !run.attempts.is_empty();
            let is_early = run.row.stop_kind == Some(StopKind::Early);
            let end = if was_tried && is_early { RunState::Finished } else { RunState::Killed };
            (run.row.state, run.row.ended_ms, run.given_up) = (end, Some(now), false);
            end.as_str()
        });
        let entries = [("reason", Some(json!(reason))), ("kind", Some(json!(kind)))];
        self.log(Some(at), event, detail(entries), now);
        true
    }

    pub(super) fn set_state(
        &mut self,
        to: SweepState,
        reason: Option<&str>,
        now: u64,
    ) -> Result<(), StoreError> {
        use SweepState as S;
        let kind = match (self.row.state, to) {
            (from, to) if from == to => return Ok(()),
            (S::Pending, S::Running) => "started",
            (S::Pending | S::Running, S::Paused) => "paused",
            (S::Paused, S::Running) => "resumed",
            (S::Pending | S::Running | S::Paused, S::Finished) => "finished",
            (S::Pending | S::Running | S::Paused, S::Canceled) => "canceled",
            _ => return Err(self.refusal(to)),
        };
        self.go(to, reason, kind, now);
        let closed: &[RunState] = match to {
            S::Canceled => &[RunState::Pending, RunState::Preempted, RunState::Running],
            S::Finished => &[RunState::Pending, RunState::Preempted],
            S::Pending | S::Running | S::Paused => &[],
        };
        let reason = reason.map_or_else(|| why_ended(to), str::to_owned);
        for at in self.index.in_states(closed) {
            self.stop(at, &reason, StopKind::Cancel, now);
        }
        Ok(())
    }

    fn refusal(&self, to: SweepState) -> StoreError {
        StoreError::Transition { sweep: self.row.new.id.clone(), from: self.row.state, to }
    }

    pub(super) fn pause(&mut self, by: PausedBy, reason: Option<&str>, now: u64) -> Result<(), StoreError> {
        let was_paused = self.row.state == SweepState::Paused;
        self.set_state(SweepState::Paused, reason, now)?;
        if !was_paused {
            self.row.paused_by = Some(by);
        }
        Ok(())
    }

    pub(super) fn report_broken(&mut self, reason: &str, now: u64) {
        if self.hands_out() {
            self.go(SweepState::Paused, Some(reason), "paused", now);
            self.row.paused_by = Some(PausedBy::Program);
        }
    }

    pub(super) fn retry(&mut self, states: &[RunState], now: u64) -> Result<u64, StoreError> {
        let ends: Vec<RunState> = states.iter().copied().filter(|state| !state.is_open()).collect();
        self.retry_at(&self.index.in_states(&ends), now)
    }

    /// The same of runs that have ended.
    pub(super) fn retry_at(&mut self, chosen: &[usize], now: u64) -> Result<u64, StoreError> {
        if chosen.is_empty() {
            return Ok(0);
        }
        match self.row.state {
            SweepState::Canceled => return Err(self.refusal(SweepState::Running)),
            SweepState::Finished => self.go(SweepState::Running, None, "resumed", now),
            SweepState::Pending | SweepState::Running | SweepState::Paused => {}
        }
        for &at in chosen {
            self.edit(at, |run, _| {
                (run.row.state, run.row.ended_ms, run.given_up) = (RunState::Pending, None, false);
                (run.row.stop_kind, run.row.stop_reason) = (None, None);
                (run.crashes, run.failures, run.fruitless, run.due_ms) = (0, 0, 0, None);
            });
            self.log(Some(at), "retried", Map::new(), now);
        }
        Ok(chosen.len() as u64)
    }
}

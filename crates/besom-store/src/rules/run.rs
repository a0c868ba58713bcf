//! The life of a run.

use besom_core::{Failure, RunNumber, RunState};
use serde_json::json;

use super::{LogEntry, MAX_FRUITLESS, SweepRecord, backoff_ms, is_waiting};
use crate::{AgentId, End, Reply, StopKind, SweepState, Watched};

/// What changes of a run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RunRecord {
    /// Its number.
    pub number: RunNumber,
    /// Where it stands.
    pub state: RunState,
    /// How many times it was handed out; the fencing token.
    pub attempt: u64,
    /// The agent that has or had the newest attempt.
    pub agent: Option<AgentId>,
    /// Whether its agent was given up and may come back until the run is handed out again.
    pub given_up: bool,
    /// How many signs of life there were of the newest attempt since it began.
    pub beat: u64,
    /// For how long that number may stand still before others give its agent up.
    pub heartbeat_timeout_ms: u64,
    /// How many rows the newest attempt has logged.
    pub rows: u64,
    /// How many rows of earlier attempts count, because the newest one goes on from their checkpoints.
    pub kept: u64,
    /// By what the newest attempt is ranked, as something to minimize: see [`RunRecord::add_rows`].
    pub loss: Option<f64>,
    /// The last valid value of the first metric in the newest attempt.
    pub last: Option<f64>,
    /// The stop that was requested of it.
    pub stop: Option<StopRequest>,
    /// What people should know of the end of the newest attempt.
    pub message: Option<String>,
    /// The exit code of the newest attempt.
    pub exit_code: Option<i32>,
    /// Why the newest attempt failed, as far as its agent knew.
    pub failure: Option<Failure>,
    /// How many retries after a crash were used.
    pub crashes: u32,
    /// How many retries after a failure were used.
    pub failures: u32,
    /// How many attempts in a row, the newest included, have logged no row.
    pub fruitless: u32,
    /// Until when it is held back, if it came back to wait: other runs go first, also afterwards.
    pub due_ms: Option<u64>,
    /// When the newest attempt began.
    pub started_ms: Option<u64>,
    /// When it came to its end.
    pub ended_ms: Option<u64>,
}

/// A request that a run end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopRequest {
    /// Its origin.
    pub kind: StopKind,
    /// Why.
    pub reason: String,
}

/// What a lease is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its run runs under it.
    Live,
    /// Its agent was given up, but the run was not handed out again: its holder may come back.
    GivenUp,
    /// It has ended for good.
    Over,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "it belongs in the log, in the same transaction"]
#[non_exhaustive]
pub struct Ended {
    /// The state that the attempt ended in; the run itself may be pending again.
    pub state: RunState,
    /// Whether what counted in it counts in all later attempts.
    pub keeps_rows: bool,
    /// What happened, in order.
    pub log: Vec<LogEntry>,
}

impl RunRecord {
    /// A run that was just added.
    pub fn new(number: RunNumber) -> Self {
        Self {
            number,
            state: RunState::Pending,
            attempt: 0,
            agent: None,
            given_up: false,
            beat: 0,
            heartbeat_timeout_ms: 0,
            rows: 0,
            kept: 0,
            loss: None,
            last: None,
            stop: None,
            message: None,
            exit_code: None,
            failure: None,
            crashes: 0,
            failures: 0,
            fruitless: 0,
            due_ms: None,
            started_ms: None,
            ended_ms: None,
        }
    }

    /// What a lease of this attempt is worth.
    pub fn standing(&self, sweep: SweepState, attempt: u64) -> Standing {
        match self.state {
            _ if self.attempt != attempt => Standing::Over,
            RunState::Running => Standing::Live,
            RunState::Crashed | RunState::Pending if self.given_up && sweep != SweepState::Canceled => {
                Standing::GivenUp
            }
            _ => Standing::Over,
        }
    }

    /// What its agent is answered.
    pub fn reply(&self) -> Reply {
        match &self.stop {
            Some(StopRequest { kind, reason }) => Reply::Stop { reason: reason.clone(), kind: *kind },
            None => Reply::Continue,
        }
    }

    /// Hands it out: a new attempt begins. Retries used and a requested stop stay. The store finds out which earlier attempts count
    /// ([`count_alone`](super::count_alone)), and adds their rows by [`RunRecord::keep`].
    pub fn hand_out(&mut self, agent: AgentId, name: &str, heartbeat_timeout_ms: u64, now: u64) -> LogEntry {
        *self = Self {
            state: RunState::Running,
            attempt: self.attempt + 1,
            agent: Some(agent),
            heartbeat_timeout_ms,
            stop: self.stop.take(),
            crashes: self.crashes,
            failures: self.failures,
            fruitless: self.fruitless.saturating_add(1),
            started_ms: Some(now),
            ..Self::new(self.number)
        };
        LogEntry::new("claimed", [("agent", Some(json!(name))), ("attempt", Some(json!(self.attempt)))])
    }

    /// Counts new rows and ranks the run by `values`, those that the rows hold of the first of `metrics`. A run with one
    /// metric is ranked by its best valid value, as in W&B; with several by its last, and not at all while that is not valid, because
    /// values that belong together come from one moment.
    pub fn add_rows(&mut self, count: usize, metrics: &[Watched], values: &[f64]) {
        self.rows += count as u64;
        if count > 0 {
            self.fruitless = 0;
        }
        let Some(metric) = metrics.first() else { return };
        let valid = || values.iter().copied().filter(|value| value.is_finite());
        let Some(newest) = values.last() else { return };
        // Adding zero turns the negative zero of a maximized 0 into the positive one.
        let loss = |value: f64| metric.goal.to_loss(value) + 0.0;
        self.last = valid().next_back().or(self.last);
        self.loss = match metrics.len() {
            1 => valid().map(loss).chain(self.loss).reduce(f64::min),
            _ => newest.is_finite().then(|| loss(*newest)),
        };
    }

    /// Counts `kept` rows of earlier attempts before those of the newest one, and ranks the run anew by `values`: those that all
    /// these rows hold of the first of `metrics`.
    pub fn keep(&mut self, kept: u64, metrics: &[Watched], values: &[f64]) {
        self.kept = kept;
        (self.loss, self.last) = (None, None);
        self.add_rows(0, metrics, values);
    }

    /// Its program has said that it goes on from the checkpoint of an earlier attempt: see [`go_on`](super::go_on).
    pub fn continued(&self, from: u64) -> LogEntry {
        LogEntry::new("continued", [("attempt", Some(json!(self.attempt))), ("from", Some(json!(from)))])
    }

    /// Takes it back after it was given up: its agent had only been cut off.
    pub fn come_back(&mut self) -> LogEntry {
        // Being pending again had used up a retry.
        self.crashes -= u32::from(self.state == RunState::Pending && self.crashes > 0);
        self.state = RunState::Running;
        self.given_up = false;
        self.message = None;
        self.ended_ms = None;
        let detail = [("attempt", Some(json!(self.attempt))), ("rows", Some(json!(self.rows)))];
        LogEntry::new("returned", detail)
    }

    /// Ends its attempt as its agent reports.
    pub fn finish(&mut self, sweep: &SweepRecord, end: &End, now: u64) -> Ended {
        self.state = self.after(sweep, end.state);
        let again = self.state == RunState::Pending;
        let state = if again { end.state } else { self.state };
        self.crashes += u32::from(again && state == RunState::Crashed);
        self.failures += u32::from(again && state == RunState::Failed);
        self.exit_code = end.exit_code;
        // It was preempted too often.
        let machine = self.state == RunState::Failed && end.state == RunState::Preempted;
        self.failure = if machine { Some(Failure::Machine) } else { end.failure };
        self.message = self.message_of(end);
        self.ended_ms = (!self.state.is_open()).then_some(now);
        let is_fruitless = self.state == RunState::Preempted && self.fruitless > 0;
        self.due_ms = is_fruitless.then(|| now.saturating_add(backoff_ms(self.fruitless)));
        let keeps_rows = end.keeps_rows && self.state == RunState::Preempted;
        let detail = [
            ("attempt", Some(json!(self.attempt))),
            ("exit_code", end.exit_code.map(|code| json!(code))),
            ("failure", self.failure.map(|failure| json!(failure))),
            ("message", self.message.as_ref().map(|message| json!(message))),
            ("stopped", self.stop.as_ref().map(|stop| json!(stop.reason))),
            ("keeps_rows", keeps_rows.then(|| json!(true))),
        ];
        let mut log = vec![LogEntry::new(state.as_str(), detail)];
        log.extend(again.then(|| LogEntry::new("retried", [])));
        Ended { state, keeps_rows: keeps_rows && self.kept + self.rows > 0, log }
    }

    /// Ends its attempt as `crashed` because its agent seems to be gone.
    pub fn give_up(&mut self, sweep: &SweepRecord, why: String, now: u64) -> Ended {
        let end = End::new(RunState::Crashed).message(why);
        let ended = self.finish(sweep, &end, now);
        // A run that was to be ended anyway has ended for good.
        self.given_up = matches!(self.state, RunState::Crashed | RunState::Pending);
        ended
    }

    /// The state after an attempt that ends so. It is tried again only if no stop was requested, its budget lasts and
    /// its sweep still hands out runs; what cannot be tried again has ended.
    fn after(&self, sweep: &SweepRecord, end: RunState) -> RunState {
        let stop = self.stop.as_ref().map(|stop| stop.kind);
        let again = stop.is_none() && !sweep.state.is_over();
        match (end, stop) {
            (RunState::Killed | RunState::Preempted | RunState::Crashed, Some(StopKind::Early)) => {
                RunState::Finished
            }
            (RunState::Preempted, _) if !again => RunState::Killed,
            // Whose agent died while it was being canceled has been canceled all the same.
            (RunState::Crashed, Some(StopKind::Cancel)) => RunState::Killed,
            (RunState::Preempted, _) if self.fruitless > MAX_FRUITLESS => RunState::Failed,
            (RunState::Crashed, _) if again && self.crashes < sweep.retry_crashed => RunState::Pending,
            (RunState::Failed, _) if again && self.failures < sweep.retry_failed => RunState::Pending,
            _ => end,
        }
    }

    /// The message of an end, which says how often the run was preempted for nothing.
    fn message_of(&self, end: &End) -> Option<String> {
        if end.state != RunState::Preempted || self.fruitless < 2 || self.stop.is_some() {
            return end.message.clone();
        }
        let times = format!("preempted {} times in a row without a new row", self.fruitless);
        Some(end.message.as_ref().map_or_else(|| times.clone(), |message| format!("{times}: {message}")))
    }

    /// Gives back an attempt that says nothing about the run: the machine could not begin it, or its agent fails whatever it
    /// executes. The run is pending again, with the budget for failures restored, and others go first. Returns how the attempt
    /// ended; `None` if nothing is changed: the attempt is not the newest, has ended otherwise or was given back before, a stop
    /// was requested, the sweep has ended, or too many attempts in a row have logged nothing.
    pub fn give_back(&mut self, sweep: &SweepRecord, attempt: u64, why: &str, now: u64) -> Option<Ended> {
        let state = match self.state {
            _ if self.attempt != attempt => return None,
            RunState::Running if self.stop.is_some() || sweep.state.is_over() => {
                let end = End::new(RunState::Preempted).message(why);
                return Some(self.finish(sweep, &end, now));
            }
            _ if self.stop.is_some() || sweep.state.is_over() => return None,
            RunState::Running => {
                // It was no attempt.
                self.fruitless = self.fruitless.saturating_sub(1);
                self.message = Some(why.to_owned());
                RunState::Preempted
            }
            RunState::Failed if self.fruitless <= MAX_FRUITLESS => RunState::Failed,
            RunState::Pending if self.failures > 0 && !self.given_up && self.due_ms.is_none() => {
                RunState::Failed
            }
            _ => return None,
        };
        self.state = RunState::Pending;
        self.failures = if state == RunState::Failed { 0 } else { self.failures };
        self.due_ms = Some(now.saturating_add(backoff_ms(self.fruitless)));
        self.ended_ms = None;
        let detail = [("attempt", Some(json!(self.attempt))), ("message", Some(json!(why)))];
        Some(Ended { state, keeps_rows: false, log: vec![LogEntry::new("given_back", detail)] })
    }

    /// Asks it to end, or ends it if no agent works on it; `None` if that changes nothing. The owner's request replaces that
    /// of a stopping rule, and no other is replaced while the run runs. A run that waits to be tried again has ended as if
    /// its last attempt had been stopped: so a crash just before a stop leads to the same history.
    pub fn request_stop(&mut self, kind: StopKind, reason: &str, now: u64) -> Option<LogEntry> {
        let stands =
            self.stop.as_ref().is_some_and(|stop| stop.kind == StopKind::Cancel || stop.kind == kind);
        if !self.state.is_open() || (self.state == RunState::Running && stands) {
            return None;
        }
        if !stands {
            self.stop = Some(StopRequest { kind, reason: reason.to_owned() });
        }
        let mut event = "stop_requested";
        if is_waiting(self.state) {
            let is_early = self.stop.as_ref().is_some_and(|stop| stop.kind == StopKind::Early);
            self.state = if is_early && self.attempt > 0 { RunState::Finished } else { RunState::Killed };
            event = self.state.as_str();
            self.given_up = false;
            self.ended_ms = Some(now);
        }
        Some(LogEntry::new(event, [("reason", Some(json!(reason))), ("kind", Some(json!(kind)))]))
    }

    /// Makes an ended run pending again, with fresh retry budgets and without the stop that was requested of it.
    pub fn retry(&mut self) -> LogEntry {
        self.state = RunState::Pending;
        self.given_up = false;
        self.stop = None;
        self.crashes = 0;
        self.failures = 0;
        self.fruitless = 0;
        self.due_ms = None;
        self.ended_ms = None;
        LogEntry::new("retried", [])
    }
}

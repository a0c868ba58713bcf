//! One attempt as W&B's client sees it: rows and facts go to its metrics file.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use besom_agent::{AgentError, BridgedAttempt, Signal};
use besom_core::error_chain;
use besom_store::rules;
use serde_json::{Map, Value};

use super::earlier;
use super::sessions::Sessions;
use crate::lock::lock;
use crate::wandb::names::{ENTITY, PROJECT};
use crate::wandb::{KnownRun, RunSink, SinkError};

/// An attempt behind its key.
#[derive(Debug)]
pub(super) struct Attempt {
    name: String,
    /// `None` once it has ended: nothing may be written to its file then.
    log: Mutex<Option<Log>>,
    is_used: AtomicBool,
}

impl Attempt {
    pub(super) fn new(attempt: BridgedAttempt) -> Self {
        let name = attempt.lease.run_name();
        let log = Mutex::new(Some(Log::new(attempt, name.clone())));
        Self { name, log, is_used: AtomicBool::new(false) }
    }

    /// Lets a request work on it, one at a time.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut dyn RunSink) -> T) -> T {
        self.is_used.store(true, Ordering::Relaxed);
        match &mut *lock(&self.log) {
            Some(log) => {
                log.sessions.next_message();
                work(log)
            }
            None => work(&mut Ended(&self.name)),
        }
    }

    /// Notes that the program goes on from an earlier attempt, if there is one.
    pub(super) fn resume(&self) -> Result<(), SinkError> {
        match &mut *lock(&self.log) {
            Some(log) => log.resume(),
            None => Ok(()),
        }
    }

    /// Notes what the run must do. The client interrupts its program, which must not happen while that saves its state before a shutdown.
    pub(super) fn tell(&self, signal: &Signal) {
        if let Some(log) = &mut *lock(&self.log) {
            log.must_end = matches!(signal, Signal::Stop { .. } | Signal::Lost);
        }
    }

    /// Whether a client has called.
    pub(super) fn is_used(&self) -> bool {
        self.is_used.load(Ordering::Relaxed)
    }

    /// Ends it; a request that is on its way is waited for.
    pub(super) fn close(&self) {
        *lock(&self.log) = None;
    }
}

/// Where what comes of an attempt goes.
#[derive(Debug)]
struct Log {
    attempt: BridgedAttempt,
    name: String,
    sessions: Sessions,
    facts: Map<String, Value>,
    tail: Option<Map<String, Value>>,
    is_resumed: bool,
    must_end: bool,
}

impl Log {
    fn new(attempt: BridgedAttempt, name: String) -> Self {
        Self {
            attempt,
            name,
            sessions: Sessions::default(),
            facts: Map::new(),
            tail: None,
            is_resumed: false,
            must_end: false,
        }
    }

    fn resume(&mut self) -> Result<(), SinkError> {
        if self.attempt.lease.attempt > 1 && !self.is_resumed {
            self.attempt.writer.mark_resumed().map_err(failed)?;
            self.is_resumed = true;
            self.tail = self
                .attempt
                .directory
                .as_deref()
                .and_then(|directory| earlier::last_row(directory, self.attempt.lease.attempt));
        }
        Ok(())
    }
}

impl RunSink for Log {
    fn known(&mut self) -> Result<KnownRun, SinkError> {
        let mut facts = self.facts.clone();
        if let Some(summary) = self.sessions.summary().filter(|summary| !summary.is_empty()) {
            facts.insert("summary".to_owned(), summary.clone().into());
        }
        Ok(KnownRun {
            entity: ENTITY.to_owned(),
            project: PROJECT.to_owned(),
            name: self.name.clone(),
            sweep: Some(self.attempt.lease.sweep.as_str().to_owned()),
            params: self.attempt.point.clone(),
            facts,
            lines: self.sessions.lines(),
            tail: self.tail.clone(),
        })
    }

    fn describe(&mut self, facts: &Map<String, Value>) -> Result<(), SinkError> {
        let mut facts = facts.clone();
        // It comes whole with every message, and says what the rows say; what they do not say is entered at the end.
        if let Some(Value::Object(summary)) = facts.remove("summary") {
            self.sessions.summarize(summary);
        }
        let mut merged = self.facts.clone();
        rules::merge(&mut merged, &facts);
        if merged != self.facts {
            self.attempt.writer.describe(&facts).map_err(failed)?;
            self.facts = merged;
        }
        Ok(())
    }

    fn rows(&mut self, first: u64, rows: Vec<Map<String, Value>>) -> Result<(), SinkError> {
        let Self { attempt, sessions, tail, .. } = self;
        sessions.enter(first, rows, |row| enter(attempt, tail, row))
    }

    /// The agent reads the output of the program itself.
    fn print(&mut self, _: u64, _: &[String]) -> Result<(), SinkError> {
        Ok(())
    }

    fn preempting(&mut self) -> Result<(), SinkError> {
        self.attempt.writer.mark_preempting().map_err(failed)
    }

    /// How the run has ended the agent sees; one program may finish several parts of it.
    fn finish(&mut self, _: i32) -> Result<(), SinkError> {
        let Self { attempt, sessions, tail, .. } = self;
        sessions.settle(|row| enter(attempt, tail, row))
    }

    fn stop_asked(&mut self) -> Result<bool, SinkError> {
        Ok(self.must_end)
    }
}

/// Appends a row, which is the last one then.
fn enter(
    attempt: &BridgedAttempt,
    tail: &mut Option<Map<String, Value>>,
    row: &Map<String, Value>,
) -> Result<(), SinkError> {
    append(attempt, row)?;
    *tail = Some(row.clone());
    Ok(())
}

/// Appends a row. Of one that is too large for a line its plain values are kept: the client would repeat it for ever.
fn append(attempt: &BridgedAttempt, row: &Map<String, Value>) -> Result<(), SinkError> {
    let Err(error) = attempt.writer.append(row) else { return Ok(()) };
    let is_plain = |value: &Value| !matches!(value, Value::Array(_) | Value::Object(_) | Value::String(_));
    let mut plain = row.clone();
    plain.retain(|_, value| is_plain(value));
    if plain == *row { Err(failed(error)) } else { attempt.writer.append(&plain).map_err(failed) }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn failed(error: AgentError) -> SinkError {
    SinkError::Failed(error_chain(&error))
}

/// An attempt that has ended, whose program has not noticed.
struct Ended<'a>(&'a str);

impl RunSink for Ended<'_> {
    fn known(&mut self) -> Result<KnownRun, SinkError> {
        Ok(KnownRun { name: self.0.to_owned(), ..KnownRun::default() })
    }

    fn describe(&mut self, _: &Map<String, Value>) -> Result<(), SinkError> {
        Err(SinkError::Lost)
    }

    fn rows(&mut self, _: u64, _: Vec<Map<String, Value>>) -> Result<(), SinkError> {
        Err(SinkError::Lost)
    }

    fn print(&mut self, _: u64, _: &[String]) -> Result<(), SinkError> {
        Err(SinkError::Lost)
    }

    fn preempting(&mut self) -> Result<(), SinkError> {
        Err(SinkError::Lost)
    }

    fn finish(&mut self, _: i32) -> Result<(), SinkError> {
        Err(SinkError::Lost)
    }

    fn stop_asked(&mut self) -> Result<bool, SinkError> {
        Ok(true)
    }
}

//! Runs as calls of a Rust closure.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use besom_core::{BoxError, RunNumber, RunState, error_chain};
use besom_store::ClaimedRun;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::link::Ear;
use crate::{Ended, Link, MetricsWriter, Runner, Signal};

/// The bounds of the interval at which logged rows are reported: at once while rows arrive, less often when
/// idle.
const POLL_INTERVAL: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));

/// Executes runs by calling a closure in this process, on the agent's thread. Another thread reports what it
/// logs meanwhile and sends heartbeats, so the closure may compute for hours without logging. It needs no files: an agent
/// without a [directory](crate::AgentOptions::directory) touches no file system.
///
/// A closure that returns `Ok` has finished its run; an error or a panic fails it.
///
/// ```
/// use besom_agent::{FunctionRunner, RunContext};
/// use serde_json::json;
///
/// let train = |run: &mut RunContext<'_>| {
///     let lr = run.params()["lr"].as_f64().ok_or("lr is not a number")?;
///     for epoch in 0..10 {
///         run.log_json(json!({"loss": lr / f64::from(epoch + 1)}))?;
///     }
///     Ok(())
/// };
/// let runner = FunctionRunner::new(train);
/// ```
#[derive(Debug)]
pub struct FunctionRunner<F> {
    function: F,
}

impl<F: FnMut(&mut RunContext<'_>) -> Result<(), BoxError>> FunctionRunner<F> {
    /// A runner that calls `function` for each run.
    pub fn new(function: F) -> Self {
        Self { function }
    }
}

impl<F: FnMut(&mut RunContext<'_>) -> Result<(), BoxError>> Runner for FunctionRunner<F> {
    fn run(&mut self, run: &ClaimedRun, link: &mut Link<'_>) -> Ended {
        let (dir, attempt) = (link.dir().map(|dir| dir.path().to_owned()), link.lease().attempt);
        let writer = match link.writer() {
            Ok(writer) => writer,
            Err(error) => return Ended::unstarted(error_chain(&error)),
        };
        let shared = Shared { ear: link.ear(), reported: Mutex::new(0), changed: Condvar::new() };
        let mut context = RunContext { run, attempt, dir, writer, shared: &shared, logged: 0 };
        let function = &mut self.function;
        let result = thread::scope(|scope| {
            let (running, has_ended) = mpsc::channel::<()>();
            scope.spawn(|| report_rows(link, &shared, has_ended));
            let result = catch_unwind(AssertUnwindSafe(|| function(&mut context)));
            drop(running);
            result
        });
        ended(result, &shared.ear.signal())
    }
}

/// Reports rows until the closure has returned.
fn report_rows(link: &mut Link<'_>, shared: &Shared, has_ended: Receiver<()>) {
    let mut interval = POLL_INTERVAL.0;
    loop {
        let before = link.rows();
        link.pump();
        *shared.reported() = link.rows();
        shared.changed.notify_all();
        interval = if link.rows() > before { POLL_INTERVAL.0 } else { (interval * 2).min(POLL_INTERVAL.1) };
        if has_ended.recv_timeout(interval) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// The end of a run whose closure returned `result`; `signal` is the last one that it may have received.
fn ended(result: Result<Result<(), BoxError>, Box<dyn Any + Send>>, signal: &Signal) -> Ended {
    match result {
        Ok(Ok(())) => Ended::new(RunState::Finished),
        Ok(Err(error)) => match error.downcast_ref::<LogError>() {
            Some(LogError::Stopped(_)) => signal.ended().unwrap_or_else(|| Ended::new(RunState::Crashed)),
            Some(error) => failed(error_chain(error)),
            None => failed(error.to_string()),
        },
        Err(panic) => failed(format!("panicked: {}", panic_text(&*panic))),
    }
}

fn failed(message: String) -> Ended {
    Ended { excerpt: message.clone(), ..Ended::failed(message) }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

/// What the closure's thread and the reporting one share.
#[derive(Debug)]
struct Shared {
    ear: Ear,
    /// How many rows the store has.
    reported: Mutex<u64>,
    changed: Condvar,
}

impl Shared {
    fn reported(&self) -> MutexGuard<'_, u64> {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a closure sees of its run.
#[derive(Debug)]
pub struct RunContext<'a> {
    run: &'a ClaimedRun,
    attempt: u64,
    dir: Option<PathBuf>,
    writer: MetricsWriter,
    shared: &'a Shared,
    logged: u64,
}

impl RunContext<'_> {
    /// The parameters, nested as in the sweep file.
    pub fn params(&self) -> &Map<String, Value> {
        &self.run.point
    }

    /// The number of the run in its sweep.
    pub fn number(&self) -> RunNumber {
        self.run.lease.run
    }

    /// 1 at first, one more each time the run is handed out again.
    pub fn attempt(&self) -> u64 {
        self.attempt
    }

    /// The directory of this run, the same in every attempt: the place for checkpoints. `None` if its agent has no
    /// directory.
    pub fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// Logs one row. When this returns the row is acknowledged: no death of the process loses it. (If the agent has no
    /// directory, that holds after [`RunContext::flush`] only, as far as its store outlives the process.) The store
    /// receives it within milliseconds, so a stopping rule's answer to it comes with a later row.
    ///
    /// # Errors
    /// [`LogError::Stopped`] if the run must end; the row is logged all the same. Propagate it with `?`.
    pub fn log(&mut self, row: &Map<String, Value>) -> Result<(), LogError> {
        self.writer.write(row).map_err(LogError::Write)?;
        self.logged += 1;
        self.check()
    }

    /// As [`RunContext::log`], with a row as `json!` makes it.
    ///
    /// # Errors
    /// Also [`LogError::NotAnObject`].
    pub fn log_json(&mut self, row: Value) -> Result<(), LogError> {
        match row {
            Value::Object(row) => self.log(&row),
            _ => Err(LogError::NotAnObject),
        }
    }

    /// Says something about the run besides its metrics: facts as in [`Queue::describe`](besom_store::Queue::describe), such as
    /// `{"config": {"layers": 3}, "tags": ["big"]}`. They are merged with those that were stated before.
    ///
    /// # Errors
    /// [`LogError::Write`].
    pub fn describe(&mut self, facts: &Map<String, Value>) -> Result<(), LogError> {
        self.writer.write(&crate::metrics::describing(facts)).map_err(LogError::Write)
    }

    /// Announces that the machine is about to be preempted: if the closure fails from now on, the run is
    /// handed out again, and what it logged so far counts in its later attempts.
    pub fn mark_preempting(&mut self) -> Result<(), LogError> {
        self.writer.write(&crate::metrics::preempting()).map_err(LogError::Write)
    }

    /// Says that the run goes on from the checkpoint of an earlier attempt: what that one logged counts before its own rows.
    /// Without this, each attempt counts alone, unless the one before was [announced as preempted](Self::mark_preempting).
    pub fn mark_resumed(&mut self) -> Result<(), LogError> {
        self.writer.write(&crate::metrics::resumed()).map_err(LogError::Write)
    }

    /// Returns an error if the run must end, for closures that compute for long between rows.
    pub fn check(&self) -> Result<(), LogError> {
        stopped(&self.shared.ear.signal())
    }

    /// Waits until the store has everything that was logged, then returns as [`RunContext::check`] does.
    pub fn flush(&self) -> Result<(), LogError> {
        let mut reported = self.shared.reported();
        while *reported < self.logged && self.check().is_ok() {
            // The store may hang when the run is to end.
            let waited = self.shared.changed.wait_timeout(reported, POLL_INTERVAL.1);
            (reported, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        self.check()
    }
}

fn stopped(signal: &Signal) -> Result<(), LogError> {
    signal.reason().map_or(Ok(()), |reason| Err(LogError::Stopped(reason)))
}

/// Why a row was not logged, or the run must end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LogError {
    /// The run must end, for this reason. A closure that propagates this has not failed.
    #[error("the run was asked to end: {0}")]
    Stopped(String),
    /// The row could not be written.
    #[error("cannot log")]
    Write(#[source] io::Error),
    /// The row is not a JSON object.
    #[error("cannot log: a row must be a JSON object")]
    NotAnObject,
}

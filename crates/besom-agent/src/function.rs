//! Runs as calls of a Rust closure.

use std::any::Any;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use besom_core::{BoxError, RunNumber, RunState};
use besom_store::ClaimedRun;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::metrics;
use crate::{AgentError, Ended, Link, Runner, Signal};

/// How soon the store hears of a row at first, and at the latest.
const PACE: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));

/// Executes runs by calling a closure in this process, on the thread of the agent. Another thread carries what it logs
/// to the store meanwhile and shows that the run goes on, so the closure may compute for hours without a word.
///
/// A closure that returns `Ok` has finished its run; an error or a panic fails it.
///
/// ```
/// use besom_agent::{FunctionRunner, RunContext};
/// use serde_json::json;
///
/// let train = |run: &mut RunContext<'_>| {
///     let lr = run.params()["lr"].as_f64().ok_or("lr is no number")?;
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
        let (path, attempt) = (link.dir().path().to_owned(), link.lease().attempt);
        let writer = match metrics::open(&link.dir().metrics()) {
            Ok(writer) => writer,
            Err(error) => return Ended::failed(AgentError::io(link.dir().metrics())(error).to_string()),
        };
        let shared = Shared::default();
        let mut context = RunContext { run, attempt, dir: path, writer, shared: &shared, logged: 0 };
        let function = &mut self.function;
        let result = thread::scope(|scope| {
            let (over, is_over) = mpsc::channel::<()>();
            scope.spawn(|| carry(link, &shared, is_over));
            let result = catch_unwind(AssertUnwindSafe(|| function(&mut context)));
            drop(over);
            result
        });
        ended(result, &shared.lock().signal)
    }
}

/// Carries rows to the store until the closure is over.
fn carry(link: &mut Link<'_>, shared: &Shared, is_over: Receiver<()>) {
    let mut pace = PACE.0;
    loop {
        let before = link.rows();
        let signal = link.pump();
        let mut state = shared.lock();
        state.carried = link.rows();
        if signal.weight() >= state.signal.weight() {
            state.signal = signal;
        }
        drop(state);
        shared.news.notify_all();
        pace = if link.rows() > before { PACE.0 } else { (pace * 2).min(PACE.1) };
        if is_over.recv_timeout(pace) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// The end of a run whose closure has returned so; `signal` is what it may have been told.
fn ended(result: Result<Result<(), BoxError>, Box<dyn Any + Send>>, signal: &Signal) -> Ended {
    match result {
        Ok(Ok(())) => Ended::new(RunState::Finished),
        Ok(Err(error)) => match error.downcast_ref::<LogError>() {
            Some(LogError::Stopped(_)) => Ended::new(signal.end_state().unwrap_or(RunState::Crashed)),
            _ => failed(error.to_string()),
        },
        Err(panic) => failed(format!("panicked: {}", panic_text(&*panic))),
    }
}

fn failed(message: String) -> Ended {
    Ended { excerpt: message.clone(), ..Ended::failed(message) }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a word")
}

/// What closure and carrier share.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct State {
    signal: Signal,
    carried: u64,
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a closure sees of its run.
#[derive(Debug)]
pub struct RunContext<'a> {
    run: &'a ClaimedRun,
    attempt: u64,
    dir: PathBuf,
    writer: File,
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

    /// A directory of this run, the same in every attempt: the place for checkpoints.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Logs one row. When this returns the row is acknowledged: no death of the process loses it. The store hears of it
    /// within milliseconds; so what a stopping rule says to it comes back with a later row.
    ///
    /// # Errors
    /// [`LogError::Stopped`] if the run is to end; the row is logged all the same. Pass it on with `?`.
    pub fn log(&mut self, row: &Map<String, Value>) -> Result<(), LogError> {
        metrics::append(&self.writer, row).map_err(|source| LogError::Write(source.to_string()))?;
        self.logged += 1;
        self.check()
    }

    /// As [`RunContext::log`], with a row as `json!` makes it; what is no object is an error.
    pub fn log_json(&mut self, row: Value) -> Result<(), LogError> {
        match row {
            Value::Object(row) => self.log(&row),
            _ => Err(LogError::Write("a row is a JSON object".to_owned())),
        }
    }

    /// Says that the machine is being taken away: if the closure fails from now on, the run is handed out again.
    pub fn mark_preempting(&mut self) -> Result<(), LogError> {
        metrics::append(&self.writer, &metrics::preempting())
            .map_err(|source| LogError::Write(source.to_string()))
    }

    /// Whether the run is to end, for closures that compute long between rows.
    pub fn check(&self) -> Result<(), LogError> {
        stopped(&self.shared.lock().signal)
    }

    /// Waits until the store has all that was logged, and says what it says to it.
    pub fn flush(&self) -> Result<(), LogError> {
        let mut state = self.shared.lock();
        while state.carried < self.logged && stopped(&state.signal).is_ok() {
            state = self.shared.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        stopped(&state.signal)
    }
}

fn stopped(signal: &Signal) -> Result<(), LogError> {
    match signal {
        Signal::GoOn => Ok(()),
        Signal::Shutdown(_) => Err(LogError::Stopped("the agent goes".to_owned())),
        Signal::Stop { reason, .. } => Err(LogError::Stopped(reason.clone())),
        Signal::Lost => Err(LogError::Stopped("somebody else has the run".to_owned())),
    }
}

/// Why logging did not go well.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LogError {
    /// The run is to end, for this reason. A closure that passes this on has not failed.
    #[error("the run was asked to end: {0}")]
    Stopped(String),
    /// The row could not be written.
    #[error("cannot log: {0}")]
    Write(String),
}

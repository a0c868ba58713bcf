//! Runs as calls of a Python function.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use besom_agent::{AgentError, Ear, Ended, Link, Passage, RunDir, Runner};
use besom_core::{RunState, error_chain};
use besom_store::ClaimedRun;
use pyo3::prelude::*;

use crate::log::RunLog;
use crate::value;

/// How soon the store hears of a row at first, and at the latest.
const PACE: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));

/// Has runs executed by whoever receives the calls, and carries their metrics and signals meanwhile.
#[derive(Debug)]
pub(crate) struct FunctionRunner {
    calls: Sender<Call>,
}

impl FunctionRunner {
    pub(crate) fn new(calls: Sender<Call>) -> Self {
        Self { calls }
    }
}

impl Runner for FunctionRunner {
    fn run(&mut self, run: &ClaimedRun, link: &mut Link<'_>) -> Ended {
        let ear = link.ear();
        let Some(directory) = link.dir() else {
            return Ended::broken("runs of Python functions need a directory for their files");
        };
        let (returns, returned) = mpsc::channel();
        let directory = directory.clone();
        let variables = match variables(run, &directory, link) {
            Ok(variables) => variables,
            Err(error) => return Ended::unstarted(error_chain(&error)),
        };
        let call = Call {
            run: run.clone(),
            directory: directory.path().to_owned(),
            metrics: directory.metrics(),
            variables,
            ear: ear.clone(),
            returns,
        };
        if self.calls.send(call).is_err() {
            return Ended::new(RunState::Preempted);
        }
        let Some(passage) = link.passage() else { return carry(&returned, link, &ear) };
        thread::scope(|scope| {
            let (end, ended) = mpsc::channel::<()>();
            let watched = ear.clone();
            // A store that does not answer holds up what the function logs, and not what it must do.
            scope.spawn(move || watch(run, &watched, &*passage, &ended));
            let how = carry(&returned, link, &ear);
            drop(end);
            how
        })
    }
}

/// Carries the metrics of a function until it has returned.
fn carry(returned: &Receiver<Returned>, link: &mut Link<'_>, ear: &Ear) -> Ended {
    let mut pace = PACE.0;
    loop {
        match returned.recv_timeout(pace) {
            Ok(returned) => return returned.ended(ear),
            Err(RecvTimeoutError::Disconnected) => return Ended::new(RunState::Preempted),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let before = link.rows();
        link.pump();
        pace = if link.rows() > before { PACE.0 } else { (pace * 2).min(PACE.1) };
    }
}

/// Interrupts a function once it must end, until that has returned. It learns of that itself when it logs to besom; one that logs by
/// another tool does not.
fn watch(run: &ClaimedRun, ear: &Ear, passage: &dyn Passage, ended: &Receiver<()>) {
    while ended.recv_timeout(PACE.1) == Err(RecvTimeoutError::Timeout) {
        if ear.signal().reason().is_some() && passage.is_used() {
            return interrupt(run);
        }
    }
}

/// A run to execute, and where to report its end.
pub(crate) struct Call {
    run: ClaimedRun,
    directory: PathBuf,
    metrics: PathBuf,
    /// What the function needs to find in the environment.
    variables: Vec<(&'static str, Option<OsString>)>,
    ear: Ear,
    returns: Sender<Returned>,
}

/// The variables of a call by which another tool's client finds its run, `None` for those that it must not have; none without a bridge.
fn variables(
    run: &ClaimedRun,
    directory: &RunDir,
    link: &mut Link<'_>,
) -> Result<Vec<(&'static str, Option<OsString>)>, AgentError> {
    let mut variables = link.open_bridge(run);
    if variables.iter().any(|(_, value)| value.is_some()) {
        directory.write_params(&run.point)?;
        variables.push(("WANDB_SWEEP_PARAM_PATH", Some(directory.wandb_config().into())));
    }
    Ok(variables)
}

/// Ends the function of a run.
fn interrupt(run: &ClaimedRun) {
    let id = run.lease.run_name();
    Python::attach(|py| {
        let interrupt = || py.import("besom._active")?.getattr("interrupt")?.call1((id,));
        // Then it ends by itself.
        let _ = interrupt();
    });
}

/// How a function returned, as `besom._function.execute` reports it.
enum Returned {
    Finished,
    Failed {
        message: String,
        excerpt: String,
    },
    /// It ended because it was asked to.
    Stopped,
    /// It ended because its machine or its agent goes: the run is to be handed out again.
    Preempted,
}

impl Returned {
    fn ended(self, ear: &Ear) -> Ended {
        match self {
            Self::Finished => Ended::new(RunState::Finished),
            Self::Failed { message, excerpt } => Ended::failed(message).excerpt(excerpt),
            Self::Stopped => ear.signal().ended().unwrap_or_else(|| Ended::new(RunState::Preempted)),
            Self::Preempted => Ended::new(RunState::Preempted),
        }
    }
}

impl Call {
    /// Calls the function. An error is an interrupt of this process, which is to go.
    pub(crate) fn execute(self, py: Python<'_>, function: &Py<PyAny>) -> PyResult<()> {
        let result = self.call(py, function);
        let (returned, result) = match result {
            Ok(returned) => (returned, Ok(())),
            Err(interrupt) => (Returned::Preempted, Err(interrupt)),
        };
        // Nobody waits if the agent has failed; its own error is reported.
        let _ = self.returns.send(returned);
        result
    }

    fn call(&self, py: Python<'_>, function: &Py<PyAny>) -> PyResult<Returned> {
        let log = RunLog::open(&self.metrics, Some(self.ear.clone()))?;
        let lease = &self.run.lease;
        let run = (lease.sweep.as_str(), lease.run.get(), lease.attempt);
        let params = value::params(py, &self.run.point)?;
        let variables: HashMap<_, _> = self.variables.iter().cloned().collect();
        let execute = py.import("besom._function")?.getattr("execute")?;
        let answer = execute.call1((function, run, params, &self.directory, log, variables))?;
        let (word, message, excerpt): (String, String, String) = answer.extract()?;
        Ok(match word.as_str() {
            "finished" => Returned::Finished,
            "stopped" => Returned::Stopped,
            _ => Returned::Failed { message, excerpt },
        })
    }
}

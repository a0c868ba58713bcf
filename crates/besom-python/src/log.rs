//! The metrics file of a run, as `besom.log` writes it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use besom_agent::{Ended, MetricsWriter, Signal};
use besom_core::RunState;
use pyo3::prelude::*;

use crate::error::{Failure, RunStopped};
use crate::value;

/// The signal to a function run, shared between its agent and the function.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedSignal {
    signal: Arc<Mutex<Signal>>,
}

impl SharedSignal {
    pub(crate) fn set(&self, signal: Signal) {
        *self.signal.lock().unwrap_or_else(PoisonError::into_inner) = signal;
    }

    /// Why the run is to end, if it is.
    fn reason(&self) -> Option<String> {
        self.signal.lock().unwrap_or_else(PoisonError::into_inner).reason()
    }

    /// The end of a run that ended because of the signal.
    pub(crate) fn ended(&self) -> Ended {
        let signal = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
        signal.ended().unwrap_or_else(|| Ended::new(RunState::Preempted))
    }
}

/// The metrics file of a run. Each row is one write to the file, and once it is written no death of the process loses
/// it; so there is nothing to flush.
#[pyclass(frozen, module = "besom._besom")]
#[derive(Debug)]
pub(crate) struct RunLog {
    writer: MetricsWriter,
    signal: SharedSignal,
}

impl RunLog {
    pub(crate) fn open(path: &std::path::Path, signal: SharedSignal) -> Result<Self, Failure> {
        Ok(Self { writer: MetricsWriter::open(path)?, signal })
    }
}

#[pymethods]
impl RunLog {
    #[new]
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands paths over by value")]
    fn new(path: PathBuf) -> Result<Self, Failure> {
        Self::open(&path, SharedSignal::default())
    }

    /// Logs one row; raises `RunStopped` if the run is to end, after the row was logged all the same.
    fn log(&self, row: &Bound<'_, PyAny>) -> PyResult<()> {
        let object = value::object(row)?;
        self.writer.append(&object).map_err(Failure::from)?;
        self.check()
    }

    /// Raises what `log` would raise because of the row itself.
    #[staticmethod]
    fn check_row(row: &Bound<'_, PyAny>) -> PyResult<()> {
        value::object(row).map(|_| ())
    }

    /// Says something about the run besides its metrics: `config`, `name`, `tags`, `notes`.
    fn describe(&self, facts: &Bound<'_, PyAny>) -> PyResult<()> {
        Ok(self.writer.describe(&value::object(facts)?).map_err(Failure::from)?)
    }

    /// Says that the run is about to be preempted: if it fails from now on it is handed out again.
    fn mark_preempting(&self) -> Result<(), Failure> {
        Ok(self.writer.mark_preempting()?)
    }

    /// Says that the run goes on from the checkpoint of an earlier attempt.
    fn mark_resumed(&self) -> Result<(), Failure> {
        Ok(self.writer.mark_resumed()?)
    }

    /// Raises `RunStopped` if the run is to end.
    fn check(&self) -> PyResult<()> {
        self.signal.reason().map_or(Ok(()), |reason| Err(RunStopped::new_err(reason)))
    }

    /// Why the run is to end, or None.
    #[getter]
    fn stop_reason(&self) -> Option<String> {
        self.signal.reason()
    }
}

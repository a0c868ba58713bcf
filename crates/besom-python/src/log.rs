//! The metrics file of a run, as `besom.log` writes it.

use std::path::PathBuf;

use besom_agent::{Ear, MetricsWriter};
use pyo3::prelude::*;

use crate::error::{Failure, RunStopped};
use crate::value;

/// The metrics file of a run. Each row is one write to the file, and once it is written no death of the process loses
/// it; so there is nothing to flush.
#[pyclass(frozen, module = "besom._besom")]
#[derive(Debug)]
pub(crate) struct RunLog {
    writer: MetricsWriter,
    /// What the run is asked to do, if an agent executes it.
    ear: Option<Ear>,
}

impl RunLog {
    pub(crate) fn open(path: &std::path::Path, ear: Option<Ear>) -> Result<Self, Failure> {
        Ok(Self { writer: MetricsWriter::open(path)?, ear })
    }

    /// Why the run is to end, if it is.
    fn reason(&self) -> Option<String> {
        self.ear.as_ref()?.signal().reason()
    }
}

#[pymethods]
impl RunLog {
    #[new]
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands paths over by value")]
    fn new(path: PathBuf) -> Result<Self, Failure> {
        Self::open(&path, None)
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
        self.reason().map_or(Ok(()), |reason| Err(RunStopped::new_err(reason)))
    }

    /// Why the run is to end, or None.
    #[getter]
    fn stop_reason(&self) -> Option<String> {
        self.reason()
    }
}

//! What is said of a sweep, in the command's words.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use besom::Report;
use besom_core::{Best, RunNumber};
use besom_engine::Place;
use besom_store::SweepId;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::Failure;
use crate::expected::PyBestExpected;
use crate::place;
use crate::store::same_process;

/// Looks at a sweep again and again, and says what is new.
#[pyclass(frozen, name = "Report", module = "besom._besom")]
pub(crate) struct PyReport {
    report: Mutex<Report>,
    process: u32,
}

#[pymethods]
impl PyReport {
    #[new]
    fn new(py: Python<'_>, store: PathBuf, id: String) -> Result<Self, Failure> {
        let report = py.detach(|| {
            Report::new(&Place::new(store)?, &place::registry(), &SweepId::new(id)).map_err(Failure::from)
        })?;
        Ok(Self { report: Mutex::new(report), process: std::process::id() })
    }

    /// How the sweep begins: its method, how many runs, the metric, the seed.
    fn beginning(&self, py: Python<'_>) -> Result<String, Failure> {
        self.with(py, |report| Ok(report.beginning()))
    }

    /// A line for each run that has ended since the last call.
    fn ended(&self, py: Python<'_>) -> Result<Vec<String>, Failure> {
        self.with(py, |report| Ok(report.ended()?))
    }

    /// How the sweep stands: its state, its runs, its best run; `again` continues it if it was interrupted.
    #[pyo3(signature = (again=None))]
    fn standing(&self, py: Python<'_>, again: Option<String>) -> Result<String, Failure> {
        self.with(py, |report| Ok(report.standing(again.as_deref())?))
    }
}

impl PyReport {
    /// Works on it with the GIL released.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Report) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        same_process(self.process, "report")?;
        py.detach(|| work(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// A run with its value, as a dict that Python has of it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Valued {
    run: u64,
    state: String,
    value: f64,
}

impl Valued {
    fn best(&self) -> PyResult<Best> {
        let wrong = |error: &dyn std::fmt::Display| PyValueError::new_err(error.to_string());
        let run = RunNumber::new(self.run).ok_or_else(|| PyValueError::new_err("runs are counted from 1"))?;
        let state = self.state.parse().map_err(|error| wrong(&error))?;
        Ok(Best::new(run, state, self.value))
    }
}

/// The best run in one line, the one that is expected to be the best, and what was better and does not count; nothing without all.
#[pyfunction]
#[pyo3(signature = (metric, best=None, better=None, expected=None))]
pub(crate) fn best_line(
    metric: &str,
    best: Option<Valued>,
    better: Option<Valued>,
    expected: Option<PyRef<'_, PyBestExpected>>,
) -> PyResult<String> {
    let best = best.map(|run| run.best()).transpose()?;
    let better = better.map(|run| run.best()).transpose()?;
    Ok(Report::best(metric, best.as_ref(), expected.as_ref().map(|found| &found.best), better.as_ref()))
}

/// Return a text in one line, with escapes for what a terminal would obey.
#[pyfunction]
pub(crate) fn one_line(text: &str) -> String {
    Report::one_line(text)
}

/// A number as the command writes it: in six digits, or as many more as it takes to show that it is not a whole number.
#[pyfunction]
pub(crate) fn number(value: f64) -> String {
    Report::number(value)
}

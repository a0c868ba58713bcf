//! Runs of other sweeps, for a new one to learn from.

use std::path::PathBuf;

use besom_core::RunNumber;
use besom_engine::{Place, PriorRun, add_prior_runs};
use besom_store::{Store, SweepId};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::Failure;

/// Copy runs (`SWEEP-NUMBER`) into a sweep that has none yet: their parameters, rows and ends.
#[pyfunction]
pub(crate) fn import_runs(py: Python<'_>, store: PathBuf, id: String, runs: Vec<String>) -> PyResult<()> {
    let runs = runs.iter().map(|run| parse(run)).collect::<PyResult<Vec<_>>>()?;
    Ok(py.detach(|| import(&mut *Place::new(store)?.open()?, &SweepId::new(id), &runs))?)
}

fn parse(run: &str) -> PyResult<(SweepId, RunNumber)> {
    let id = besom_engine::id_of_path(run);
    let (sweep, number) = id.rsplit_once('-').unwrap_or((id, ""));
    match number.parse().ok().and_then(RunNumber::new) {
        Some(number) => Ok((SweepId::new(sweep), number)),
        None => Err(PyValueError::new_err(format!("expected the id of a run, SWEEP-NUMBER, got '{run}'"))),
    }
}

fn import(store: &mut dyn Store, id: &SweepId, runs: &[(SweepId, RunNumber)]) -> Result<(), Failure> {
    let runs = runs.iter().map(|(sweep, number)| PriorRun::of_store(store, sweep, *number));
    let runs = runs.collect::<Result<Vec<_>, _>>()?;
    Ok(add_prior_runs(store, id, &runs)?)
}

//! Runs of other sweeps, for a new one to learn from.

use besom_core::RunNumber;
use besom_engine::PriorRun;
use besom_store::{Store, SweepId};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::Failure;

/// A run by its id, `SWEEP-NUMBER`.
#[derive(Debug)]
pub(crate) struct RunId(SweepId, RunNumber);

/// Reads ids of runs.
pub(crate) fn parse(runs: &[String]) -> PyResult<Vec<RunId>> {
    runs.iter().map(|run| parse_one(run)).collect()
}

fn parse_one(run: &str) -> PyResult<RunId> {
    let id = besom_engine::id_of_path(run);
    let (sweep, number) = id.rsplit_once('-').unwrap_or((id, ""));
    match number.parse().ok().and_then(RunNumber::new) {
        Some(number) => Ok(RunId(SweepId::new(sweep), number)),
        None => Err(PyValueError::new_err(format!("expected the id of a run, SWEEP-NUMBER, got '{run}'"))),
    }
}

/// The runs with these ids: their parameters, rows and ends.
pub(crate) fn read(store: &mut dyn Store, runs: &[RunId]) -> Result<Vec<PriorRun>, Failure> {
    let read = runs.iter().map(|RunId(sweep, number)| PriorRun::of_store(store, sweep, *number));
    Ok(read.collect::<Result<Vec<_>, _>>()?)
}

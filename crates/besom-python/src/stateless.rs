//! W&B's engine: a configuration and a list of runs in; suggestions, or runs to stop, out.

use besom_config::SweepConfig;
use besom_controller::stateless::{self, Suggested, SweepRun};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::algorithm::Algorithms;
use crate::error::Failure;
use crate::place;
use crate::value;

fn read(config: &Bound<'_, PyAny>, runs: &Bound<'_, PyAny>) -> PyResult<(SweepConfig, Vec<SweepRun>)> {
    let (config, _) = place::check(&value::json(config)?, &[])?;
    let runs = value::json(runs)?;
    let runs = serde_json::from_value(runs)
        .map_err(|e| PyValueError::new_err(format!("not a list of runs: {e}")))?;
    Ok((config, runs))
}

/// Up to `n` suggestions, each a pair of a run's `config` and the search's note; exhaustion ends the list with one None.
#[pyfunction]
pub(crate) fn next_runs<'py>(
    py: Python<'py>,
    config: &Bound<'py, PyAny>,
    runs: &Bound<'py, PyAny>,
    n: usize,
    seed: u64,
) -> PyResult<Bound<'py, PyAny>> {
    let (config, runs) = read(config, runs)?;
    let suggest = || -> Result<Vec<Value>, Failure> {
        let problem = config.problem().seed(config.seed.unwrap_or(seed));
        let search = place::search(&config, &problem, &Algorithms::default())?;
        let suggestions = stateless::next_runs(&problem, search, &runs, n)?;
        let pair = |found: Suggested| json!([found.config, found.note]);
        Ok(suggestions.into_iter().map(|found| found.map_or(Value::Null, pair)).collect())
    };
    value::python(py, &Value::Array(py.detach(suggest)?))
}

/// The names of the runs to stop (a run without one is called by its place), and what the rule shows of its view.
#[pyfunction]
pub(crate) fn stop_runs<'py>(
    py: Python<'py>,
    config: &Bound<'py, PyAny>,
    runs: &Bound<'py, PyAny>,
) -> PyResult<(Vec<String>, Bound<'py, PyAny>)> {
    let (config, runs) = read(config, runs)?;
    let stop = || -> Result<_, Failure> {
        let problem = config.problem();
        let Some(stopper) = place::stopper(&config, &problem, &Algorithms::default())? else {
            return Ok((Vec::new(), besom_core::Shown::new()));
        };
        Ok(stateless::stop_runs(&problem, stopper, &runs)?)
    };
    let (names, shown) = py.detach(stop)?;
    Ok((names, value::dict(py, &shown)?.into_any()))
}

//! W&B's engine: a configuration and a list of runs in; suggestions, or runs to stop, out.

use besom_config::SweepConfig;
use besom_controller::stateless::{self, Suggested, SweepRun};
use besom_core::Problem;
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

/// Validate a configuration as W&B's engine does, by its schema. Return it with defaults filled in.
#[pyfunction]
pub(crate) fn validate_config<'py>(
    py: Python<'py>,
    config: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    value::python(py, &place::validate(&value::json(config)?)?.filled)
}

/// Up to `n` suggestions, each a pair of a run's `config` and the search's note; exhaustion ends the list with one None. The
/// configuration's seed is that of all; without one, each has its own of `seeds`, or all have the only one.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands lists over by value")]
pub(crate) fn next_runs<'py>(
    py: Python<'py>,
    config: &Bound<'py, PyAny>,
    runs: &Bound<'py, PyAny>,
    n: usize,
    seeds: Vec<u64>,
) -> PyResult<Bound<'py, PyAny>> {
    let (config, runs) = read(config, runs)?;
    let search = |problem: &Problem| place::search(&config, problem, &Algorithms::default());
    let suggest = || -> Result<Vec<Value>, Failure> {
        let problem = config.problem();
        let suggestions = match (config.seed, &*seeds) {
            (Some(seed), _) | (None, &[seed]) => {
                let problem = problem.seed(seed);
                stateless::next_runs(&problem, search(&problem)?, &runs, n)?
            }
            (None, seeds) => stateless::next_runs_by_seed(&problem, &runs, seeds, search)?,
        };
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

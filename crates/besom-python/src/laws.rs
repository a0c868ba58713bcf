//! The law suites over algorithms that are written in Python.

use besom_core::laws::{self, Broken, Suite};
use besom_core::{Options, Problem};
use pyo3::exceptions::{PyAssertionError, PyValueError};
use pyo3::prelude::*;

use crate::algorithm::{PySearch, PyStopper};
use crate::value;

fn options(options: Option<&Bound<'_, PyAny>>) -> PyResult<Options> {
    options.map_or_else(|| Ok(Options::new()), value::object)
}

fn told(result: Result<(), Broken>) -> PyResult<()> {
    result.map_err(|broken| PyAssertionError::new_err(broken.to_string()))
}

/// Checks a search; `problems` is `any`, `mixed` or `finite`.
#[pyfunction]
#[pyo3(signature = (search, problems, cases, given=None))]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands objects over by value")]
pub(crate) fn check_search(
    py: Python<'_>,
    search: Py<PyAny>,
    problems: &str,
    cases: u32,
    given: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let given = options(given)?;
    let suite = Suite::default().cases(cases);
    let make = |problem: &Problem| Ok(PySearch::make(&search, problem, &given)?);
    told(match problems {
        "any" => py.detach(|| suite.try_search(laws::any_problem(), make)),
        "mixed" => py.detach(|| suite.try_search(laws::mixed_problem(), make)),
        "finite" => py.detach(|| suite.try_search(laws::finite_problem(), make)),
        other => {
            return Err(PyValueError::new_err(format!(
                "no problems are called '{other}': any, mixed, finite"
            )));
        }
    })
}

/// Checks a stopping rule.
#[pyfunction]
#[pyo3(signature = (stopping, cases, given=None))]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands objects over by value")]
pub(crate) fn check_stopping(
    py: Python<'_>,
    stopping: Py<PyAny>,
    cases: u32,
    given: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let given = options(given)?;
    let suite = Suite::default().cases(cases);
    let make = |problem: &Problem| Ok(PyStopper::make(&stopping, problem, &given)?);
    told(py.detach(|| suite.try_stopper(laws::mixed_problem(), make)))
}

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

/// What the laws call in Rust, and what it is called here.
const WORDS: [(&str, &str); 13] = [
    ("`laws::mixed_problem()`", "`problems=\"mixed\"`"),
    ("`laws::finite_problem()`", "`problems=\"finite\"`"),
    ("; any proptest strategy will do", ""),
    ("`Space::decode`", "`problem.decode`"),
    ("`Space::encode`", "`problem.encode`"),
    ("sort with `f64::total_cmp`, read values with `Curve::valid`, ", "skip what is not finite, "),
    ("`Suite::allow_repeats()` and leave `never_repeats` out of the Spec", "`allow_repeats=True`"),
    ("`Stop::reason`", "the reason"),
    ("`run.state.is_open()` holds for a run", "a run is pending or running"),
    ("in state `Running`", "whose state is `running`"),
    ("`Wait`", "`besom.WAIT`"),
    ("`Done`", "`None`"),
    ("HashMap", "set"),
];

fn told(result: Result<(), Broken>) -> PyResult<()> {
    result.map_err(|broken| {
        let text = WORDS.iter().fold(broken.to_string(), |text, (rust, python)| text.replace(rust, python));
        PyAssertionError::new_err(text)
    })
}

/// Checks a search; `problems` is `any`, `mixed` or `finite`.
#[pyfunction]
#[pyo3(signature = (search, problems, cases, given=None, allow_repeats=false))]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands objects over by value")]
pub(crate) fn check_search(
    py: Python<'_>,
    search: Py<PyAny>,
    problems: &str,
    cases: u32,
    given: Option<&Bound<'_, PyAny>>,
    allow_repeats: bool,
) -> PyResult<()> {
    let given = options(given)?;
    let suite = Suite::default().cases(cases);
    let suite = if allow_repeats { suite.allow_repeats() } else { suite };
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
#[pyo3(signature = (stopper, cases, given=None))]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands objects over by value")]
pub(crate) fn check_stopper(
    py: Python<'_>,
    stopper: Py<PyAny>,
    cases: u32,
    given: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let given = options(given)?;
    let suite = Suite::default().cases(cases);
    let make = |problem: &Problem| Ok(PyStopper::make(&stopper, problem, &given)?);
    told(py.detach(|| suite.try_stopper(laws::mixed_problem(), make)))
}

//! A sweep in memory, with ask and tell.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use besom_controller::Sweep;
use besom_core::{Answer, Run, RunNumber, RunState};
use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat};
use serde_json::Value;

use crate::algorithm::Algorithms;
use crate::error::Failure;
use crate::expected::PyBestExpected;
use crate::place;
use crate::value;
use crate::view::{HistoryView, ProblemView, RunView};

/// A sweep in memory: ask it for runs, tell it their results. No store, no agents, no threads.
///
/// `config` is a configuration as a dict; `seed` makes the suggestions repeatable (one is drawn if it is not given, here or in the configuration). `search` and `stopper`
/// are algorithms of your own, in place of those that the configuration names.
///
/// >>> import besom
/// >>> sweep = besom.Sweep({"method": "random", "metric": {"name": "loss"}, "parameters": {"x": {"min": -1.0, "max": 1.0}}}, seed=1)
/// >>> for _ in range(20):
/// ...     run = sweep.ask()
/// ...     sweep.tell(run, run["x"] ** 2)
/// >>> len(sweep.runs), sweep.best.best < 0.1
/// (20, True)
#[pyclass(frozen, name = "Sweep", module = "besom")]
#[derive(Debug)]
pub(crate) struct PySweep {
    sweep: Mutex<Sweep>,
    /// What it was made of, to make it again in another process.
    config: Value,
    seed: u64,
    own: Algorithms,
}

/// Configuration, seed, search method and stopping rule of the caller's own, and the runs as JSON.
type Parts<'py> = (Bound<'py, PyAny>, u64, Option<Py<PyAny>>, Option<Py<PyAny>>, String);

/// Return the sweep that was pickled.
#[pyfunction]
pub(crate) fn restore_sweep(
    py: Python<'_>,
    config: &Bound<'_, PyAny>,
    seed: &Bound<'_, PyAny>,
    search: Option<Py<PyAny>>,
    stopper: Option<Py<PyAny>>,
    runs: &str,
) -> PyResult<PySweep> {
    let sweep = PySweep::new(py, config, Some(seed), search, stopper)?;
    let runs: Vec<Run> =
        serde_json::from_str(runs).map_err(|error| PyValueError::new_err(error.to_string()))?;
    for run in runs {
        sweep.lock().import(run);
    }
    Ok(sweep)
}

#[pymethods]
impl PySweep {
    #[new]
    #[pyo3(signature = (config, seed=None, *, search=None, stopper=None))]
    fn new(
        py: Python<'_>,
        config: &Bound<'_, PyAny>,
        seed: Option<&Bound<'_, PyAny>>,
        search: Option<Py<PyAny>>,
        stopper: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let seed = value::seed(seed)?;
        let config = with_method(value::json(config)?, search.is_some());
        let own = Algorithms { search, stopper };
        let build = || -> Result<(Sweep, u64), Failure> {
            let handed_over = own.search.is_some() || own.stopper.is_some();
            let named = handed_over.then(|| OWN.to_owned());
            let (checked, _) = place::check(&config, named.as_slice())?;
            let seed = besom_engine::seed(&checked, seed);
            Ok((place::build(&checked, seed, &own)?, seed))
        };
        let (sweep, seed) = py.detach(build)?;
        Ok(Self { sweep: Mutex::new(sweep), config, seed, own })
    }

    /// Pickle as configuration, seed and history, which is the whole state.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Parts<'py>)> {
        let runs = py.detach(|| serde_json::to_string(self.lock().history().runs()));
        let runs = runs.map_err(|error| PyValueError::new_err(error.to_string()))?;
        let own = |algorithm: &Option<Py<PyAny>>| algorithm.as_ref().map(|algorithm| algorithm.clone_ref(py));
        let parts = (
            value::python(py, &self.config)?,
            self.seed,
            own(&self.own.search),
            own(&self.own.stopper),
            runs,
        );
        Ok((py.import("besom._besom")?.getattr("restore_sweep")?, parts))
    }

    /// Return a run to execute, or None if there is nothing to try now (see `done`). With `count`, return a list of at
    /// most that many runs.
    #[pyo3(signature = (count=None))]
    fn ask<'py>(&self, py: Python<'py>, count: Option<i64>) -> PyResult<Bound<'py, PyAny>> {
        let negative = |_| PyValueError::new_err("count must be >= 0");
        let count = count.map(usize::try_from).transpose().map_err(negative)?;
        let next = py.detach(|| -> Result<Vec<_>, Failure> {
            let mut sweep = self.lock();
            let Answer::Try(numbers) = sweep.ask(count.unwrap_or(1))? else { return Ok(Vec::new()) };
            Ok(numbers.into_iter().map(|n| (n, sweep.params(n).unwrap_or_default())).collect())
        })?;
        let mut runs = Vec::with_capacity(next.len());
        for (number, params) in next {
            runs.push(AskedRun { number: number.get(), params: value::params(py, &params)?.unbind() });
        }
        match count {
            Some(_) => runs.into_pyobject(py),
            None => runs.pop().into_pyobject(py),
        }
    }

    /// Report how a run ended: with a value of the metric, or all its values in their order, or a dict with the metric in
    /// it; `state` is `finished`, `failed`, `crashed` or `killed`. With several metrics, it is a dict with all of them.
    #[pyo3(signature = (run, value=None, state="finished"))]
    fn tell(
        &self,
        py: Python<'_>,
        run: &Bound<'_, PyAny>,
        value: Option<&Bound<'_, PyAny>>,
        state: &str,
    ) -> PyResult<()> {
        let number = number_of(run)?;
        let ended = state.parse::<RunState>().ok().filter(|state| !state.is_open());
        let ended = ended.ok_or_else(|| {
            PyValueError::new_err(format!("state must be finished, failed, crashed or killed, got '{state}'"))
        })?;
        let values = self.values(value)?;
        self.check_whole(&values, ended)?;
        py.detach(|| -> Result<(), Failure> {
            let mut sweep = self.lock();
            for (metric, value) in values {
                sweep.report_to(number, metric, value)?;
            }
            Ok(sweep.end(number, ended)?)
        })?;
        Ok(())
    }

    /// Report a value of the metric of a running run, or a dict with values of some of several metrics. Return whether the stopping rule wants to stop the run: if so, end it
    /// and `tell(run)`.
    fn report(&self, py: Python<'_>, run: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let number = number_of(run)?;
        let values = self.values(Some(value))?;
        let stop = py.detach(|| -> Result<bool, Failure> {
            let mut sweep = self.lock();
            for (metric, value) in values {
                sweep.report_to(number, metric, value)?;
            }
            sweep.stops()?;
            Ok(sweep.history().get(number).is_some_and(|run| run.stopped.is_some()))
        })?;
        Ok(stop)
    }

    /// Whether nothing is left to do: no run is open and no new one will come, as far as is known without asking.
    #[getter]
    fn done(&self, py: Python<'_>) -> bool {
        py.detach(|| self.lock().is_over())
    }

    /// The run with the best value of the metric, or None. With several metrics there is a `front` instead.
    #[getter]
    fn best(&self, py: Python<'_>) -> PyResult<Option<RunView>> {
        self.runs(py).best()
    }

    /// The finished runs that no other finished one beats, the best of the first metric first.
    #[getter]
    fn front(&self, py: Python<'_>) -> Vec<RunView> {
        self.runs(py).front(py)
    }

    /// The volume between the front and the thresholds of the metrics, or the worst value of a metric without one; None without a
    /// front.
    #[getter]
    fn hypervolume(&self, py: Python<'_>) -> Option<f64> {
        self.runs(py).hypervolume(py)
    }

    /// The run with the best expected value, where the values of runs are noisy, or None: a :class:`BestExpected` with the number of the
    /// run, its expected value, the standard deviation of that and that of the noise. Fitted anew at each call.
    #[getter]
    fn best_expected(&self, py: Python<'_>) -> Option<PyBestExpected> {
        self.runs(py).best_expected(py)
    }

    /// All runs, as they are now.
    #[getter]
    fn runs(&self, py: Python<'_>) -> HistoryView {
        py.detach(|| HistoryView::of(&self.lock()))
    }

    /// The problem.
    #[getter]
    fn problem(&self, py: Python<'_>) -> ProblemView {
        py.detach(|| ProblemView::new(Arc::new(self.lock().problem().clone())))
    }

    /// Return a `pandas.DataFrame` with one row per run.
    fn to_pandas<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.runs(py).into_pyobject(py)?.call_method0("to_pandas")
    }

    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("besom._picture")?.call_method1("html", (slf,))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        py.detach(|| {
            let sweep = self.lock();
            let (runs, problem) = (sweep.history().len(), sweep.problem());
            if problem.metrics.len() > 1 {
                let front = sweep.history().front(problem).runs.len();
                return format!("Sweep({runs} runs, front of {front})");
            }
            sweep.best().map_or_else(
                || format!("Sweep({runs} runs)"),
                |best| format!("Sweep({runs} runs, best {} in run {})", best.value, best.run),
            )
        })
    }
}

impl PySweep {
    fn lock(&self) -> MutexGuard<'_, Sweep> {
        self.sweep.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses to end a run as finished with values of some of several metrics only.
    fn check_whole(&self, values: &[(usize, f64)], ended: RunState) -> PyResult<()> {
        if values.is_empty() || ended != RunState::Finished {
            return Ok(());
        }
        let sweep = self.lock();
        let metrics = sweep.problem().metrics.iter().enumerate();
        let lacking = metrics.filter(|(place, _)| values.iter().all(|(given, _)| given != place));
        let lacking: Vec<&str> = lacking.map(|(_, metric)| metric.name.as_str()).collect();
        match (sweep.problem().metrics.len(), lacking.is_empty()) {
            (0 | 1, _) | (_, true) => Ok(()),
            _ => Err(PyKeyError::new_err(format!("missing metric '{}'", lacking.join("' and '")))),
        }
    }

    /// The values in an argument, each with the place of its metric.
    fn values(&self, given: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<(usize, f64)>> {
        let Some(given) = given else { return Ok(Vec::new()) };
        let names: Vec<String> =
            self.lock().problem().metrics.iter().map(|metric| metric.name.clone()).collect();
        let only = |values: Vec<f64>| {
            if names.len() > 1 {
                let all = names.join(", ");
                return Err(PyTypeError::new_err(format!(
                    "the sweep has several metrics: give a dict with {all}"
                )));
            }
            Ok(values.into_iter().map(|value| (0, value)).collect())
        };
        if let Ok(value) = given.cast::<PyFloat>() {
            return only(vec![value.value()]);
        }
        let number = |value: &Value| match value {
            Value::Number(number) => Ok(number.as_f64().unwrap_or(f64::NAN)),
            Value::Null => Ok(f64::NAN),
            Value::String(text) if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => Ok(f64::NAN),
            other => {
                Err(PyTypeError::new_err(format!("a value of the metric must be a number, got {other}")))
            }
        };
        match value::json(given)? {
            Value::Array(values) => only(values.iter().map(number).collect::<PyResult<_>>()?),
            Value::Object(row) => {
                if names.is_empty() {
                    return Err(PyValueError::new_err("the configuration has no metric"));
                }
                let given =
                    names.iter().enumerate().filter_map(|(place, name)| Some((place, row.get(name)?)));
                let given: Vec<(usize, f64)> =
                    given.map(|(place, value)| Ok((place, number(value)?))).collect::<PyResult<_>>()?;
                match given.is_empty() {
                    true => Err(PyKeyError::new_err(format!("missing metric '{}'", names.join("' and '")))),
                    false => Ok(given),
                }
            }
            value => only(vec![number(&value)?]),
        }
    }
}

/// What a configuration calls an algorithm that is handed over.
const OWN: &str = "own";

/// A configuration whose search is handed over needs no method.
fn with_method(mut config: Value, is_own: bool) -> Value {
    if let (Value::Object(config), true) = (&mut config, is_own) {
        config.insert("method".to_owned(), OWN.into());
    }
    config
}

fn number_of(run: &Bound<'_, PyAny>) -> PyResult<RunNumber> {
    let number = match run.cast::<AskedRun>() {
        Ok(run) => run.get().number,
        Err(_) if run.hasattr("number")? => run.getattr("number")?.extract()?,
        Err(_) => run.extract()?,
    };
    RunNumber::new(number).ok_or_else(|| PyValueError::new_err("run numbers start at 1"))
}

/// A run to execute: its number and its parameters.
#[pyclass(frozen, name = "AskedRun", module = "besom", mapping)]
#[derive(Debug)]
pub(crate) struct AskedRun {
    /// Its number, from 1.
    #[pyo3(get)]
    number: u64,
    /// Its parameters, nested as in the configuration.
    #[pyo3(get)]
    params: Py<PyDict>,
}

#[pymethods]
impl AskedRun {
    /// A parameter: `run["lr"]` is `run.params["lr"]`.
    fn __getitem__<'py>(&self, py: Python<'py>, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.params.bind(py).as_any().get_item(name)
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.params.bind(py).len()
    }

    /// The names of its parameters.
    fn keys<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.params.bind(py).keys().into_any()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("AskedRun({}, {})", self.number, self.params.bind(py).repr()?))
    }
}

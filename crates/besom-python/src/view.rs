//! Problem and history as algorithms in Python see them: snapshots that nothing changes any more.

use std::sync::Arc;

use besom_controller::Sweep;
use besom_core::{Front, History, Problem, Run, RunNumber};
use besom_insight::best_expected;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use serde_json::json;

use crate::expected::PyBestExpected;
use crate::value;

/// The problem of a sweep, read-only.
#[pyclass(frozen, name = "Problem", module = "besom")]
#[derive(Clone, Debug)]
pub(crate) struct ProblemView {
    problem: Arc<Problem>,
}

impl ProblemView {
    pub(crate) fn new(problem: Arc<Problem>) -> Self {
        Self { problem }
    }
}

#[pymethods]
impl ProblemView {
    /// The names of all parameters in declared order; nested ones as `outer.inner`.
    #[getter]
    fn parameters(&self) -> Vec<String> {
        self.problem.space.parameters().iter().map(|p| p.name.to_string()).collect()
    }

    /// The number of parameters that are not constant: the dimensions of the unit cube.
    #[getter]
    fn dimensions(&self) -> usize {
        self.problem.space.dimensions()
    }

    /// The metrics, a dict each: `name`, `goal`, `target`, `threshold`.
    #[getter]
    fn metrics<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let metric = |m: &besom_core::Metric| json!({"name": m.name, "goal": m.goal, "target": m.target, "threshold": m.threshold});
        value::serialized(py, &self.problem.metrics.iter().map(metric).collect::<Vec<_>>())
    }

    /// The seed of the sweep.
    #[getter]
    fn seed(&self) -> u64 {
        self.problem.seed
    }

    /// The most runs that the sweep may have, or None.
    #[getter]
    fn run_cap(&self) -> Option<u64> {
        self.problem.run_cap
    }

    /// Return the parameters at these coordinates of the unit cube, one per parameter that is not constant.
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 hands lists over by value")]
    fn decode<'py>(&self, py: Python<'py>, cube: Vec<f64>) -> PyResult<Bound<'py, PyDict>> {
        let dimensions = self.problem.space.dimensions();
        if cube.len() != dimensions || cube.iter().any(|x| x.is_nan()) {
            let message = format!("expected {dimensions} coordinates from 0 to 1, got {cube:?}");
            return Err(PyValueError::new_err(message));
        }
        value::params(py, &self.problem.space.decode(&cube).to_json())
    }

    /// The coordinates of these parameters in the unit cube, a missing one in its middle or at its first category; None if
    /// one is of a kind that the space never gives.
    fn encode(&self, params: &Bound<'_, PyAny>) -> PyResult<Option<Vec<f64>>> {
        Ok(self.problem.space.encode(&self.problem.space.read(&value::object(params)?)))
    }

    /// What suggestions must keep, as the sweep file has it under `parameter_constraints`.
    #[getter]
    fn constraints(&self) -> Vec<String> {
        self.problem.space.constraints().iter().map(ToString::to_string).collect()
    }

    /// Whether these parameters keep all constraints.
    fn allows(&self, params: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.problem.space.allows(&self.problem.space.read(&value::object(params)?)))
    }

    /// Return parameters that keep all constraints, drawn at random by a generator of this seed (take it from ``ask.seed(i)``); None if
    /// none are known.
    fn draw<'py>(&self, py: Python<'py>, seed: u64) -> PyResult<Option<Bound<'py, PyDict>>> {
        let space = &self.problem.space;
        let cube = space.draw(&mut besom_core::Rng::new(seed));
        cube.map(|cube| value::params(py, &space.decode(&cube).to_json())).transpose()
    }

    fn __repr__(&self) -> String {
        let metrics = self.problem.metrics.iter().map(|m| format!(", {} {}", m.goal.as_str(), m.name));
        let metrics: String = metrics.collect();
        format!("Problem({}{metrics})", self.parameters().join(", "))
    }
}

/// All runs of a sweep at one moment, read-only; a sequence of [`RunView`].
#[pyclass(frozen, name = "History", module = "besom", sequence)]
#[derive(Clone, Debug)]
pub(crate) struct HistoryView {
    pub(crate) problem: Arc<Problem>,
    pub(crate) history: Arc<History>,
}

#[pymethods]
impl HistoryView {
    fn __len__(&self) -> usize {
        self.history.len()
    }

    fn __getitem__(&self, index: isize) -> PyResult<RunView> {
        let len = self.history.len();
        let place =
            if index < 0 { len.checked_sub(index.unsigned_abs()) } else { Some(index.unsigned_abs()) };
        let place = place.filter(|&place| place < len);
        let place = place.ok_or_else(|| PyIndexError::new_err(format!("there are {len} runs")))?;
        Ok(self.view(place))
    }

    /// The run with the best value of the metric, or None. Runs that failed, crashed or were killed do not count; a
    /// running run does. With several metrics there is a `front` instead.
    #[getter]
    pub(crate) fn best(&self) -> PyResult<Option<RunView>> {
        one_metric(&self.problem)?;
        Ok(self.history.best(&self.problem).map(|best| self.view(best.run.index())))
    }

    /// The run that would be the best if runs that failed, crashed or were killed counted; None if none of them is better.
    #[getter]
    fn better_uncounted(&self) -> PyResult<Option<RunView>> {
        one_metric(&self.problem)?;
        Ok(self.history.better_uncounted(&self.problem).map(|better| self.view(better.run.index())))
    }

    /// The finished runs that no other finished one beats, in one metric without being worse in another: the best of the first metric
    /// first. A run counts with its last values.
    #[getter]
    pub(crate) fn front(&self, py: Python<'_>) -> Vec<RunView> {
        let front = py.detach(|| self.history.front(&self.problem));
        front.runs.iter().map(|run| self.view(run.run.index())).collect()
    }

    /// The volume between the front and the thresholds of the metrics, or the worst value of a metric without one: the larger, the
    /// better. None without a front, and where it takes too long, as with five metrics.
    #[getter]
    pub(crate) fn hypervolume(&self, py: Python<'_>) -> Option<f64> {
        py.detach(|| self.history.front(&self.problem)).hypervolume
    }

    /// The run with the best expected value, where the values of runs are noisy, or None; see `Api().sweep(id).best_expected`.
    #[getter]
    pub(crate) fn best_expected(&self, py: Python<'_>) -> Option<PyBestExpected> {
        py.detach(|| best_expected(&self.problem, self.history.iter())).map(PyBestExpected::from)
    }

    /// A `pandas.DataFrame` with one row per run: its number, state, best and last value, and its parameters. A parameter of
    /// the name of one of these becomes `config.NAME`. With several metrics, `front` says whether the run is on it, and a
    /// column per metric has its last value.
    fn to_pandas<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let front = match self.problem.metrics.len() {
            0 | 1 => None,
            _ => Some(py.detach(|| self.history.front(&self.problem))),
        };
        let rows = PyList::empty(py);
        for place in 0..self.history.len() {
            rows.append(self.view(place).record(py, front.as_ref())?)?;
        }
        py.import("besom._frame")?.call_method1("frame", (rows,))
    }

    fn __repr__(&self) -> String {
        format!("History({} runs)", self.history.len())
    }
}

impl HistoryView {
    /// The history of a sweep as it is now.
    pub(crate) fn of(sweep: &Sweep) -> Self {
        Self { problem: Arc::new(sweep.problem().clone()), history: Arc::new(sweep.history().clone()) }
    }

    fn view(&self, place: usize) -> RunView {
        RunView {
            problem: self.problem.clone(),
            history: self.history.clone(),
            number: RunNumber::from_index(place),
        }
    }
}

/// Refuses to name the best run where there are several metrics.
pub(crate) fn one_metric(problem: &Problem) -> PyResult<()> {
    match problem.metrics.len() {
        0 | 1 => Ok(()),
        several => Err(PyValueError::new_err(format!(
            "the sweep has {several} metrics, and so a front in place of a best run: use front"
        ))),
    }
}

/// One run of a history, read-only.
#[pyclass(frozen, name = "HistoryRun", module = "besom")]
#[derive(Clone, Debug)]
pub(crate) struct RunView {
    pub(crate) problem: Arc<Problem>,
    pub(crate) history: Arc<History>,
    pub(crate) number: RunNumber,
}

impl RunView {
    fn run(&self) -> &Run {
        self.history.get(self.number).expect("views are made of runs that are there")
    }

    fn metric(&self, name: Option<&str>) -> PyResult<usize> {
        let Some(name) = name else { return Ok(0) };
        let place = self.problem.metrics.iter().position(|metric| metric.name == name);
        place.ok_or_else(|| PyKeyError::new_err(format!("the sweep has no metric '{name}'")))
    }

    fn record<'py>(&self, py: Python<'py>, front: Option<&Front>) -> PyResult<Bound<'py, PyDict>> {
        let record = PyDict::new(py);
        record.set_item("run", self.number())?;
        record.set_item("state", self.state())?;
        if let Some(front) = front {
            record.set_item("front", front.contains(self.number))?;
            for (place, metric) in self.problem.metrics.iter().enumerate() {
                record.set_item(&metric.name, self.problem.value(self.run(), place))?;
            }
        } else {
            record.set_item("best", self.best())?;
            record.set_item("last", self.last())?;
        }
        for (name, given) in self.run().point.iter() {
            // As in a table of a stored sweep.
            let mut name = name.to_string();
            if record.contains(&name)? {
                name.insert_str(0, "config.");
            }
            record.set_item(name, value::param(py, given)?)?;
        }
        Ok(record)
    }
}

#[pymethods]
impl RunView {
    /// Its number, from 1.
    #[getter]
    fn number(&self) -> u64 {
        self.number.get()
    }

    /// Its parameters, nested as in the sweep file.
    #[getter]
    fn params<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        value::params(py, &self.run().point.to_json())
    }

    /// The note of the search method on its suggestion.
    #[getter]
    fn note<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        value::dict(py, &self.run().note)
    }

    /// Its state: `pending`, `running`, `preempted`, `finished`, `failed`, `crashed` or `killed`.
    #[getter]
    fn state(&self) -> &'static str {
        self.run().state.as_str()
    }

    /// The reason why a stopping rule stopped it, or None.
    #[getter]
    fn stopped(&self) -> Option<String> {
        self.run().stopped.clone()
    }

    /// Return its values of a metric (the first one by default), oldest first; NaN where the value was not finite.
    #[pyo3(signature = (metric=None))]
    fn values(&self, metric: Option<&str>) -> PyResult<Vec<f64>> {
        Ok(self.run().curve(self.metric(metric)?).values.clone())
    }

    /// Its last finite value of the first metric, or None.
    #[getter]
    fn last(&self) -> Option<f64> {
        self.run().curve(0).last()
    }

    /// Its value of each metric by which it is compared with others, as a dict: with one metric its best, with several its last; None where it
    /// has none.
    #[getter]
    fn metrics<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let values = PyDict::new(py);
        for (place, metric) in self.problem.metrics.iter().enumerate() {
            values.set_item(&metric.name, self.problem.value(self.run(), place))?;
        }
        Ok(values)
    }

    /// Its best finite value of the metric, or None; with several metrics its last one of the first.
    #[getter]
    pub(crate) fn best(&self) -> Option<f64> {
        self.problem.value(self.run(), 0)
    }

    /// A parameter: `run["lr"]` is `run.params["lr"]`.
    fn __getitem__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        match self.run().point.to_json().get(name) {
            Some(given) => value::param(py, given),
            None => Err(PyKeyError::new_err(name.to_owned())),
        }
    }

    fn __repr__(&self) -> String {
        let params = serde_json::Value::Object(self.run().point.to_json());
        format!("HistoryRun({}, {}, {params})", self.number, self.state())
    }
}

/// A request to a search method.
#[pyclass(frozen, name = "Ask", module = "besom")]
#[derive(Clone, Debug)]
pub(crate) struct AskView {
    pub(crate) problem: ProblemView,
    pub(crate) history: HistoryView,
    pub(crate) count: usize,
    pub(crate) seeds: Vec<u64>,
}

#[pymethods]
impl AskView {
    /// The problem.
    #[getter]
    fn problem(&self) -> ProblemView {
        self.problem.clone()
    }

    /// All runs so far.
    #[getter]
    fn history(&self) -> HistoryView {
        self.history.clone()
    }

    /// The most suggestions to return; at least 1.
    #[getter]
    fn count(&self) -> usize {
        self.count
    }

    /// Return a seed for the `i`-th suggestion of the answer (from 0): a function of the sweep's seed and the number that the
    /// run will get.
    #[pyo3(signature = (i=0))]
    fn seed(&self, i: usize) -> PyResult<u64> {
        let seed = self.seeds.get(i).copied();
        seed.ok_or_else(|| PyIndexError::new_err(format!("only {} suggestions are wanted", self.count)))
    }

    /// Return a `random.Random` for the `i`-th suggestion, the only source of chance that an algorithm may use.
    #[pyo3(signature = (i=0))]
    fn rng<'py>(&self, py: Python<'py>, i: usize) -> PyResult<Bound<'py, PyAny>> {
        py.import("random")?.call_method1("Random", (self.seed(i)?,))
    }

    fn __repr__(&self) -> String {
        format!("Ask({} runs, {} wanted)", self.history.history.len(), self.count)
    }
}

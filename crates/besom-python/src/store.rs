//! What lies in a store, as plain dicts.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use besom_core::{RunNumber, RunState};
use besom_engine::{Creation, MissingMetric, Place, program_directory};
use besom_store::{Order, RunQuery, Store, SweepId, SweepState};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::algorithm::Algorithms;
use crate::error::{BesomError, Failure};
use crate::expected::PyBestExpected;
use crate::import;
use crate::place;
use crate::value;
use crate::view::HistoryView;

/// Refuses a connection that a fork has copied: two processes would write through one.
pub(crate) fn same_process(process: u32, what: &str) -> PyResult<()> {
    if std::process::id() == process {
        return Ok(());
    }
    let message =
        format!("this {what} was created before the process forked; create a new one in the child process");
    Err(PyRuntimeError::new_err(message))
}

/// Check a configuration. Return it with defaults filled in, and the warnings.
#[pyfunction]
#[pyo3(signature = (config, own=Vec::new()))]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands lists over by value")]
pub(crate) fn check_config<'py>(
    py: Python<'py>,
    config: &Bound<'py, PyAny>,
    own: Vec<String>,
) -> PyResult<(Bound<'py, PyAny>, Vec<String>)> {
    let (config, warnings) = place::check(&value::json(config)?, &own)?;
    Ok((value::python(py, &config.filled)?, warnings.iter().map(ToString::to_string).collect()))
}

/// Check the text of a sweep file. Return the configuration with defaults filled in, and the warnings.
#[pyfunction]
pub(crate) fn check_text<'py>(
    py: Python<'py>,
    text: &str,
    name: &str,
) -> PyResult<(Bound<'py, PyAny>, Vec<String>)> {
    let (config, warnings) = place::check_text(text, name)?;
    Ok((value::python(py, &config.filled)?, warnings.iter().map(ToString::to_string).collect()))
}

/// Read the values in YAML or JSON text, called `name` in errors, as in a sweep file: `1e-5` is a number.
#[pyfunction]
pub(crate) fn read_yaml<'py>(py: Python<'py>, text: &str, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let values = besom_config::read_values(text, name).map_err(Failure::from)?;
    value::param(py, &values)
}

/// Create a sweep. `search` and `stopper` are algorithms of the caller's own, which the configuration calls by the names
/// in `own`. Return the id.
#[pyfunction]
#[pyo3(signature = (store, config, directory, seed=None, search=None, stopper=None, own=Vec::new(), prior_runs=Vec::new()))]
#[expect(clippy::too_many_arguments, reason = "Python calls it by keywords")]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands paths over by value")]
pub(crate) fn create_sweep(
    py: Python<'_>,
    store: PathBuf,
    config: &Bound<'_, PyAny>,
    directory: String,
    seed: Option<&Bound<'_, PyAny>>,
    search: Option<Py<PyAny>>,
    stopper: Option<Py<PyAny>>,
    own: Vec<String>,
    prior_runs: Vec<String>,
) -> PyResult<String> {
    let seed = value::seed(seed)?;
    let prior = import::parse(&prior_runs)?;
    let json = value::json(config)?;
    let algorithms = Algorithms { search, stopper };
    let create = || -> Result<String, Failure> {
        let (config, _) = place::check(&json, &own)?;
        let text = serde_json::to_string_pretty(&json).unwrap_or_default();
        let seed = besom_engine::seed(&config, seed);
        let creation = Creation::new(&config, seed).text(text).directory(directory);
        Ok(place::create(&mut *Place::new(&store)?.open_or_create()?, creation, &algorithms, &prior)?
            .to_string())
    };
    Ok(py.detach(create)?)
}

/// Create a sweep of the text of the file at `path`.
#[pyfunction]
#[pyo3(signature = (store, text, path, prior_runs=Vec::new()))]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands paths over by value")]
pub(crate) fn create_sweep_from_text(
    py: Python<'_>,
    store: PathBuf,
    text: String,
    path: PathBuf,
    prior_runs: Vec<String>,
) -> PyResult<String> {
    let prior = import::parse(&prior_runs)?;
    let create = || -> Result<String, Failure> {
        let path = std::fs::canonicalize(&path)?;
        let source = path.display().to_string();
        let (config, _) = place::check_text(&text, &source)?;
        let directory = program_directory(&config, Some(&path))?.display().to_string();
        let seed = besom_engine::seed(&config, None);
        let creation = Creation::new(&config, seed).text(text).source(source).directory(directory);
        let own = Algorithms::default();
        Ok(place::create(&mut *Place::new(&store)?.open_or_create()?, creation, &own, &prior)?.to_string())
    };
    Ok(py.detach(create)?)
}

/// The contents of a store.
#[pyclass(frozen, name = "Store", module = "besom._besom")]
pub(crate) struct PyStore {
    store: Mutex<Box<dyn Store>>,
    /// The directory or URL by which it was opened.
    #[pyo3(get)]
    name: OsString,
    place: Place,
    process: u32,
}

#[pymethods]
impl PyStore {
    #[new]
    #[pyo3(signature = (name, write=false))]
    fn new(py: Python<'_>, name: PathBuf, write: bool) -> Result<Self, Failure> {
        let (store, place) = py.detach(|| {
            let place = Place::new(&name)?;
            let store = if write { place.open()? } else { place.open_to_read()? };
            Ok::<_, besom_engine::EngineError>((store, place))
        })?;
        Ok(Self { store: Mutex::new(store), name: name.into_os_string(), place, process: std::process::id() })
    }

    /// Return all sweeps, oldest first.
    fn sweeps<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        value::serialized(py, &self.with(py, |store| Ok(store.sweeps()?))?)
    }

    /// Return a sweep.
    fn sweep<'py>(&self, py: Python<'py>, id: String) -> PyResult<Bound<'py, PyAny>> {
        value::serialized(py, &self.with(py, |store| Ok(store.sweep(&SweepId::new(id))?))?)
    }

    /// Return the checked configuration of a sweep.
    fn config<'py>(&self, py: Python<'py>, id: String) -> PyResult<Bound<'py, PyAny>> {
        let config = self.with(py, |store| place::stored_config(&store.sweep(&SweepId::new(id))?))?;
        value::python(py, &config.filled)
    }

    /// Return the status of a sweep: counts by state, runs stopped early, the best run, agents that are alive.
    fn status<'py>(&self, py: Python<'py>, id: String) -> PyResult<Bound<'py, PyAny>> {
        value::serialized(py, &self.with(py, |store| Ok(store.status(&SweepId::new(id))?))?)
    }

    /// Return how many runs the sweep will have, if that is known.
    fn planned(&self, py: Python<'_>, id: String) -> Result<Option<u64>, Failure> {
        self.with(py, |store| {
            let sweep = store.sweep(&SweepId::new(id))?;
            Ok(besom_engine::planned(&sweep, &place::stored_config(&sweep)?))
        })
    }

    /// Return the number of runs, of the total if that is known, and the number in each state.
    fn counts(&self, py: Python<'_>, id: String) -> Result<String, Failure> {
        self.with(py, |store| {
            let id = SweepId::new(id);
            let (sweep, status) = (store.sweep(&id)?, store.status(&id)?);
            let planned = besom_engine::planned(&sweep, &place::stored_config(&sweep)?);
            Ok(besom_engine::counts(planned, &status.counts, status.stopped))
        })
    }

    /// Return all agents that ever joined.
    fn agents<'py>(&self, py: Python<'py>, id: String) -> PyResult<Bound<'py, PyAny>> {
        value::serialized(py, &self.with(py, |store| Ok(store.agents(&SweepId::new(id))?))?)
    }

    /// Return the runs by `number`, `newest` or `best`.
    #[pyo3(signature = (id, order="number", limit=None))]
    fn runs<'py>(
        &self,
        py: Python<'py>,
        id: String,
        order: &str,
        limit: Option<u64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let order = match order {
            "number" => Order::Number,
            "newest" => Order::Newest,
            "best" => Order::Best,
            other => {
                return Err(PyValueError::new_err(format!(
                    "unknown order '{other}': expected number, newest or best"
                )));
            }
        };
        let mut query = RunQuery::default().order(order);
        query.limit = limit;
        value::serialized(py, &self.with(py, |store| Ok(store.runs(&SweepId::new(id), &query)?))?)
    }

    /// Return one run.
    fn run<'py>(&self, py: Python<'py>, id: String, number: u64) -> PyResult<Bound<'py, PyAny>> {
        let number = run_number(number)?;
        value::serialized(py, &self.with(py, |store| Ok(store.run(&SweepId::new(id), number)?))?)
    }

    /// Return the directory of a run, whether it exists or not; None if the store has no directory for files.
    fn run_directory(&self, id: String, number: u64) -> PyResult<Option<PathBuf>> {
        let number = run_number(number)?;
        let directory = |store| besom_agent::run_directory(store, &SweepId::new(id), number);
        Ok(self.place.directory().map(directory))
    }

    /// Return all runs of a sweep with their curves, as algorithms see them.
    fn history(&self, py: Python<'_>, id: String) -> PyResult<HistoryView> {
        let history = self.with(py, |store| {
            let row = store.sweep(&SweepId::new(id))?;
            let config = place::stored_config(&row)?;
            Ok(HistoryView::of(besom_engine::past(store, &row, &config)?.sweep()))
        });
        Ok(history?)
    }

    /// Return the rows that the newest attempt of a run has logged.
    fn rows<'py>(&self, py: Python<'py>, id: String, number: u64) -> PyResult<Bound<'py, PyAny>> {
        let number = run_number(number)?;
        let rows = self.with(py, |store| Ok(store.rows(&SweepId::new(id), number, None)?))?;
        value::serialized(py, &rows.into_iter().map(|row| row.values).collect::<Vec<_>>())
    }

    /// Return what the newest attempt of a run has logged under each key: dicts of `key`, `count`, `numbers`, `last`, `min`, `max`.
    fn logged<'py>(&self, py: Python<'py>, id: String, number: u64) -> PyResult<Bound<'py, PyAny>> {
        let number = run_number(number)?;
        let logged = self.with(py, |store| Ok(store.logged(&SweepId::new(id), number, None)?))?;
        value::serialized(py, &logged)
    }

    /// Return the facts about the newest attempt of a run, with what its owner has stated.
    fn facts<'py>(&self, py: Python<'py>, id: String, number: u64) -> PyResult<Bound<'py, PyAny>> {
        let number = run_number(number)?;
        value::serialized(py, &self.with(py, |store| Ok(store.facts(&SweepId::new(id), number, None)?))?)
    }

    /// Return the run with the best expected value, where the values of runs are noisy, or None.
    fn best_expected(&self, py: Python<'_>, id: String) -> Result<Option<PyBestExpected>, Failure> {
        self.with(py, |store| {
            let sweep = store.sweep(&SweepId::new(id))?;
            // A sweep of another version is shown without.
            let Ok(config) = place::stored_config(&sweep) else { return Ok(None) };
            Ok(besom_engine::best_expected(store, &sweep, &config)?.map(PyBestExpected::from))
        })
    }

    /// Return the front of a sweep with several metrics: dicts of `run` and `values` in `runs`, the best of the first metric first, and in
    /// `running`; `of`, `beyond`, `reference` and `hypervolume`. None of a sweep with fewer metrics.
    fn front<'py>(&self, py: Python<'py>, id: String) -> PyResult<Bound<'py, PyAny>> {
        let front = self.with(py, |store| {
            let sweep = store.sweep(&SweepId::new(id))?;
            let config = place::stored_config(&sweep).ok();
            Ok(besom_engine::front(store, &sweep, config.as_ref())?)
        })?;
        value::serialized(py, &front)
    }

    /// Return why no finished run has a value of the metric, or None.
    fn missing_metric(&self, py: Python<'_>, id: String) -> Result<Option<String>, Failure> {
        self.with(py, |store| {
            let missing = MissingMetric::of(&mut *store, &SweepId::new(id))?;
            Ok(missing.map(|missing| missing.conclusion()))
        })
    }

    /// Return the curve of the first metric in the newest attempt of a run; NaN where the value was not finite.
    fn curve(&self, py: Python<'_>, id: String, number: u64) -> PyResult<Vec<f64>> {
        let number = run_number(number)?;
        Ok(self.with(py, |store| Ok(store.curve(&SweepId::new(id), number, 0)?))?)
    }

    /// Set the state of a sweep: `running`, `paused`, `finished`, `canceled`.
    fn set_state(&self, py: Python<'_>, id: String, state: &str) -> PyResult<()> {
        let to = state.parse::<SweepState>().map_err(|error| PyValueError::new_err(error.to_string()))?;
        let id = SweepId::new(id);
        Ok(self.with(py, |store| match to.is_over() {
            true => Ok(besom_engine::end_sweep(store, self.place.directory(), &id, to, None).map(drop)?),
            false => Ok(store.set_state(&id, to, None)?),
        })?)
    }

    /// Drain the agents of these names: each finishes its run and exits. Return them as they were before.
    fn drain<'py>(&self, py: Python<'py>, id: String, agents: Vec<String>) -> PyResult<Bound<'py, PyAny>> {
        let drained = self.with(py, |store| Ok(besom_engine::drain(store, &SweepId::new(id), &agents)?))?;
        value::serialized(py, &drained)
    }

    /// Allow this many more runs. Return how many the sweep may have now.
    fn extend(&self, py: Python<'_>, id: String, more: u64) -> Result<Option<u64>, Failure> {
        self.with(py, |store| {
            let sweep = besom_engine::extend(&place::registry(), store, &SweepId::new(id), more)?;
            Ok(sweep.new.run_cap)
        })
    }

    /// Remove a sweep with the files of its runs; one that agents work on only if `force`. Return whether these have ended.
    fn remove(&self, py: Python<'_>, id: String, force: bool) -> Result<bool, Failure> {
        self.with(py, |store| {
            let id = SweepId::new(id);
            let agents = store.status(&id)?.agents;
            if agents > 0 && !force {
                let agents = if agents == 1 { "1 agent".to_owned() } else { format!("{agents} agents") };
                let way_out = format!("end it with: besom.Api().sweep(\"{id}\").cancel()");
                let message = format!(
                    "sweep {id} has {agents} at work; {way_out}; or remove it anyway with force=True"
                );
                return Err(BesomError::new_err(message).into());
            }
            Ok(besom_engine::remove(&self.place, store, &id)?)
        })
    }

    /// Requeue ended runs in these states. Return how many.
    fn retry(&self, py: Python<'_>, id: String, states: Vec<String>) -> PyResult<u64> {
        let state = |name: &String| {
            name.parse::<RunState>().map_err(|error| PyValueError::new_err(error.to_string()))
        };
        let states = states.iter().map(state).collect::<PyResult<Vec<_>>>()?;
        Ok(self.with(py, |store| Ok(store.retry(&SweepId::new(id), &states)?))?)
    }
}

impl PyStore {
    /// Works on the store with the GIL released.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut dyn Store) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        same_process(self.process, "store")?;
        py.detach(|| work(&mut **self.store.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn run_number(number: u64) -> PyResult<RunNumber> {
    RunNumber::new(number).ok_or_else(|| PyValueError::new_err("run numbers start at 1"))
}

//! The controller of a stored sweep, step by step or by hand.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use besom_controller::{Controller, Step};
use besom_core::{Answer, RunNumber, RunState};
use besom_engine::Place;
use besom_store::{Added, NewRun, Seen, Status, StopKind, Store, SweepId, SweepState};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Map, Value};

use crate::algorithm::Algorithms;
use crate::error::Failure;
use crate::place;
use crate::store::same_process;
use crate::value;
use crate::wait;

/// How often a waiting search looks at the store.
const PACE: Duration = Duration::from_millis(25);

/// A suggested run: its number, parameters and note.
type Suggested<'py> = (u64, Bound<'py, PyAny>, Bound<'py, PyAny>);

/// A controller of a stored sweep.
#[pyclass(frozen, name = "Controller", module = "besom._besom")]
pub(crate) struct PyController {
    inner: Mutex<Inner>,
    process: u32,
}

struct Inner {
    id: SweepId,
    store: Box<dyn Store>,
    controller: Controller,
    /// What the newest run to schedule was suggested from.
    seen: Option<Seen>,
}

/// What a look for the next run found.
enum Look {
    Found(RunNumber, Map<String, Value>, Map<String, Value>),
    Nothing,
    Over,
}

#[pymethods]
impl PyController {
    #[new]
    #[pyo3(signature = (store, id, search=None, stopper=None))]
    fn new(
        py: Python<'_>,
        store: PathBuf,
        id: String,
        search: Option<Py<PyAny>>,
        stopper: Option<Py<PyAny>>,
    ) -> Result<Self, Failure> {
        let own = Algorithms { search, stopper };
        py.detach(|| {
            let mut store = Place::new(store)?.open()?;
            let sweep = store.sweep(&SweepId::new(id))?;
            let controller = place::controller(&sweep, &own)?;
            let inner = Mutex::new(Inner { id: sweep.new.id, store, controller, seen: None });
            Ok(Self { inner, process: std::process::id() })
        })
    }

    /// Stop runs as the stopping rule wants, and add runs for idle agents. Return `ready`, `wait`, `paused` or `over`.
    fn step(&self, py: Python<'_>) -> Result<&'static str, Failure> {
        self.with(py, |inner| {
            let idle = inner.idle_agents()?;
            let step = inner.controller.step(&mut *inner.store, idle.max(1))?;
            Ok(match step {
                Step::Ready(_) => "ready",
                Step::Wait => "wait",
                Step::Paused => "paused",
                Step::Over => "over",
            })
        })
    }

    /// Return the next run to schedule, or None if none is wanted within `seconds`, or ever.
    fn search<'py>(&self, py: Python<'py>, seconds: f64) -> PyResult<Option<Suggested<'py>>> {
        let until = Instant::now() + Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let before = self.with(py, Inner::counts)?;
        loop {
            match self.with(py, Inner::look)? {
                Look::Found(number, point, note) => {
                    let (point, note) = (value::params(py, &point)?, value::dict(py, &note)?);
                    return Ok(Some((number.get(), point.into_any(), note.into_any())));
                }
                Look::Over => return Ok(None),
                Look::Nothing if Instant::now() >= until || self.with(py, Inner::counts)? != before => {
                    return Ok(None);
                }
                Look::Nothing => wait::pause(py, PACE)?,
            }
        }
    }

    /// Add a run. With `number`, only if that is still the next number: otherwise another process has scheduled it. Return
    /// its number, or nothing if it was not added.
    #[pyo3(signature = (params, note, number=None))]
    fn schedule(
        &self,
        py: Python<'_>,
        params: &Bound<'_, PyAny>,
        note: &Bound<'_, PyAny>,
        number: Option<u64>,
    ) -> PyResult<Option<u64>> {
        let run = NewRun::new(value::object(params)?).note(value::object(note)?);
        Ok(self.with(py, |inner| inner.schedule(&run, number))?)
    }

    /// Return the runs that the stopping rule wants to stop, with its reasons.
    fn stopping(&self, py: Python<'_>) -> Result<Vec<(u64, String)>, Failure> {
        self.with(py, |inner| {
            inner.controller.refresh(&mut *inner.store)?;
            let stops = inner.controller.stops()?;
            Ok(stops.into_iter().map(|stop| (stop.run.get(), stop.reason)).collect())
        })
    }

    /// Request that runs be stopped early. Return the number of requests.
    fn stop_runs(&self, py: Python<'_>, stops: Vec<(u64, String)>) -> PyResult<u64> {
        let number = |n| RunNumber::new(n).ok_or_else(|| PyValueError::new_err("run numbers start at 1"));
        let stops =
            stops.into_iter().map(|(n, reason)| Ok((number(n)?, reason))).collect::<PyResult<Vec<_>>>()?;
        Ok(self.with(py, |inner| Ok(inner.store.request_stops(&inner.id, &stops, StopKind::Early)?))?)
    }

    /// Return whether the sweep has ended and none of its runs is open.
    fn done(&self, py: Python<'_>) -> Result<bool, Failure> {
        self.with(py, Inner::done)
    }

    /// Return what the stopping rule shows of its view.
    fn show_stopping<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let shown = self.with(py, |inner| {
            inner.controller.refresh(&mut *inner.store)?;
            Ok(inner.controller.show_stopper()?)
        })?;
        Ok(value::dict(py, &shown)?.into_any())
    }
}

impl PyController {
    /// Works on the parts with the GIL released.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Inner) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        same_process(self.process, "controller")?;
        py.detach(|| {
            let mut inner: MutexGuard<'_, Inner> = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut inner)
        })
    }
}

impl Inner {
    fn idle_agents(&mut self) -> Result<usize, Failure> {
        let agents = self.store.agents(&self.id)?;
        Ok(agents.iter().filter(|agent| agent.alive && agent.run.is_none()).count())
    }

    /// What changes when there is news.
    fn counts(&mut self) -> Result<(Status, SweepState), Failure> {
        let state = self.controller.refresh(&mut *self.store)?;
        let mut status = self.store.status(&self.id)?;
        (status.best, status.better_uncounted, status.mean_run_ms) = (None, None, None);
        Ok((status, state))
    }

    fn look(&mut self) -> Result<Look, Failure> {
        let state = self.controller.refresh(&mut *self.store)?;
        if state.is_over() {
            return Ok(if self.has_open_runs() { Look::Nothing } else { Look::Over });
        }
        if state == SweepState::Paused || self.waiting() > 0 && self.waiting() >= self.idle_agents()? {
            return Ok(Look::Nothing);
        }
        match self.controller.suggest(1)? {
            Answer::Try(mut suggestions) => {
                let suggestion = suggestions.swap_remove(0);
                let number = self.controller.sweep().history().next_number();
                self.seen = Some(self.controller.seen());
                Ok(Look::Found(number, suggestion.point.to_json(), suggestion.note))
            }
            Answer::Wait => Ok(Look::Nothing),
            Answer::Done => {
                let step = self.controller.step(&mut *self.store, 0)?;
                Ok(if step == Step::Over && !self.has_open_runs() { Look::Over } else { Look::Nothing })
            }
        }
    }

    fn waiting(&self) -> usize {
        let history = self.controller.sweep().history();
        history.count(RunState::Pending) + history.count(RunState::Preempted)
    }

    fn has_open_runs(&self) -> bool {
        self.controller.sweep().history().has_open()
    }

    fn done(&mut self) -> Result<bool, Failure> {
        let state = self.controller.refresh(&mut *self.store)?;
        Ok(state.is_over() && !self.has_open_runs())
    }

    fn schedule(&mut self, run: &NewRun, number: Option<u64>) -> Result<Option<u64>, Failure> {
        loop {
            self.controller.refresh(&mut *self.store)?;
            let next = self.controller.sweep().history().next_number();
            if number.is_some_and(|number| number != next.get()) {
                return Ok(None);
            }
            let seen = self.seen.as_ref().filter(|seen| number.is_some() && seen.runs + 1 == next.get());
            match self.store.add_runs(&self.id, next, std::slice::from_ref(run), seen)? {
                Added::Added(_) => return Ok(Some(next.get())),
                Added::Lost(_) => {}
                // `Capped` or `Closed`: none was added.
                _ => return Ok(None),
            }
        }
    }
}

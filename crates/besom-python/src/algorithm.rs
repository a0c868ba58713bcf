//! Search methods and stopping rules that are written in Python.
//!
//! The Python side (`besom/_algorithms.py`) turns whatever a person writes (a class, an object, a function) into one
//! callable, and whatever that answers into plain lists. Here it becomes a [`Search`] or a [`Stopper`].

use std::sync::{Arc, Mutex, PoisonError};

use besom_core::{
    AlgorithmKind, Answer, Ask, BoxError, Distribution, History, Method, Options, ParamPath, Parameter,
    Point, Problem, Registry, Rule, RunNumber, Search, Space, Spec, Stop, Stopper, Suggestion,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rand::Rng;
use serde_json::{Map, Value};

use crate::error::Failure;
use crate::spec;
use crate::value;
use crate::view::{AskView, HistoryView, ProblemView};

/// What was registered from Python, by name. Python registers at import, once per process; a registry of the core is
/// built from it for each use.
static REGISTERED: Mutex<Vec<Registered>> = Mutex::new(Vec::new());

/// An algorithm of Python.
struct Registered {
    name: String,
    kind: AlgorithmKind,
    spec: Spec,
    object: Py<PyAny>,
}

/// Make `method: name` find a class, an object with `suggest`, or a function.
///
/// `options` describes its options by key, in the words of a JSON Schema: `{"depth": {"type": "integer", "minimum": 1,
/// "default": 3, "doc": "How deep."}}`; the attribute `OPTIONS` does the same. They are then checked and completed as those of
/// besom's own methods; without a description they are passed on as they are. A name that is taken is an error, unless
/// `replace` is true.
#[pyfunction]
#[pyo3(signature = (name, search, options=None, *, replace=false))]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands objects over by value")]
pub(crate) fn register_search(
    name: String,
    search: Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyAny>>,
    replace: bool,
) -> PyResult<()> {
    remember(name, AlgorithmKind::Search, &search, options, replace)
}

/// Make `early_terminate: {type: name}` find a class, an object with `stop`, or a function; `options` and `replace` as for
/// `register_search`.
#[pyfunction]
#[pyo3(signature = (name, stopper, options=None, *, replace=false))]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands objects over by value")]
pub(crate) fn register_stopper(
    name: String,
    stopper: Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyAny>>,
    replace: bool,
) -> PyResult<()> {
    remember(name, AlgorithmKind::Stopper, &stopper, options, replace)
}

/// Whether an object can be an algorithm at all, before anything hangs on it.
fn checked(object: &Bound<'_, PyAny>, method: &str) -> PyResult<()> {
    object.py().import("besom._algorithms")?.call_method1("checked", (object, method))?;
    Ok(())
}

fn remember(
    name: String,
    kind: AlgorithmKind,
    object: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyAny>>,
    replace: bool,
) -> PyResult<()> {
    checked(object, if kind == AlgorithmKind::Search { "suggest" } else { "stop" })?;
    let spec = spec::of(object, options)?;
    let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    let taken = registered.iter().any(|known| (&known.name, known.kind) == (&name, kind));
    if !replace && (taken || besom_engine::registry().spec(kind, &name).is_some()) {
        let kind = kind.as_str();
        let message =
            format!("the name '{name}' is taken by another {kind}; pass replace=True to replace it");
        return Err(PyValueError::new_err(message));
    }
    registered.retain(|known| (&known.name, known.kind) != (&name, kind));
    registered.push(Registered { name, kind, spec, object: object.clone().unbind() });
    Ok(())
}

/// Adds what was registered from Python.
pub(crate) fn register(registry: &mut Registry) {
    let registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    for Registered { name, kind, spec, object } in &*registered {
        let object = Python::attach(|py| object.clone_ref(py));
        match kind {
            AlgorithmKind::Search => registry.replace_search(name, *spec, move |problem, options| {
                Ok(PySearch::make(&object, problem, options)?)
            }),
            AlgorithmKind::Stopper => registry.replace_stopper(name, *spec, move |problem, options| {
                Ok(PyStopper::make(&object, problem, options)?)
            }),
        };
    }
}

/// Algorithms that the owner of a sweep hands over, in place of those that its file names.
#[derive(Debug, Default)]
pub(crate) struct Algorithms {
    pub(crate) search: Option<Py<PyAny>>,
    pub(crate) stopper: Option<Py<PyAny>>,
}

impl Algorithms {
    pub(crate) fn search(&self, problem: &Problem, options: &Options) -> Result<Option<Method>, Failure> {
        let Some(object) = &self.search else { return Ok(None) };
        Ok(Some(PySearch::make(object, problem, options)?.into()))
    }

    pub(crate) fn stopper(&self, problem: &Problem, options: &Options) -> Result<Option<Rule>, Failure> {
        let Some(object) = &self.stopper else { return Ok(None) };
        Ok(Some(PyStopper::make(object, problem, options)?.into()))
    }
}

fn instance(
    py: Python<'_>,
    maker: &str,
    object: &Py<PyAny>,
    problem: &Problem,
    options: &Options,
) -> PyResult<Py<PyAny>> {
    let problem = ProblemView::new(Arc::new(problem.clone()));
    let arguments = (object, problem, value::dict(py, options)?);
    Ok(py.import("besom._algorithms")?.call_method1(maker, arguments)?.unbind())
}

/// A search method that is written in Python.
pub(crate) struct PySearch {
    suggest: Py<PyAny>,
}

impl PySearch {
    pub(crate) fn make(object: &Py<PyAny>, problem: &Problem, options: &Options) -> PyResult<Self> {
        let suggest = Python::attach(|py| instance(py, "search", object, problem, options))?;
        Ok(Self { suggest })
    }
}

impl Search for PySearch {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        Ok(Python::attach(|py| {
            let problem = Arc::new(ask.problem.clone());
            let seeds = (0..ask.count).map(|i| ask.rng(i).next_u64()).collect();
            let view = AskView {
                problem: ProblemView::new(problem.clone()),
                history: HistoryView { problem, history: Arc::new(ask.history.clone()) },
                count: ask.count,
                seeds,
            };
            answer(ask.problem, &self.suggest.bind(py).call1((view,))?)
        })?)
    }
}

fn answer(problem: &Problem, answer: &Bound<'_, PyAny>) -> PyResult<Answer> {
    if let Ok(word) = answer.extract::<String>() {
        return Ok(if word == "wait" { Answer::Wait } else { Answer::Done });
    }
    let pairs: Vec<(Bound<'_, PyAny>, Bound<'_, PyAny>)> = answer.extract()?;
    let suggestion = |(params, note): &(Bound<'_, PyAny>, Bound<'_, PyAny>)| {
        Ok(Suggestion::new(point(problem, params)?).with_note(value::object(note)?))
    };
    Ok(Answer::Try(pairs.iter().map(suggestion).collect::<PyResult<_>>()?))
}

/// The point of a dict; constants may be left out, and inactive parameters are. What else is wrong with it is for the contract to say.
fn point(problem: &Problem, params: &Bound<'_, PyAny>) -> PyResult<Point> {
    let params = value::object(params)?;
    let read = problem.space.read(&params);
    let given = problem.space.parameters().iter().filter_map(|Parameter { name, distribution, .. }| {
        let constant = match distribution {
            Distribution::Constant(value) => Some(value),
            _ => None,
        };
        Some((name.clone(), read.get(name).or(constant)?.clone()))
    });
    let given = problem.space.only_active(given.collect());
    let mut entries: Vec<(ParamPath, Value)> =
        given.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    add_foreign(&problem.space, &[], params, &mut entries);
    Ok(entries.into_iter().collect())
}

/// Adds what a dict has beside the parameters of the space.
fn add_foreign(
    space: &Space,
    outer: &[String],
    params: Map<String, Value>,
    into: &mut Vec<(ParamPath, Value)>,
) {
    for (key, value) in params {
        let path = [outer, &[key]].concat();
        let is_in = |parameter: &Parameter| parameter.name.path().starts_with(&path);
        match (space.parameters().iter().find(|parameter| is_in(parameter)), value) {
            (Some(parameter), _) if parameter.name.path().len() == path.len() => {}
            (Some(_), Value::Object(inner)) => add_foreign(space, &path, inner, into),
            (_, value) => into.push((ParamPath::new(path), value)),
        }
    }
}

/// A stopping rule that is written in Python.
pub(crate) struct PyStopper {
    stop: Py<PyAny>,
}

impl PyStopper {
    pub(crate) fn make(object: &Py<PyAny>, problem: &Problem, options: &Options) -> PyResult<Self> {
        let stop = Python::attach(|py| instance(py, "stopper", object, problem, options))?;
        Ok(Self { stop })
    }
}

impl Stopper for PyStopper {
    fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        Ok(Python::attach(|py| {
            let problem = Arc::new(problem.clone());
            let view = HistoryView { problem: problem.clone(), history: Arc::new(history.clone()) };
            let answer = self.stop.bind(py).call1((ProblemView::new(problem), view))?;
            let pairs: Vec<(u64, String)> = answer.extract()?;
            let stop = |(number, reason)| {
                let run =
                    RunNumber::new(number).ok_or_else(|| PyValueError::new_err("run numbers start at 1"))?;
                Ok(Stop::new(run, reason))
            };
            pairs.into_iter().map(stop).collect::<PyResult<_>>()
        })?)
    }
}

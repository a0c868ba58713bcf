//! Errors as Python exceptions, with the text that the command would print.

use besom_agent::AgentError;
use besom_config::{Diagnostics, Paint};
use besom_controller::ControllerError;
use besom_core::{AlgorithmError, BoxError, RegistryError, error_chain};
use besom_engine::EngineError;
use besom_insight::InsightError;
use besom_store::StoreError as Trouble;
use pyo3::create_exception;
use pyo3::exceptions::{PyBaseException, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::value;

create_exception!(besom, BesomError, PyRuntimeError, "Base class of the errors of besom.");
create_exception!(
    besom,
    ConfigError,
    PyValueError,
    "A sweep configuration is invalid. `problems` lists all problems: a dict each, with `path`, `found`, \
     `message`, `suggestion`, and `line` and `column` if it was text."
);
create_exception!(besom, StoreError, BesomError, "The store failed, or there is none.");
create_exception!(
    besom,
    SweepPaused,
    BesomError,
    "The sweep is paused, and not by its owner: its function or program looks broken, or its search method or stopping \
     rule failed. The text is the reason."
);
create_exception!(
    besom,
    RunStopped,
    PyBaseException,
    "The run is to end: a stopping rule or the owner of the sweep wants it. Raised by `besom.log` in a function run; it is \
     no `Exception`, so that `except Exception` in a training loop lets it pass. The run counts as stopped, not failed."
);

/// An error that goes to Python.
#[derive(Debug)]
pub(crate) struct Failure(PyErr);

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self(error)
    }
}

impl From<Trouble> for Failure {
    fn from(error: Trouble) -> Self {
        Self(StoreError::new_err(error_chain(&error)))
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Refused { source, .. } if source.is::<PyErr>() => unboxed(source),
            error => config_error(error_chain(&error), Vec::new()),
        }
    }
}

impl From<ControllerError> for Failure {
    fn from(error: ControllerError) -> Self {
        match error {
            ControllerError::Search(AlgorithmError::Failed { source, .. })
            | ControllerError::Stopper(AlgorithmError::Failed { source, .. })
                if source.is::<PyErr>() =>
            {
                unboxed(source)
            }
            ControllerError::Store(error) => error.into(),
            error => Self(BesomError::new_err(error_chain(&error))),
        }
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        match error {
            AgentError::Store(error) => error.into(),
            AgentError::Idle(source) => match source.downcast::<ControllerError>() {
                Ok(error) => (*error).into(),
                Err(source) => unboxed(source),
            },
            error => Self(BesomError::new_err(error_chain(&error))),
        }
    }
}

impl From<Diagnostics> for Failure {
    fn from(problems: Diagnostics) -> Self {
        let text = problems.report(Paint::Plain);
        config_error(text, problems.into_iter().collect())
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Config(problems) => problems.into(),
            EngineError::Registry(error) => error.into(),
            EngineError::Controller(error) => error.into(),
            EngineError::Store(error) => error.into(),
            EngineError::Agent(error) => error.into(),
            EngineError::NoStore { .. } => {
                let hint = "(besom.sweep creates one; BESOM_STORE names another)";
                Self(StoreError::new_err(format!("{error} {hint}")))
            }
            EngineError::UnknownKind { .. }
            | EngineError::OpenRun { .. }
            | EngineError::UnknownAgents { .. } => Self(PyValueError::new_err(error.to_string())),
            EngineError::Paused { .. } => Self(SweepPaused::new_err(error.to_string())),
            error => Self(BesomError::new_err(error_chain(&error))),
        }
    }
}

impl From<InsightError> for Failure {
    fn from(error: InsightError) -> Self {
        Self(match error {
            InsightError::UnknownParameter { .. } | InsightError::Pair { .. } => {
                PyValueError::new_err(error.to_string())
            }
            error => BesomError::new_err(error.to_string()),
        })
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.into())
    }
}

/// An error of Python code that went through Rust comes out as it went in.
fn unboxed(source: BoxError) -> Failure {
    match source.downcast::<PyErr>() {
        Ok(error) => Failure(*error),
        Err(source) => Failure(BesomError::new_err(error_chain(&*source))),
    }
}

fn config_error(text: String, problems: Vec<besom_config::Diagnostic>) -> Failure {
    Python::attach(|py| {
        let error = ConfigError::new_err(text);
        let set = value::serialized(py, &problems).and_then(|list| error.value(py).setattr("problems", list));
        Failure(set.map_or_else(|broken| broken, |()| error))
    })
}

//! The files of a scenario.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use besom_core::distribution::{Continuous, Step};
use besom_core::{BoxError, Distribution, Parameter, Space};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::model::Model;
use super::{Scenario, SurrogateError};

/// A scenario's folder: its space, and its model once it is needed.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) scenario: &'static Scenario,
    pub(super) space: Space,
    path: PathBuf,
    model: OnceLock<Result<Arc<Model>, Arc<SurrogateError>>>,
}

impl Folder {
    pub(super) fn open(scenario: &'static Scenario, path: PathBuf) -> Result<Self, SurrogateError> {
        let file = path.join("config_space.json");
        let ConfigSpace { hyperparameters } = read(&file)?;
        let varied = |h: &Hyperparameter| {
            h.name != scenario.categorical[0] && scenario.fixed.iter().all(|(name, _)| h.name != *name)
        };
        let parameters = hyperparameters.into_iter().filter(varied).map(Hyperparameter::parameter).collect();
        let space = Space::new(parameters).map_err(|error| SurrogateError::file(file, error))?;
        Ok(Self { scenario, space, path, model: OnceLock::new() })
    }

    /// The model, read at the first call.
    pub(super) fn model(&self) -> Result<Arc<Model>, BoxError> {
        let load = || -> Result<Arc<Model>, Arc<SurrogateError>> {
            let encoding = read(&self.path.join("encoding.json"))?;
            Ok(Arc::new(Model::load(self.scenario, &self.path.join("model.onnx"), encoding)?))
        };
        Ok(self.model.get_or_init(load).clone()?)
    }
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, SurrogateError> {
    let read = || -> Result<T, BoxError> { Ok(serde_json::from_str(&fs::read_to_string(file)?)?) };
    read().map_err(|error| SurrogateError::file(file.to_owned(), error))
}

/// What is read of `config_space.json`.
#[derive(Deserialize)]
struct ConfigSpace {
    hyperparameters: Vec<Hyperparameter>,
}

#[derive(Deserialize)]
struct Hyperparameter {
    name: String,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Kind {
    Categorical { choices: Vec<Value> },
    UniformInt { lower: i64, upper: i64, log: bool },
    UniformFloat { lower: f64, upper: f64, log: bool },
}

impl Hyperparameter {
    fn parameter(self) -> Parameter {
        let distribution = match self.kind {
            Kind::Categorical { choices } => {
                Distribution::Categorical { values: choices, probabilities: None }
            }
            Kind::UniformInt { lower, upper, log: false } => Distribution::int(lower, upper),
            Kind::UniformInt { lower, upper, log: true } => {
                let shape = Continuous::LogUniformValues { min: lower as f64, max: upper as f64 };
                Distribution::Quantized(shape, Step::integer(1))
            }
            Kind::UniformFloat { lower, upper, log: false } => Distribution::uniform(lower, upper),
            Kind::UniformFloat { lower, upper, log: true } => Distribution::log_uniform(lower, upper),
        };
        Parameter::new(self.name, distribution)
    }
}

//! Surrogates of real training: networks that were fitted to many thousand runs of tuning, and answer in place of a run.
//!
//! They are those of YAHPO Gym (F. Pfisterer et al., *YAHPO Gym: An Efficient Multi-Objective Multi-Fidelity Benchmark for
//! Hyperparameter Optimization*, AutoML 2022), published as `yahpo_data` under the license Apache-2.0, and not part of besom. A
//! folder of them has one or more of the folders `lcbench`, `rbv2_xgboost`, `rbv2_rpart`, `iaml_glmnet`, each with
//! `model.onnx`, `encoding.json` and `config_space.json`.

mod error;
mod folder;
mod model;
mod scenario;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use besom_core::{Point, Problem};
pub use error::SurrogateError;
use folder::Folder;
use model::Model;
use scenario::{SCENARIOS, Scenario};

use crate::{Keep, Objective, Outcome, Reference, Rng, Suite, Task};

/// How much a validation loss differs between epochs of one run by chance, as a share of it.
const NOISE: f64 = 0.01;
/// References by task.
const STORED: &str = include_str!("../../data/surrogates.json");
/// Runs of full length in the budget of a task with learning curves.
const CURVE_RUNS: usize = 30;

/// The surrogates in a folder: one task per data set (`lcbench_167168`), and the networks among them as learning curves too
/// (`lcbench_curve_167168`). Models are read when the first of their tasks is run.
///
/// In corners far from what it was fitted to, `rbv2_xgboost` claims losses that no training would reach: look at it apart.
///
/// # Errors
/// If the folder has no scenario, or a scenario lacks a file or has another one than expected.
pub fn surrogates(folder: &Path) -> Result<Suite, SurrogateError> {
    let found: Vec<&Scenario> = SCENARIOS.iter().filter(|s| folder.join(s.name).is_dir()).collect();
    if found.is_empty() {
        return Err(SurrogateError::NoScenario { folder: folder.to_owned() });
    }
    let mut tasks = Vec::new();
    for scenario in found {
        let folder = Arc::new(Folder::open(scenario, folder.join(scenario.name))?);
        tasks.extend(scenario.data.iter().map(|data| task(folder.clone(), data, false)));
        tasks.extend(scenario.curves.iter().map(|data| task(folder.clone(), data, true)));
    }
    Ok(Suite::new("surrogates", "networks fitted to real training, in place of it", tasks))
}

/// The final loss on a data set, or with `logs` the loss after every epoch, with noise.
fn task(folder: Arc<Folder>, data: &'static str, logs: bool) -> Task {
    let scenario = folder.scenario;
    let (curve, runs, epochs) =
        if logs { ("_curve", CURVE_RUNS, scenario.epochs) } else { ("", scenario.runs, 1) };
    let task_name = format!("{}{curve}_{data}", scenario.name);
    let name = task_name.clone();
    let surrogate = move |_| {
        let (name, model) = (name.clone(), folder.model()?);
        Ok(Surrogate { name, model, folder: folder.clone(), data, logs })
    };
    Task::new(task_name, runs, surrogate).instances(1).epochs(epochs.into())
}

/// A model's loss on one data set.
#[derive(Debug)]
struct Surrogate {
    /// That of its task, which has one instance.
    name: String,
    folder: Arc<Folder>,
    model: Arc<Model>,
    data: &'static str,
    /// Whether a run logs its curve.
    logs: bool,
}

impl Surrogate {
    fn train(&self, point: &Point, rng: &mut Rng, log: &mut dyn FnMut(f64) -> Keep) -> Outcome {
        let mut outcome = Outcome::Failed;
        for truth in self.model.curve(self.data, point).unwrap_or_default() {
            let observed = truth * (1.0 + NOISE * rng.normal());
            outcome = Outcome::noisy(observed, truth);
            if log(observed) == Keep::Stop {
                break;
            }
        }
        outcome
    }
}

impl Objective for Surrogate {
    fn problem(&self) -> Problem {
        Problem::minimize("loss").space(self.folder.space.clone())
    }

    /// Measured before, since it takes tens of thousands of answers: examples/reference.rs does it. The stored ones are of the
    /// final losses, by the same procedure in Python.
    fn reference(&self) -> Option<Reference> {
        static MEASURED: OnceLock<HashMap<String, Reference>> = OnceLock::new();
        let measured = MEASURED.get_or_init(|| serde_json::from_str(STORED).expect("the file is tested"));
        measured.get(&self.name).cloned()
    }

    fn run(&self, point: &Point, rng: &mut Rng, log: &mut dyn FnMut(f64) -> Keep) -> Outcome {
        let space = &self.folder.space;
        if !(space.contains(point) && space.is_complete(point)) {
            return Outcome::Failed;
        }
        match self.logs {
            true => self.train(point, rng, log),
            false => self.model.loss(self.data, point).map_or(Outcome::Failed, Outcome::exact),
        }
    }
}

#[cfg(test)]
mod tests;

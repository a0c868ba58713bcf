//! What `bayes` believed when it suggested a point, rebuilt from the history and the note of the suggestion.

use std::error::Error;

use besom_core::{History, Note, Problem};
use besom_gp::improvement::expected_improvement;
use besom_gp::{Hyperparameters, Model, Posterior};
use besom_search::Warp;
use nalgebra::{DMatrix, DVector};
use serde_json::Value;

/// A posterior over one parameter that lies in [0, 1].
pub(crate) struct Belief {
    posterior: Posterior,
    warp: Warp,
    /// What is to be improved on, as a target.
    incumbent: f64,
}

/// What is believed of one place, in units of the metric.
pub(crate) struct Prediction {
    pub(crate) low: f64,
    pub(crate) mean: f64,
    pub(crate) high: f64,
    pub(crate) improvement: f64,
}

impl Belief {
    /// From finished runs and the note of the suggestion after them.
    pub(crate) fn new(problem: &Problem, history: &History, note: &Note) -> Result<Self, Box<dyn Error>> {
        let mut places = Vec::new();
        let mut losses = Vec::new();
        for run in history.runs() {
            places.extend(problem.space.encode(&run.point).ok_or("a run lies outside the space")?);
            losses.push(run.curve(0).last().ok_or("a run has no value")?);
        }
        let told = Value::Object(note.clone());
        let number = |path: &str| {
            told.pointer(path).and_then(Value::as_f64).ok_or_else(|| format!("no number {path} in {told}"))
        };
        let name = problem.space.searchable().next().ok_or("nothing to search")?.name.to_string();
        let hyperparameters = Hyperparameters::new(
            [number(&format!("/length_scales/{name}"))?],
            number("/fit/signal_variance")?,
            number("/fit/noise_variance")?,
        );
        let warp = Warp::new(&losses);
        let x = DMatrix::from_vec(places.len(), 1, places);
        let t = DVector::from_iterator(losses.len(), losses.iter().map(|&loss| warp.forward(loss)));
        let posterior = Posterior::new(&Model::new(1), &hyperparameters, &x, &t)?;
        let incumbent = warp.forward(number("/incumbent")?);
        Ok(Self { posterior, warp, incumbent })
    }

    /// What is believed at each of these places.
    pub(crate) fn at(&self, places: &[f64]) -> Result<Vec<Prediction>, Box<dyn Error>> {
        let x = DMatrix::from_column_slice(places.len(), 1, places);
        let found = self.posterior.predict(&x)?;
        let predictions = found.mean.iter().zip(&found.sd).map(|(&mean, &sd)| Prediction {
            low: self.warp.inverse(mean - 1.96 * sd),
            mean: self.warp.inverse(mean),
            high: self.warp.inverse(mean + 1.96 * sd),
            improvement: expected_improvement(mean, sd, self.incumbent) * self.warp.slope(),
        });
        Ok(predictions.collect())
    }
}

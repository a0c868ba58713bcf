//! A model of the metric over some parameters, for pictures that show what no single run does.
//!
//! A Gaussian process on the normal scores of the losses' ranks: which losses are better is all that counts, so that a
//! diverged run has no more say than the second worst.

use besom_core::special::normal_quantile;
use besom_gp::{Dimension, Model, Posterior, Prior, fit};
use nalgebra::{DMatrix, DVector};

use super::PlotError;
use super::data::Data;

/// The most runs that a model is fitted to: the newest.
const MOST: usize = 400;

/// The fewest.
const FEWEST: usize = 4;

/// A fitted model.
#[derive(Debug)]
pub(super) struct Surrogate {
    posterior: Posterior,
}

impl Surrogate {
    /// The model over the axes with these numbers.
    pub(super) fn new(data: &Data<'_>, axes: &[usize], kind: &'static str) -> Result<Self, PlotError> {
        let mut rows = Vec::new();
        let mut losses = Vec::new();
        for seen in &data.seen {
            if let Some(row) = axes.iter().map(|&k| data.place(seen.run, k)).collect::<Option<Vec<f64>>>() {
                rows.push(row);
                losses.push(data.metric.goal.to_loss(seen.value));
            }
        }
        if rows.len() < FEWEST {
            return Err(PlotError::Runs { kind, needed: FEWEST, found: rows.len() });
        }
        let from = rows.len().saturating_sub(MOST);
        let (rows, losses) = (&rows[from..], &losses[from..]);
        let x = DMatrix::from_fn(rows.len(), axes.len(), |i, k| rows[i][k]);
        let y = DVector::from_vec(scores(losses));
        let categorical = |&k: &usize| {
            if data.axes[k].is_categorical() { Dimension::Categorical } else { Dimension::Numeric }
        };
        let model = Model { dimensions: axes.iter().map(categorical).collect(), ..Model::new(axes.len()) };
        let prior = Prior::for_dimensions(axes.len());
        let hyperparameters = fit(&model, &x, &y, &prior, &[prior.mode()])?.hyperparameters;
        Ok(Self { posterior: Posterior::new(&model, &hyperparameters, &x, &y)? })
    }

    /// Predicted scores at rows of places; smaller is better.
    pub(super) fn predict(&self, x: &DMatrix<f64>) -> Result<DVector<f64>, PlotError> {
        Ok(self.posterior.predict(x)?.mean)
    }
}

/// The normal scores of the ranks (Blom 1958); equal losses share theirs.
fn scores(losses: &[f64]) -> Vec<f64> {
    let mut sorted = losses.to_vec();
    sorted.sort_by(f64::total_cmp);
    let score = |loss: &f64| {
        let below = sorted.partition_point(|other| other < loss);
        let upto = sorted.partition_point(|other| other <= loss);
        let rank = (below + upto + 1) as f64 / 2.0;
        normal_quantile((rank - 0.375) / (sorted.len() as f64 + 0.25))
    };
    losses.iter().map(score).collect()
}

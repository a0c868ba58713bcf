//! The metric as a surface over some parameters: a model that predicts where no run was.
//!
//! A Gaussian process on the normal scores of the losses' ranks: only their order matters, so that a diverged run weighs
//! no more than the second worst.

use besom_core::special::normal_quantile;
use besom_core::{Goal, Run};
use besom_gp::nalgebra::{DMatrix, DVector};
use besom_gp::{Dimension, GpError, Model, Posterior, Prior, fit};

use crate::{Axis, InsightError, Sample};

/// The most runs that a model is fitted to, the newest. A fit costs O(n³); 400 keep a picture within seconds.
const MOST: usize = 400;

/// The fewest runs that a model is fitted to: with fewer every fit is as likely as any other.
const FEWEST: usize = 4;

/// The metric over some parameters, as a fitted model has it. It predicts scores: 0 is the median of the runs, smaller is
/// better whatever the goal, and about two thirds of all runs lie between -1 and 1. [`Surface::value`] translates them.
#[derive(Debug)]
pub struct Surface {
    axes: Vec<Axis>,
    posterior: Posterior,
    goal: Goal,
    /// Each distinct score with its loss, best first.
    scale: Vec<(f64, f64)>,
}

/// What a model expects somewhere, in units of the metric.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Forecast {
    /// The expected value.
    pub mean: f64,
    /// The value at one standard deviation of the score below it.
    pub low: f64,
    /// The value at one standard deviation of the score above it.
    pub high: f64,
}

impl Sample<'_> {
    /// The surface over the axes with these numbers, of the runs that have a place on all of them.
    ///
    /// # Errors
    /// [`InsightError::Runs`] if there are fewer than four of them.
    ///
    /// # Panics
    /// If there is no axis of such a number.
    pub fn surface(&self, axes: &[usize]) -> Result<Surface, InsightError> {
        let place = |run: &Run| axes.iter().map(|&k| self.place(run, k)).collect();
        self.surface_of(axes, place)
    }

    /// The surface over all axes, of all runs that lack at most parameters that are inactive in them.
    pub(crate) fn whole_surface(&self) -> Result<Surface, InsightError> {
        self.surface_of(&(0..self.axes.len()).collect::<Vec<_>>(), |run| self.places(run))
    }

    fn surface_of(
        &self,
        axes: &[usize],
        places: impl Fn(&Run) -> Option<Vec<f64>>,
    ) -> Result<Surface, InsightError> {
        let mut rows = Vec::new();
        let mut losses = Vec::new();
        for valued in &self.runs {
            if let Some(row) = places(valued.run) {
                rows.push(row);
                losses.push(self.metric.goal.to_loss(valued.value));
            }
        }
        if rows.len() < FEWEST {
            return Err(InsightError::Runs { needed: FEWEST, found: rows.len() });
        }
        let from = rows.len().saturating_sub(MOST);
        let axes = axes.iter().map(|&k| self.axes[k].clone()).collect();
        Surface::fit(axes, self.metric.goal, &rows[from..], &losses[from..])
    }
}

impl Surface {
    fn fit(axes: Vec<Axis>, goal: Goal, rows: &[Vec<f64>], losses: &[f64]) -> Result<Self, InsightError> {
        let d = axes.len();
        let x = DMatrix::from_fn(rows.len(), d, |i, k| rows[i][k]);
        let scores = scores(losses);
        let y = DVector::from_column_slice(&scores);
        let kind = |axis: &Axis| {
            if axis.is_categorical() { Dimension::Categorical } else { Dimension::Numeric }
        };
        let model = Model::new(d).dimensions(axes.iter().map(kind).collect::<Vec<_>>());
        let prior = Prior::for_dimensions(d);
        let hyperparameters = fit(&model, &x, &y, &prior, &[prior.mode()])?.hyperparameters;
        let posterior = Posterior::new(&model, &hyperparameters, &x, &y)?;
        let mut scale: Vec<_> = scores.into_iter().zip(losses.iter().copied()).collect();
        scale.sort_by(|a, b| a.0.total_cmp(&b.0));
        scale.dedup_by(|a, b| a.0.total_cmp(&b.0).is_eq());
        Ok(Self { axes, posterior, goal, scale })
    }

    /// Its axes.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Predicted scores at places, each one number from 0 to 1 for every axis ([`Axis::place`]).
    ///
    /// # Errors
    /// [`InsightError::Model`] if a place has another number of axes or a number that is not finite.
    pub fn scores<P: AsRef<[f64]>>(&self, places: &[P]) -> Result<Vec<f64>, InsightError> {
        let d = self.axes.len();
        if let Some(place) = places.iter().find(|place| place.as_ref().len() != d) {
            let found = place.as_ref().len();
            return Err(GpError::Shape { what: "coordinates of a place", expected: d, found }.into());
        }
        let places = DMatrix::from_fn(places.len(), d, |i, k| places[i].as_ref()[k]);
        Ok(self.predict(&places)?.iter().copied().collect())
    }

    /// The same at the rows of a matrix.
    pub(crate) fn predict(&self, places: &DMatrix<f64>) -> Result<DVector<f64>, InsightError> {
        Ok(self.posterior.predict(places)?.mean)
    }

    /// Predicted scores in the middles of `cells` equal parts of each axis, the first axis running fastest: `cells` numbers
    /// for one axis, `cells²` for two. A part of an axis between two values of a list counts for the nearer one.
    pub fn cells(&self, cells: usize) -> Result<Vec<f64>, InsightError> {
        Ok(self.predict(&self.middles(cells))?.iter().copied().collect())
    }

    fn middles(&self, cells: usize) -> DMatrix<f64> {
        let d = self.axes.len();
        let power = |k: usize| (0..k).fold(1, |product: usize, _| product * cells);
        let middle = |i: usize, k: usize| ((i / power(k) % cells) as f64 + 0.5) / cells as f64;
        DMatrix::from_fn(power(d), d, |i, k| self.axes[k].snap(middle(i, k)))
    }

    /// What the model expects in the middles of [`cells`](Self::cells), in units of the metric, with a standard deviation of its
    /// scores to either side.
    ///
    /// # Errors
    /// As [`Self::scores`].
    pub fn forecast(&self, cells: usize) -> Result<Vec<Forecast>, InsightError> {
        let marginals = self.posterior.predict(&self.middles(cells))?;
        let forecast = |(&mean, &sd): (&f64, &f64)| {
            let (better, worse) = (self.value(mean - sd), self.value(mean + sd));
            Forecast { mean: self.value(mean), low: better.min(worse), high: better.max(worse) }
        };
        Ok(marginals.mean.iter().zip(marginals.sd.iter()).map(forecast).collect())
    }

    /// The value of the metric that has this score, between the best and the worst of the runs.
    pub fn value(&self, score: f64) -> f64 {
        let after = self.scale.partition_point(|(seen, _)| *seen < score);
        let loss = match (after.checked_sub(1).map(|before| self.scale[before]), self.scale.get(after)) {
            (Some((low, from)), Some(&(high, to))) => {
                let share = (score - low) / (high - low);
                // Not `from + share * (to - from)`, whose difference may be infinite.
                from * (1.0 - share) + to * share
            }
            (Some((_, loss)), None) | (None, Some(&(_, loss))) => loss,
            (None, None) => f64::NAN,
        };
        self.goal.to_loss(loss)
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

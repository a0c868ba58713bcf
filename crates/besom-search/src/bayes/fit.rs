//! The fit of the hyperparameters: which runs decide them, where it starts, and when it is good enough.

use besom_gp::{
    GpError, Hyperparameters, LogNormal, Model, Prior, Tolerance, Warp, by_loss, fit_until, subset,
};
use nalgebra::{DMatrix, DVector};

/// The most runs whose values decide the hyperparameters; the others only enter the posterior. An evaluation
/// of the likelihood costs O(n³), all else O(n²).
const FITTED: usize = 300;
/// How many are chosen where there are more; hyperparameters need fewer runs than the posterior.
const CHOSEN: usize = 256;
/// The most runs in the posterior: O(n²) for each candidate and O(n²) memory.
const CONDITIONED: usize = 1500;
/// How many are chosen where there are more: half the time that 1,000 took, and no worse (decision 25).
const ACTIVE: usize = 700;
/// How many of the best runs candidates are made around.
const TOP: usize = 3;
/// The fewest runs of a branch that decide its hyperparameters: with fewer the prior decides nearly alone.
const FITTABLE: usize = 4;

/// When hyperparameters are good enough: a hundredth of log posterior changes no suggestion worth mentioning.
const ENOUGH: Tolerance = Tolerance::new(40, 1e-2, 1e-4);
/// The same where an earlier fit is close (decision 25).
const WARM: Tolerance = Tolerance::new(8, ENOUGH.gradient, ENOUGH.improvement);
/// The same for a branch, which has few runs and no earlier fit (decision 25).
const BRANCH: Tolerance = Tolerance::new(10, ENOUGH.gradient, ENOUGH.improvement);

/// Runs as the model sees them: coordinates and losses, in the order of the runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct TrainingData {
    pub(super) rows: Vec<Vec<f64>>,
    pub(super) losses: Vec<f64>,
    /// The places of the runs, best first.
    pub(super) order: Vec<usize>,
    /// How many points came before the model decided, or will come if there are fewer yet.
    pub(super) planned: usize,
}

impl TrainingData {
    /// The places of the runs that are in the posterior, in rising order.
    pub(super) fn conditioned(&self) -> Vec<usize> {
        subset(&self.order, CONDITIONED, ACTIVE)
    }

    /// The losses of the first runs, which fill the space evenly.
    pub(super) fn start(&self) -> &[f64] {
        &self.losses[..self.planned.min(self.losses.len())]
    }
}

/// A fit of hyperparameters, as the note of a suggestion keeps it for later ones.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fit {
    pub(super) hyperparameters: Hyperparameters,
    /// How many runs had a value when they were fitted.
    pub(super) runs: usize,
    /// How many had one when they were last fitted from the mode of the prior too.
    pub(super) cold: usize,
}

impl Fit {
    /// The fit for this data. An earlier one serves until there are a tenth more runs; then it is where the
    /// new one starts, and from a quarter more on the mode of the prior is tried too, because a warm start
    /// never leaves its hill (decisions 21 and 25).
    pub(super) fn new(set: &TrainingSet, runs: usize, earlier: Option<&Self>) -> Result<Self, GpError> {
        let prior = Prior::for_model(&set.model);
        let earlier = earlier.filter(|fit| fit.runs <= runs && within(&prior, &fit.hyperparameters));
        let mut starts = Vec::new();
        if let Some(fit) = earlier {
            if runs * 10 < fit.runs * 11 {
                return Ok(fit.clone());
            }
            starts.push(fit.hyperparameters.clone());
        }
        let warm = earlier.filter(|fit| runs * 4 < fit.cold * 5);
        if warm.is_none() {
            starts.push(prior.mode());
        }
        let TrainingSet { model, x, y, .. } = set;
        let tolerance = if warm.is_some() { WARM } else { ENOUGH };
        let hyperparameters = fit_until(model, x, y, &prior, &starts, &tolerance)?.hyperparameters;
        Ok(Self { hyperparameters, runs, cold: warm.map_or(runs, |fit| fit.cold) })
    }
}

/// Whether hyperparameters from a note can be the result of a fit; rounding at the bounds allowed.
fn within(prior: &Prior, hyperparameters: &Hyperparameters) -> bool {
    let inside = |value: f64, min: f64, max: f64| min * 0.999 <= value && value <= max * 1.001;
    let all_inside = |values: &[f64], priors: &[LogNormal]| {
        values.len() == priors.len()
            && values.iter().zip(priors).all(|(&value, p)| inside(value, p.min, p.max))
    };
    let (signal, noise) = (&prior.signal_variance, &prior.noise_variance);
    all_inside(&hyperparameters.length_scales, &prior.length_scales)
        && all_inside(&hyperparameters.variances, &prior.variances)
        && all_inside(&hyperparameters.stretches, &prior.stretches)
        && inside(hyperparameters.signal_variance, signal.min, signal.max)
        && inside(hyperparameters.noise_variance, noise.min, noise.max)
}

/// Runs with their targets, ready for a Gaussian process.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TrainingSet {
    pub(super) model: Model,
    pub(super) x: DMatrix<f64>,
    pub(super) losses: Vec<f64>,
    /// The losses as targets.
    pub(super) y: DVector<f64>,
}

impl TrainingSet {
    pub(super) fn new(model: Model, x: DMatrix<f64>, losses: Vec<f64>, warp: &Warp) -> Self {
        let y = DVector::from_fn(losses.len(), |i, _| warp.forward(losses[i]));
        Self { model, x, losses, y }
    }

    /// Of these runs of the data.
    pub(super) fn of(model: Model, data: &TrainingData, places: &[usize], warp: &Warp) -> Self {
        let x = DMatrix::from_fn(places.len(), model.columns(), |i, k| data.rows[places[i]][k]);
        Self::new(model, x, places.iter().map(|&i| data.losses[i]).collect(), warp)
    }

    /// Of the runs that decide the hyperparameters, given all places best first.
    pub(super) fn deciding(model: Model, data: &TrainingData, order: &[usize], warp: &Warp) -> Self {
        Self::of(model, data, &subset(order, FITTED, CHOSEN), warp)
    }

    /// The hyperparameters, if nothing but these runs is known; the mode of the prior if they are very few.
    pub(super) fn fit_alone(&self) -> Result<Hyperparameters, GpError> {
        let prior = Prior::for_model(&self.model);
        let mode = prior.mode();
        if self.y.len() < FITTABLE {
            return Ok(mode);
        }
        Ok(fit_until(&self.model, &self.x, &self.y, &prior, &[mode], &BRANCH)?.hyperparameters)
    }

    /// The coordinates of the best runs, best first.
    pub(super) fn top_points(&self) -> Vec<Vec<f64>> {
        let best = by_loss(&self.losses).into_iter().take(TOP);
        best.map(|i| self.x.row(i).iter().copied().collect()).collect()
    }
}

//! The surrogate: a Gaussian process on warped losses, fitted to the runs that have ended.
//!
//! Letters follow Rasmussen and Williams, *Gaussian Processes for Machine Learning* (2006): inputs X, targets y, covariance
//! K; the posterior is that of their equations 2.25 and 2.26. Hyperparameters are those of the largest posterior density
//! (maximum a posteriori), not integrated over.

use besom_gp::improvement::LogImprovement;
use besom_gp::{GpError, Hyperparameters, Model, Posterior, Prior, Tolerance, fit_until};
use nalgebra::{DMatrix, DVector};

use super::acquisition::Acquisition;
use super::axis::same_category;
use super::curves::Forecast;
use super::encode::Encoding;
use super::transform::Warp;

/// The most runs whose values decide the hyperparameters; the others only enter the posterior. An evaluation of the
/// likelihood costs O(n³), all else O(n²).
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
const ENOUGH: Tolerance = Tolerance { iterations: 40, gradient: 1e-2, improvement: 1e-4 };
/// The same where an earlier fit is close (decision 25).
const WARM: Tolerance = Tolerance { iterations: 8, ..ENOUGH };
/// The same for a branch, which has few runs and no earlier fit (decision 25).
const BRANCH: Tolerance = Tolerance { iterations: 10, ..ENOUGH };

/// Runs as the model sees them: coordinates and losses, in the order of the runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct TrainingData {
    pub(super) rows: Vec<Vec<f64>>,
    pub(super) losses: Vec<f64>,
    /// How many points came before the model decided, or will come if there are fewer yet.
    pub(super) planned: usize,
}

impl TrainingData {
    /// The losses of the first runs, which fill the space evenly.
    fn start(&self) -> &[f64] {
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
    /// The fit for this data. An earlier one serves until there are a tenth more runs; then it is where the new one
    /// starts, and from a quarter more on the mode of the prior is tried too, because a warm start never leaves its
    /// hill (decisions 21 and 25).
    fn new(set: &TrainingSet, runs: usize, earlier: Option<&Self>) -> Result<Self, GpError> {
        let prior = Prior::for_dimensions(set.model.dimensions.len());
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
    let scales = &hyperparameters.length_scales;
    let (signal, noise) = (&prior.signal_variance, &prior.noise_variance);
    scales.len() == prior.length_scales.len()
        && scales.iter().zip(&prior.length_scales).all(|(&l, p)| inside(l, p.min, p.max))
        && inside(hyperparameters.signal_variance, signal.min, signal.max)
        && inside(hyperparameters.noise_variance, noise.min, noise.max)
}

/// The runs that decide the hyperparameters.
#[derive(Clone, Debug, PartialEq)]
struct TrainingSet {
    model: Model,
    x: DMatrix<f64>,
    losses: Vec<f64>,
    /// The losses as targets.
    y: DVector<f64>,
}

impl TrainingSet {
    fn new(model: Model, x: DMatrix<f64>, losses: Vec<f64>, warp: &Warp) -> Self {
        let y = DVector::from_fn(losses.len(), |i, _| warp.forward(losses[i]));
        Self { model, x, losses, y }
    }

    /// Of these runs of the data.
    fn of(model: Model, data: &TrainingData, places: &[usize], warp: &Warp) -> Self {
        let x = DMatrix::from_fn(places.len(), model.dimensions.len(), |i, k| data.rows[places[i]][k]);
        Self::new(model, x, places.iter().map(|&i| data.losses[i]).collect(), warp)
    }

    /// The hyperparameters, if nothing but these runs is known; the mode of the prior if they are very few.
    fn fit_alone(&self) -> Result<Hyperparameters, GpError> {
        let prior = Prior::for_dimensions(self.model.dimensions.len());
        let mode = prior.mode();
        if self.y.len() < FITTABLE {
            return Ok(mode);
        }
        Ok(fit_until(&self.model, &self.x, &self.y, &prior, &[mode], &BRANCH)?.hyperparameters)
    }

    /// The coordinates of the best runs, best first.
    fn top_points(&self) -> Vec<Vec<f64>> {
        let best = by_loss(&self.losses).into_iter().take(TOP);
        best.map(|i| self.x.row(i).iter().copied().collect()).collect()
    }
}

/// A fitted model.
#[derive(Clone, Debug)]
pub(super) struct Surrogate {
    pub(super) posterior: Posterior,
    pub(super) warp: Warp,
    /// The smallest target.
    pub(super) best: f64,
    /// What a point must improve on: half way between the smallest target and the smallest predicted one. The first
    /// alone chases the luck of a noisy run, the second alone forgets what was really reached (decision 20).
    pub(super) incumbent: f64,
    /// Coordinates of the best runs, best first.
    pub(super) top_points: Vec<Vec<f64>>,
    pub(super) fit: Fit,
    acquisition: Acquisition,
    /// The losses of the first runs.
    start: Vec<f64>,
    /// How many runs are in the posterior with a value; pending ones come after them.
    valued: usize,
    /// What the hyperparameters were, or would be, fitted to.
    set: TrainingSet,
}

impl Surrogate {
    /// The model of this data. The answer depends on the data and the earlier fit; `cached`, a model of other data, only
    /// makes it faster.
    pub(super) fn new(
        encoding: &Encoding,
        data: &TrainingData,
        earlier: Option<&Fit>,
        cached: Option<Self>,
        acquisition: Acquisition,
    ) -> Result<Self, GpError> {
        let warp = Warp::new(&data.losses);
        let order = by_loss(&data.losses);
        let set = TrainingSet::of(encoding.model(), data, &subset(&order, FITTED, CHOSEN), &warp);
        let fit = Fit::new(&set, data.losses.len(), earlier)?;
        let conditioned = subset(&order, CONDITIONED, ACTIVE);
        let TrainingSet { model, x, y, .. } = TrainingSet::of(encoding.model(), data, &conditioned, &warp);
        let posterior = match cached {
            Some(cached) if cached.fit.hyperparameters == fit.hyperparameters => {
                cached.posterior.condition(&x, &y)?
            }
            _ => Posterior::new(&model, &fit.hyperparameters, &x, &y)?,
        };
        let best = y.min();
        let incumbent = 0.5 * (best + posterior.smoothed().min());
        let top_points = set.top_points();
        let (start, valued) = (data.start().to_vec(), y.len());
        Ok(Self { posterior, warp, best, incumbent, top_points, fit, acquisition, start, valued, set })
    }

    /// The value of the acquisition function where this target is predicted with this deviation.
    pub(super) fn score(&self, mean: f64, sd: f64) -> LogImprovement {
        self.acquisition.score(mean, sd, self.incumbent)
    }

    /// What a point with the largest score is called.
    pub(super) fn reason(&self) -> &'static str {
        self.acquisition.reason()
    }

    /// Forgets the pending points.
    pub(super) fn drop_pending(&mut self) {
        self.posterior.truncate(self.valued);
    }

    /// Adds a pending point, one of `X_pending`: a run without a value. The posterior is conditioned on what it predicts
    /// there itself, a fantasy of the outcome (*Kriging believer*: Ginsbourger, Le Riche, Carraro, *Kriging Is Well-Suited to
    /// Parallelize Optimization*, 2010), which keeps the next suggestion away without distorting the rest. A forecast from
    /// the run's learning curve is averaged with the prediction, both weighted by their precision (decision 26).
    pub(super) fn add_pending(
        &mut self,
        coordinates: &[f64],
        forecast: Option<Forecast>,
    ) -> Result<(), GpError> {
        let at = self.posterior.predict_with_gradient(coordinates)?;
        let both = |Forecast { loss, error }: Forecast| {
            let target = self.warp.forward(loss);
            let sd = 0.5 * (self.warp.forward(loss + error) - self.warp.forward(loss - error));
            let share = at.sd * at.sd / (at.sd * at.sd + sd * sd);
            Some(at.mean + share * (target - at.mean)).filter(|mean| mean.is_finite())
        };
        self.posterior.extend(coordinates, forecast.and_then(both).unwrap_or(at.mean))
    }

    /// Whether a run has this value of a category.
    pub(super) fn has_run_with(&self, axis: usize, value: f64) -> bool {
        self.set.x.column(axis).iter().any(|&coordinate| same_category(coordinate, value))
    }

    /// How many units of loss one unit of target was worth when the first runs were all there was: much more than now, if
    /// the search has drawn together.
    pub(super) fn slope_at_start(&self) -> f64 {
        Warp::new(&self.start).slope()
    }

    /// The model of the runs alone that have this value of a category, at least one; the incumbent stays. It has no pending
    /// points.
    ///
    /// Its warp is that of these and of the first runs: to that of all runs, which the leading branch has drawn together,
    /// everything else is equally bad (decision 23).
    ///
    /// `cached`, a model that was made so before, only makes it faster.
    pub(super) fn branch(&self, axis: usize, value: f64, cached: Option<Self>) -> Result<Self, GpError> {
        let TrainingSet { model, x, losses, .. } = &self.set;
        let members: Vec<usize> = (0..losses.len()).filter(|&i| same_category(x[(i, axis)], value)).collect();
        let losses: Vec<f64> = members.iter().map(|&i| losses[i]).collect();
        let warp = Warp::new(&[losses.as_slice(), &self.start].concat());
        let set = TrainingSet::new(model.clone(), x.select_rows(&members), losses, &warp);
        let branch = match cached.filter(|cached| cached.warp == warp && cached.set == set) {
            Some(mut cached) => {
                cached.drop_pending();
                cached
            }
            None => {
                let (hyperparameters, top_points) = (set.fit_alone()?, set.top_points());
                self.variant(&hyperparameters, set, top_points)?
            }
        };
        let translated = |target: f64| warp.forward(self.warp.inverse(target));
        let (best, incumbent) = (translated(self.best), translated(self.incumbent));
        Ok(Self { warp, best, incumbent, ..branch })
    }

    /// The model that knows less of what lies between the runs: length scales times `factor`. It has no pending points.
    pub(super) fn with_shorter_length_scales(&self, factor: f64) -> Result<Self, GpError> {
        let mut hyperparameters = self.posterior.hyperparameters().clone();
        hyperparameters.length_scales.iter_mut().for_each(|scale| *scale *= factor);
        self.variant(&hyperparameters, self.set.clone(), self.top_points.clone())
    }

    /// A model of other hyperparameters or runs, in the same units and with the same incumbent.
    fn variant(
        &self,
        hyperparameters: &Hyperparameters,
        set: TrainingSet,
        top_points: Vec<Vec<f64>>,
    ) -> Result<Self, GpError> {
        Ok(Self {
            posterior: Posterior::new(&set.model, hyperparameters, &set.x, &set.y)?,
            warp: self.warp,
            best: self.best,
            incumbent: self.incumbent,
            top_points,
            fit: self.fit.clone(),
            acquisition: self.acquisition,
            start: self.start.clone(),
            valued: set.y.len(),
            set,
        })
    }
}

/// The places of the losses, best first; the earlier run first at a tie.
fn by_loss(losses: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..losses.len()).collect();
    order.sort_by(|&a, &b| losses[a].total_cmp(&losses[b]));
    order
}

/// All runs if they are at most `most`, else `count`: half of them the best, the others evenly from the rest. In the
/// order of the runs.
fn subset(order: &[usize], most: usize, count: usize) -> Vec<usize> {
    let mut chosen = if order.len() <= most {
        order.to_vec()
    } else {
        let (best, rest) = order.split_at(count / 2);
        let mut rest = rest.to_vec();
        rest.sort_unstable();
        let share = count - best.len();
        let evenly = (0..share).map(|k| rest[k * rest.len() / share]);
        best.iter().copied().chain(evenly).collect()
    };
    chosen.sort_unstable();
    chosen
}

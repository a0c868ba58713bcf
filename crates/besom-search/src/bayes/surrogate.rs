//! The model of the losses: a Gaussian process on warped values, fitted to the runs that are over.

use besom_gp::improvement::LogImprovement;
use besom_gp::{GpError, Hyperparameters, Model, Posterior, Prior, Stopping, fit_until};
use nalgebra::{DMatrix, DVector};

use super::acquisition::Acquisition;
use super::axis::same_category;
use super::curves::Promise;
use super::encode::Encoding;
use super::transform::Warp;

/// The most runs whose values decide the hyperparameters; the others only enter the posterior.
const FITTED: usize = 300;
/// How many are chosen where there are more.
const CHOSEN: usize = 256;
/// The most runs in the posterior.
const CONDITIONED: usize = 1500;
/// How many are chosen where there are more.
const ACTIVE: usize = 700;

/// The fewest runs of a branch that decide its hyperparameters.
const FITTABLE: usize = 4;

/// When hyperparameters are good enough: a hundredth of log posterior changes no suggestion worth mentioning.
const ENOUGH: Stopping = Stopping { iterations: 40, gradient: 1e-2, improvement: 1e-4 };
/// The same where an earlier fit is close.
const WARM: Stopping = Stopping { iterations: 8, ..ENOUGH };
/// The same for a branch, which has few runs and no earlier fit.
const BRANCH: Stopping = Stopping { iterations: 10, ..ENOUGH };

/// Runs as the model sees them: coordinates and losses, in the order of the runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Data {
    pub(super) rows: Vec<Vec<f64>>,
    pub(super) losses: Vec<f64>,
    /// How many points came before the model decided, if there are so many.
    pub(super) planned: usize,
}

impl Data {
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
    /// hill.
    fn new(fitted: &Fitted, runs: usize, earlier: Option<&Self>) -> Result<Self, GpError> {
        let prior = Prior::for_dimensions(fitted.model.dimensions.len());
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
        let Fitted { model, x, t, .. } = fitted;
        let enough = if warm.is_some() { WARM } else { ENOUGH };
        let hyperparameters = fit_until(model, x, t, &prior, &starts, &enough)?.hyperparameters;
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

/// A fitted model.
#[derive(Clone, Debug)]
pub(super) struct Surrogate {
    pub(super) posterior: Posterior,
    pub(super) warp: Warp,
    /// The smallest target.
    pub(super) best: f64,
    /// What a point must improve on: half way between the smallest target and the smallest predicted one. The first
    /// alone chases the luck of a noisy run, the second alone forgets what was really reached.
    pub(super) incumbent: f64,
    /// Coordinates of the best runs, best first.
    pub(super) leaders: Vec<Vec<f64>>,
    pub(super) fit: Fit,
    acquisition: Acquisition,
    /// The losses of the first runs.
    start: Vec<f64>,
    /// How many runs are in the posterior with a value.
    valued: usize,
    /// What the hyperparameters were, or would be, fitted to.
    fitted: Fitted,
}

/// The runs that decide the hyperparameters.
#[derive(Clone, Debug, PartialEq)]
struct Fitted {
    model: Model,
    x: DMatrix<f64>,
    losses: Vec<f64>,
    t: DVector<f64>,
}

impl Fitted {
    fn new(model: Model, x: DMatrix<f64>, losses: Vec<f64>, warp: &Warp) -> Self {
        let t = DVector::from_fn(losses.len(), |i, _| warp.forward(losses[i]));
        Self { model, x, losses, t }
    }

    /// Of these runs of the data.
    fn of(model: Model, data: &Data, places: &[usize], warp: &Warp) -> Self {
        let x = DMatrix::from_fn(places.len(), model.dimensions.len(), |i, k| data.rows[places[i]][k]);
        Self::new(model, x, places.iter().map(|&i| data.losses[i]).collect(), warp)
    }

    /// The hyperparameters, if nothing but these runs is known; the mode of the prior if they are very few.
    fn alone(&self) -> Result<Hyperparameters, GpError> {
        let prior = Prior::for_dimensions(self.model.dimensions.len());
        let mode = prior.mode();
        if self.t.len() < FITTABLE {
            return Ok(mode);
        }
        Ok(fit_until(&self.model, &self.x, &self.t, &prior, &[mode], &BRANCH)?.hyperparameters)
    }

    /// Where the best runs are, best first.
    fn leaders(&self) -> Vec<Vec<f64>> {
        let best = by_loss(&self.losses).into_iter().take(3);
        best.map(|i| self.x.row(i).iter().copied().collect()).collect()
    }
}

impl Surrogate {
    /// The model of this data. The answer depends on the data and the earlier fit; `known`, a model of other data, only
    /// makes it faster.
    pub(super) fn new(
        encoding: &Encoding,
        data: &Data,
        earlier: Option<&Fit>,
        known: Option<Self>,
        acquisition: Acquisition,
    ) -> Result<Self, GpError> {
        let warp = Warp::new(&data.losses);
        let order = by_loss(&data.losses);
        let fitted = Fitted::of(encoding.model(), data, &chosen(&order, FITTED, CHOSEN), &warp);
        let fit = Fit::new(&fitted, data.losses.len(), earlier)?;
        let conditioned = chosen(&order, CONDITIONED, ACTIVE);
        let Fitted { model, x, t, .. } = Fitted::of(encoding.model(), data, &conditioned, &warp);
        let posterior = match known {
            Some(known) if known.fit.hyperparameters == fit.hyperparameters => {
                known.posterior.condition(&x, &t)?
            }
            _ => Posterior::new(&model, &fit.hyperparameters, &x, &t)?,
        };
        let best = t.min();
        let incumbent = 0.5 * (best + posterior.smoothed().min());
        let leaders = fitted.leaders();
        let (start, valued) = (data.start().to_vec(), t.len());
        Ok(Self { posterior, warp, best, incumbent, leaders, fit, acquisition, start, valued, fitted })
    }

    /// How much a point with this predicted target and deviation is worth trying.
    pub(super) fn score(&self, mean: f64, sd: f64) -> LogImprovement {
        self.acquisition.score(mean, sd, self.incumbent)
    }

    /// What a point with the largest score is called.
    pub(super) fn reason(&self) -> &'static str {
        self.acquisition.reason()
    }

    /// Forgets the runs without a value.
    pub(super) fn forget(&mut self) {
        self.posterior.truncate(self.valued);
    }

    /// Takes note of a run without a value: the model believes what it predicts there (*Kriging believer*), which keeps
    /// the next suggestion away without distorting the rest. What its curve promises counts beside the prediction, both by
    /// how sure they are.
    pub(super) fn believe(&mut self, coordinates: &[f64], promise: Option<Promise>) -> Result<(), GpError> {
        let at = self.posterior.predict_with_gradient(coordinates)?;
        let both = |Promise { loss, error }: Promise| {
            let target = self.warp.forward(loss);
            let sd = 0.5 * (self.warp.forward(loss + error) - self.warp.forward(loss - error));
            let share = at.sd * at.sd / (at.sd * at.sd + sd * sd);
            Some(at.mean + share * (target - at.mean)).filter(|mean| mean.is_finite())
        };
        self.posterior.extend(coordinates, promise.and_then(both).unwrap_or(at.mean))
    }

    /// Whether a run has this value of a category.
    pub(super) fn knows(&self, axis: usize, value: f64) -> bool {
        self.fitted.x.column(axis).iter().any(|&coordinate| same_category(coordinate, value))
    }

    /// How many units of loss one unit of target was worth when the first runs were all there was: much more than now, if
    /// the search has drawn together.
    pub(super) fn slope_at_start(&self) -> f64 {
        Warp::new(&self.start).slope()
    }

    /// The model of the runs alone that have this value of a category, at least one; what must be improved on stays. It
    /// has not heard of the runs without a value.
    ///
    /// Its warp is that of these and of the first runs: to that of all runs, which the leading branch has drawn together,
    /// everything else is equally bad.
    ///
    /// `known`, a model that was made so before, only makes it faster.
    pub(super) fn branch(&self, axis: usize, value: f64, known: Option<Self>) -> Result<Self, GpError> {
        let Fitted { model, x, losses, .. } = &self.fitted;
        let members: Vec<usize> = (0..losses.len()).filter(|&i| same_category(x[(i, axis)], value)).collect();
        let losses: Vec<f64> = members.iter().map(|&i| losses[i]).collect();
        let warp = Warp::new(&[losses.as_slice(), &self.start].concat());
        let fitted = Fitted::new(model.clone(), x.select_rows(&members), losses, &warp);
        let branch = match known.filter(|known| known.warp == warp && known.fitted == fitted) {
            Some(mut known) => {
                known.forget();
                known
            }
            None => {
                let (hyperparameters, leaders) = (fitted.alone()?, fitted.leaders());
                self.another(&hyperparameters, fitted, leaders)?
            }
        };
        let translated = |target: f64| warp.forward(self.warp.inverse(target));
        let (best, incumbent) = (translated(self.best), translated(self.incumbent));
        Ok(Self { warp, best, incumbent, ..branch })
    }

    /// The model of somebody who trusts less in what lies between the runs: length scales times `factor`. It has not heard
    /// of the runs without a value.
    pub(super) fn doubting(&self, factor: f64) -> Result<Self, GpError> {
        let mut hyperparameters = self.posterior.hyperparameters().clone();
        hyperparameters.length_scales.iter_mut().for_each(|scale| *scale *= factor);
        self.another(&hyperparameters, self.fitted.clone(), self.leaders.clone())
    }

    /// A model of other hyperparameters or runs, in the same units and with the same to improve on.
    fn another(
        &self,
        hyperparameters: &Hyperparameters,
        fitted: Fitted,
        leaders: Vec<Vec<f64>>,
    ) -> Result<Self, GpError> {
        Ok(Self {
            posterior: Posterior::new(&fitted.model, hyperparameters, &fitted.x, &fitted.t)?,
            warp: self.warp,
            best: self.best,
            incumbent: self.incumbent,
            leaders,
            fit: self.fit.clone(),
            acquisition: self.acquisition,
            start: self.start.clone(),
            valued: fitted.t.len(),
            fitted,
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
fn chosen(order: &[usize], most: usize, count: usize) -> Vec<usize> {
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

//! The surrogate: a Gaussian process on warped losses, fitted to the runs that have ended.
//!
//! Letters follow Rasmussen and Williams, *Gaussian Processes for Machine Learning* (2006): inputs X, targets
//! y, covariance K; the posterior is that of their equations 2.25 and 2.26. Hyperparameters are those of the
//! largest posterior density (maximum a posteriori); they are not integrated out.

use besom_gp::improvement::LogImprovement;
use besom_gp::{GpError, Hyperparameters, Posterior, Warp};

use super::acquisition::Acquisition;
use super::axis::same_category;
use super::curves::Forecast;
use super::encode::Encoding;
use super::fit::{Fit, TrainingData, TrainingSet};

/// A fitted model.
#[derive(Clone, Debug)]
pub(super) struct Surrogate {
    pub(super) posterior: Posterior,
    pub(super) warp: Warp,
    /// The smallest target.
    pub(super) best: f64,
    /// What a point must improve on: half way between the smallest target and the smallest predicted one. The
    /// first alone chases the luck of a noisy run, the second alone forgets what was really reached (decision
    /// 20).
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
    /// The model of this data. The answer depends on the data and the earlier fit; `cached`, a model of other
    /// data, only makes it faster.
    pub(super) fn new(
        encoding: &Encoding,
        data: &TrainingData,
        earlier: Option<&Fit>,
        cached: Option<Self>,
        acquisition: Acquisition,
    ) -> Result<Self, GpError> {
        let warp = Warp::new(&data.losses);
        let order = &data.order;
        let set = TrainingSet::deciding(encoding.model(), data, order, &warp);
        let fit = Fit::new(&set, data.losses.len(), earlier)?;
        let conditioned = data.conditioned();
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

    /// For each run of the data that is in the posterior, half way between its target and what is predicted there, as the
    /// incumbent is.
    pub(super) fn half_way(&self, data: &TrainingData) -> Vec<f64> {
        let smoothed = self.posterior.smoothed();
        let half = |(&i, mean): (&usize, &f64)| 0.5 * (self.warp.forward(data.losses[i]) + mean);
        data.conditioned().iter().zip(smoothed.iter()).map(half).collect()
    }

    /// What a point with the largest score is called.
    pub(super) fn reason(&self) -> &'static str {
        self.acquisition.reason()
    }

    /// Forgets the pending points.
    pub(super) fn drop_pending(&mut self) {
        self.posterior.truncate(self.valued);
    }

    /// Adds a pending point, one of `X_pending`: a run without a value. The posterior is conditioned on what
    /// it predicts there itself, a fantasy of the outcome (*Kriging believer*: Ginsbourger, Le Riche,
    /// Carraro, *Kriging Is Well-Suited to Parallelize Optimization*, 2010), which keeps the next suggestion
    /// away without distorting the rest. A forecast from the run's learning curve is averaged with the
    /// prediction, both weighted by their precision (decision 26).
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

    /// How many units of loss one unit of target was worth when the first runs were all there was: much more
    /// than now, if the search has drawn together.
    pub(super) fn slope_at_start(&self) -> f64 {
        Warp::new(&self.start).slope()
    }

    /// The model of the runs alone that have this value of a category, at least one; the incumbent stays. It
    /// has no pending points.
    ///
    /// Its warp is that of these and of the first runs: to that of all runs, which the leading branch has
    /// drawn together, everything else is equally bad (decision 23).
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

    /// The model that knows less of what lies between the runs: length scales times `factor`. It has no
    /// pending points.
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

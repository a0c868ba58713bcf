//! The posterior of the function given the observations: its mean and deviation anywhere, and their
//! gradients.
//!
//! With n observations in d dimensions: building costs O(n³ + n² d); a prediction O(n² + n d), with its
//! gradient no more than a constant factor beyond that, because one pass over the inverse factor serves both.

use faer::Mat;
use nalgebra::{DMatrix, DVector};

use crate::covariance::Summand;
use crate::inputs::Inputs;
use crate::likelihood::check_data;
use crate::whitening::Whitening;
use crate::wide::{dot, wide};
use crate::{GpError, Hyperparameters, Joint, Model};

/// How many points are predicted at once: bounds the memory to n times this, at no cost in speed.
const AT_ONCE: usize = 256;

/// A Gaussian process given observations, with fixed hyperparameters.
#[derive(Clone, Debug)]
pub struct Posterior {
    model: Model,
    hyperparameters: Hyperparameters,
    inputs: Inputs,
    whitening: Whitening,
    jitter: f64,
    targets: Vec<f64>,
    /// `a = K^-1 y`.
    a: Vec<f64>,
}

/// The posterior of the function (without noise) at several points, each by itself; [`Joint`](crate::Joint)
/// is all of them together.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Marginals {
    /// Means.
    pub mean: DVector<f64>,
    /// Standard deviations.
    pub sd: DVector<f64>,
}

/// The posterior of the function (without noise) at one point, with its gradient.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PointPrediction {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// The derivatives of the mean with respect to the coordinates; 0 for categories.
    pub mean_gradient: Vec<f64>,
    /// The derivatives of the standard deviation; 0 for categories and where the function is known.
    pub sd_gradient: Vec<f64>,
}

/// The posterior of the function at m fixed points, which a posterior that was extended
/// [refreshes](Posterior::refresh) at less than the cost of a new prediction.
#[derive(Clone, Debug)]
pub struct CachedPrediction {
    points: Inputs,
    /// Covariances of points (rows) and observations.
    k: Mat<f64>,
    /// How much of each point's variance the observations explain.
    explained: Vec<f64>,
    mean: Vec<f64>,
    sd: Vec<f64>,
}

impl CachedPrediction {
    /// Means at the points, in their order.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Standard deviations.
    pub fn sd(&self) -> &[f64] {
        &self.sd
    }

    fn marginals(self) -> Marginals {
        Marginals { mean: self.mean.into(), sd: self.sd.into() }
    }
}

impl Posterior {
    /// The posterior given targets `y` (length n) at inputs `x` (n by d).
    ///
    /// If the covariance matrix is singular to working precision, jitter from 1e-9 to 1e-3 of the variance is
    /// added to its diagonal until it is not; [`Posterior::jitter`] says how much was needed.
    pub fn new(
        model: &Model,
        hyperparameters: &Hyperparameters,
        x: &DMatrix<f64>,
        y: &DVector<f64>,
    ) -> Result<Self, GpError> {
        check_data(x, y)?;
        let mut posterior = Self {
            model: model.clone(),
            hyperparameters: hyperparameters.clone(),
            inputs: Inputs::new(model, hyperparameters, x)?,
            whitening: Whitening::default(),
            jitter: 0.0,
            targets: y.iter().copied().collect(),
            a: Vec::new(),
        };
        posterior.factor()?;
        Ok(posterior)
    }

    /// The posterior of the same hyperparameters given other observations: bit for bit that of
    /// [`Posterior::new`].
    ///
    /// Costs O(n³) for n observations of which none is known. Where the first c rows of `x` are the ones
    /// known already, their part of the factor is kept, in whole blocks of 32 rows, and the cost is O((n - c)
    /// n²): O(n²) for a history that grew by a few runs. Other targets alone cost O(n²).
    pub fn condition(mut self, x: &DMatrix<f64>, y: &DVector<f64>) -> Result<Self, GpError> {
        check_data(x, y)?;
        let inputs = Inputs::new(&self.model, &self.hyperparameters, x)?;
        let common = if self.jitter > 0.0 { 0 } else { self.inputs.common(&inputs) };
        self.whitening.reuse(common, y.len());
        self.inputs = inputs;
        self.targets = y.iter().copied().collect();
        self.factor()?;
        Ok(self)
    }

    /// Makes the factor one of all inputs, with as little jitter as possible.
    fn factor(&mut self) -> Result<(), GpError> {
        let n = self.inputs.len();
        let variance = self.observation_variance(self.inputs.covariance.largest_variance());
        let mut whitening = std::mem::take(&mut self.whitening);
        for share in [0.0, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3] {
            self.jitter = share * variance;
            if share > 0.0 {
                whitening.reuse(0, n);
            }
            if whitening.grow(n, |j, from, out| self.covariances_of(j, from, out)) {
                self.whitening = whitening;
                self.weigh();
                return Ok(());
            }
        }
        Err(GpError::NotPositiveDefinite { observations: n })
    }

    /// The hyperparameters.
    pub fn hyperparameters(&self) -> &Hyperparameters {
        &self.hyperparameters
    }

    /// How many observations there are.
    pub fn observations(&self) -> usize {
        self.targets.len()
    }

    /// What was added to the diagonal, beyond noise and nugget, to make the covariance matrix solvable.
    pub fn jitter(&self) -> f64 {
        self.jitter
    }

    /// The posterior means at the observations: what the model takes the targets to be without their noise.
    pub fn smoothed(&self) -> DVector<f64> {
        // K a = y, so that the covariances of the function alone times a are y less the noise's share.
        let noise = self.hyperparameters.noise_variance + self.model.nugget + self.jitter;
        DVector::from_iterator(self.a.len(), self.targets.iter().zip(&self.a).map(|(y, a)| y - noise * a))
    }

    /// Adds an observation; the hyperparameters stay. After an error nothing has changed.
    ///
    /// Costs O(n² + n d): one row of covariances, one pass over the factor for its new column and one for
    /// `a`. Building anew costs O(n³).
    pub fn extend(&mut self, point: &[f64], y: f64) -> Result<(), GpError> {
        self.check_point(point)?;
        GpError::check_finite("target", [&y])?;
        let n = self.observations();
        self.inputs.push(point);
        let mut whitening = std::mem::take(&mut self.whitening);
        let mut row = vec![0.0; n + 1];
        self.covariances_of(n, 0, &mut row);
        let sound = whitening.extend(&row);
        self.whitening = whitening;
        if !sound {
            self.inputs.truncate(n);
            return Err(GpError::NotPositiveDefinite { observations: n + 1 });
        }
        self.targets.push(y);
        self.weigh();
        Ok(())
    }

    /// Forgets all observations but the first `count`, c of them.
    ///
    /// Costs O(c²): the factor of fewer rows is a part of the factor, and only `a` is computed anew. Without
    /// effect, and for nothing, if there are no more than c.
    pub fn truncate(&mut self, count: usize) {
        if count < self.observations() {
            self.inputs.truncate(count);
            self.whitening.truncate(count);
            self.targets.truncate(count);
            self.weigh();
        }
    }

    /// The posterior at the rows of `x` (m by d).
    pub fn predict(&self, x: &DMatrix<f64>) -> Result<Marginals, GpError> {
        GpError::check_size("input dimensions", self.inputs.width(), x.ncols())?;
        let (mut mean, mut sd) = (DVector::zeros(x.nrows()), DVector::zeros(x.nrows()));
        for from in (0..x.nrows()).step_by(AT_ONCE) {
            let count = AT_ONCE.min(x.nrows() - from);
            let part = self.cached_prediction(&x.rows(from, count).into_owned())?.marginals();
            mean.rows_mut(from, count).copy_from(&part.mean);
            sd.rows_mut(from, count).copy_from(&part.sd);
        }
        Ok(Marginals { mean, sd })
    }

    /// The posterior at the rows of `x` (m by d), to be [refreshed](Posterior::refresh) when this one is
    /// extended.
    ///
    /// Costs O(m n² + m n d) and keeps O(m n) numbers.
    pub fn cached_prediction(&self, x: &DMatrix<f64>) -> Result<CachedPrediction, GpError> {
        let points = Inputs::new(&self.model, &self.hyperparameters, x)?;
        let (m, n) = (x.nrows(), self.observations());
        let mut k = Mat::zeros(m, n);
        // Along the longer side, which is worth more than that the columns lie at hand.
        if m < n {
            let mut row = vec![0.0; n];
            for i in 0..m {
                self.inputs.covariances_with_row(&points, i, &mut row);
                row.iter().enumerate().for_each(|(j, &value)| k[(i, j)] = value);
            }
        } else {
            (0..n).for_each(|j| points.covariances_with_row(&self.inputs, j, k.col_as_slice_mut(j)));
        }
        let mut cached =
            CachedPrediction { points, k, explained: vec![0.0; m], mean: vec![0.0; m], sd: vec![0.0; m] };
        self.whitening.add_squares(&cached.k, &mut cached.explained);
        self.describe(&mut cached);
        Ok(cached)
    }

    /// Brings a prediction, made from this posterior when it had fewer observations, up to date.
    ///
    /// Costs O(m (n + d)) for each observation that was added, where a new prediction costs O(m n²): what the
    /// earlier observations explain of a variance stays, and each new one adds a square to it.
    ///
    /// # Panics
    /// If this posterior has fewer observations than the prediction was made from.
    pub fn refresh(&self, cached: &mut CachedPrediction) {
        let (m, seen, n) = (cached.points.len(), cached.k.ncols(), self.observations());
        assert!(seen <= n, "a posterior with a cached prediction only grows");
        if seen == n {
            return;
        }
        cached.k.resize_with(m, n, |_, _| 0.0);
        for j in seen..n {
            cached.points.covariances_with_row(&self.inputs, j, cached.k.col_as_slice_mut(j));
            self.whitening.add_square(j, &cached.k, &mut cached.explained);
        }
        self.describe(cached);
    }

    /// Means and deviations from covariances and explained variances.
    fn describe(&self, cached: &mut CachedPrediction) {
        cached.mean.fill(0.0);
        for (j, &a) in self.a.iter().enumerate() {
            let (column, mean) = (cached.k.col_as_slice(j), &mut cached.mean);
            wide(
                #[inline(always)]
                || mean.iter_mut().zip(column).for_each(|(mean, k)| *mean = k.mul_add(a, *mean)),
            );
        }
        for (i, (sd, &explained)) in cached.sd.iter_mut().zip(&cached.explained).enumerate() {
            *sd = sd_left(cached.points.variance_of_row(i), explained);
        }
    }

    /// The posterior at one point of d coordinates, with its gradient. Activities of conditional terms come after the coordinates,
    /// and have a derivative of 0.
    pub fn predict_with_gradient(&self, point: &[f64]) -> Result<PointPrediction, GpError> {
        self.check_point(point)?;
        let n = self.observations();
        let (mut k, mut v) = (vec![0.0; n], vec![0.0; n]);
        let mut slopes = self.inputs.covariances_to(point, &mut k);
        let mean = product(&k, &self.a);
        let explained = self.whitening.pass(&k, &mut v);
        let prior = self.inputs.variance_at(point);
        let sd = sd_left(prior, explained);
        // d mean = Σ a_i dk_i; d sd = -Σ v_i dk_i / sd with v = K^-1 k.
        let terms = &self.inputs.covariance.terms;
        let known = explained >= prior * (1.0 - SMALLEST_SHARE);
        let sd_gradient = if known {
            vec![0.0; point.len()]
        } else {
            let weighed = |(term, slopes): (&Summand, &Vec<f64>)| {
                let s2 = term.slope();
                slopes.iter().zip(&v).map(|(slope, v)| -s2 * slope * v / sd).collect()
            };
            self.inputs.pulls(point, &terms.iter().zip(&slopes).map(weighed).collect::<Vec<_>>())
        };
        for (term, slopes) in terms.iter().zip(&mut slopes) {
            let s2 = term.slope();
            slopes.iter_mut().zip(&self.a).for_each(|(slope, a)| *slope *= s2 * a);
        }
        Ok(PointPrediction { mean, sd, mean_gradient: self.inputs.pulls(point, &slopes), sd_gradient })
    }

    /// The posterior at the rows of `x` (m by d) together.
    ///
    /// Costs O(m n² + m² (n + d)).
    pub fn predict_joint(&self, x: &DMatrix<f64>) -> Result<Joint, GpError> {
        let points = Inputs::new(&self.model, &self.hyperparameters, x)?;
        let (m, n, prior) = (x.nrows(), self.observations(), self.inputs.covariance.largest_variance());
        let mut k = Mat::zeros(n, m);
        for j in 0..m {
            let column = k.col_as_slice_mut(j);
            self.inputs.covariances_with_row(&points, j, column);
        }
        let mean = (0..m).map(|j| product(k.col_as_slice(j), &self.a)).collect();
        let v = self.whitening.whiten(&k);
        let mut covariance = Mat::zeros(m, m);
        for j in 0..m {
            let column = &mut covariance.col_as_slice_mut(j)[j..];
            points.covariances_from(j, j, column);
            for (i, value) in (j..m).zip(column.iter_mut()) {
                *value -= product(v.col_as_slice(i), v.col_as_slice(j));
            }
            column[0] = column[0].max(prior * SMALLEST_SHARE);
        }
        Ok(Joint::new(mean, covariance, prior))
    }

    fn check_point(&self, point: &[f64]) -> Result<(), GpError> {
        GpError::check_size("input dimensions", self.inputs.width(), point.len())?;
        GpError::check_finite("input", point)
    }

    /// Recomputes `a`.
    fn weigh(&mut self) {
        let mut a = vec![0.0; self.targets.len()];
        self.whitening.pass(&self.targets, &mut a);
        self.a = a;
    }

    /// The covariances of observation `j` with those from `from` on; its variance where it meets itself.
    fn covariances_of(&self, j: usize, from: usize, out: &mut [f64]) {
        self.inputs.covariances_from(j, from, out);
        if let Some(itself) = j.checked_sub(from).and_then(|place| out.get_mut(place)) {
            *itself = self.observation_variance(self.inputs.variance_of_row(j)) + self.jitter;
        }
    }

    /// The variance of an observation where the function has this one.
    fn observation_variance(&self, of_function: f64) -> f64 {
        of_function + self.hyperparameters.noise_variance + self.model.nugget
    }
}

/// The standard deviation left of a variance of the function; at least a millionth of it, because what rounding
/// leaves of a smaller difference is noise.
fn sd_left(prior: f64, explained: f64) -> f64 {
    (prior - explained).max(prior * SMALLEST_SHARE).sqrt()
}

/// The smallest share of the prior variance that is not taken for rounding: the squares that explain a
/// variance sum to it with a relative error of about n times 1e-16.
const SMALLEST_SHARE: f64 = 1e-12;

fn product(a: &[f64], b: &[f64]) -> f64 {
    wide(
        #[inline(always)]
        || dot(a, b),
    )
}

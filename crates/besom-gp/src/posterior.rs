//! The posterior: what is believed of the function after the observations.

use faer::Mat;
use nalgebra::{DMatrix, DVector};

use crate::cholesky::Cholesky;
use crate::inputs::Inputs;
use crate::likelihood::{Correlations, check_data, column, observation_variance};
use crate::{GpError, Hyperparameters, Model};

/// How many points are predicted at once: bounds the memory, at no cost in speed.
const BLOCK: usize = 256;

/// A Gaussian process given observations, with fixed hyperparameters.
#[derive(Clone, Debug)]
pub struct Posterior {
    model: Model,
    hyperparameters: Hyperparameters,
    inputs: Inputs,
    factor: Cholesky,
    jitter: f64,
    targets: Vec<f64>,
    /// `a = K^-1 y`.
    a: Mat<f64>,
}

/// The posterior of the function (without noise) at several points.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Means.
    pub mean: DVector<f64>,
    /// Standard deviations.
    pub sd: DVector<f64>,
}

/// The posterior of the function (without noise) at one point, with its gradient.
#[derive(Clone, Debug, PartialEq)]
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

impl Posterior {
    /// The posterior given targets `y` (length n) at inputs `x` (n by d).
    ///
    /// If the covariance matrix is singular to working precision, jitter from 1e-9 to 1e-3 of the variance is added to
    /// its diagonal until it is not; [`Posterior::jitter`] says how much was needed.
    pub fn new(
        model: &Model,
        hyperparameters: &Hyperparameters,
        x: &DMatrix<f64>,
        y: &DVector<f64>,
    ) -> Result<Self, GpError> {
        check_data(x, y)?;
        let inputs = Inputs::new(model, hyperparameters, x)?;
        let correlations = Correlations::new(model, &inputs);
        let variance = observation_variance(model, hyperparameters);
        let jitters = [0.0, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3].map(|share| share * variance);
        let attempt = |jitter| {
            let factor = Cholesky::new(correlations.covariance(model, hyperparameters, jitter))?;
            Some((factor, jitter))
        };
        let (factor, jitter) = jitters
            .into_iter()
            .find_map(attempt)
            .ok_or(GpError::NotPositiveDefinite { observations: inputs.len() })?;
        let mut posterior = Self {
            model: model.clone(),
            hyperparameters: hyperparameters.clone(),
            inputs,
            factor,
            jitter,
            targets: y.iter().copied().collect(),
            a: Mat::new(),
        };
        posterior.weigh();
        Ok(posterior)
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

    /// The posterior means at the observations: what the targets are believed to be without their noise.
    pub fn smoothed(&self) -> DVector<f64> {
        // K a = y, so that the covariances of the function alone times a are y less the noise's share.
        let noise = self.hyperparameters.noise_variance + self.model.nugget + self.jitter;
        let a = self.a.col_as_slice(0);
        DVector::from_iterator(a.len(), self.targets.iter().zip(a).map(|(y, a)| y - noise * a))
    }

    /// Adds an observation; the hyperparameters stay. Costs O(n²), where building anew costs O(n³). After an error
    /// nothing has changed.
    pub fn extend(&mut self, point: &[f64], y: f64) -> Result<(), GpError> {
        self.check_point(point)?;
        GpError::check_finite("target", [&y])?;
        let row = self.covariances(point.iter().copied());
        let variance = observation_variance(&self.model, &self.hyperparameters) + self.jitter;
        self.inputs.push(point);
        if !self.factor.push(row, variance) {
            self.inputs.pop();
            return Err(GpError::NotPositiveDefinite { observations: self.observations() + 1 });
        }
        self.targets.push(y);
        self.weigh();
        Ok(())
    }

    /// The posterior at the rows of `x` (m by d).
    pub fn predict(&self, x: &DMatrix<f64>) -> Result<Prediction, GpError> {
        GpError::check_size("input dimensions", self.inputs.dimensions(), x.ncols())?;
        GpError::check_finite("input", x.iter())?;
        let (mut mean, mut sd) = (DVector::zeros(x.nrows()), DVector::zeros(x.nrows()));
        for from in (0..x.nrows()).step_by(BLOCK) {
            let to = x.nrows().min(from + BLOCK);
            let mut k = Mat::zeros(self.observations(), to - from);
            for row in from..to {
                let column = k.col_as_slice_mut(row - from);
                self.fill_covariances(x.row(row).iter().copied(), column);
                mean[row] = dot(column, self.a.col_as_slice(0));
            }
            self.factor.solve_lower(k.as_mut());
            for row in from..to {
                let v = k.col_as_slice(row - from);
                sd[row] = self.sd(dot(v, v));
            }
        }
        Ok(Prediction { mean, sd })
    }

    /// The posterior at one point of d coordinates, with its gradient.
    pub fn predict_with_gradient(&self, point: &[f64]) -> Result<PointPrediction, GpError> {
        self.check_point(point)?;
        let n = self.observations();
        let (mut k, mut slopes) = (Mat::zeros(n, 1), vec![0.0; n]);
        self.inputs.squared_distances_to(point.iter().copied(), &mut slopes);
        for (k, slope) in k.col_as_slice_mut(0).iter_mut().zip(&mut slopes) {
            let (value, derivative) = self.model.kernel.correlation(*slope);
            *k = self.hyperparameters.signal_variance * value + self.model.mean_variance;
            *slope = self.hyperparameters.signal_variance * derivative;
        }
        let a = self.a.col_as_slice(0);
        let mean = dot(k.col_as_slice(0), a);
        self.factor.solve_lower(k.as_mut());
        let explained = dot(k.col_as_slice(0), k.col_as_slice(0));
        let sd = self.sd(explained);
        self.factor.solve_upper(k.as_mut());
        // d mean = Σ a_i dk_i; d sd = -Σ v_i dk_i / sd with v = K^-1 k.
        let by_mean: Vec<f64> = slopes.iter().zip(a).map(|(slope, a)| slope * a).collect();
        let by_sd: Vec<f64> =
            slopes.iter().zip(k.col_as_slice(0)).map(|(slope, v)| -slope * v / sd).collect();
        let known = explained >= self.prior_variance() * (1.0 - SMALLEST_SHARE);
        let pull = |weights: &[f64]| {
            point.iter().enumerate().map(|(k, &x)| self.inputs.pull(k, x, weights)).collect()
        };
        let sd_gradient = if known { vec![0.0; point.len()] } else { pull(&by_sd) };
        Ok(PointPrediction { mean, sd, mean_gradient: pull(&by_mean), sd_gradient })
    }

    fn check_point(&self, point: &[f64]) -> Result<(), GpError> {
        GpError::check_size("input dimensions", self.inputs.dimensions(), point.len())?;
        GpError::check_finite("input", point)
    }

    /// Recomputes `a`.
    fn weigh(&mut self) {
        self.a = column(&self.targets);
        self.factor.solve_lower(self.a.as_mut());
        self.factor.solve_upper(self.a.as_mut());
    }

    /// The covariances of a point with all observations, as a column.
    fn covariances(&self, point: impl Iterator<Item = f64>) -> Mat<f64> {
        let mut k = Mat::zeros(self.observations(), 1);
        self.fill_covariances(point, k.col_as_slice_mut(0));
        k
    }

    fn fill_covariances(&self, point: impl Iterator<Item = f64>, out: &mut [f64]) {
        self.inputs.squared_distances_to(point, out);
        for k in out {
            let correlation = self.model.kernel.correlation(*k).0;
            *k = self.hyperparameters.signal_variance * correlation + self.model.mean_variance;
        }
    }

    /// The variance of the function before any observation.
    fn prior_variance(&self) -> f64 {
        self.hyperparameters.signal_variance + self.model.mean_variance
    }

    /// The standard deviation left of the prior variance; at least a millionth of it, because what rounding leaves of
    /// a smaller difference is noise.
    fn sd(&self, explained: f64) -> f64 {
        let prior = self.prior_variance();
        (prior - explained).max(prior * SMALLEST_SHARE).sqrt()
    }
}

/// The smallest share of the prior variance that is told from none.
const SMALLEST_SHARE: f64 = 1e-12;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut parts = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a4.zip(b4) {
        for (lane, part) in parts.iter_mut().enumerate() {
            *part += a[lane] * b[lane];
        }
    }
    (parts[0] + parts[1]) + (parts[2] + parts[3]) + rest
}

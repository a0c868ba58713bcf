//! Whether the values of runs are noisy, by what explains them best.
//!
//! Three explanations of the same targets are compared:
//!
//! | | covariance of two runs |
//! |---|---|
//! | *smooth* | one function, and at most negligible noise: its variance a thousandth of that of the targets |
//! | *noisy* | one function, and noise of any variance |
//! | *rough* | the function of *noisy*, and in place of the noise a second function of the same variance, whose length scales are a small share of the first one's |
//!
//! Values are noisy if *noisy* explains them much better than *smooth*, and no *rough* explains them better than *noisy*. The
//! second question is needed because the ripples of a function, seen from afar, look like noise; from near by they don't: two runs with
//! nearly the same parameters have nearly the same value. Ripples that are narrower than all distances between runs can't be told
//! from noise.

use besom_gp::nalgebra::{DMatrix, DVector};
use besom_gp::{Dimension, GpError, Hyperparameters, Model, Prior, Tolerance, fit_until};

/// The variance of noise that is negligible, as a share of that of the targets: a deviation of 3 %, which is what the prior of
/// `bayes` expects of a program without noise.
const NEGLIGIBLE: f64 = 1e-3;

/// The largest share of noise: beyond, the model explains less than it leaves open.
const LARGEST: f64 = 0.5;

/// By how much *noisy* must explain the targets better than *smooth*, as the logarithm of a ratio of posterior densities: 150
/// to 1.
const CLEARLY: f64 = 5.0;

/// By how much *rough* must explain them better than *noisy* to be preferred.
const SLIGHTLY: f64 = 0.5;

/// The length scales of *rough*, as shares of those of the function.
const SHARES: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.4];

/// As in `bayes`: a hundredth of log posterior changes no answer.
const ENOUGH: Tolerance = Tolerance::new(40, 1e-2, 1e-4);

/// The question, of targets `y` at inputs `x`.
pub(super) struct Noise<'a> {
    model: &'a Model,
    x: &'a DMatrix<f64>,
    y: &'a DVector<f64>,
}

impl<'a> Noise<'a> {
    pub(super) fn new(model: &'a Model, x: &'a DMatrix<f64>, y: &'a DVector<f64>) -> Self {
        Self { model, x, y }
    }

    /// The hyperparameters of *noisy*, if the targets are.
    pub(super) fn hyperparameters(&self) -> Result<Option<Hyperparameters>, GpError> {
        let prior = Prior::for_dimensions(self.model.dimensions.len());
        let mode = prior.mode();
        // From the mode alone, noisy targets may end as a function of very short length scales.
        let half = Hyperparameters::new(
            mode.length_scales.clone(),
            mode.signal_variance,
            0.5 * mode.signal_variance,
        );
        let noisy = self.fit(&prior, &[mode.clone(), half])?;
        let share = noisy.hyperparameters.noise_variance;
        if !(NEGLIGIBLE..=LARGEST).contains(&share) {
            return Ok(None);
        }
        let mut without = prior.clone();
        without.noise_variance.max = NEGLIGIBLE;
        let smooth = self.fit(&without, &[noisy.hyperparameters.clone(), mode])?;
        let is_clear = noisy.log_posterior - smooth.log_posterior >= CLEARLY;
        Ok((is_clear && !self.is_rough(&noisy.hyperparameters)).then_some(noisy.hyperparameters))
    }

    fn fit(&self, prior: &Prior, starts: &[Hyperparameters]) -> Result<besom_gp::Fit, GpError> {
        fit_until(self.model, self.x, self.y, prior, starts, &ENOUGH)
    }

    /// Whether a second function in place of the noise explains the targets better.
    fn is_rough(&self, noisy: &Hyperparameters) -> bool {
        let distances = self.squared_distances(noisy);
        let Some(by_noise) = self.log_likelihood(noisy, &distances, 0.0) else { return false };
        let is_better = |share| {
            self.log_likelihood(noisy, &distances, share).is_some_and(|found| found > by_noise + SLIGHTLY)
        };
        SHARES.into_iter().any(is_better)
    }

    /// The squared distances between the inputs, in length scales.
    fn squared_distances(&self, hyperparameters: &Hyperparameters) -> DMatrix<f64> {
        let n = self.y.len();
        let apart = |i: usize, j: usize, k: usize| {
            let l = hyperparameters.length_scale(k);
            match self.model.dimensions[k] {
                Dimension::Categorical if self.x[(i, k)].total_cmp(&self.x[(j, k)]).is_eq() => 0.0,
                Dimension::Categorical => 1.0 / (l * l),
                _ => ((self.x[(i, k)] - self.x[(j, k)]) / l).powi(2),
            }
        };
        DMatrix::from_fn(n, n, |i, j| (0..self.x.ncols()).map(|k| apart(i, j, k)).sum())
    }

    /// The log marginal likelihood, up to a constant (Rasmussen and Williams 2006, equation 2.30), with the noise in place of
    /// a second function (`share` is 0) or as one of so short length scales; `None` where it can't be computed.
    fn log_likelihood(
        &self,
        of: &Hyperparameters,
        squared_distances: &DMatrix<f64>,
        share: f64,
    ) -> Option<f64> {
        let correlation = |squared: f64| self.model.kernel.correlation(squared).0;
        let covariance = squared_distances.map_with_location(|i, j, squared| {
            let second = match share {
                _ if i == j => 1.0,
                share if share > 0.0 => correlation(squared / (share * share)),
                _ => 0.0,
            };
            let nugget = if i == j { self.model.nugget } else { 0.0 };
            let function = self.model.mean_variance + of.signal_variance * correlation(squared);
            function + of.noise_variance * second + nugget
        });
        let factor = covariance.cholesky()?;
        let explained = self.y.dot(&factor.solve(self.y));
        let log_determinant: f64 = factor.l_dirty().diagonal().iter().map(|d| 2.0 * d.ln()).sum();
        Some(-0.5 * (explained + log_determinant)).filter(|found| found.is_finite())
    }
}

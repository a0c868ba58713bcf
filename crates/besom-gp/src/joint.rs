//! The posterior at several points together, and functions drawn from it.

use std::fmt;

use faer::Mat;

use crate::GpError;
use crate::cholesky::Cholesky;
use crate::scale::Scale;

/// The joint normal distribution of the function (without noise) at m points.
#[derive(Clone)]
pub struct Joint {
    mean: Vec<f64>,
    /// The lower triangle, in squares of the unit.
    covariance: Mat<f64>,
    /// The variance of the function before any observation, in the same.
    prior: f64,
    unit: f64,
}

impl fmt::Debug for Joint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joint").field("mean", &self.mean).field("sd", &self.sd()).finish_non_exhaustive()
    }
}

impl Joint {
    /// Of the lower triangle of a covariance matrix.
    pub(crate) fn new(mean: Vec<f64>, covariance: Mat<f64>, prior: f64) -> Self {
        Self { mean, covariance, prior, unit: 1.0 }
    }

    /// The same in the units that `scale` leads back to. The covariance stays as it is, because squares of small units
    /// are 0.
    pub(crate) fn in_units_of(self, scale: Scale) -> Self {
        let mean = self.mean.into_iter().map(|mean| scale.inverse(mean)).collect();
        Self { mean, unit: scale.unit, ..self }
    }

    /// Means at the points, in their order.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Standard deviations.
    pub fn sd(&self) -> Vec<f64> {
        (0..self.mean.len()).map(|i| self.covariance[(i, i)].sqrt() * self.unit).collect()
    }

    /// The covariance of the function at the `i`-th and the `j`-th point.
    ///
    /// # Panics
    /// If there is no such point.
    pub fn covariance(&self, i: usize, j: usize) -> f64 {
        self.covariance[(i.max(j), i.min(j))] * self.unit * self.unit
    }

    /// Values at the points of `count` functions drawn from the posterior, one row for each function. `normal` draws a
    /// standard normal number: as a closure, so that any generator serves, such as `|| rng.normal()` of besom-core's.
    ///
    /// Where points lie so close that their covariance is singular to working precision, up to a millionth of the
    /// prior variance is added to each. Costs O(m³), and O(m²) for each function.
    ///
    /// # Errors
    /// [`GpError::NotPositiveDefinite`] if that does not suffice.
    pub fn sample(&self, count: usize, mut normal: impl FnMut() -> f64) -> Result<Vec<Vec<f64>>, GpError> {
        let m = self.mean.len();
        let factor = self.factor().ok_or(GpError::NotPositiveDefinite { observations: m })?;
        let lower = factor.lower();
        let mut draw = || {
            let z: Vec<f64> = (0..m).map(|_| normal()).collect();
            let value =
                |i: usize| self.mean[i] + self.unit * (0..=i).map(|j| lower[(i, j)] * z[j]).sum::<f64>();
            (0..m).map(value).collect()
        };
        Ok((0..count).map(|_| draw()).collect())
    }

    /// The factor of the covariance with as little jitter as possible.
    fn factor(&self) -> Option<Cholesky> {
        [0.0, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6].iter().find_map(|share| {
            let mut k = self.covariance.clone();
            (0..k.nrows()).for_each(|i| k[(i, i)] += share * self.prior);
            Cholesky::new(k)
        })
    }
}

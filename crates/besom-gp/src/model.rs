//! What is fixed about a Gaussian process, and what is fitted.

use crate::{GpError, Kernel};

/// How a dimension enters the distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Dimension {
    /// A number: contributes `((x - x') / l)²`.
    Numeric,
    /// A category, coded as any number: contributes `1 / l²` where the codes differ, else nothing. The
    /// distance stays Euclidean (of scaled one-hot vectors), so the kernel stays positive definite.
    Categorical,
}

/// The fixed part: which kernel over which dimensions.
///
/// The covariance of two observations is `s² k(r) + m0`, and on the diagonal additionally the noise variance
/// and the nugget. With `m0 > 0` a constant mean with prior `N(0, m0)` is integrated out, so that there is no
/// mean to fit.
///
/// ```
/// use besom_gp::{Dimension, Kernel, Model};
///
/// let model = Model::new(2).kernel(Kernel::Matern32).dimensions([Dimension::Numeric, Dimension::Categorical]);
/// assert_eq!(model.nugget, 1e-6);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Model {
    /// The correlation function.
    pub kernel: Kernel,
    /// One entry per column of the inputs.
    pub dimensions: Vec<Dimension>,
    /// `m0`, the prior variance of the constant mean; 0 for a mean of zero.
    pub mean_variance: f64,
    /// Added to the diagonal whatever the noise: keeps nearly equal inputs solvable.
    pub nugget: f64,
}

impl Model {
    /// Matérn 5/2 over `d` numeric dimensions, for targets of about zero mean and unit variance: that of
    /// their mean is as uncertain as they are, `m0` = 1; the nugget is a thousandth of their deviation,
    /// squared.
    pub fn new(d: usize) -> Self {
        Self {
            kernel: Kernel::default(),
            dimensions: vec![Dimension::Numeric; d],
            mean_variance: 1.0,
            nugget: 1e-6,
        }
    }

    /// With this correlation function.
    #[must_use]
    pub fn kernel(self, kernel: Kernel) -> Self {
        Self { kernel, ..self }
    }

    /// With these dimensions, one for each column of the inputs.
    #[must_use]
    pub fn dimensions(self, dimensions: impl Into<Vec<Dimension>>) -> Self {
        Self { dimensions: dimensions.into(), ..self }
    }

    /// With this prior variance `m0` of the constant mean.
    #[must_use]
    pub fn mean_variance(self, mean_variance: f64) -> Self {
        Self { mean_variance, ..self }
    }

    /// With this addition to the diagonal.
    #[must_use]
    pub fn nugget(self, nugget: f64) -> Self {
        Self { nugget, ..self }
    }
}

/// The fitted part. All values are positive (the noise variance may be 0).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Hyperparameters {
    /// One length scale per dimension, or a single one that all share.
    pub length_scales: Vec<f64>,
    /// `s²`, the variance of the function around its mean.
    pub signal_variance: f64,
    /// The variance of the noise on each target.
    pub noise_variance: f64,
}

impl Hyperparameters {
    /// Of one length scale per dimension or a single one for all, the variance of the function and that of the
    /// noise. Whoever uses them checks them.
    pub fn new(length_scales: impl Into<Vec<f64>>, signal_variance: f64, noise_variance: f64) -> Self {
        Self { length_scales: length_scales.into(), signal_variance, noise_variance }
    }

    /// The length scale of dimension `k`.
    pub fn length_scale(&self, k: usize) -> f64 {
        if self.length_scales.len() == 1 { self.length_scales[0] } else { self.length_scales[k] }
    }

    /// Checks number and range.
    pub(crate) fn check(&self, d: usize) -> Result<(), GpError> {
        if self.length_scales.len() != 1 {
            GpError::check_size("length scales", d, self.length_scales.len())?;
        }
        let positive = |what, value: f64| match value.is_finite() && value > 0.0 {
            true => Ok(()),
            false => Err(GpError::Number { what, value }),
        };
        self.length_scales.iter().try_for_each(|&l| positive("length scale", l))?;
        positive("signal variance", self.signal_variance)?;
        match self.noise_variance.is_finite() && self.noise_variance >= 0.0 {
            true => Ok(()),
            false => Err(GpError::Number { what: "noise variance", value: self.noise_variance }),
        }
    }

    /// The logarithms: length scales, signal variance, noise variance.
    pub(crate) fn to_log(&self) -> Vec<f64> {
        let rest = [self.signal_variance, self.noise_variance];
        self.length_scales.iter().copied().chain(rest).map(libm::log).collect()
    }

    /// The inverse of [`Self::to_log`]; at least three values.
    pub(crate) fn from_log(theta: &[f64]) -> Self {
        let (scales, variances) = theta.split_at(theta.len() - 2);
        Self {
            length_scales: scales.iter().map(|&t| libm::exp(t)).collect(),
            signal_variance: libm::exp(variances[0]),
            noise_variance: libm::exp(variances[1]),
        }
    }
}

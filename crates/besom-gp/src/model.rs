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

/// One summand of a covariance: a correlation over some of the dimensions, with a variance of its own.
///
/// Inputs of which some dimensions mean nothing, as parameters that exist only under a condition do where it does not hold, have no
/// distance in these. A covariance that leaves them out of the distance there is not positive definite; a sum of terms is, each of
/// which counts only between rows where its dimensions all mean something: a product of a correlation and of activities, which are a
/// matrix of rank one. What two rows share, they share alone.
///
/// ```
/// use besom_gp::{Model, Term};
///
/// // The third dimension exists in some rows only: whether it does is a column of the inputs after the dimensions.
/// let model = Model::new(3).terms([Term::over([0, 1]), Term::over([2]).conditional(), Term::over([0, 1, 2]).stretched()]);
/// assert_eq!(model.columns(), 4);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Term {
    /// The dimensions that its distance is over.
    pub dimensions: Vec<usize>,
    /// Whether a column of the inputs says where it is active: 1 there, 0 where it is not. These columns follow those of the
    /// dimensions, one for each conditional term, in the order of the terms.
    pub conditional: bool,
    /// Whether its distances are divided by a number that is fitted.
    pub stretched: bool,
}

impl Term {
    /// A term over these dimensions, active in all rows.
    pub fn over(dimensions: impl Into<Vec<usize>>) -> Self {
        Self { dimensions: dimensions.into(), conditional: false, stretched: false }
    }

    /// The same, active in the rows that a column of the inputs names.
    #[must_use]
    pub fn conditional(self) -> Self {
        Self { conditional: true, ..self }
    }

    /// The same with its distances divided by a number that is fitted.
    #[must_use]
    pub fn stretched(self) -> Self {
        Self { stretched: true, ..self }
    }
}

/// The fixed part: which kernel over which dimensions.
///
/// The covariance of two observations is `s² k(r) + m0`, and on the diagonal additionally the noise variance
/// and the nugget. With `m0 > 0` a constant mean with prior `N(0, m0)` is integrated out, so that there is no
/// mean to fit. With [`terms`](Self::terms) it is `m0` and the sum of `v a a' k(r / c)` over them: variance v, activities a and a' of the
/// two rows, r over the dimensions of the term, c its stretch.
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
    /// The summands of the covariance; none for a single one over all dimensions.
    #[cfg_attr(feature = "serde", serde(default))]
    pub terms: Vec<Term>,
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
            terms: Vec::new(),
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

    /// With a covariance that is the sum of these terms.
    #[must_use]
    pub fn terms(self, terms: impl Into<Vec<Term>>) -> Self {
        Self { terms: terms.into(), ..self }
    }

    /// How many columns the inputs have: one for each dimension and one for each conditional term.
    pub fn columns(&self) -> usize {
        self.dimensions.len() + self.terms.iter().filter(|term| term.conditional).count()
    }

    /// How many variances of terms there are beside the signal variance, which is that of the first, and how many stretches.
    pub(crate) fn further(&self) -> (usize, usize) {
        let stretches = self.terms.iter().filter(|term| term.stretched).count();
        (self.terms.len().saturating_sub(1), stretches)
    }

    /// An error if a term has a dimension that is not there.
    pub(crate) fn check(&self) -> Result<(), GpError> {
        let columns = self.dimensions.len();
        let mut all = self.terms.iter().flat_map(|term| &term.dimensions);
        match all.find(|&&column| column >= columns) {
            Some(&column) => Err(GpError::Column { column, columns }),
            None => Ok(()),
        }
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
    /// The variances of the [terms](Model::terms) after the first, which has the signal variance.
    #[cfg_attr(feature = "serde", serde(default))]
    pub variances: Vec<f64>,
    /// What the stretched terms divide distances by, one each.
    #[cfg_attr(feature = "serde", serde(default))]
    pub stretches: Vec<f64>,
}

impl Hyperparameters {
    /// Of one length scale per dimension or a single one for all, the variance of the function and that of the
    /// noise. Whoever uses them checks them.
    pub fn new(length_scales: impl Into<Vec<f64>>, signal_variance: f64, noise_variance: f64) -> Self {
        let (variances, stretches) = (Vec::new(), Vec::new());
        Self { length_scales: length_scales.into(), signal_variance, noise_variance, variances, stretches }
    }

    /// With these variances of the [terms](Model::terms) after the first, and these stretches.
    #[must_use]
    pub fn terms(self, variances: impl Into<Vec<f64>>, stretches: impl Into<Vec<f64>>) -> Self {
        Self { variances: variances.into(), stretches: stretches.into(), ..self }
    }

    /// The length scale of dimension `k`.
    pub fn length_scale(&self, k: usize) -> f64 {
        if self.length_scales.len() == 1 { self.length_scales[0] } else { self.length_scales[k] }
    }

    /// Checks number and range.
    pub(crate) fn check(&self, model: &Model) -> Result<(), GpError> {
        if self.length_scales.len() != 1 {
            GpError::check_size("length scales", model.dimensions.len(), self.length_scales.len())?;
        }
        let (variances, stretches) = model.further();
        GpError::check_size("variances of further terms", variances, self.variances.len())?;
        GpError::check_size("stretches", stretches, self.stretches.len())?;
        let positive = |what, value: f64| match value.is_finite() && value > 0.0 {
            true => Ok(()),
            false => Err(GpError::Number { what, value }),
        };
        self.length_scales.iter().try_for_each(|&l| positive("length scale", l))?;
        self.variances.iter().try_for_each(|&v| positive("variance of a term", v))?;
        self.stretches.iter().try_for_each(|&c| positive("stretch", c))?;
        positive("signal variance", self.signal_variance)?;
        match self.noise_variance.is_finite() && self.noise_variance >= 0.0 {
            true => Ok(()),
            false => Err(GpError::Number { what: "noise variance", value: self.noise_variance }),
        }
    }

    /// The logarithms: length scales, variances of further terms, stretches, signal variance, noise variance.
    pub(crate) fn to_log(&self) -> Vec<f64> {
        let rest = [self.signal_variance, self.noise_variance];
        let terms = self.variances.iter().chain(&self.stretches).copied();
        self.length_scales.iter().copied().chain(terms).chain(rest).map(libm::log).collect()
    }

    /// The inverse of [`Self::to_log`], of so many variances of further terms and stretches.
    pub(crate) fn from_log(theta: &[f64], (variances, stretches): (usize, usize)) -> Self {
        let values: Vec<f64> = theta.iter().map(|&t| libm::exp(t)).collect();
        let (values, last) = values.split_at(values.len() - 2);
        let (values, stretches) = values.split_at(values.len() - stretches);
        let (scales, variances) = values.split_at(values.len() - variances);
        Self::new(scales, last[0], last[1]).terms(variances, stretches)
    }
}

//! The marginal likelihood of the targets and its gradient.
//!
//! `ln p(y) = -½ yᵀa - Σ ln L_ii - (n/2) ln 2π` with `a = K^-1 y`, and with `W = ½ (a aᵀ - K^-1)` the
//! derivative with respect to any hyperparameter is `Σ_ij W_ij dK_ij` (Rasmussen and Williams 2006, eq. 2.30
//! and 5.9).

use std::f64::consts::TAU;
use std::fmt;

use faer::Mat;
use faer::dyn_stack::{MemBuffer, MemStack};
use nalgebra::{DMatrix, DVector};

use crate::cholesky::Cholesky;
use crate::covariance::Summand;
use crate::inputs::Inputs;
use crate::wide::{dot, wide};
use crate::{GpError, Hyperparameters, Model};

/// The logarithm of the marginal likelihood and its derivatives with respect to the logarithms of the
/// hyperparameters.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LogLikelihood {
    /// `ln p(y)`.
    pub value: f64,
    /// With respect to the logarithm of each length scale (one entry if they share one).
    pub length_scales: Vec<f64>,
    /// With respect to `ln s²`.
    pub signal_variance: f64,
    /// With respect to the logarithm of the noise variance.
    pub noise_variance: f64,
    /// With respect to the logarithms of the variances of further terms.
    pub variances: Vec<f64>,
    /// With respect to the logarithms of stretches.
    pub stretches: Vec<f64>,
}

/// The log marginal likelihood of targets `y` (length n) at inputs `x` (n by d), with gradient. No jitter is
/// added: [`GpError::NotPositiveDefinite`] where the matrix cannot be factored.
pub fn log_marginal_likelihood(
    model: &Model,
    hyperparameters: &Hyperparameters,
    x: &DMatrix<f64>,
    y: &DVector<f64>,
) -> Result<LogLikelihood, GpError> {
    MarginalLikelihood::new(model, x, y)?.at(hyperparameters)
}

/// The marginal likelihood of fixed data, to be evaluated at many hyperparameters: it keeps its matrices from
/// one to the next, because taking fresh memory of this size from the system costs as much as the arithmetic
/// on it.
///
/// ```
/// use besom_gp::nalgebra::{DMatrix, DVector};
/// use besom_gp::{MarginalLikelihood, Model, Prior};
///
/// let x = DMatrix::from_column_slice(3, 1, &[0.0, 0.5, 1.0]);
/// let (model, mut hyperparameters) = (Model::new(1), Prior::for_dimensions(1).mode());
/// let y = DVector::from_vec(vec![0.1, 0.9, 0.2]);
/// let mut likelihood = MarginalLikelihood::new(&model, &x, &y)?;
/// let before = likelihood.at(&hyperparameters)?;
/// hyperparameters.length_scales[0] *= 1.01;
/// let after = likelihood.at(&hyperparameters)?;
/// assert!((after.value - before.value - 0.01 * before.length_scales[0]).abs() < 1e-3);
/// # Ok::<(), besom_gp::GpError>(())
/// ```
pub struct MarginalLikelihood<'a> {
    model: &'a Model,
    x: &'a DMatrix<f64>,
    y: &'a DVector<f64>,
    /// Of each term of the covariance.
    correlations: Vec<Correlations>,
    factor: Cholesky,
    inverse: Mat<f64>,
    memory: MemBuffer,
}

impl fmt::Debug for MarginalLikelihood<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MarginalLikelihood")
            .field("model", self.model)
            .field("observations", &self.y.len())
            .finish()
    }
}

impl<'a> MarginalLikelihood<'a> {
    /// Of targets `y` (length n) at inputs `x` (n by d).
    pub fn new(model: &'a Model, x: &'a DMatrix<f64>, y: &'a DVector<f64>) -> Result<Self, GpError> {
        check_data(x, y)?;
        model.check()?;
        GpError::check_size("input dimensions", model.columns(), x.ncols())?;
        let n = y.len();
        let term = || Correlations { values: Mat::zeros(n, n), slopes: Mat::zeros(n, n) };
        Ok(Self {
            model,
            x,
            y,
            correlations: (0..model.terms.len().max(1)).map(|_| term()).collect(),
            factor: Cholesky::with_rows(n),
            inverse: Mat::zeros(n, n),
            memory: MemBuffer::new(Cholesky::scratch(n).or(Cholesky::inverse_scratch(n))),
        })
    }

    /// Its logarithm alone, at a fifth of the cost of [`MarginalLikelihood::at`].
    pub fn value(&mut self, hyperparameters: &Hyperparameters) -> Result<f64, GpError> {
        Ok(self.solve(hyperparameters)?.2)
    }

    /// The inputs, `a = K^-1 y` and the logarithm; K stays factored.
    fn solve(&mut self, hyperparameters: &Hyperparameters) -> Result<(Inputs, Mat<f64>, f64), GpError> {
        let Self { model, x, y, correlations, factor, memory, .. } = self;
        let inputs = Inputs::new(model, hyperparameters, x)?;
        let n = inputs.len();
        for (place, term) in correlations.iter_mut().enumerate() {
            term.fill(&inputs, place);
        }
        let noise = |of_function: f64| of_function + hyperparameters.noise_variance + model.nugget;
        let covariance = |k: &mut Mat<f64>| covariance(&inputs, correlations, noise, k);
        if !factor.refactor(MemStack::new(memory), covariance) {
            return Err(GpError::NotPositiveDefinite { observations: n });
        }
        let mut a = column(y.as_slice());
        factor.solve_lower(a.as_mut());
        factor.solve_upper(a.as_mut());
        let fit: f64 = (0..n).map(|i| y[i] * a[(i, 0)]).sum();
        let value = -0.5 * fit - factor.half_log_determinant() - 0.5 * n as f64 * TAU.ln();
        Ok((inputs, a, value))
    }

    /// Its logarithm and gradient at these hyperparameters, as by [`log_marginal_likelihood`].
    pub fn at(&mut self, hyperparameters: &Hyperparameters) -> Result<LogLikelihood, GpError> {
        let (inputs, a, value) = self.solve(hyperparameters)?;
        let Self { correlations, factor, inverse, memory, .. } = self;
        factor.invert(inverse, MemStack::new(memory));
        let mut gradient = gradient(hyperparameters, &inputs, correlations, inverse, &a);
        if hyperparameters.length_scales.len() == 1 {
            gradient.length_scales = vec![gradient.length_scales.iter().sum()];
        }
        Ok(LogLikelihood { value, ..gradient })
    }
}

/// Whether there is data, of fitting sizes, of finite numbers.
pub(crate) fn check_data(x: &DMatrix<f64>, y: &DVector<f64>) -> Result<(), GpError> {
    GpError::check_size("targets", x.nrows(), y.len())?;
    GpError::check_finite("target", y.iter())?;
    if y.is_empty() { Err(GpError::Empty) } else { Ok(()) }
}

/// A column of these values on aligned storage.
fn column(values: &[f64]) -> Mat<f64> {
    Mat::from_fn(values.len(), 1, |i, _| values[i])
}

/// Correlations and their slopes `dk/dr²` between all observations; lower triangles.
struct Correlations {
    values: Mat<f64>,
    slopes: Mat<f64>,
}

impl Correlations {
    /// Computes those of the term at a place.
    fn fill(&mut self, inputs: &Inputs, place: usize) {
        let term = &inputs.covariance.terms[place];
        for j in 0..inputs.len() {
            let (values, slopes) = (below(&mut self.values, j), below(&mut self.slopes, j));
            inputs.squared_distances_from(term, j, j, values);
            inputs.covariance.kernel.correlate(values, slopes);
        }
    }
}

/// Writes the lower triangle of K into `k`; `noise` makes the variance of an observation of that of the function.
fn covariance(inputs: &Inputs, terms: &[Correlations], noise: impl Fn(f64) -> f64, k: &mut Mat<f64>) {
    for j in 0..k.nrows() {
        let column = below(k, j);
        for (place, (correlations, term)) in terms.iter().zip(&inputs.covariance.terms).enumerate() {
            let values = &correlations.values.col_as_slice(j)[j..];
            let others = inputs.activity_from(term, j);
            let own = others.first().copied().unwrap_or(1.0);
            inputs.covariance.add(place, values, column, own, others);
        }
        column[0] = noise(inputs.variance_of_row(j));
    }
}

/// Column `j` from the diagonal down.
fn below(matrix: &mut Mat<f64>, j: usize) -> &mut [f64] {
    let column = matrix.col_as_slice_mut(j);
    &mut column[j..]
}

/// All derivatives of `ln p(y)`; its value is left 0.
fn gradient(
    hyperparameters: &Hyperparameters,
    inputs: &Inputs,
    correlations: &[Correlations],
    inverse: &Mat<f64>,
    a: &Mat<f64>,
) -> LogLikelihood {
    let (n, a) = (inputs.len(), a.col_as_slice(0));
    let trace = (0..n).fold(0.0, |sum, j| sum + diagonal(inverse, a, j));
    let mut gradient = LogLikelihood {
        value: 0.0,
        length_scales: vec![0.0; inputs.dimensions()],
        signal_variance: 0.0,
        noise_variance: hyperparameters.noise_variance * trace,
        variances: Vec::new(),
        stretches: Vec::new(),
    };
    for (place, (term, correlations)) in inputs.covariance.terms.iter().zip(correlations).enumerate() {
        let (signal, squares) = sums(inputs, term, correlations, inverse, a);
        let by_scale = |&k: &usize| -2.0 * term.slope() * squares[k];
        for k in &term.dimensions {
            gradient.length_scales[*k] += by_scale(k);
        }
        match place {
            0 => gradient.signal_variance = term.variance * signal,
            _ => gradient.variances.push(term.variance * signal),
        }
        if term.is_stretched() {
            // A stretch is a factor on all length scales of the term.
            gradient.stretches.push(term.dimensions.iter().map(by_scale).sum());
        }
    }
    gradient
}

/// `W_jj`.
fn diagonal(inverse: &Mat<f64>, a: &[f64], j: usize) -> f64 {
    0.5 * (a[j] * a[j] - inverse[(j, j)])
}

/// Of a term, `Σ W_ij k(r_ij)` and, by dimension, `Σ W_ij k'(r_ij)` times what it contributes to `r_ij²`, over all pairs in which it is
/// active.
fn sums(
    inputs: &Inputs,
    term: &Summand,
    correlations: &Correlations,
    inverse: &Mat<f64>,
    a: &[f64],
) -> (f64, Vec<f64>) {
    let n = inputs.len();
    let (mut weights, mut squares) = (vec![0.0; n], vec![0.0; inputs.dimensions()]);
    let mut signal = 0.0;
    for j in 0..n {
        let weights = &mut weights[j..];
        let activities = inputs.activity_from(term, j);
        let own = activities.first().copied().unwrap_or(1.0);
        signal += diagonal(inverse, a, j) * own * own;
        signal += weigh(correlations, inverse, a, activities, j, weights);
        inputs.add_weighted_squares_below(term, j, weights, &mut squares);
    }
    (signal, squares)
}

/// Writes `2 W_ij k'(r_ij)` for the rows i below j into `weights`, 0 for j itself, and returns `Σ 2 W_ij
/// k(r_ij)` of them, times the activities from j on, if there are some. Not halved, because the entries above the diagonal are the
/// same.
fn weigh(
    correlations: &Correlations,
    inverse: &Mat<f64>,
    a: &[f64],
    activities: &[f64],
    j: usize,
    weights: &mut [f64],
) -> f64 {
    let inverse = &inverse.col_as_slice(j)[j..];
    let values = &correlations.values.col_as_slice(j)[j..];
    let slopes = &correlations.slopes.col_as_slice(j)[j..];
    wide(
        #[inline(always)]
        || {
            for ((weight, a_i), inverse) in weights.iter_mut().zip(&a[j..]).zip(inverse) {
                *weight = a_i * a[j] - inverse;
            }
            weights[0] = 0.0;
            for (weight, activity) in weights.iter_mut().zip(activities) {
                *weight *= activity * activities[0];
            }
            let signal = dot(weights, values);
            for (weight, slope) in weights.iter_mut().zip(slopes) {
                *weight *= slope;
            }
            signal
        },
    )
}

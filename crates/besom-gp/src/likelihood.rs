//! The marginal likelihood of the targets and its gradient.
//!
//! `ln p(y) = -½ yᵀa - Σ ln L_ii - (n/2) ln 2π` with `a = K^-1 y`, and with `W = ½ (a aᵀ - K^-1)` the derivative with
//! respect to any hyperparameter is `Σ_ij W_ij dK_ij` (Rasmussen and Williams 2006, eq. 2.30 and 5.9).

use std::f64::consts::TAU;

use faer::Mat;
use nalgebra::{DMatrix, DVector};

use crate::cholesky::Cholesky;
use crate::inputs::Inputs;
use crate::wide::{dot, wide};
use crate::{GpError, Hyperparameters, Model};

/// The logarithm of the marginal likelihood and its derivatives with respect to the logarithms of the
/// hyperparameters.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLikelihood {
    /// `ln p(y)`.
    pub value: f64,
    /// With respect to the logarithm of each length scale (one entry if they share one).
    pub length_scales: Vec<f64>,
    /// With respect to `ln s²`.
    pub signal_variance: f64,
    /// With respect to the logarithm of the noise variance.
    pub noise_variance: f64,
}

/// The log marginal likelihood of targets `y` (length n) at inputs `x` (n by d), with gradient. No jitter is added:
/// [`GpError::NotPositiveDefinite`] where the matrix cannot be factored.
pub fn log_marginal_likelihood(
    model: &Model,
    hyperparameters: &Hyperparameters,
    x: &DMatrix<f64>,
    y: &DVector<f64>,
) -> Result<LogLikelihood, GpError> {
    check_data(x, y)?;
    let inputs = Inputs::new(model, hyperparameters, x)?;
    let n = inputs.len();
    let correlations = Correlations::new(model, &inputs);
    let k = correlations.covariance(model, hyperparameters);
    let factor = Cholesky::new(k).ok_or(GpError::NotPositiveDefinite { observations: n })?;
    let mut a = column(y.as_slice());
    factor.solve_lower(a.as_mut());
    factor.solve_upper(a.as_mut());
    let fit: f64 = (0..n).map(|i| y[i] * a[(i, 0)]).sum();
    let value = -0.5 * fit - factor.half_log_determinant() - 0.5 * n as f64 * TAU.ln();
    let mut gradient = gradient(hyperparameters, &inputs, &correlations, &factor.inverse(), &a);
    if hyperparameters.length_scales.len() == 1 {
        gradient.length_scales = vec![gradient.length_scales.iter().sum()];
    }
    Ok(LogLikelihood { value, ..gradient })
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

/// The variance of one observation: signal, mean, noise and nugget.
pub(crate) fn observation_variance(model: &Model, hyperparameters: &Hyperparameters) -> f64 {
    hyperparameters.signal_variance + model.mean_variance + hyperparameters.noise_variance + model.nugget
}

/// Correlations and their slopes `dk/dr²` between all observations; lower triangles.
struct Correlations {
    values: Mat<f64>,
    slopes: Mat<f64>,
}

impl Correlations {
    /// All of them.
    fn new(model: &Model, inputs: &Inputs) -> Self {
        let n = inputs.len();
        let (mut values, mut slopes) = (Mat::zeros(n, n), Mat::zeros(n, n));
        for j in 0..n {
            let (values, slopes) = (below(&mut values, j), below(&mut slopes, j));
            inputs.squared_distances_from(j, j, values);
            model.kernel.correlate(values, slopes);
        }
        Self { values, slopes }
    }

    /// The lower triangle of K.
    fn covariance(&self, model: &Model, hyperparameters: &Hyperparameters) -> Mat<f64> {
        let mut k = self.values.clone();
        for j in 0..k.nrows() {
            let column = below(&mut k, j);
            for k in &mut *column {
                *k = hyperparameters.signal_variance * *k + model.mean_variance;
            }
            column[0] = observation_variance(model, hyperparameters);
        }
        k
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
    correlations: &Correlations,
    inverse: &Mat<f64>,
    a: &Mat<f64>,
) -> LogLikelihood {
    let n = inputs.len();
    let a = a.col_as_slice(0);
    let (mut weights, mut squares) = (vec![0.0; n], vec![0.0; inputs.dimensions()]);
    // Σ W_ij k(r_ij) and tr W.
    let (mut signal, mut trace) = (0.0, 0.0);
    for j in 0..n {
        let inverse = &inverse.col_as_slice(j)[j..];
        let values = &correlations.values.col_as_slice(j)[j..];
        let slopes = &correlations.slopes.col_as_slice(j)[j..];
        let weights = &mut weights[j..];
        let diagonal = 0.5 * (a[j] * a[j] - inverse[0]);
        trace += diagonal;
        signal += diagonal;
        // Below the diagonal not halved: the entry above it is the same.
        wide(
            #[inline(always)]
            || {
                for ((weight, a_i), inverse) in weights.iter_mut().zip(&a[j..]).zip(inverse) {
                    *weight = a_i * a[j] - inverse;
                }
                weights[0] = 0.0;
                signal += dot(weights, values);
                for (weight, slope) in weights.iter_mut().zip(slopes) {
                    *weight *= slope;
                }
            },
        );
        inputs.add_weighted_squares_below(j, weights, &mut squares);
    }
    let s2 = hyperparameters.signal_variance;
    LogLikelihood {
        value: 0.0,
        length_scales: squares.iter().map(|sum| -2.0 * s2 * sum).collect(),
        signal_variance: s2 * signal,
        noise_variance: hyperparameters.noise_variance * trace,
    }
}

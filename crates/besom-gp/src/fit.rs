//! The maximum a posteriori fit of the hyperparameters.

use std::cell::RefCell;

use nalgebra::{DMatrix, DVector};

use crate::likelihood::check_data;
use crate::scale::mean_and_sd;
use crate::{
    GpError, Hyperparameters, LogLikelihood, MarginalLikelihood, Minimum, Model, Prior, Tolerance, minimize,
};

/// Fitted hyperparameters.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Fit {
    /// The best hyperparameters found.
    pub hyperparameters: Hyperparameters,
    /// Log marginal likelihood plus log prior density there (of the logarithms, up to the prior's constant).
    pub log_posterior: f64,
    /// How often the likelihood was evaluated, over all starts.
    pub evaluations: usize,
}

/// Fits hyperparameters to targets `y` (length n) at inputs `x` (n by d): from each start, L-BFGS in the
/// logarithms within the bounds of the prior; the best end is kept, the earlier one at a tie. A start outside
/// the bounds is moved to them. Deterministic, so that a fit that starts from a stored one (a *warm start*)
/// can be repeated.
///
/// # Errors
/// What is wrong with the data; [`GpError::Unscaled`] for targets that no hyperparameters within the bounds of
/// the prior explain; [`GpError::NoStart`] without a start; [`GpError::NotPositiveDefinite`] if no start allows
/// the covariance matrix to be factored.
pub fn fit(
    model: &Model,
    x: &DMatrix<f64>,
    y: &DVector<f64>,
    prior: &Prior,
    starts: &[Hyperparameters],
) -> Result<Fit, GpError> {
    check_data(x, y)?;
    prior.check(model)?;
    check_scale(model, prior, y.as_slice())?;
    fit_until(model, x, y, prior, starts, &Tolerance::default())
}

/// As [`fit`], with another tolerance and whatever scale the targets have: for a caller that has standardized
/// them together with others.
///
/// # Errors
/// As [`fit`], but for [`GpError::Unscaled`].
pub fn fit_until(
    model: &Model,
    x: &DMatrix<f64>,
    y: &DVector<f64>,
    prior: &Prior,
    starts: &[Hyperparameters],
    tolerance: &Tolerance,
) -> Result<Fit, GpError> {
    check_data(x, y)?;
    prior.check(model)?;
    model.check()?;
    GpError::check_size("input dimensions", model.columns(), x.ncols())?;
    GpError::check_finite("input", x.iter())?;
    if starts.is_empty() {
        return Err(GpError::NoStart);
    }
    let lower: Vec<f64> = prior.all().map(|p| libm::log(p.min)).collect();
    let upper: Vec<f64> = prior.all().map(|p| libm::log(p.max)).collect();
    let evidence = RefCell::new(MarginalLikelihood::new(model, x, y)?);
    let objective = |theta: &[f64]| {
        let hyperparameters = Hyperparameters::from_log(theta, model.further());
        let likelihood = evidence.borrow_mut().at(&hyperparameters);
        likelihood.map_or_else(
            |_| (f64::INFINITY, vec![0.0; theta.len()]),
            |likelihood| negative_log_posterior(&likelihood, prior, theta),
        )
    };
    let mut best: Option<Minimum> = None;
    let mut evaluations = 0;
    for start in starts {
        let (expected, found) = (prior.length_scales.len(), start.length_scales.len());
        GpError::check_size("length scales of a start", expected, found)?;
        GpError::check_size("variances of a start", prior.variances.len(), start.variances.len())?;
        GpError::check_size("stretches of a start", prior.stretches.len(), start.stretches.len())?;
        let end = minimize(objective, &start.to_log(), &lower, &upper, tolerance);
        evaluations += end.evaluations;
        if end.value.is_finite() && best.as_ref().is_none_or(|best| end.value < best.value) {
            best = Some(end);
        }
    }
    let best = best.ok_or(GpError::NotPositiveDefinite { observations: y.len() })?;
    let hyperparameters = Hyperparameters::from_log(&best.argument, model.further());
    Ok(Fit { hyperparameters, log_posterior: -best.value, evaluations })
}

/// An error unless hyperparameters within the bounds of the prior explain the mean and the deviation of the
/// targets: otherwise the fit ends at a bound and predicts with a confidence that means nothing.
fn check_scale(model: &Model, prior: &Prior, y: &[f64]) -> Result<(), GpError> {
    let (mean, sd) = mean_and_sd(y);
    let (signal, noise) = (&prior.signal_variance, &prior.noise_variance);
    let most_signal = signal.max + prior.variances.iter().map(|p| p.max).sum::<f64>();
    // Two deviations of a mean, twice a deviation; a twentieth of one, because few targets may lie close together.
    let level = mean.abs() <= 2.0 * (model.mean_variance + most_signal).sqrt();
    let most = 2.0 * (most_signal + noise.max).sqrt();
    let least = (signal.min + noise.min).sqrt() / 20.0;
    let constant = sd <= 1e-12 * mean.abs().max(least);
    if level && sd <= most && (sd >= least || constant) {
        return Ok(());
    }
    let expected_sd = (signal.median + noise.median).sqrt();
    Err(GpError::Unscaled { mean, sd, expected_mean: 0.0, expected_sd })
}

/// The objective of a fit, with its gradient.
fn negative_log_posterior(likelihood: &LogLikelihood, prior: &Prior, theta: &[f64]) -> (f64, Vec<f64>) {
    let rest = [likelihood.signal_variance, likelihood.noise_variance];
    let terms = likelihood.variances.iter().chain(&likelihood.stretches);
    let mut value = likelihood.value;
    let mut gradient: Vec<f64> = likelihood.length_scales.iter().chain(terms).copied().chain(rest).collect();
    for ((prior, &t), derivative) in prior.all().zip(theta).zip(&mut gradient) {
        let (log_density, slope) = prior.log_density(t);
        value += log_density;
        *derivative = -(*derivative + slope);
    }
    (-value, gradient)
}

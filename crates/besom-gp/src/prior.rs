//! Priors of the hyperparameters.
//!
//! Without a prior the maximum likelihood fit to a handful of runs is over-confident: it cost a quarter of a
//! decade of regret in measurements. The median length scale grows with the square root of the number of
//! dimensions, because distances do (Hvarfner, Hellsten, Nardi, *Vanilla Bayesian Optimization Performs Great
//! in High Dimensions*, ICML 2024). Priors are densities of the *logarithm*, so that the mode and the median
//! coincide.

use crate::{GpError, Hyperparameters, Model};

/// A log-normal prior of a positive hyperparameter, within bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct LogNormal {
    /// The median.
    pub median: f64,
    /// The standard deviation of the logarithm; infinite for a flat prior.
    pub log_sd: f64,
    /// The smallest value allowed; positive.
    pub min: f64,
    /// The largest value allowed; equal to `min` if the value is fixed.
    pub max: f64,
}

impl LogNormal {
    /// With this median and standard deviation of the logarithm, between `min` and `max`, which may be equal.
    /// Whoever uses it checks that `0 < min <= median <= max` and `log_sd > 0`.
    pub fn new(median: f64, log_sd: f64, min: f64, max: f64) -> Self {
        Self { median, log_sd, min, max }
    }

    /// Every value between the bounds, equally likely in the logarithm. The median is their geometric mean.
    pub fn flat(min: f64, max: f64) -> Self {
        Self { median: (min * max).sqrt(), log_sd: f64::INFINITY, min, max }
    }

    /// This value and no other.
    pub fn fixed(value: f64) -> Self {
        Self { median: value, log_sd: f64::INFINITY, min: value, max: value }
    }

    /// The density of the logarithm at `t`, as a logarithm without its constant, and its derivative.
    pub(crate) fn log_density(&self, t: f64) -> (f64, f64) {
        if self.log_sd.is_infinite() {
            return (0.0, 0.0);
        }
        let z = (t - libm::log(self.median)) / self.log_sd;
        (-0.5 * z * z, -z / self.log_sd)
    }

    fn check(&self, what: &'static str) -> Result<(), GpError> {
        let ordered = 0.0 < self.min && self.min <= self.median && self.median <= self.max;
        let sound = ordered && self.max.is_finite() && self.log_sd > 0.0;
        if sound { Ok(()) } else { Err(GpError::Number { what, value: self.median }) }
    }
}

/// Priors of all hyperparameters, independent of one another.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Prior {
    /// One per dimension, or a single one for a length scale that all dimensions share.
    pub length_scales: Vec<LogNormal>,
    /// Of `s²`.
    pub signal_variance: LogNormal,
    /// Of the noise variance.
    pub noise_variance: LogNormal,
    /// Of the variances of the [terms](Model::terms) after the first.
    pub variances: Vec<LogNormal>,
    /// Of the stretches of terms.
    pub stretches: Vec<LogNormal>,
}

impl Prior {
    /// Of one prior per length scale, or a single one for a length scale that all dimensions share; of the signal
    /// variance `s²`; and of the noise variance.
    pub fn new(
        length_scales: impl Into<Vec<LogNormal>>,
        signal_variance: LogNormal,
        noise_variance: LogNormal,
    ) -> Self {
        let (variances, stretches) = (Vec::new(), Vec::new());
        Self { length_scales: length_scales.into(), signal_variance, noise_variance, variances, stretches }
    }

    /// With these priors of the variances of the [terms](Model::terms) after the first, and of the stretches.
    #[must_use]
    pub fn terms(self, variances: impl Into<Vec<LogNormal>>, stretches: impl Into<Vec<LogNormal>>) -> Self {
        Self { variances: variances.into(), stretches: stretches.into(), ..self }
    }

    /// The default for `d` dimensions whose coordinates lie in [0, 1] (or are categories) and targets of unit
    /// variance: length scales around `0.3 √d`, wider above ten dimensions; a signal variance around 1, as
    /// targets have; noise around e^-7, a deviation of 3 %. `0.4 √d` and noise around e^-5 measured no better
    /// (decision 20). Bounds only keep the search for a maximum away from where nothing changes any more.
    pub fn for_dimensions(d: usize) -> Self {
        let (signal, noise) = (variance(0.0, 1.0, -5.0, 5.0), variance(-7.0, 2.0, -16.0, 1.0));
        Self::new(vec![length_scale(d); d], signal, noise)
    }

    /// The default for a model: [`Prior::for_dimensions`] or, where it has [terms](Model::terms), length scales by the number of dimensions
    /// of the first term that a dimension is in, variances around e^-0.7, half, and stretches around e^0.5 (decision 95).
    pub fn for_model(model: &Model) -> Self {
        let d = model.dimensions.len();
        let whole = Self::for_dimensions(d);
        if model.terms.is_empty() {
            return whole;
        }
        let size = |k: usize| {
            model.terms.iter().find(|term| term.dimensions.contains(&k)).map(|term| term.dimensions.len())
        };
        let (of_term, stretch) = (variance(-0.7, 1.0, -7.0, 5.0), variance(0.5, 0.5, -7.0, 5.0));
        let (variances, stretches) = model.further();
        let length_scales: Vec<LogNormal> = (0..d).map(|k| length_scale(size(k).unwrap_or(d))).collect();
        Self::new(length_scales, of_term, whole.noise_variance)
            .terms(vec![of_term; variances], vec![stretch; stretches])
    }

    /// The most probable hyperparameters: all medians.
    pub fn mode(&self) -> Hyperparameters {
        Hyperparameters {
            length_scales: self.length_scales.iter().map(|p| p.median).collect(),
            signal_variance: self.signal_variance.median,
            noise_variance: self.noise_variance.median,
            variances: self.variances.iter().map(|p| p.median).collect(),
            stretches: self.stretches.iter().map(|p| p.median).collect(),
        }
    }

    /// In the order of the logarithms of the hyperparameters.
    pub(crate) fn all(&self) -> impl Iterator<Item = &LogNormal> {
        let terms = self.variances.iter().chain(&self.stretches);
        self.length_scales.iter().chain(terms).chain([&self.signal_variance, &self.noise_variance])
    }

    pub(crate) fn check(&self, model: &Model) -> Result<(), GpError> {
        if self.length_scales.len() != 1 {
            GpError::check_size("length scale priors", model.dimensions.len(), self.length_scales.len())?;
        }
        let (variances, stretches) = model.further();
        GpError::check_size("priors of variances of further terms", variances, self.variances.len())?;
        GpError::check_size("priors of stretches", stretches, self.stretches.len())?;
        self.length_scales.iter().try_for_each(|p| p.check("prior of a length scale"))?;
        self.variances.iter().try_for_each(|p| p.check("prior of the variance of a term"))?;
        self.stretches.iter().try_for_each(|p| p.check("prior of a stretch"))?;
        self.signal_variance.check("prior of the signal variance")?;
        self.noise_variance.check("prior of the noise variance")
    }
}

/// That of the length scale of one of `d` dimensions.
fn length_scale(d: usize) -> LogNormal {
    let log_sd = (1.0 + 0.07 * (d as f64 - 10.0)).clamp(1.0, 1.7);
    LogNormal { median: 0.3 * (d.max(1) as f64).sqrt(), log_sd, min: 0.02, max: 1000.0 }
}

/// By the logarithms of the median and the bounds.
fn variance(median: f64, log_sd: f64, min: f64, max: f64) -> LogNormal {
    LogNormal { median: libm::exp(median), log_sd, min: libm::exp(min), max: libm::exp(max) }
}

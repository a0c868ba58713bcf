//! The continuous shapes, in floats.

use libm::{exp, log};

use crate::special;

/// The continuous shapes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Continuous {
    /// Even between two bounds.
    Uniform {
        /// Lower bound.
        min: f64,
        /// Upper bound.
        max: f64,
    },
    /// `e^x` with x even between two exponents.
    LogUniform {
        /// Lower exponent.
        min: f64,
        /// Upper exponent.
        max: f64,
    },
    /// Even in the logarithm between two positive bounds.
    LogUniformValues {
        /// Lower bound; positive.
        min: f64,
        /// Upper bound.
        max: f64,
    },
    /// `1 / e^x` with x even between two exponents: values from `e^-max` to `e^-min`, as W&B defines it.
    InvLogUniform {
        /// Lower exponent.
        min: f64,
        /// Upper exponent.
        max: f64,
    },
    /// `1 / x` with x log-uniform between `1 / max` and `1 / min`, as W&B defines it; that is the same measure as
    /// [`Continuous::LogUniformValues`].
    InvLogUniformValues {
        /// Lower bound; positive.
        min: f64,
        /// Upper bound.
        max: f64,
    },
    /// Normal.
    Normal {
        /// Mean.
        mu: f64,
        /// Standard deviation; positive.
        sigma: f64,
    },
    /// `e^x` with x normal.
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm; positive.
        sigma: f64,
    },
    /// Beta on (0, 1).
    Beta {
        /// First shape; positive.
        a: f64,
        /// Second shape; positive.
        b: f64,
    },
}

impl Continuous {
    /// Names in a sweep file: plain, and rounded.
    pub(super) fn names(&self) -> (&'static str, &'static str) {
        match self {
            Self::Uniform { .. } => ("uniform", "q_uniform"),
            Self::LogUniform { .. } => ("log_uniform", "q_log_uniform"),
            Self::LogUniformValues { .. } => ("log_uniform_values", "q_log_uniform_values"),
            Self::InvLogUniform { .. } => ("inv_log_uniform", "q_inv_log_uniform"),
            Self::InvLogUniformValues { .. } => ("inv_log_uniform_values", "q_inv_log_uniform_values"),
            Self::Normal { .. } => ("normal", "q_normal"),
            Self::LogNormal { .. } => ("log_normal", "q_log_normal"),
            Self::Beta { .. } => ("beta", "q_beta"),
        }
    }

    /// The value at probability `u` in [0, 1]; infinite at the infinite ends of normal shapes.
    pub fn quantile(&self, u: f64) -> f64 {
        match *self {
            Self::Uniform { min, max } => between(min, max, u),
            Self::LogUniformValues { min, max } | Self::InvLogUniformValues { min, max } => {
                // People give these bounds in short decimals, which the logarithm would spoil.
                match u {
                    ..=0.0 => min,
                    1.0.. => max,
                    _ => exp(between(log(min), log(max), u)).clamp(min, max),
                }
            }
            Self::LogUniform { min, max } => exp(between(min, max, u)),
            Self::InvLogUniform { min, max } => exp(between(-max, -min, u)),
            Self::Normal { mu, sigma } => mu + sigma * special::normal_quantile(u),
            Self::LogNormal { mu, sigma } => exp(mu + sigma * special::normal_quantile(u)),
            Self::Beta { a, b } => special::beta_quantile(a, b, u),
        }
    }

    /// The probability of values up to `x`.
    pub fn cdf(&self, x: f64) -> f64 {
        let (min, max) = match *self {
            Self::Uniform { min, max } => return share(min, max, x),
            Self::Normal { mu, sigma } => return special::normal_cdf((x - mu) / sigma),
            Self::LogNormal { .. } if x <= 0.0 => return 0.0,
            Self::LogNormal { mu, sigma } => return special::normal_cdf((log(x) - mu) / sigma),
            Self::Beta { a, b } => return special::beta_cdf(a, b, x),
            Self::LogUniform { min, max } => (min, max),
            Self::InvLogUniform { min, max } => (-max, -min),
            Self::LogUniformValues { min, max } | Self::InvLogUniformValues { min, max } => {
                (log(min), log(max))
            }
        };
        if x <= 0.0 { 0.0 } else { share(min, max, log(x)) }
    }

    /// Whether `x` lies in the support, up to rounding: a billionth of the width, or of the bound, beyond it is
    /// forgiven.
    pub fn contains(&self, x: f64) -> bool {
        let (low, high) = self.support();
        x.is_finite() && low - slack(low, high) <= x && x <= high + slack(high, low)
    }

    /// The smallest and largest value, which may be infinite.
    pub(super) fn support(&self) -> (f64, f64) {
        match *self {
            Self::Uniform { min, max }
            | Self::LogUniformValues { min, max }
            | Self::InvLogUniformValues { min, max } => (min, max),
            // Where the exponential leaves the floats, the outermost ones stand for it.
            Self::LogUniform { min, max } => (positive(exp(min)), positive(exp(max))),
            Self::InvLogUniform { min, max } => (positive(exp(-max)), positive(exp(-min))),
            Self::Normal { .. } => (f64::NEG_INFINITY, f64::INFINITY),
            Self::LogNormal { .. } => (0.0, f64::INFINITY),
            Self::Beta { .. } => (0.0, 1.0),
        }
    }
}

/// The nearest float that is positive, normal and finite.
pub(super) fn positive(x: f64) -> f64 {
    x.clamp(f64::MIN_POSITIVE, f64::MAX)
}

/// How far beyond `bound` a value may lie and still be that bound, rounded.
fn slack(bound: f64, other: f64) -> f64 {
    let slack = 1e-9 * bound.abs().max(f64::MIN_POSITIVE).min((bound - other).abs());
    slack.max(8.0 * f64::EPSILON * bound.abs())
}

/// The point at share `u` of the way; exact at both ends.
fn between(min: f64, max: f64, u: f64) -> f64 {
    if u >= 1.0 {
        return max;
    }
    let width = max - min;
    let x = if width.is_finite() { min + u * width } else { min * (1.0 - u) + max * u };
    x.clamp(min, max)
}

/// The share of the way from `min` to `max` at which `x` lies, clamped; NaN is nowhere, at 0.
fn share(min: f64, max: f64, x: f64) -> f64 {
    let width = max - min;
    let share =
        if width.is_finite() { (x - min) / width } else { (x / 2.0 - min / 2.0) / (max / 2.0 - min / 2.0) };
    if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
}

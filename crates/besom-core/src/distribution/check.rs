//! What makes a distribution one: the only place that knows. A sweep file is refused for the same faults, with its lines
//! and columns.

use std::fmt;

use serde_json::Value;

use super::{Continuous, Distribution, Step};
use crate::value::float;

/// How close probabilities must come to 1 in sum; that of numpy's `isclose`.
const SUM_TOLERANCE: f64 = 1e-5 + 1e-8;

/// The largest shape of a beta distribution: where both are this large, values hardly differ, and the work that a quantile
/// takes grows with the shapes, without end.
const MAX_BETA_SHAPE: f64 = 1e6;

const FINITE: &str = "expected a finite number";

/// Why a distribution is none. Prints with the key of a sweep file that is at fault.
///
/// ```
/// use besom_core::Distribution;
///
/// let faults = Distribution::normal(0.0, -1.0).check();
/// assert_eq!(faults[0].to_string(), "sigma: found -1.0, expected a number greater than 0");
/// assert!(Distribution::normal(0.0, 1.0).check().is_empty());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DistributionFault {
    /// A number is NaN or infinite.
    NotFinite {
        /// Which.
        key: &'static str,
        /// The number.
        found: f64,
    },
    /// A number is zero or negative that must not be.
    NotPositive {
        /// Which.
        key: &'static str,
        /// The number.
        found: f64,
    },
    /// The lower bound is not less than the upper one.
    Order {
        /// The lower bound.
        min: Value,
        /// The upper bound.
        max: Value,
    },
    /// The distance between the bounds is infinite.
    TooWide,
    /// A shape of a beta distribution is too large.
    BetaShape {
        /// Which.
        key: &'static str,
        /// The shape.
        found: f64,
    },
    /// The step of integers is not whole.
    StepNotWhole {
        /// The step.
        found: f64,
    },
    /// A list is empty.
    NoValues,
    /// A probability is negative, NaN or infinite.
    Probability {
        /// Its place in the list.
        index: usize,
        /// The probability.
        found: f64,
    },
    /// There are not as many probabilities as values.
    Count {
        /// How many probabilities there are.
        probabilities: usize,
        /// How many values there are.
        values: usize,
    },
    /// Probabilities do not sum to 1.
    Sum(f64),
}

impl DistributionFault {
    /// The key of a sweep file that is at fault, such as `sigma`; `None` if it is the distribution as a whole.
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::NotFinite { key, .. } | Self::NotPositive { key, .. } | Self::BetaShape { key, .. } => {
                Some(key)
            }
            Self::Order { .. } => Some("min"),
            Self::TooWide => None,
            Self::StepNotWhole { .. } => Some("q"),
            Self::NoValues => Some("values"),
            Self::Probability { .. } | Self::Count { .. } | Self::Sum(_) => Some("probabilities"),
        }
    }

    /// The number at fault, if it is one.
    pub fn found(&self) -> Option<f64> {
        match *self {
            Self::NotFinite { found, .. }
            | Self::NotPositive { found, .. }
            | Self::BetaShape { found, .. }
            | Self::StepNotWhole { found }
            | Self::Probability { found, .. } => Some(found),
            _ => None,
        }
    }

    /// What is expected, or what is wrong, without key and number.
    pub fn message(&self) -> String {
        match self {
            Self::NotFinite { .. } => FINITE.to_owned(),
            Self::Probability { found, .. } if !found.is_finite() => FINITE.to_owned(),
            Self::NotPositive { .. } => "expected a number greater than 0".to_owned(),
            Self::Order { min, max } => format!("min is {min}, which is not less than max, {max}"),
            Self::TooWide => "the range is too wide for a 64-bit number".to_owned(),
            Self::BetaShape { .. } => {
                format!("a shape of a beta distribution may be {MAX_BETA_SHAPE} at most")
            }
            Self::StepNotWhole { .. } => "expected a whole number, as the values are integers".to_owned(),
            Self::NoValues => "expected at least one value".to_owned(),
            Self::Probability { .. } => "a probability cannot be negative".to_owned(),
            Self::Count { probabilities, values } => {
                let probabilities = counted(*probabilities, "probability", "probabilities");
                format!("{probabilities} for {}", counted(*values, "value", "values"))
            }
            Self::Sum(sum) => {
                let sum = format!("{sum:.6}");
                let sum = sum.trim_end_matches('0').trim_end_matches('.');
                format!("the probabilities sum to {sum}, not to 1")
            }
        }
    }
}

impl fmt::Display for DistributionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.key()) {
            (Self::Order { .. }, _) | (_, None) => {}
            (Self::Probability { index, .. }, Some(key)) => write!(f, "{key}[{index}]: ")?,
            (_, Some(key)) => write!(f, "{key}: ")?,
        }
        if let Some(found) = self.found() {
            write!(f, "found {found:?}, ")?;
        }
        f.write_str(&self.message())
    }
}

impl Distribution {
    /// All that is wrong with it; nothing if it is a distribution. [`Space::new`](crate::Space::new) checks every
    /// parameter; the other methods may panic, or answer anything, where something is wrong.
    #[must_use]
    pub fn check(&self) -> Vec<DistributionFault> {
        match self {
            Self::Constant(_) => Vec::new(),
            Self::Categorical { values, probabilities } => list(values.len(), probabilities.as_deref()),
            Self::IntUniform { min, max } if min >= max => {
                vec![DistributionFault::Order { min: (*min).into(), max: (*max).into() }]
            }
            Self::IntUniform { .. } => Vec::new(),
            Self::Continuous(shape) => shape.check(),
            Self::Quantized(shape, step) => shape.check().into_iter().chain(step.check()).collect(),
        }
    }
}

impl Continuous {
    /// All that is wrong with it; nothing if it is a distribution.
    #[must_use]
    pub fn check(&self) -> Vec<DistributionFault> {
        match *self {
            Self::Uniform { min, max } | Self::LogUniform { min, max } | Self::InvLogUniform { min, max } => {
                let faults = range(min, max);
                let too_wide = faults.is_empty() && !(max - min).is_finite();
                faults.into_iter().chain(too_wide.then_some(DistributionFault::TooWide)).collect()
            }
            Self::LogUniformValues { min, max } | Self::InvLogUniformValues { min, max } => {
                let faults = range(min, max);
                if faults.is_empty() { positive("min", min).into_iter().collect() } else { faults }
            }
            Self::Normal { mu, sigma } | Self::LogNormal { mu, sigma } => {
                finite("mu", mu).into_iter().chain(positive("sigma", sigma)).collect()
            }
            Self::Beta { a, b } => beta_shape("a", a).into_iter().chain(beta_shape("b", b)).collect(),
        }
    }
}

impl Step {
    /// What is wrong with it, if anything is.
    #[must_use]
    pub fn check(&self) -> Option<DistributionFault> {
        let not_whole = self.integer && self.q.fract() != 0.0;
        positive("q", self.q)
            .or_else(|| not_whole.then_some(DistributionFault::StepNotWhole { found: self.q }))
    }
}

fn list(values: usize, probabilities: Option<&[f64]>) -> Vec<DistributionFault> {
    let mut faults = Vec::new();
    if values == 0 {
        faults.push(DistributionFault::NoValues);
    }
    let Some(probabilities) = probabilities else { return faults };
    let bad = probabilities.iter().enumerate().filter(|&(_, p)| !(p.is_finite() && *p >= 0.0));
    let bad: Vec<_> = bad.map(|(index, &found)| DistributionFault::Probability { index, found }).collect();
    let sum: f64 = probabilities.iter().sum();
    if values > 0 && values != probabilities.len() {
        faults.push(DistributionFault::Count { probabilities: probabilities.len(), values });
    } else if bad.is_empty() && !probabilities.is_empty() && (sum - 1.0).abs() > SUM_TOLERANCE {
        faults.push(DistributionFault::Sum(sum));
    }
    faults.extend(bad);
    faults
}

fn range(min: f64, max: f64) -> Vec<DistributionFault> {
    let faults: Vec<_> = finite("min", min).into_iter().chain(finite("max", max)).collect();
    if faults.is_empty() && min >= max {
        return vec![DistributionFault::Order { min: float(min), max: float(max) }];
    }
    faults
}

fn finite(key: &'static str, found: f64) -> Option<DistributionFault> {
    (!found.is_finite()).then_some(DistributionFault::NotFinite { key, found })
}

fn positive(key: &'static str, found: f64) -> Option<DistributionFault> {
    finite(key, found).or_else(|| (found <= 0.0).then_some(DistributionFault::NotPositive { key, found }))
}

fn beta_shape(key: &'static str, found: f64) -> Option<DistributionFault> {
    let too_large = || (found > MAX_BETA_SHAPE).then_some(DistributionFault::BetaShape { key, found });
    positive(key, found).or_else(too_large)
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

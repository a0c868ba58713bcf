//! The distributions of W&B's sweep schema, each with quantile and cdf.
//!
//! A distribution does two things: it says which values a parameter may take, and it is the measure in which the unit
//! cube is mapped onto them. Only ten shapes lie behind the seventeen names: eight continuous ones, of which any may
//! be rounded to multiples of `q`, a uniform integer, and a list.

mod check;
mod continuous;
mod list;
mod step;
pub(crate) mod whole;

use serde_json::Value;

pub use check::DistributionFault;
pub use continuous::Continuous;
pub(crate) use list::{find_category, without_injected};
pub use step::Step;
pub(crate) use step::{decimals, round_decimal};

use crate::Levels;
use crate::value::{float, same_ignoring_injected_keys};

/// What values a parameter takes, and how likely.
///
/// ```
/// use besom_core::Distribution;
/// use besom_core::distribution::{Continuous, Step};
/// use serde_json::json;
///
/// let layers = Distribution::IntUniform { min: 1, max: 4 };
/// assert_eq!(layers.quantile(0.5), json!(2));
/// assert_eq!(layers.cdf(&json!(2)), Some(0.5));
/// assert!(!layers.contains(&json!(2.5)));
///
/// let dropout = Continuous::Uniform { min: 0.0, max: 0.5 };
/// let dropout = Distribution::Quantized(dropout, Step { q: 0.1, integer: false });
/// assert_eq!(dropout.quantile(0.6), json!(0.3));
/// assert_eq!(dropout.name(), "q_uniform");
/// ```
///
/// There may be further kinds. An algorithm that treats some of them specially takes the others by
/// [`quantile`](Self::quantile) and [`coordinate`](Self::coordinate), which all have.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Distribution {
    /// One value, never varied.
    Constant(Value),
    /// One of a list, all equally likely or with the given probabilities (as many as values, summing to 1).
    Categorical {
        /// The values; at least one. Repetitions make a value more likely.
        values: Vec<Value>,
        /// Their probabilities, if not equal.
        probabilities: Option<Vec<f64>>,
    },
    /// A whole number, both ends included.
    IntUniform {
        /// Smallest value.
        min: i64,
        /// Largest value; greater than `min`.
        max: i64,
    },
    /// A real number.
    Continuous(Continuous),
    /// A real number rounded half to even to a multiple of a step. Not clamped: 0.3 .. 2.6 with step 1 can give 0
    /// and 3, as in W&B.
    Quantized(Continuous, Step),
}

/// The rarest probability at which an unbounded distribution is still read: one step of a uniform draw of 53 bits.
const RAREST: f64 = f64::EPSILON / 2.0;

impl Distribution {
    /// A real number, even between two bounds.
    pub fn uniform(min: f64, max: f64) -> Self {
        Self::Continuous(Continuous::Uniform { min, max })
    }

    /// A real number, even in its logarithm between two positive bounds: W&B's `log_uniform_values`.
    pub fn log_uniform(min: f64, max: f64) -> Self {
        Self::Continuous(Continuous::LogUniformValues { min, max })
    }

    /// A normal number.
    pub fn normal(mu: f64, sigma: f64) -> Self {
        Self::Continuous(Continuous::Normal { mu, sigma })
    }

    /// A positive number whose logarithm is normal.
    pub fn log_normal(mu: f64, sigma: f64) -> Self {
        Self::Continuous(Continuous::LogNormal { mu, sigma })
    }

    /// A number from 0 to 1 of the beta distribution.
    pub fn beta(a: f64, b: f64) -> Self {
        Self::Continuous(Continuous::Beta { a, b })
    }

    /// A whole number, both ends included.
    pub fn int(min: i64, max: i64) -> Self {
        Self::IntUniform { min, max }
    }

    /// One of these values, all equally likely.
    pub fn choice<V: Into<Value>>(values: impl IntoIterator<Item = V>) -> Self {
        Self::Categorical { values: values.into_iter().map(Into::into).collect(), probabilities: None }
    }

    /// One of these values, each with its probability; they sum to 1.
    pub fn weighted<V: Into<Value>>(values: impl IntoIterator<Item = (V, f64)>) -> Self {
        let pairs = values.into_iter().map(|(value, probability)| (value.into(), probability));
        let (values, probabilities) = pairs.unzip();
        Self::Categorical { values, probabilities: Some(probabilities) }
    }

    /// The name of the distribution in a sweep file, such as `q_log_uniform_values`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Categorical { probabilities: None, .. } => "categorical",
            Self::Categorical { probabilities: Some(_), .. } => "categorical_w_probabilities",
            Self::IntUniform { .. } => "int_uniform",
            Self::Continuous(shape) => shape.names().0,
            Self::Quantized(shape, _) => shape.names().1,
        }
    }

    /// Whether there is nothing to vary.
    pub fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// The value at probability `u`: the smallest value whose cdf reaches `u` (in a list with probabilities: exceeds
    /// it, as in W&B). Always a value of the distribution and never infinite: `u` is clamped to [0, 1], for shapes
    /// with infinite ends to [2^-53, 1 - 2^-53], and NaN counts as 0.5.
    pub fn quantile(&self, u: f64) -> Value {
        let u = if u.is_nan() { 0.5 } else { u.clamp(0.0, 1.0) };
        match self {
            Self::Constant(value) => value.clone(),
            Self::Categorical { values, probabilities } => {
                values[list::index(values.len(), probabilities.as_deref(), u)].clone()
            }
            Self::IntUniform { min, max } => whole::quantile(*min, *max, u).into(),
            Self::Continuous(shape) => float(finite_quantile(*shape, u)),
            Self::Quantized(shape, step) => step.round(finite_quantile(*shape, u)),
        }
    }

    /// The probability of values up to `value`, or `None` if it is not a number where numbers are expected, or not in
    /// the list. Numbers out of range have probability 0 or 1. For a list it is taken at the value's (first) place;
    /// for a quantized distribution it is that of the unquantized one, as in W&B.
    pub fn cdf(&self, value: &Value) -> Option<f64> {
        match self {
            Self::Constant(_) => self.contains(value).then_some(0.0),
            Self::Categorical { values, probabilities } => {
                let index = find_category(values, value)?;
                Some(list::cdf(values.len(), probabilities.as_deref(), index))
            }
            Self::IntUniform { min, max } => whole::cdf(*min, *max, value),
            Self::Continuous(shape) | Self::Quantized(shape, _) => Some(shape.cdf(value.as_f64()?)),
        }
    }

    /// The coordinate of `value` on the axis of the unit cube: its cdf, moved by the least amount where
    /// [`Distribution::quantile`] would otherwise not lead back (lists with probabilities).
    pub fn coordinate(&self, value: &Value) -> Option<f64> {
        match self {
            Self::Categorical { values, probabilities: Some(probabilities) } => {
                list::coordinate(values, probabilities, value)
            }
            _ => self.cdf(value),
        }
    }

    /// The coordinate that stands for a missing value: the middle of numbers, the first value of a list.
    pub fn canonical_coordinate(&self) -> f64 {
        match self {
            Self::Categorical { values, .. } => values.first().and_then(|first| self.coordinate(first)),
            _ => None,
        }
        .unwrap_or(0.5)
    }

    /// Whether the distribution can give `value`, up to rounding. The levels of a grid ([`Distribution::levels`])
    /// count as given.
    pub fn contains(&self, value: &Value) -> bool {
        match self {
            Self::Constant(constant) => same_ignoring_injected_keys(constant, value),
            Self::Categorical { values, .. } => find_category(values, value).is_some(),
            Self::IntUniform { min, max } => whole::contains(*min, *max, value),
            Self::Continuous(shape) => value.as_f64().is_some_and(|x| shape.contains(x)),
            Self::Quantized(shape, step) => {
                value.as_f64().is_some_and(|x| step.contains(*shape, x))
                    || self.levels().is_some_and(|levels| levels.index(value).is_some())
            }
        }
    }

    /// The levels that a grid tries, or `None` if a grid can't be laid over the distribution: only constants, lists
    /// without probabilities, `int_uniform` and `q_uniform` (of no more steps than floats tell apart) have levels.
    pub fn levels(&self) -> Option<Levels> {
        match self {
            Self::Constant(value) => Some(Levels::list(std::slice::from_ref(value))),
            Self::Categorical { values, probabilities: None } => Some(Levels::list(values)),
            Self::IntUniform { min, max } => Some(Levels::integers(*min, *max)),
            Self::Quantized(Continuous::Uniform { min, max }, step) => Levels::steps(*min, *max, *step),
            _ => None,
        }
    }

    /// All values that the distribution gives ([`Distribution::quantile`]), or `None` if they are too many to count. These are the
    /// levels of [`Distribution::levels`] but for `q_uniform`, of which a grid has the steps from `min` on without `max`, and
    /// any other method the multiples of `q`, the outermost included.
    pub fn values(&self) -> Option<Levels> {
        match self {
            Self::Quantized(Continuous::Uniform { .. }, step) => {
                let (low, high) = (self.quantile(0.0).as_f64()?, self.quantile(1.0).as_f64()?);
                Levels::multiples(low, high, *step)
            }
            _ => self.levels(),
        }
    }
}

/// The quantile of a shape, away from infinite ends and inside the floats.
fn finite_quantile(shape: Continuous, u: f64) -> f64 {
    match shape {
        Continuous::Normal { .. } => shape.quantile(u.clamp(RAREST, 1.0 - RAREST)).clamp(f64::MIN, f64::MAX),
        Continuous::LogNormal { .. } => continuous::positive(shape.quantile(u.clamp(RAREST, 1.0 - RAREST))),
        Continuous::LogUniform { .. } | Continuous::InvLogUniform { .. } => {
            continuous::positive(shape.quantile(u))
        }
        _ => shape.quantile(u),
    }
}

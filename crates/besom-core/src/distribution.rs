//! The distributions of W&B's sweep schema, each with quantile and cdf.
//!
//! A distribution does two things: it says which values a parameter may take, and it is the measure in which the unit
//! cube is mapped onto them. Only ten shapes lie behind the seventeen names: eight continuous ones, of which any may
//! be rounded to multiples of `q`, a uniform integer, and a list.

use serde_json::Value;

use crate::special;
use crate::value::{float, same_forgiving};

/// What values a parameter takes, and how likely.
#[derive(Clone, Debug, PartialEq)]
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
    Quantized(Continuous, Quantum),
}

/// The continuous shapes.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// As [`Continuous::LogUniform`], mirrored: dense near the upper end as W&B defines it.
    InvLogUniform {
        /// Lower exponent.
        min: f64,
        /// Upper exponent.
        max: f64,
    },
    /// As [`Continuous::LogUniformValues`], mirrored as W&B defines it.
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

/// The step of a quantized distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantum {
    /// The step; positive.
    pub q: f64,
    /// Whether the sweep file wrote the step as an integer: then values are integers, else floats.
    pub integer: bool,
}

impl Distribution {
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

    /// The value at probability `u`, which is clamped to [0, 1]: the smallest value whose cdf reaches `u`. Always a
    /// value of the distribution.
    pub fn quantile(&self, u: f64) -> Value {
        let u = if u.is_nan() { 0.5 } else { u.clamp(0.0, 1.0) };
        match self {
            Self::Constant(value) => value.clone(),
            Self::Categorical { values, probabilities } => {
                values[categorical_index(values.len(), probabilities.as_deref(), u)].clone()
            }
            Self::IntUniform { min, max } => int_quantile(*min, *max, u).into(),
            Self::Continuous(shape) => float(shape.quantile(u)),
            Self::Quantized(shape, quantum) => quantum.round(shape.quantile(u)),
        }
    }

    /// The probability of values up to `value`, or `None` if the distribution never gives `value`. For a list it is
    /// taken at the value's (first) place; for a quantized distribution it is that of the unquantized one, as in W&B.
    pub fn cdf(&self, value: &Value) -> Option<f64> {
        match self {
            Self::Constant(_) => self.contains(value).then_some(0.0),
            Self::Categorical { values, probabilities } => {
                let index = values.iter().position(|v| same_forgiving(v, value))?;
                Some(categorical_cdf(values.len(), probabilities.as_deref(), index))
            }
            Self::IntUniform { min, max } => {
                let x = value.as_f64()?;
                let (min, max) = (*min as f64, *max as f64);
                (min..=max).contains(&x).then(|| (x.floor() - min + 1.0) / (max - min + 1.0))
            }
            Self::Continuous(shape) | Self::Quantized(shape, _) => Some(shape.cdf(value.as_f64()?)),
        }
    }

    /// Whether the distribution can give `value`, up to rounding.
    pub fn contains(&self, value: &Value) -> bool {
        match self {
            Self::Constant(constant) => same_forgiving(constant, value),
            Self::Categorical { values, .. } => values.iter().any(|v| same_forgiving(v, value)),
            Self::IntUniform { min, max } => {
                value.as_f64().is_some_and(|x| x.fract() == 0.0 && (*min as f64..=*max as f64).contains(&x))
            }
            Self::Continuous(shape) => value.as_f64().is_some_and(|x| shape.contains(x)),
            Self::Quantized(shape, quantum) => value.as_f64().is_some_and(|x| quantum.contains(*shape, x)),
        }
    }
}

impl Continuous {
    /// Names in a sweep file: plain, and rounded.
    fn names(&self) -> (&'static str, &'static str) {
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

    /// The value at probability `u` in [0, 1].
    pub fn quantile(&self, u: f64) -> f64 {
        let _ = (u, special::placeholder());
        unimplemented!()
    }

    /// The probability of values up to `x`.
    pub fn cdf(&self, x: f64) -> f64 {
        let _ = x;
        unimplemented!()
    }

    /// Whether `x` lies in the support, up to rounding.
    pub fn contains(&self, x: f64) -> bool {
        let _ = x;
        unimplemented!()
    }
}

impl Quantum {
    /// `x` at the nearest multiple, half to even; an integer if the step was written as one.
    fn round(self, x: f64) -> Value {
        let _ = x;
        unimplemented!()
    }

    fn contains(self, shape: Continuous, x: f64) -> bool {
        let _ = (shape, x);
        unimplemented!()
    }
}

fn categorical_index(len: usize, probabilities: Option<&[f64]>, u: f64) -> usize {
    let _ = (len, probabilities, u);
    unimplemented!()
}

fn categorical_cdf(len: usize, probabilities: Option<&[f64]>, index: usize) -> f64 {
    let _ = (len, probabilities, index);
    unimplemented!()
}

fn int_quantile(min: i64, max: i64, u: f64) -> i64 {
    let _ = (min, max, u);
    unimplemented!()
}

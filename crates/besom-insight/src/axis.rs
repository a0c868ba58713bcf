//! The axis of a parameter: the quantiles of its distribution, so that a range over decades is seen in decades.

use besom_core::distribution::{Continuous, Step};
use besom_core::value::label;
use besom_core::{Distribution, Levels, ParamPath, Parameter};
use serde_json::Value;

use crate::ticks;

/// The most values of a list or range that are all labeled; more would not fit beside an axis.
const LABELED: u128 = 8;

/// Labels nearer than this share of the axis would touch, as those of a normal distribution's tails.
const TOO_NEAR: f64 = 0.04;

/// A parameter that is not constant, as an axis from 0 to 1.
#[derive(Clone, Debug)]
pub struct Axis {
    name: ParamPath,
    distribution: Distribution,
    /// The values of a list or of whole numbers, each in the middle of its cell.
    levels: Option<Levels>,
    conditional: bool,
}

/// How values lie along an axis.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Layout {
    /// At even distances from `low` at 0 to `high` at 1.
    Linear {
        /// The value at 0.
        low: f64,
        /// The value at 1.
        high: f64,
    },
    /// Their logarithms at even distances, from that of `low` at 0 to that of `high` at 1.
    Logarithmic {
        /// The value at 0; positive.
        low: f64,
        /// The value at 1.
        high: f64,
    },
    /// In the order of a list: the k-th of n, counted from 0, at (k + 1/2) / n.
    Listed(Vec<Value>),
    /// By the quantiles of their distribution, in no simpler way.
    Quantiles,
}

impl Axis {
    /// The axis of a parameter.
    pub fn new(parameter: &Parameter) -> Self {
        let distribution = parameter.distribution.clone();
        let levels = match &distribution {
            Distribution::Categorical { values, .. } => {
                Distribution::Categorical { values: values.clone(), probabilities: None }.levels()
            }
            Distribution::IntUniform { .. } => distribution.levels(),
            _ => None,
        };
        Self { name: parameter.name.clone(), distribution, levels, conditional: parameter.when.is_some() }
    }

    /// Whether the parameter exists only under a condition.
    pub fn is_conditional(&self) -> bool {
        self.conditional
    }

    /// The place that stands for a parameter where it does not exist: that of the first name of a list, or the middle.
    pub fn canonical(&self) -> f64 {
        self.snap(if self.is_categorical() { 0.0 } else { 0.5 })
    }

    /// The parameter.
    pub fn name(&self) -> &ParamPath {
        &self.name
    }

    /// Whether the values are names without order.
    pub fn is_categorical(&self) -> bool {
        match &self.distribution {
            Distribution::Categorical { values, .. } => !values.iter().all(Value::is_number),
            _ => false,
        }
    }

    /// How many names there are; `None` for numbers.
    pub fn categories(&self) -> Option<usize> {
        let count = self.levels.as_ref().filter(|_| self.is_categorical())?.count();
        Some(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Where a value lies; `None` if the parameter never has it.
    pub fn place(&self, value: &Value) -> Option<f64> {
        match &self.levels {
            Some(levels) => Some((levels.index(value)? as f64 + 0.5) / levels.count() as f64),
            None => self.distribution.coordinate(value),
        }
    }

    /// The nearest place at which a value lies.
    pub fn snap(&self, u: f64) -> f64 {
        match &self.levels {
            Some(levels) => {
                let count = levels.count() as f64;
                ((u * count).floor().clamp(0.0, count - 1.0) + 0.5) / count
            }
            None => u,
        }
    }

    /// How values lie along it. Whole numbers are linear, each in the middle of its cell.
    ///
    /// ```
    /// use besom_core::{Distribution, Parameter};
    /// use besom_insight::{Axis, Layout};
    ///
    /// let layers = Axis::new(&Parameter::new("layers", Distribution::int(1, 4)));
    /// assert_eq!(layers.layout(), Layout::Linear { low: 0.5, high: 4.5 });
    /// ```
    pub fn layout(&self) -> Layout {
        match (&self.levels, &self.distribution) {
            (_, &Distribution::IntUniform { min, max }) => {
                Layout::Linear { low: min as f64 - 0.5, high: max as f64 + 0.5 }
            }
            (Some(levels), _) => {
                Layout::Listed((0..levels.count()).filter_map(|k| levels.value(k)).collect())
            }
            (None, Distribution::Continuous(shape) | Distribution::Quantized(shape, _)) => of_shape(*shape),
            (None, _) => Layout::Quantiles,
        }
    }

    /// The value at a place from 0 to 1, or the nearest one.
    pub fn value(&self, u: f64) -> Value {
        let count = self.levels.as_ref().map_or(0, Levels::count);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
        let cell = ((u * count as f64) as u128).min(count.saturating_sub(1));
        let level = self.levels.as_ref().and_then(|levels| levels.value(cell));
        level.unwrap_or_else(|| self.distribution.quantile(u))
    }

    /// Round values to write beside the axis, as places and texts, in order: all values of a short list or range, some of a
    /// long one, decades where the axis is logarithmic, otherwise multiples of a round step. Different values have different
    /// texts; those of text values are of any length.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        match (&self.levels, &self.distribution) {
            (Some(levels), &Distribution::IntUniform { min, max }) if levels.count() > LABELED => {
                self.labeled(&ticks::whole(min as f64, max as f64), ticks::texts)
            }
            (Some(levels), _) => self.some_levels(levels),
            (None, Distribution::Continuous(shape)) => self.of_shape(*shape, None),
            (None, Distribution::Quantized(shape, step)) => self.of_shape(*shape, Some(*step)),
            (None, _) => Vec::new(),
        }
    }

    fn of_shape(&self, shape: Continuous, step: Option<Step>) -> Vec<(f64, String)> {
        let end = |u: f64, inner: f64| match shape.quantile(u) {
            end if end.is_finite() && (end > 0.0 || !is_logarithmic(shape)) => end,
            _ => shape.quantile(inner),
        };
        // An infinite end is left out.
        let (low, high) = (end(0.0, 0.01), end(1.0, 0.99));
        if is_logarithmic(shape) && low > 0.0 {
            let round = ticks::decades(low.log10(), high.log10());
            return self.labeled(&self.values_among(&round, step), ticks::texts_of_decades);
        }
        let round = ticks::even(low, high, step.map(|step| step.q));
        self.labeled(&self.values_among(&round, step), ticks::texts)
    }

    /// Round values, or with a step the nearest ones that the parameter takes.
    fn values_among(&self, round: &[f64], step: Option<Step>) -> Vec<f64> {
        if step.is_none() {
            return round.to_vec();
        }
        let nearest =
            |&x: &f64| self.distribution.quantile(self.distribution.coordinate(&x.into())?).as_f64();
        let mut values: Vec<f64> = round.iter().filter_map(nearest).collect();
        values.dedup();
        values
    }

    /// The values with their places, without those that would stand too near the one before.
    fn labeled(&self, values: &[f64], texts: fn(&[f64]) -> Vec<String>) -> Vec<(f64, String)> {
        let mut kept: Vec<(f64, f64)> = Vec::new();
        for &value in values {
            let Some(place) = self.place(&value.into()) else { continue };
            if kept.last().is_none_or(|(before, _)| place - before > TOO_NEAR) {
                kept.push((place, value));
            }
        }
        let (places, values): (Vec<f64>, Vec<f64>) = kept.into_iter().unzip();
        places.into_iter().zip(texts(&values)).collect()
    }

    /// Values of a list or range at even distances, so few that they have room.
    fn some_levels(&self, levels: &Levels) -> Vec<(f64, String)> {
        let stride = levels.count().div_ceil(LABELED).max(1);
        let level = |k: u128| Some(((k * stride) as f64, levels.value(k * stride)?));
        let (places, values): (Vec<f64>, Vec<Value>) =
            (0..levels.count().div_ceil(stride)).filter_map(level).unzip();
        let place = |k: f64| (k + 0.5) / levels.count() as f64;
        places.into_iter().map(place).zip(texts(&values)).collect()
    }
}

/// Values of a list as labels: floats in as many digits as tell them apart.
fn texts(values: &[Value]) -> Vec<String> {
    let floats: Vec<f64> = values.iter().filter(|value| value.is_f64()).filter_map(Value::as_f64).collect();
    let mut floats = ticks::numbers(&floats).into_iter();
    let text = |value: &Value| match value {
        Value::Number(number) if number.is_f64() => floats.next().unwrap_or_default(),
        Value::String(text) => label(text).into_owned(),
        other => other.to_string(),
    };
    values.iter().map(text).collect()
}

/// How the values of a shape lie along its quantiles.
fn of_shape(shape: Continuous) -> Layout {
    let (low, high) = (shape.quantile(0.0), shape.quantile(1.0));
    match shape {
        Continuous::Uniform { .. } => Layout::Linear { low, high },
        Continuous::Normal { .. } | Continuous::LogNormal { .. } | Continuous::Beta { .. } => {
            Layout::Quantiles
        }
        _ if low > 0.0 && high.is_finite() => Layout::Logarithmic { low, high },
        _ => Layout::Quantiles,
    }
}

/// Whether the quantiles of a shape are those of its logarithm.
fn is_logarithmic(shape: Continuous) -> bool {
    !matches!(shape, Continuous::Uniform { .. } | Continuous::Normal { .. } | Continuous::Beta { .. })
}

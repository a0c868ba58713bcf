//! The axis of a parameter: the quantiles of its distribution, so that a range over decades is seen in decades.

use besom_core::{Distribution, Levels, ParamPath, Parameter};
use serde_json::Value;

/// The most values of a list or range that are all labeled; more would not fit beside an axis.
const LABELED: u128 = 8;

/// A parameter that is not constant, as an axis from 0 to 1.
#[derive(Clone, Debug)]
pub struct Axis {
    name: ParamPath,
    distribution: Distribution,
    /// The values of a list or of whole numbers, each in the middle of its cell.
    levels: Option<Levels>,
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
        Self { name: parameter.name.clone(), distribution, levels }
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

    /// Values to write beside the axis with their places, in order: all of a short list or range, otherwise five at even
    /// places. An infinite end is left out.
    pub fn ticks(&self) -> Vec<(f64, Value)> {
        match &self.levels {
            Some(levels) if levels.count() <= LABELED => {
                let level = |k| Some(((k as f64 + 0.5) / levels.count() as f64, levels.value(k)?));
                (0..levels.count()).filter_map(level).collect()
            }
            _ => self.quantiles(),
        }
    }

    fn quantiles(&self) -> Vec<(f64, Value)> {
        let ends = match self.distribution {
            Distribution::Continuous(shape) | Distribution::Quantized(shape, _) => {
                shape.quantile(0.0).is_finite() && shape.quantile(1.0).is_finite()
            }
            _ => true,
        };
        let places = if ends { [0.0, 0.25, 0.5, 0.75, 1.0] } else { [0.02, 0.25, 0.5, 0.75, 0.98] };
        let tick = |u: f64| {
            let value = self.distribution.quantile(u);
            (self.place(&value).unwrap_or(u), value)
        };
        let mut ticks = places.map(tick).to_vec();
        ticks.dedup_by(|a, b| a.1 == b.1);
        ticks
    }
}

//! The kinds of axes: a continuous one, a written list of levels, or more levels than are written out.

use besom_core::distribution::{Continuous, Step};
use besom_core::value::same;
use besom_core::{Distribution, Levels};
use serde_json::Value;

/// The most levels that are written out; beyond, levels are computed. Only a bound on memory.
pub(super) const LISTED: u128 = 1024;
/// How near to the ends of unbounded shapes a suggestion may go: not beyond 4.75 standard deviations of a
/// normal one.
pub(super) const TAIL: f64 = 1e-6;

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Any coordinate that is not nearer to 0 or 1 than the margin.
    Continuous { margin: f64 },
    /// A written list of levels.
    Levels { levels: Vec<Level>, index: Option<Levels>, ordered: bool },
    /// Too many levels to write out, or endlessly many.
    Stepped,
}

#[derive(Clone, Debug)]
pub(super) struct Level {
    pub(super) value: Value,
    pub(super) coordinate: f64,
    /// Where its cell of coordinates ends.
    pub(super) cell_end: f64,
    /// The probability of this level and those before it.
    pub(super) cumulative: f64,
}

impl Kind {
    /// The kind of a distribution; `Err` with the value of a constant.
    pub(super) fn of(distribution: &Distribution) -> Result<Self, Value> {
        Ok(match distribution {
            Distribution::Constant(value) => return Err(value.clone()),
            Distribution::Categorical { values, probabilities } => list(values, probabilities.as_deref()),
            Distribution::IntUniform { min, max } => integers(*min, *max),
            Distribution::Continuous(shape) => Self::Continuous { margin: margin(shape) },
            Distribution::Quantized(shape, step) => steps(distribution, shape, *step),
            _ => Self::Continuous { margin: TAIL },
        })
    }
}

/// How far from 0 and 1 coordinates of a shape stay.
fn margin(shape: &Continuous) -> f64 {
    match shape {
        Continuous::Normal { .. } | Continuous::LogNormal { .. } | Continuous::Beta { .. } => TAIL,
        _ => 0.0,
    }
}

/// A list of values: ordered levels if they are at least three different numbers, else categories. Values of
/// probability 0 are not suggested.
fn list(values: &[Value], probabilities: Option<&[f64]>) -> Kind {
    let weight = |k: usize| probabilities.map_or(1.0, |p| p.get(k).copied().unwrap_or(0.0));
    let possible: Vec<Value> =
        values.iter().enumerate().filter(|&(k, _)| weight(k) > 0.0).map(|(_, v)| v.clone()).collect();
    let possible = if possible.is_empty() { values.to_vec() } else { possible };
    let index = Distribution::Categorical { values: possible, probabilities: None }.levels();
    let count = index.as_ref().map_or(0, Levels::count);
    let mut distinct: Vec<Value> = (0..count).filter_map(|k| index.as_ref()?.value(k)).collect();
    let ordered = distinct.len() >= 3 && distinct.iter().all(Value::is_number);
    if ordered {
        let number = |v: &Value| v.as_f64().unwrap_or_default();
        distinct.sort_by(|a, b| number(a).total_cmp(&number(b)));
    }
    let weights: Vec<f64> = distinct
        .iter()
        .map(|d| values.iter().enumerate().filter(|(_, v)| same(d, v)).map(|(k, _)| weight(k)).sum())
        .collect();
    let (m, total) = (distinct.len() as f64, weights.iter().sum::<f64>());
    let mut sum = 0.0;
    let level = |(k, (value, weight)): (usize, (Value, &f64))| {
        sum += weight / total;
        let (coordinate, cell_end) =
            if ordered { ((k as f64 + 0.5) / m, (k as f64 + 1.0) / m) } else { (k as f64, k as f64 + 0.5) };
        Level { value, coordinate, cell_end, cumulative: sum }
    };
    let levels = distinct.into_iter().zip(&weights).enumerate().map(level).collect();
    Kind::Levels { levels, index, ordered }
}

/// Whole numbers.
fn integers(min: i64, max: i64) -> Kind {
    let count = (i128::from(max) - i128::from(min) + 1).cast_unsigned();
    if count > LISTED {
        return Kind::Stepped;
    }
    let m = count as f64;
    let level = |(k, x): (usize, i64)| {
        let end = (k as f64 + 1.0) / m;
        Level { value: x.into(), coordinate: (k as f64 + 0.5) / m, cell_end: end, cumulative: end }
    };
    Kind::Levels { levels: (min..=max).enumerate().map(level).collect(), index: None, ordered: true }
}

/// Multiples of a step, written out if a bounded shape has few of them.
fn steps(distribution: &Distribution, shape: &Continuous, step: Step) -> Kind {
    let number = |u: f64| distribution.quantile(u).as_f64().map(|x| (x / step.q).round_ties_even());
    let bounded = !matches!(shape, Continuous::Normal { .. } | Continuous::LogNormal { .. });
    let (Some(low), Some(high), true) = (number(0.0), number(1.0), bounded) else {
        return Kind::Stepped;
    };
    if !(high - low < LISTED as f64 && low.abs() < 1e15 && high.abs() < 1e15) {
        return Kind::Stepped;
    }
    let mut levels = Vec::new();
    let mut multiple = low;
    while multiple <= high {
        let coordinate = center(*shape, step, multiple);
        let end = shape.cdf((multiple + 0.5) * step.q);
        // A step without any probability is never suggested: its cell is empty, and its coordinate another's.
        let probable = end > levels.last().map_or(0.0, |before: &Level| before.cell_end);
        if probable && number(coordinate).is_some_and(|k| (k - multiple).abs() < 0.5) {
            levels.push(Level {
                value: distribution.quantile(coordinate),
                coordinate,
                cell_end: end,
                cumulative: end,
            });
        }
        multiple += 1.0;
    }
    if levels.is_empty() { Kind::Stepped } else { Kind::Levels { levels, index: None, ordered: true } }
}

/// The center of the cell of probabilities whose values are rounded to this multiple of the step.
pub(super) fn center(shape: Continuous, Step { q, .. }: Step, multiple: f64) -> f64 {
    0.5 * (shape.cdf((multiple - 0.5) * q) + shape.cdf((multiple + 0.5) * q))
}

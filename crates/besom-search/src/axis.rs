//! One parameter on its quantile scale, as kernel densities and evolution strategies see it.
//!
//! A parameter lives on its quantile scale, where its distribution is uniform. One with a few values is a
//! list of levels, each a cell of that scale; all others are continuous.

use besom_core::value::same_ignoring_injected_keys;
use besom_core::{Distribution, ParamPath, Parameter, Point};
use serde_json::Value;

/// The most levels that a numeric parameter has; one with more counts as continuous. The table of kernel
/// masses grows with the levels.
const MOST_LEVELS: u128 = 64;

/// Where a value lies on an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// On the quantile scale, in [0, 1].
    At(f64),
    /// The level of this number.
    Level(usize),
}

/// One parameter.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    name: ParamPath,
    distribution: Distribution,
    levels: Option<Levels>,
}

/// The levels of a parameter.
#[derive(Clone, Debug)]
pub(crate) struct Levels {
    values: Vec<Value>,
    /// Where the cell of each level ends on the quantile scale; the last at 1.
    ends: Vec<f64>,
    /// Whether neighbors are alike.
    pub(crate) ordered: bool,
}

impl Axis {
    /// The axis of a parameter.
    pub(crate) fn new(Parameter { name, distribution, .. }: &Parameter) -> Self {
        Self { name: name.clone(), distribution: distribution.clone(), levels: Levels::of(distribution) }
    }

    /// The levels, if the parameter has few.
    pub(crate) fn levels(&self) -> Option<&Levels> {
        self.levels.as_ref()
    }

    /// The levels, if they are categories: neighbors are no more alike than others.
    pub(crate) fn categories(&self) -> Option<&Levels> {
        self.levels().filter(|levels| !levels.ordered)
    }

    /// Where a point lies; `None` if it has no value here, or one that the distribution does not know.
    pub(crate) fn find(&self, point: &Point) -> Option<Place> {
        let value = point.get(&self.name)?;
        match &self.levels {
            Some(levels) => {
                levels.values.iter().position(|v| same_ignoring_injected_keys(v, value)).map(Place::Level)
            }
            None => self.distribution.coordinate(value).filter(|u| u.is_finite()).map(Place::At),
        }
    }

    /// The place at `u` on the quantile scale.
    pub(crate) fn place(&self, u: f64) -> Place {
        self.levels.as_ref().map_or(Place::At(u), |levels| Place::Level(levels.at(u)))
    }
}

impl Levels {
    fn of(distribution: &Distribution) -> Option<Self> {
        match distribution {
            Distribution::Categorical { values, probabilities } => {
                let equal = 1.0 / values.len() as f64;
                let probability = |k: usize| probabilities.as_ref().map_or(equal, |p| p[k]);
                Some(Self::list(values, probability))
            }
            Distribution::IntUniform { .. } => {
                let levels = distribution.levels().filter(|levels| levels.count() <= MOST_LEVELS)?;
                let values: Vec<Value> = (0..levels.count()).filter_map(|k| levels.value(k)).collect();
                let equal = 1.0 / values.len() as f64;
                Some(Self::list(&values, |_| equal))
            }
            _ => None,
        }
    }

    /// A list; it is ordered if it is three or more rising numbers.
    fn list(values: &[Value], probability: impl Fn(usize) -> f64) -> Self {
        let mut end = 0.0;
        let mut ends: Vec<f64> = (0..values.len())
            .map(|k| {
                end += probability(k);
                end
            })
            .collect();
        if let Some(last) = ends.last_mut() {
            *last = 1.0;
        }
        let numbers: Option<Vec<f64>> = values.iter().map(Value::as_f64).collect();
        let ordered = numbers.is_some_and(|numbers| numbers.len() >= 3 && numbers.is_sorted_by(|a, b| a < b));
        Self { values: values.to_vec(), ends, ordered }
    }

    /// How many levels there are; at least 1.
    pub(crate) fn count(&self) -> usize {
        self.values.len()
    }

    /// The ends of a level's cell.
    pub(crate) fn cell(&self, level: usize) -> (f64, f64) {
        (level.checked_sub(1).map_or(0.0, |before| self.ends[before]), self.ends[level])
    }

    /// How likely each level is.
    pub(crate) fn probabilities(&self) -> Vec<f64> {
        (0..self.count()).map(|level| self.cell(level)).map(|(from, to)| to - from).collect()
    }

    /// The level whose cell holds `u`.
    pub(crate) fn at(&self, u: f64) -> usize {
        self.ends.partition_point(|&end| end <= u).min(self.count() - 1)
    }
}

/// The first level at which the sum of masses passes `u`; the last one if rounding leaves none. Masses up to
/// `least` don't count.
pub(crate) fn pick(masses: &[f64], u: f64, least: f64) -> usize {
    let (mut left, mut last) = (u, 0);
    for (level, &mass) in masses.iter().enumerate().filter(|(_, mass)| **mass > least) {
        last = level;
        if left < mass {
            break;
        }
        left -= mass;
    }
    last
}

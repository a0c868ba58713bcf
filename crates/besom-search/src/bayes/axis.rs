//! One parameter as a model sees it: an axis with coordinates.
//!
//! Numbers lie at their cdf in [0, 1], so that the prior that the user gave is the metric of the space. A
//! level of a whole or stepped number, or of a list of numbers, lies at the center of its cell. Categories
//! have their place in the list as code. Coordinates are always *snapped*: every one that leaves this module
//! is that of a value that the parameter can take, but for the canonical one of runs that lack it, which lies
//! within the cell of a value.

mod kind;

use besom_core::Distribution;
use besom_core::value::{float, same};
use serde_json::Value;

use self::kind::{Kind, LISTED, TAIL, center};
use super::data::as_number;

/// A parameter with at least two values.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    distribution: Distribution,
    kind: Kind,
}

/// What distinguishes a value of a parameter from its other values.
pub(super) type Key = u64;

impl Axis {
    /// The axis of a distribution; `Err` with the value if it has only one.
    pub(super) fn new(distribution: &Distribution) -> Result<Self, Value> {
        match Kind::of(distribution)? {
            Kind::Levels { mut levels, .. } if levels.len() == 1 => Err(levels.remove(0).value),
            kind => Ok(Self { distribution: distribution.clone(), kind }),
        }
    }

    /// Whether codes are names without order.
    pub(super) fn is_categorical(&self) -> bool {
        matches!(self.kind, Kind::Levels { ordered: false, .. })
    }

    /// Whether every coordinate is one of a value.
    pub(super) fn is_continuous(&self) -> bool {
        matches!(self.kind, Kind::Continuous { .. })
    }

    /// The smallest and largest coordinate of a continuous axis.
    pub(super) fn range(&self) -> (f64, f64) {
        match self.kind {
            Kind::Continuous { margin } => (margin, 1.0 - margin),
            _ => (0.0, 1.0),
        }
    }

    /// How many values there are, if they are finitely many and countable.
    pub(super) fn count(&self) -> Option<usize> {
        match &self.kind {
            Kind::Levels { levels, .. } => Some(levels.len()),
            _ => None,
        }
    }

    /// The values of a category: the coordinate of each, and its probability.
    pub(super) fn categories(&self) -> Vec<(f64, f64)> {
        let Kind::Levels { levels, ordered: false, .. } = &self.kind else {
            return Vec::new();
        };
        let below = std::iter::once(0.0).chain(levels.iter().map(|level| level.cumulative));
        levels.iter().zip(below).map(|(level, below)| (level.coordinate, level.cumulative - below)).collect()
    }

    /// How many values are ever suggested, if they are few: also of steps without bounds, of which those beyond
    /// the tails are not.
    pub(super) fn reachable(&self) -> Option<usize> {
        self.count().or_else(|| self.steps().map(|(_, count)| count))
    }

    /// The coordinate of the `k`-th value that is ever suggested, modulo their number; 0.5 where they cannot be
    /// counted.
    pub(super) fn at(&self, k: usize) -> f64 {
        match (&self.kind, &self.distribution, self.steps()) {
            (Kind::Levels { levels, .. }, ..) => levels[k % levels.len()].coordinate,
            (_, &Distribution::Quantized(shape, step), Some((first, count))) => {
                self.snap(center(shape, step, first + (k % count) as f64))
            }
            _ => 0.5,
        }
    }

    /// The lowest multiple of the step between the tails of an unbounded shape, and how many there are, if few.
    fn steps(&self) -> Option<(f64, usize)> {
        let (Kind::Stepped, Distribution::Quantized(_, step)) = (&self.kind, &self.distribution) else {
            return None;
        };
        let number = |u: f64| self.distribution.quantile(u).as_f64().map(|x| (x / step.q).round_ties_even());
        let (low, high) = (number(TAIL)?, number(1.0 - TAIL)?);
        let few = high - low < LISTED as f64 && low.abs() < 1e15 && high.abs() < 1e15;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few, and high >= low")]
        few.then(|| (low, (high - low) as usize + 1))
    }

    /// The coordinate of a run that lacks the parameter: the middle of numbers, the first category.
    pub(super) fn canonical(&self) -> f64 {
        if self.is_categorical() { self.at(0) } else { 0.5 }
    }

    /// The coordinate of a value from a run, moved to the nearest that the parameter can take; `None` if the
    /// value is of a wrong kind.
    pub(super) fn encode(&self, value: &Value) -> Option<f64> {
        match &self.kind {
            Kind::Levels { levels, index: Some(index), .. } => {
                let place = usize::try_from(index.index(value)?).ok()?;
                let level = index.value(place as u128)?;
                levels.iter().find(|l| same(&l.value, &level)).map(|l| l.coordinate)
            }
            _ => {
                let value = as_number(&self.distribution, value);
                let cdf = self.distribution.cdf(&value)?;
                Some(match self.distribution {
                    // The cdf of a whole number is the upper end of its cell; that of a step lies inside it.
                    Distribution::IntUniform { .. } => self.snap(cdf.next_down()),
                    Distribution::Quantized(shape, step) => {
                        self.snap(center(shape, step, (value.as_f64()? / step.q).round_ties_even()))
                    }
                    _ => self.snap(cdf),
                })
            }
        }
    }

    /// The value at a coordinate.
    pub(super) fn decode(&self, coordinate: f64) -> Value {
        match &self.kind {
            Kind::Levels { levels, .. } => levels[self.level(coordinate)].value.clone(),
            _ => self.distribution.quantile(coordinate),
        }
    }

    /// What distinguishes a value; `None` if the parameter never has it.
    pub(super) fn key(&self, value: &Value) -> Option<Key> {
        if !self.distribution.contains(value) {
            return None;
        }
        match (&self.kind, &self.distribution) {
            (Kind::Levels { .. }, _) => Some(self.level(self.encode(value)?) as Key),
            (_, Distribution::Quantized(_, step)) => {
                Some(((value.as_f64()? / step.q).round_ties_even() + 0.0).to_bits())
            }
            (_, Distribution::IntUniform { .. }) if value.is_i64() => Some(value.as_i64()?.cast_unsigned()),
            // A whole float: rare, and past 2^53 not to be distinguished from its neighbors anyway.
            (_, Distribution::IntUniform { .. }) => {
                format!("{:.0}", value.as_f64()?).parse::<i64>().ok().map(i64::cast_unsigned)
            }
            _ => Some((value.as_f64()? + 0.0).to_bits()),
        }
    }

    /// The coordinate of the value that the prior has at probability `u`.
    pub(super) fn sample(&self, u: f64) -> f64 {
        match &self.kind {
            Kind::Levels { levels, .. } => {
                let level = levels.iter().find(|level| u < level.cumulative);
                level.or(levels.last()).map_or(0.5, |level| level.coordinate)
            }
            _ => self.snap(u),
        }
    }

    /// The nearest coordinate that belongs to a value.
    pub(super) fn snap(&self, u: f64) -> f64 {
        match &self.kind {
            Kind::Continuous { margin } => {
                if u.is_nan() {
                    0.5
                } else {
                    u.clamp(*margin, 1.0 - margin)
                }
            }
            Kind::Levels { levels, .. } => levels[self.level(u)].coordinate,
            Kind::Stepped => {
                let value = self.distribution.quantile(u.clamp(TAIL, 1.0 - TAIL));
                let x = value.as_f64().unwrap_or_default();
                let coordinate = match self.distribution {
                    Distribution::IntUniform { min, max } => {
                        (x - min as f64 + 0.5) / (max as f64 - min as f64 + 1.0)
                    }
                    Distribution::Quantized(shape, step) => {
                        center(shape, step, (x / step.q).round_ties_even())
                    }
                    _ => u,
                };
                if coordinate.is_finite() { coordinate.clamp(0.0, 1.0) } else { 0.5 }
            }
        }
    }

    /// Coordinates to try from here in a search over values: all others if they are few or categories, else
    /// jumps to the next three and by about 3, 10 and 30 % of the axis, so that each is a few jumps away.
    /// None on a continuous axis, where a gradient leads.
    pub(super) fn neighbors(&self, coordinate: f64) -> Vec<f64> {
        match &self.kind {
            Kind::Continuous { .. } => Vec::new(),
            Kind::Levels { levels, ordered, .. } => {
                let places = neighbors(self.level(coordinate), levels.len(), *ordered);
                places.into_iter().map(|k| levels[k].coordinate).collect()
            }
            Kind::Stepped => {
                let x = self.distribution.quantile(coordinate).as_f64().unwrap_or_default();
                let step = match self.distribution {
                    Distribution::Quantized(_, step) => step.q,
                    _ => 1.0,
                };
                let near = [1.0, 2.0, 3.0].into_iter().flat_map(|j| [x - j * step, x + j * step]);
                let near = near.filter_map(|x| self.encode(&float(x)));
                let far = [0.03, 0.1, 0.3].into_iter().flat_map(|j| [coordinate - j, coordinate + j]);
                near.chain(far.map(|u| self.snap(u))).collect()
            }
        }
    }

    /// The place of the level whose cell holds the coordinate.
    fn level(&self, coordinate: f64) -> usize {
        match &self.kind {
            Kind::Levels { levels, .. } => {
                levels.partition_point(|level| level.cell_end <= coordinate).min(levels.len() - 1)
            }
            _ => 0,
        }
    }
}

/// The most ordered levels of which all others are tried.
const FEW: usize = 16;

/// Places of levels to try from one of them.
fn neighbors(here: usize, count: usize, ordered: bool) -> Vec<usize> {
    if !ordered || count <= FEW {
        return (0..count).filter(|&k| k != here).collect();
    }
    let share = |percent: usize| (count * percent / 100).max(4);
    let jumps = [1, 2, 3, share(3), share(10), share(30)];
    let both = jumps.into_iter().flat_map(|j| [here.checked_sub(j), Some(here + j)]);
    both.flatten().filter(|&k| k < count).collect()
}

/// Whether two coordinates of a category are those of the same value.
pub(super) fn same_category(a: f64, b: f64) -> bool {
    #[expect(clippy::float_cmp, reason = "coordinates of categories are equal or they are not")]
    let same = a == b;
    same
}

#[cfg(test)]
mod tests {
    use besom_core::distribution::{Continuous, Step};
    use besom_core::laws;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn axes() -> impl Strategy<Value = Axis> {
        laws::distribution().prop_filter_map("several values", |distribution| Axis::new(&distribution).ok())
    }

    /// A coordinate is that of one level only, so that as many points can be suggested as are counted.
    fn check_levels(axis: &Axis) {
        for k in 0..axis.count().unwrap_or(0) {
            assert_eq!(axis.level(axis.at(k)), k, "{axis:?}");
        }
    }

    #[test]
    fn steps_that_nearly_all_of_a_distribution_lies_between_are_none() {
        let beta = Continuous::Beta { a: 1e6, b: 1e6 };
        let narrow = Distribution::Quantized(beta, Step { q: 0.05, integer: false });
        assert_eq!(Axis::new(&narrow).map(|axis| axis.count()), Err(json!(0.5)));
    }

    proptest! {
        #[test]
        fn every_level_is_reached(axis in axes()) {
            if !axis.is_categorical() {
                check_levels(&axis);
            }
        }

        #[test]
        fn every_coordinate_is_that_of_a_value_of_the_parameter(axis in axes(), u in 0.0..1.0) {
            let mut coordinates = vec![axis.sample(u), axis.snap(u)];
            coordinates.extend(axis.neighbors(coordinates[0]));
            for coordinate in coordinates {
                let value = axis.decode(coordinate);
                prop_assert!(axis.distribution.contains(&value), "{value}");
                prop_assert!(axis.key(&value).is_some());
                let back = axis.encode(&value).map(|coordinate| axis.decode(coordinate));
                let back = back.ok_or_else(|| TestCaseError::fail("it cannot be encoded"))?;
                let near = match (back.as_f64(), value.as_f64()) {
                    (Some(a), Some(b)) => (a - b).abs() <= 1e-6 * (1.0 + b.abs()),
                    _ => same(&back, &value),
                };
                prop_assert!(near, "{value} came back as {back}");
            }
        }

        #[test]
        fn different_countable_values_have_different_keys(axis in axes()) {
            let count = axis.count().unwrap_or(0);
            let keys: std::collections::BTreeSet<_> =
                (0..count).filter_map(|k| axis.key(&axis.decode(axis.at(k)))).collect();
            prop_assert_eq!(keys.len(), count);
        }
    }

    #[test]
    fn lists_of_numbers_are_ordered_and_others_are_categories() {
        let axis = |values: Value, probabilities| {
            let values = values.as_array().cloned().unwrap_or_default();
            Axis::new(&Distribution::Categorical { values, probabilities })
        };
        let ordered = axis(json!([64, 16, 32, 32.0]), None).expect("three values");
        assert!(!ordered.is_categorical());
        assert_eq!(ordered.encode(&json!(16)), Some(0.5 / 3.0));
        assert_eq!(ordered.encode(&json!(64.0)), Some(2.5 / 3.0));
        assert_eq!(ordered.encode(&json!(20)), None);
        assert!(axis(json!([1, 2]), None).expect("two values").is_categorical());
        assert!(axis(json!(["a", 1, 2]), None).expect("three values").is_categorical());
        let possible = axis(json!(["a", "b", "c"]), Some(vec![0.5, 0.0, 0.5])).expect("two are possible");
        assert_eq!(possible.count(), Some(2));
        assert_eq!(axis(json!([3, 3.0]), None).expect_err("one value"), json!(3.0));
    }
}

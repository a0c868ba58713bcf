//! The levels that a grid tries of one parameter.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::distribution::{Step, decimals, round_decimal, whole, without_injected};
use crate::value::same;

/// The levels that a grid tries of one parameter: a finite sequence of distinct values that is never written out.
/// Made by [`crate::Distribution::levels`].
///
/// ```
/// use besom_core::Distribution;
/// use serde_json::json;
///
/// let levels = Distribution::IntUniform { min: 0, max: 999_999_999_999 }.levels().unwrap();
/// assert_eq!(levels.count(), 1_000_000_000_000);
/// assert_eq!(levels.value(41), Some(json!(41)));
/// assert_eq!(levels.index(&json!(7.0)), Some(7));
/// ```
#[derive(Clone, Debug)]
pub struct Levels(Kind);

#[derive(Clone, Debug)]
enum Kind {
    List {
        values: Vec<Value>,
        /// Places of values by their hash.
        places: HashMap<u64, Vec<usize>>,
    },
    Integers {
        min: i64,
        max: i64,
    },
    /// `min + i q`, up to rounding.
    Steps {
        min: f64,
        step: Step,
        decimals: usize,
        count: u128,
    },
}

impl Levels {
    /// The distinct values of a list at their first places. Of equal ones (2 and 2.0) the last is shown, as W&B does.
    pub fn list(all: &[Value]) -> Self {
        let mut values: Vec<Value> = Vec::new();
        let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
        for value in all {
            let bucket = places.entry(hash(value)).or_default();
            match bucket.iter().find(|&&place| same(&values[place], value)) {
                Some(&place) => values[place] = value.clone(),
                None => {
                    bucket.push(values.len());
                    values.push(value.clone());
                }
            }
        }
        Self(Kind::List { values, places })
    }

    /// All whole numbers from `min` to `max`.
    pub(crate) fn integers(min: i64, max: i64) -> Self {
        Self(Kind::Integers { min, max })
    }

    /// `min`, `min + q`, ... below `max`, which is left out as in W&B, also where rounding would let it in. `None` if
    /// there are more of them than floats or 64-bit integers tell apart.
    pub(crate) fn steps(min: f64, max: f64, Step { q, integer }: Step) -> Option<Self> {
        let steps = max / q - min / q;
        let outermost = min.abs().max(max.abs());
        if noise(min, max, q) >= 0.25 || (integer && outermost >= MOST_INTEGER) {
            return None;
        }
        let nearest = steps.round();
        let count = if (steps - nearest).abs() <= noise(min, max, q) { nearest } else { steps.ceil() };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
        let count = (count as u128).max(1);
        let step = Step { q, integer: integer && min.fract() == 0.0 };
        Some(Self(Kind::Steps { min, step, decimals: decimals(min).max(decimals(q)), count }))
    }

    /// `low`, `low + q`, ... up to `high`, both multiples of q. `None` where [`Levels::steps`] has none.
    pub(crate) fn multiples(low: f64, high: f64, step: Step) -> Option<Self> {
        let outermost = low.abs().max(high.abs());
        if noise(low, high, step.q) >= 0.25 || (step.integer && outermost >= MOST_INTEGER) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
        let count = ((high / step.q - low / step.q).round() as u128).saturating_add(1);
        Some(Self(Kind::Steps { min: low, step, decimals: decimals(step.q), count }))
    }

    /// How many levels there are; at least 1.
    pub fn count(&self) -> u128 {
        match &self.0 {
            Kind::List { values, .. } => values.len() as u128,
            Kind::Integers { min, max } => whole::count(*min, *max),
            Kind::Steps { count, .. } => *count,
        }
    }

    /// Whether they are listed one by one.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.0, Kind::List { .. })
    }

    /// The level at place `k`, counted from 0; `None` past the last.
    pub fn value(&self, k: u128) -> Option<Value> {
        if k >= self.count() {
            return None;
        }
        match &self.0 {
            Kind::List { values, .. } => values.get(usize::try_from(k).ok()?).cloned(),
            Kind::Integers { min, .. } => {
                let x = i128::from(*min) + i128::try_from(k).ok()?;
                Some(i64::try_from(x).ok()?.into())
            }
            Kind::Steps { min, step, decimals, .. } => {
                let x = min + k as f64 * step.q;
                Some(step.value(round_decimal(x, *decimals), *decimals))
            }
        }
    }

    /// The place of a value among the levels, if it is one: numbers by value, steps up to rounding, and in a list of
    /// objects without the first-level keys that no object of the list has (tools inject keys into dictionaries).
    pub fn index(&self, value: &Value) -> Option<u128> {
        match &self.0 {
            Kind::List { values, places } => {
                let place = |value: &Value| {
                    places.get(&hash(value))?.iter().copied().find(|&place| same(&values[place], value))
                };
                place(value)
                    .or_else(|| place(&without_injected(values, value.as_object()?)?))
                    .map(|place| place as u128)
            }
            Kind::Integers { min, max } => {
                let x = whole::integer(value).filter(|x| (min..=max).contains(&x))?;
                u128::try_from(i128::from(x) - i128::from(*min)).ok()
            }
            Kind::Steps { min, step, count, .. } => {
                let x = value.as_f64()?;
                let steps = (x - min) / step.q;
                let nearest = steps.round() + 0.0;
                let near = (steps - nearest).abs() <= noise(*min, x, step.q) && nearest >= 0.0;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative")]
                (near && (nearest as u128) < *count).then_some(nearest as u128)
            }
        }
    }
}

/// The first integer that is too large for 64 bits.
const MOST_INTEGER: f64 = 9_223_372_036_854_775_808.0;

/// How far rounding errors may move a value between `a` and `b`, in steps of `q`.
fn noise(a: f64, b: f64, q: f64) -> f64 {
    1e-9 + 4.0 * f64::EPSILON * (a.abs().max(b.abs()) / q)
}

/// A hash under which values that are the same ([`same`]) agree. Deterministic: no random keys.
fn hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    match value {
        Value::Null => 0.hash(&mut hasher),
        Value::Bool(b) => (1, b).hash(&mut hasher),
        Value::Number(_) => (2, value.as_f64().map(|x| (x + 0.0).to_bits())).hash(&mut hasher),
        Value::String(text) => (3, text).hash(&mut hasher),
        Value::Array(items) => {
            4.hash(&mut hasher);
            items.iter().for_each(|item| hash(item).hash(&mut hasher));
        }
        Value::Object(entries) => {
            // A sum, because the order of keys does not matter.
            let entry = |(key, value): (&String, &Value)| {
                let mut hasher = DefaultHasher::new();
                (key, hash(value)).hash(&mut hasher);
                hasher.finish()
            };
            (5, entries.iter().map(entry).fold(0, u64::wrapping_add)).hash(&mut hasher);
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy as _, any, prop_assert, prop_assert_eq, proptest};
    use serde_json::json;

    use super::*;
    use crate::distribution::Continuous;
    use crate::laws::finite_distribution;
    use crate::{Distribution, value::same_ignoring_injected_keys};

    fn levels(distribution: &Distribution) -> Levels {
        distribution.levels().expect("it has levels")
    }

    fn q_uniform(min: f64, max: f64, q: f64) -> Distribution {
        Distribution::Quantized(Continuous::Uniform { min, max }, Step { q, integer: q.fract() == 0.0 })
    }

    /// All levels of a distribution are the expected values.
    fn check(distribution: &Distribution, expected: &Value) {
        let levels = levels(distribution);
        let found: Vec<Value> = (0..levels.count()).filter_map(|k| levels.value(k)).collect();
        assert_eq!(Value::from(found), *expected);
    }

    proptest! {
        #[test]
        fn every_level_is_found_again_and_belongs_to_the_distribution(
            distribution in finite_distribution(), at in any::<u64>(),
        ) {
            let levels = levels(&distribution);
            let k = u128::from(at) % levels.count();
            let value = levels.value(k).expect("a level");
            prop_assert_eq!(levels.index(&value), Some(k));
            prop_assert!(distribution.contains(&value));
            prop_assert!(levels.value(levels.count()).is_none());
        }

        #[test]
        fn places_in_a_list_are_the_same_as_by_comparing_each(
            values in proptest::collection::vec(finite_distribution().prop_map(|d| d.quantile(0.7)), 1..8),
        ) {
            let levels = Levels::list(&values);
            for value in &values {
                let k = levels.index(value).and_then(|k| levels.value(k)).expect("a level");
                prop_assert!(same_ignoring_injected_keys(&k, value));
            }
        }
    }

    #[test]
    fn repeated_values_are_one_level_shown_as_the_last() {
        let values = vec![json!(2), json!("a"), json!(2.0), json!("a"), json!([1]), json!([1.0])];
        let list = Distribution::Categorical { values, probabilities: None };
        check(&list, &json!([2.0, "a", [1.0]]));
    }

    #[test]
    fn steps_leave_the_maximum_out_even_where_rounding_would_let_it_in() {
        check(&q_uniform(1.0, 1.3, 0.1), &json!([1.0, 1.1, 1.2]));
        check(&q_uniform(0.0, 10.0, 5.0), &json!([0, 5]));
        check(&q_uniform(1.0, 10.0, 4.0), &json!([1, 5, 9]));
        check(&q_uniform(0.0, 0.5, 0.1), &json!([0.0, 0.1, 0.2, 0.3, 0.4]));
        check(&q_uniform(0.5, 3.0, 1.0), &json!([0.5, 1.5, 2.5]));
        check(&q_uniform(0.0, 1.0, 7.0), &json!([0]));
    }

    #[test]
    fn noise_of_binary_arithmetic_is_forgiven_in_steps() {
        let levels = levels(&q_uniform(0.0, 0.5, 0.1));
        assert_eq!(levels.index(&json!(0.30000000000000004)), Some(3));
        assert_eq!(levels.index(&json!(0.31)), None);
        assert_eq!(levels.index(&json!(0.5)), None);
        assert_eq!(levels.index(&json!(-0.1)), None);
        assert_eq!(levels.index(&json!("0.1")), None);
    }

    #[test]
    fn the_whole_range_of_integers_has_levels() {
        let levels = levels(&Distribution::IntUniform { min: i64::MIN, max: i64::MAX });
        assert_eq!(levels.count(), 1 << 64);
        assert_eq!(levels.value(0), Some(json!(i64::MIN)));
        assert_eq!(levels.value((1 << 64) - 1), Some(json!(i64::MAX)));
        assert_eq!(levels.index(&json!(i64::MAX)), Some((1 << 64) - 1));
        assert_eq!(levels.index(&json!(1e19)), None);
        assert_eq!(levels.index(&json!(0.5)), None);
    }

    #[test]
    fn keys_that_no_object_of_a_list_has_are_ignored() {
        let values = vec![json!({"k": 1}), json!({"k": 2, "m": 0}), json!({"m": 1})];
        let levels = levels(&Distribution::Categorical { values, probabilities: None });
        assert_eq!(levels.index(&json!({"x": 1, "m": 0, "k": 2.0, "y": [2]})), Some(1));
        assert_eq!(levels.index(&json!({"k": 1, "m": 1})), None);
    }

    #[test]
    fn what_has_no_levels_has_none() {
        let weighted = Distribution::Categorical { values: vec![json!(1)], probabilities: Some(vec![1.0]) };
        let normal = Continuous::Normal { mu: 0.0, sigma: 1.0 };
        let rounded = Distribution::Quantized(normal, Step { q: 1.0, integer: true });
        for distribution in [weighted, Distribution::Continuous(normal), rounded] {
            assert!(distribution.levels().is_none(), "{distribution:?}");
        }
    }
}

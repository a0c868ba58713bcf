//! Lists of values, equally likely or weighted.

use serde_json::{Map, Value};

use super::whole;
use crate::value::same;

/// The place of the value at probability `u`; in a weighted list never one of probability 0.
pub(super) fn index(len: usize, probabilities: Option<&[f64]>, u: f64) -> usize {
    let Some(probabilities) = probabilities else {
        return usize::try_from(whole::rank(len as u128, u) - 1).expect("a place in the list");
    };
    let mut sum = 0.0;
    let mut last = 0;
    for (index, &probability) in probabilities.iter().enumerate().filter(|&(_, &p)| p > 0.0) {
        sum += probability;
        last = index;
        if sum > u {
            break;
        }
    }
    // Past the sum, which may be a little less than 1, it is the last value that can occur.
    last
}

/// The probability of the values up to this place.
pub(super) fn cdf(len: usize, probabilities: Option<&[f64]>, index: usize) -> f64 {
    match probabilities {
        None => (index + 1) as f64 / len as f64,
        Some(probabilities) => {
            let sum: f64 = probabilities.iter().take(index + 1).sum();
            sum.clamp(0.0, 1.0)
        }
    }
}

/// A probability at which a weighted list gives `value`, if any gives it: just below the cdf of its first place that
/// can occur.
pub(super) fn coordinate(values: &[Value], probabilities: &[f64], value: &Value) -> Option<f64> {
    let first = find_category(values, value)?;
    let occurs = |&place: &usize| probabilities[place] > 0.0 && same(&values[place], &values[first]);
    let place = (first..values.len().min(probabilities.len())).find(occurs).unwrap_or(first);
    Some(cdf(values.len(), Some(probabilities), place).next_down().max(0.0))
}

/// The (first) place of `value` in a list. Keys at the first level of an object that no object of the list has are
/// ignored: tools inject keys into dictionaries.
pub(crate) fn find_category(values: &[Value], value: &Value) -> Option<usize> {
    let place = |value: &Value| values.iter().position(|v| same(v, value));
    place(value).or_else(|| place(&without_injected(values, value.as_object()?)?))
}

/// The object without the keys that no object of the list has; `None` if there are none.
pub(crate) fn without_injected(values: &[Value], found: &Map<String, Value>) -> Option<Value> {
    let known = |key: &String| values.iter().any(|v| v.as_object().is_some_and(|v| v.contains_key(key)));
    let kept: Map<String, Value> = found.iter().filter(|&(key, _)| known(key)).map(clone_entry).collect();
    (kept.len() < found.len()).then_some(Value::Object(kept))
}

fn clone_entry((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

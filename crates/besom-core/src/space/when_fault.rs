//! What is wrong with conditions: parents that do not exist, values that they never have, circles, contradictions.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use thiserror::Error;

use super::Parameter;
use super::conditions::Conditions;
use super::error::SpaceFault;
use super::when::{Wanted, When};
use crate::contract::allowed;
use crate::distribution::whole;
use crate::value::spaced;
use crate::{Distribution, ParamPath, did_you_mean, nearest};

/// How many combinations of values are tried, over all parameters, to see whether one can ever be active. Files that people
/// write need a few hundred; where there are more a contradiction is not found.
const TRIES: usize = 200_000;

/// One thing that is wrong with the condition of a parameter. `leaf` is the place among [`When::leaves`](crate::When::leaves).
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum WhenFault {
    /// There is no such parameter.
    #[error("there is no parameter {parent}{}", did_you_mean(nearest.as_deref()))]
    Unknown {
        /// Which condition.
        leaf: usize,
        /// The name.
        parent: ParamPath,
        /// The parameter that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
    /// The parent never has this value.
    #[error(
        "{parent} is never {}{}; it is {allowed}",
        spaced(value),
        did_you_mean(nearest.as_deref())
    )]
    Value {
        /// Which condition.
        leaf: usize,
        /// The parent.
        parent: ParamPath,
        /// The value.
        value: Value,
        /// The value of the parent that is spelled most alike, if one is near.
        nearest: Option<String>,
        /// What it may be, in words.
        allowed: String,
    },
    /// The parent is a real number, which has any single value with probability 0.
    #[error(
        "{parent} is a real number, which is hardly ever exactly {}; give a range, {{min: .., max: ..}}",
        spaced(value)
    )]
    Exact {
        /// Which condition.
        leaf: usize,
        /// The parent.
        parent: ParamPath,
        /// The value.
        value: Value,
    },
    /// A range, and the parent is no number.
    #[error("{parent} is not a number, so it is in no range; it is {allowed}")]
    Category {
        /// Which condition.
        leaf: usize,
        /// The parent.
        parent: ParamPath,
        /// What it may be, in words.
        allowed: String,
    },
    /// A range in which the parent has no value.
    #[error("{parent} is never {wanted}; it is {allowed}")]
    Range {
        /// Which condition.
        leaf: usize,
        /// The parent.
        parent: ParamPath,
        /// The range.
        wanted: Wanted,
        /// What it may be, in words.
        allowed: String,
    },
    /// The parameter depends on itself.
    #[error("it depends on itself: {}", cycle.iter().map(ToString::to_string).collect::<Vec<_>>().join(" -> "))]
    Cycle {
        /// From a parameter over its parents back to it.
        cycle: Vec<ParamPath>,
    },
    /// No values of its parents make the parameter active.
    #[error("it can never be active: no values of {} satisfy its conditions together", parents.join(", "))]
    Never {
        /// All that it depends on.
        parents: Vec<String>,
    },
}

impl WhenFault {
    /// Which of [`When::leaves`](crate::When::leaves) is wrong; `None` if it is all of them together.
    pub fn leaf(&self) -> Option<usize> {
        match *self {
            Self::Unknown { leaf, .. }
            | Self::Value { leaf, .. }
            | Self::Exact { leaf, .. }
            | Self::Category { leaf, .. }
            | Self::Range { leaf, .. } => Some(leaf),
            Self::Cycle { .. } | Self::Never { .. } => None,
        }
    }
}

/// All that is wrong with the conditions of parameters whose names and distributions are sound.
pub(super) fn faults(parameters: &[Parameter]) -> Vec<SpaceFault> {
    if parameters.iter().all(|parameter| parameter.when.is_none()) {
        return Vec::new();
    }
    let by_name: HashMap<&ParamPath, &Distribution> =
        parameters.iter().map(|parameter| (&parameter.name, &parameter.distribution)).collect();
    let of_leaves = parameters.iter().flat_map(|parameter| {
        let leaves = parameter.when.iter().flat_map(|when| when.leaves()).enumerate();
        let faults = leaves.flat_map(|(leaf, (parent, wanted))| match by_name.get(parent) {
            Some(distribution) => of_leaf(leaf, parent, wanted, distribution),
            None => vec![unknown(leaf, parent, parameter, parameters)],
        });
        faults.map(|fault| SpaceFault::When { name: parameter.name.clone(), fault }).collect::<Vec<_>>()
    });
    let mut found: Vec<SpaceFault> = of_leaves.collect();
    let is_unknown =
        |fault: &SpaceFault| matches!(fault, SpaceFault::When { fault: WhenFault::Unknown { .. }, .. });
    if found.iter().any(is_unknown) {
        return found;
    }
    match Conditions::new(parameters) {
        Err(cycle) => {
            let name = cycle[0].clone();
            found.push(SpaceFault::When { name, fault: WhenFault::Cycle { cycle } });
        }
        Ok(Some(conditions)) if found.is_empty() => found.extend(contradictions(parameters, &conditions)),
        Ok(_) => {}
    }
    found
}

fn unknown(leaf: usize, parent: &ParamPath, of: &Parameter, parameters: &[Parameter]) -> WhenFault {
    let names: Vec<String> =
        parameters.iter().filter(|other| other.name != of.name).map(|other| other.name.to_string()).collect();
    let nearest = nearest(&parent.to_string(), names.iter().map(String::as_str)).map(str::to_owned);
    WhenFault::Unknown { leaf, parent: parent.clone(), nearest }
}

/// What is wrong with what one condition wants.
fn of_leaf(leaf: usize, parent: &ParamPath, wanted: &Wanted, distribution: &Distribution) -> Vec<WhenFault> {
    let parent = || parent.clone();
    match wanted {
        Wanted::Values(values) => {
            let fault = |value: &Value| match distribution {
                Distribution::Continuous(_) if value.is_number() => {
                    Some(WhenFault::Exact { leaf, parent: parent(), value: value.clone() })
                }
                _ if distribution.contains(value) => None,
                _ => Some(WhenFault::Value {
                    leaf,
                    parent: parent(),
                    value: value.clone(),
                    nearest: nearest_value(value, distribution),
                    allowed: allowed(distribution),
                }),
            };
            values.iter().filter_map(fault).collect()
        }
        Wanted::Range { min, max } => {
            let wanted = wanted.clone();
            let allowed = allowed(distribution);
            if !has_numbers(distribution) {
                vec![WhenFault::Category { leaf, parent: parent(), allowed }]
            } else if may_be_within(distribution, *min, *max) {
                Vec::new()
            } else {
                vec![WhenFault::Range { leaf, parent: parent(), wanted, allowed }]
            }
        }
    }
}

/// The text among the values that is spelled most alike.
fn nearest_value(value: &Value, distribution: &Distribution) -> Option<String> {
    let (Some(text), Distribution::Categorical { values, .. }) = (value.as_str(), distribution) else {
        return None;
    };
    nearest(text, values.iter().filter_map(Value::as_str)).map(str::to_owned)
}

fn has_numbers(distribution: &Distribution) -> bool {
    match distribution {
        Distribution::Constant(value) => value.is_number(),
        Distribution::Categorical { values, .. } => values.iter().any(Value::is_number),
        _ => true,
    }
}

/// Whether some value lies from `min` to `max`.
fn may_be_within(distribution: &Distribution, min: f64, max: f64) -> bool {
    let wanted = Wanted::Range { min, max };
    match distribution {
        Distribution::Constant(value) => wanted.holds(value),
        Distribution::Categorical { values, .. } => values.iter().any(|value| wanted.holds(value)),
        _ => candidates(distribution, &[&wanted]).iter().any(|value| wanted.holds(value)),
    }
}

/// Values of a distribution, one at least for each way in which these conditions can hold and not hold.
fn candidates(distribution: &Distribution, wanted: &[&Wanted]) -> Vec<Value> {
    match distribution {
        Distribution::Constant(value) => return vec![value.clone()],
        Distribution::Categorical { values, .. } => return values.clone(),
        _ => {}
    }
    let bounds = wanted.iter().flat_map(|wanted| match wanted {
        Wanted::Values(values) => values.iter().filter_map(Value::as_f64).collect(),
        Wanted::Range { min, max } => vec![*min, *max],
    });
    let bounds: Vec<f64> = bounds.filter(|x| x.is_finite()).collect();
    // Whole numbers lie beside a bound, others at it or to either side.
    let near = bounds.iter().flat_map(|x| [x.floor() - 1.0, x.floor(), x.ceil(), x.ceil() + 1.0]);
    let coordinate = |x: f64| distribution.cdf(&crate::value::float(x));
    let mut coordinates: Vec<f64> =
        bounds.iter().copied().chain(near).filter_map(coordinate).chain([0.0, 1.0]).collect();
    coordinates.sort_by(f64::total_cmp);
    let between: Vec<f64> = coordinates.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect();
    let at = coordinates.into_iter().chain(between).map(|u| distribution.quantile(u));
    let exact = bounds.iter().flat_map(|&x| [x, x.floor(), x.ceil(), x.floor() - 1.0, x.ceil() + 1.0]);
    let exact = exact.map(crate::value::float).filter(|value| distribution.contains(value));
    let whole = |value: Value| match distribution {
        Distribution::IntUniform { .. } => whole::integer(&value).map_or(value, Value::from),
        _ => value,
    };
    at.chain(exact).map(whole).collect()
}

/// The most parameters that one may depend on for a contradiction to be looked for.
const MOST_ANCESTORS: usize = 64;

/// Parameters that no values of their parents make active.
fn contradictions(parameters: &[Parameter], conditions: &Conditions) -> Vec<SpaceFault> {
    let wanted = conditions.wanted();
    let mut tries = TRIES;
    let mut values: Vec<Option<Value>> = vec![None; parameters.len()];
    let mut found: Vec<SpaceFault> = Vec::new();
    let mut last: Option<(&When, bool)> = None;
    for (place, Parameter { name, when, .. }) in parameters.iter().enumerate() {
        let Some(when) = when else { continue };
        let Some(ancestors) = conditions.ancestors(place, MOST_ANCESTORS) else { continue };
        // Members of a group have the same condition.
        let possible = match last {
            Some((before, possible)) if before == when => possible,
            _ => {
                let choices: Vec<Vec<Value>> = ancestors
                    .iter()
                    .map(|&parent| choices(&parameters[parent].distribution, &wanted[parent]))
                    .collect();
                let mut is_active = |index| {
                    choose(index, &ancestors, &choices, &mut values);
                    conditions.is_active(place, &ancestors, &mut values)
                };
                combinations(&choices, &mut tries).is_none_or(|count| (0..count).any(&mut is_active))
            }
        };
        last = Some((when, possible));
        if !possible {
            let parents = ancestors.iter().map(|&parent| parameters[parent].name.to_string()).collect();
            found.push(SpaceFault::When { name: name.clone(), fault: WhenFault::Never { parents } });
        }
    }
    found
}

/// Values of a parent, one for each way in which the conditions on it hold and do not hold.
fn choices(distribution: &Distribution, wanted: &[&Wanted]) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let mut values = candidates(distribution, wanted);
    values.retain(|value| seen.insert(wanted.iter().map(|wanted| wanted.holds(value)).collect::<Vec<_>>()));
    values
}

/// How many combinations there are, if trying them takes no more than is left.
fn combinations(choices: &[Vec<Value>], tries: &mut usize) -> Option<usize> {
    let count = choices.iter().try_fold(1_usize, |count, choices| count.checked_mul(choices.len()))?;
    let cost = count.checked_mul(choices.len() + 1).filter(|cost| cost <= tries)?;
    *tries -= cost;
    Some(count)
}

/// Sets the values of one combination.
fn choose(mut index: usize, parents: &[usize], choices: &[Vec<Value>], values: &mut [Option<Value>]) {
    for (&parent, choices) in parents.iter().zip(choices) {
        values[parent] = Some(choices[index % choices.len()].clone());
        index /= choices.len();
    }
}

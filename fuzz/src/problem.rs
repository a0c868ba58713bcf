//! Problems such as a sweep file can describe, as wild as it may.

use besom_core::distribution::{Continuous, Step};
use besom_core::{
    Distribution, Goal, Impute, ImputeWhileRunning, Metric, ParamPath, Parameter, Problem, Space, When,
};
use serde_json::Value;

use crate::{Bytes, value};

/// A problem of up to seven parameters.
pub fn problem(bytes: &mut Bytes<'_>) -> Problem {
    of(bytes, distribution)
}

/// A problem that a grid can be laid over.
pub fn finite_problem(bytes: &mut Bytes<'_>) -> Problem {
    of(bytes, |bytes| match bytes.below(4) {
        0 => whole(bytes),
        1 => Distribution::Quantized(uniform(bytes), step(bytes)),
        2 => Distribution::Constant(value(bytes, 2)),
        _ => Distribution::Categorical { values: values(bytes), probabilities: None },
    })
}

fn of(bytes: &mut Bytes<'_>, mut distribution: impl FnMut(&mut Bytes<'_>) -> Distribution) -> Problem {
    let names = ["lr", "Width", "ü", "a.b", "z", "", "0"];
    let nested = bytes.byte();
    let parameters = names.iter().take(1 + bytes.below(names.len())).enumerate().map(|(place, name)| {
        Parameter::new(
            if nested >> place & 1 == 1 { ParamPath::new(["model", name]) } else { ParamPath::from(*name) },
            made(distribution(bytes)),
        )
    });
    let mut parameters: Vec<Parameter> = parameters.collect();
    // A bit that is no parameter's, so that inputs without conditions mean what they meant before there were any.
    if nested >> 7 == 1 {
        (0..1 + bytes.below(8)).for_each(|_| add_condition(bytes, &mut parameters));
    }
    let space = Space::new(parameters).expect("the names differ and none is called model");
    let seed = bytes.word();
    Problem::new(space, metric(bytes)).seed(seed)
}

/// Adds a condition to a parameter, or to those that it has, if they make a space with it.
fn add_condition(bytes: &mut Bytes<'_>, parameters: &mut Vec<Parameter>) {
    let (child, parent) = (bytes.below(parameters.len()), bytes.below(parameters.len()));
    let mut value = || parameters[parent].distribution.quantile(f64::from(bytes.byte()) / 255.0);
    let (one, other) = (value(), value());
    let name = parameters[parent].name.clone();
    let kind = bytes.byte();
    let when = match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) if kind & 1 == 1 => When::between(name, one.min(other), one.max(other)),
        (Some(one), _) if kind & 2 == 2 => When::at_least(name, one),
        _ => When::one_of(name, [one, other]),
    };
    let before = parameters.clone();
    parameters[child].when = Some(match parameters[child].when.take() {
        Some(earlier) if kind & 4 == 4 => earlier.or(when),
        Some(earlier) => earlier.and(when),
        None => when,
    });
    if Space::new(parameters.clone()).is_err() {
        *parameters = before;
    }
}

/// The distribution, or a constant for one that no space takes, such as a step above its range.
fn made(distribution: Distribution) -> Distribution {
    if distribution.check().is_empty() { distribution } else { Distribution::Constant(Value::from(1)) }
}

/// A metric, imputed in any way.
pub fn metric(bytes: &mut Bytes<'_>) -> Metric {
    Metric::new("loss", bytes.pick(&[Goal::Minimize, Goal::Maximize]))
        .impute(bytes.pick(&[Impute::Worst, Impute::Best, Impute::Latest]))
        .impute_while_running(bytes.pick(&[
            ImputeWhileRunning::False,
            ImputeWhileRunning::Worst,
            ImputeWhileRunning::Best,
            ImputeWhileRunning::Latest,
        ]))
}

/// A distribution of any kind, with any parameters that it may have.
pub fn distribution(bytes: &mut Bytes<'_>) -> Distribution {
    match bytes.below(8) {
        0 => Distribution::Constant(value(bytes, 2)),
        1 => Distribution::Categorical { values: values(bytes), probabilities: None },
        2 => weighted(bytes),
        3 => whole(bytes),
        4 | 5 => Distribution::Continuous(continuous(bytes)),
        _ => Distribution::Quantized(continuous(bytes), step(bytes)),
    }
}

fn values(bytes: &mut Bytes<'_>) -> Vec<Value> {
    (0..=bytes.below(5)).map(|_| value(bytes, 2)).collect()
}

fn weighted(bytes: &mut Bytes<'_>) -> Distribution {
    let values = values(bytes);
    let mut weights: Vec<f64> = values.iter().map(|_| f64::from(bytes.byte() % 16)).collect();
    if weights.iter().sum::<f64>() <= 0.0 {
        weights[0] = 1.0;
    }
    let sum: f64 = weights.iter().sum();
    Distribution::Categorical { values, probabilities: Some(weights.iter().map(|w| w / sum).collect()) }
}

fn whole(bytes: &mut Bytes<'_>) -> Distribution {
    let (a, b) = (bytes.integer(), bytes.integer());
    let b = if a == b { if a == i64::MAX { 0 } else { a + 1 } } else { b };
    Distribution::IntUniform { min: a.min(b), max: a.max(b) }
}

fn step(bytes: &mut Bytes<'_>) -> Step {
    let q = match bytes.below(4) {
        0 => bytes.pick(&[1.0, 2.0, 16.0, 1000.0]),
        1 => bytes.pick(&[0.1, 0.25, 0.05, 1e-3]),
        // Multiples of larger ones leave the floats.
        _ => bytes.positive().min(1e200),
    };
    // A file that writes an integer has one of at most 64 bits.
    Step { q, integer: bytes.one_in(2) && q.fract() == 0.0 && q < 9e18 }
}

fn uniform(bytes: &mut Bytes<'_>) -> Continuous {
    let (min, max) = bytes.bounds();
    Continuous::Uniform { min, max }
}

fn continuous(bytes: &mut Bytes<'_>) -> Continuous {
    match bytes.below(8) {
        0 => uniform(bytes),
        1 => {
            let (min, max) = bytes.bounds();
            Continuous::LogUniform { min, max }
        }
        2 => {
            let (min, max) = bytes.bounds();
            Continuous::InvLogUniform { min, max }
        }
        3 => {
            let (min, max) = positive_bounds(bytes);
            Continuous::LogUniformValues { min, max }
        }
        4 => {
            let (min, max) = positive_bounds(bytes);
            Continuous::InvLogUniformValues { min, max }
        }
        5 => Continuous::Normal { mu: bytes.finite(), sigma: bytes.positive() },
        6 => Continuous::LogNormal { mu: bytes.finite(), sigma: bytes.positive() },
        // The reader of sweep files allows no larger shapes.
        _ => Continuous::Beta { a: bytes.positive().min(1e6), b: bytes.positive().min(1e6) },
    }
}

fn positive_bounds(bytes: &mut Bytes<'_>) -> (f64, f64) {
    let (a, b) = (bytes.positive(), bytes.positive());
    if a < b {
        (a, b)
    } else if b < a {
        (b, a)
    } else {
        (a / 2.0 + f64::MIN_POSITIVE, (a + f64::MIN_POSITIVE).max(4.0 * f64::MIN_POSITIVE))
    }
}

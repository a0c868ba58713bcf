//! Quantile and cdf against the tables of the reference engine.

#![expect(clippy::unwrap_used, reason = "the tables are ours")]

use besom_core::Distribution;
use besom_core::distribution::{Continuous, Step};
use serde_json::{Map, Value};

/// Relative accuracy asked for in the body and in the tails of a distribution.
const BODY: f64 = 1e-10;
const TAIL: f64 = 1e-8;

fn cases() -> Vec<Value> {
    let tables: Value = serde_json::from_str(include_str!("data/distributions.json")).unwrap();
    tables["cases"].as_array().unwrap().clone()
}

/// The distribution that a filled-in parameter of a table means.
fn distribution(filled: &Map<String, Value>) -> Distribution {
    let name = filled["distribution"].as_str().unwrap();
    let number = |key: &str| filled[key].as_f64().unwrap();
    let bounds = || (number("min"), number("max"));
    let list = |key: &str| filled[key].as_array().unwrap().clone();
    let (quantized, shape) = match name.strip_prefix("q_") {
        Some(shape) => (true, shape),
        None => (false, name),
    };
    let shape = match shape {
        "constant" => return Distribution::Constant(filled["value"].clone()),
        "categorical" => return Distribution::Categorical { values: list("values"), probabilities: None },
        "categorical_w_probabilities" => {
            let probabilities = list("probabilities").iter().map(|p| p.as_f64().unwrap()).collect();
            return Distribution::Categorical { values: list("values"), probabilities: Some(probabilities) };
        }
        "int_uniform" => {
            let bound = |key: &str| filled[key].as_i64().unwrap();
            return Distribution::IntUniform { min: bound("min"), max: bound("max") };
        }
        "normal" => Continuous::Normal { mu: number("mu"), sigma: number("sigma") },
        "log_normal" => Continuous::LogNormal { mu: number("mu"), sigma: number("sigma") },
        "beta" => Continuous::Beta { a: number("a"), b: number("b") },
        bounded => {
            let (min, max) = bounds();
            match bounded {
                "uniform" => Continuous::Uniform { min, max },
                "log_uniform" => Continuous::LogUniform { min, max },
                "log_uniform_values" => Continuous::LogUniformValues { min, max },
                "inv_log_uniform" => Continuous::InvLogUniform { min, max },
                "inv_log_uniform_values" => Continuous::InvLogUniformValues { min, max },
                other => panic!("unknown distribution {other}"),
            }
        }
    };
    if quantized {
        Distribution::Quantized(shape, Step { q: number("q"), integer: filled["q"].is_i64() })
    } else {
        Distribution::Continuous(shape)
    }
}

fn table<'a>(case: &'a Value, key: &str) -> Vec<(&'a Value, &'a Value)> {
    let column = |table: &'a Value, axis: &str| table[axis].as_array().unwrap().iter();
    case.get(key).map(|table| column(table, "x").zip(column(table, "y")).collect()).unwrap_or_default()
}

/// Whether `found` is what a table expects: numbers nearly, integers as integers, all else exactly.
fn agrees(expected: &Value, found: &Value, tolerance: f64) -> bool {
    if expected.is_i64() && !found.is_i64() {
        return false;
    }
    match (expected.as_f64(), found.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= tolerance * a.abs() + 1e-15,
        _ => expected == found,
    }
}

#[test]
fn quantiles_agree_with_the_reference() {
    for case in cases() {
        let distribution = distribution(case["filled"].as_object().unwrap());
        assert_eq!(distribution.name(), case["kind"], "{}", case["id"]);
        for (x, y) in table(&case, "ppf") {
            let u = x.as_f64().unwrap();
            let found = distribution.quantile(u);
            assert!(distribution.contains(&found), "{}: {found} at {u} is no value", case["id"]);
            if y.as_str().is_some_and(|y| y.ends_with("Infinity")) {
                assert!(found.as_f64().unwrap().is_finite());
                let Distribution::Continuous(shape) = distribution else { continue };
                assert_eq!(shape.quantile(u).to_string(), if u < 0.5 { "-inf" } else { "inf" });
                continue;
            }
            let tolerance = if (1e-3..=0.999).contains(&u) { BODY } else { TAIL };
            let unbounded_end =
                u == 0.0 && matches!(distribution, Distribution::Continuous(Continuous::LogNormal { .. }));
            let agrees = unbounded_end || agrees(y, &found, tolerance);
            assert!(agrees, "{}: {found} at {u}, not {y}", case["id"]);
        }
    }
}

#[test]
fn quantiles_at_the_ends_are_values() {
    for case in cases() {
        let distribution = distribution(case["filled"].as_object().unwrap());
        let Some(edge) = case.get("ppf_edge") else { continue };
        for (x, y) in edge["x"].as_array().unwrap().iter().zip(edge["fixed_y"].as_array().unwrap()) {
            let found = distribution.quantile(x.as_f64().unwrap());
            assert!(distribution.contains(&found), "{}: {found} at {x}", case["id"]);
            if y == "finite integer or error" {
                assert!(found.is_i64(), "{}: {found} at {x}", case["id"]);
            } else {
                assert!(agrees(y, &found, 0.0), "{}: {found} at {x}, not {y}", case["id"]);
            }
        }
    }
}

#[test]
fn cdfs_agree_with_the_reference() {
    for case in cases() {
        let distribution = distribution(case["filled"].as_object().unwrap());
        for (x, y) in table(&case, "cdf") {
            let expected = y.as_f64().unwrap();
            let found = match &distribution {
                // The reference gives 0 for whatever it is asked of a constant.
                Distribution::Constant(_) => distribution.cdf(x).unwrap_or(0.0),
                // The reference takes the place in the list.
                Distribution::Categorical { values, .. } => {
                    distribution.cdf(&values[usize::try_from(x.as_u64().unwrap()).unwrap()]).unwrap()
                }
                _ => distribution.cdf(x).unwrap(),
            };
            // The probability of a value that is itself rounded.
            let tolerance = if (1e-3..=0.999).contains(&expected) { BODY } else { TAIL };
            let close = (found - expected).abs() <= tolerance * expected;
            assert!(close, "{}: {found} at {x}, not {expected}", case["id"]);
        }
    }
}

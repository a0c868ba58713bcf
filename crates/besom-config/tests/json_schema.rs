//! The JSON Schema says what the reader says, as far as a schema can.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data is broken")]

mod builtin;

use builtin::{reader, registry};
use serde_json::{Value, json};

const CASES: &str = include_str!("data/schema.json");
const RUNNABLE: &str = include_str!("data/runnable.json");

/// Refusals that take comparing values with one another.
const BEYOND_A_SCHEMA: &[&str] = &[
    "schema-param-int-uniform-equal",
    "schema-param-uniform-equal-mixed",
    "schema-param-q-uniform-reversed",
    "schema-param-log-uniform-values-reversed",
    "schema-param-log-uniform-values-equal",
    "schema-param-inv-log-uniform-values-reversed",
    "schema-param-prob-tolerance-outside",
    "schema-param-prob-too-small",
    "schema-param-prob-too-large",
    "schema-param-prob-short",
    "schema-param-prob-long",
    "schema-param-nested-min-max",
    "schema-param-nested-prob-sum",
    "schema-top-grid-with-probabilities",
    "schema-top-bayes-only-constants",
    "schema-top-metrics-and-metric",
    "schema-top-scheduler-optimizer-without-source",
    "schema-top-scheduler-space-without-source",
    "schema-top-scheduler-empty-space-no-parameters",
    "schema-top-scheduler-and-local-controller",
];

fn configs(file: &str) -> Vec<(String, Value)> {
    let file: Value = serde_json::from_str(file).unwrap();
    let cases = file["cases"].as_array().unwrap().iter();
    cases.filter_map(|case| Some((case["id"].as_str()?.to_owned(), case.get("config")?.clone()))).collect()
}

#[test]
fn the_schema_is_a_schema() {
    jsonschema::meta::validate(&besom_config::schema(registry())).unwrap();
}

#[test]
fn what_the_reader_takes_without_a_warning_passes_the_schema() {
    let validator = jsonschema::validator_for(&besom_config::schema(registry())).unwrap();
    for (id, config) in [configs(CASES), configs(RUNNABLE)].concat() {
        let parsed = reader().read_json(&config).ok().filter(|parsed| parsed.warnings.is_empty());
        if let Some(parsed) = parsed {
            assert!(validator.is_valid(&config), "{id}: {:?}", validator.validate(&config));
            assert!(validator.is_valid(&parsed.config.filled), "{id} filled: {}", parsed.config.filled);
        }
    }
}

#[test]
fn what_the_reader_refuses_fails_the_schema_unless_values_must_be_compared() {
    let validator = jsonschema::validator_for(&besom_config::schema(registry())).unwrap();
    let mut passed = Vec::new();
    for (id, config) in configs(CASES) {
        if reader().read_json(&config).is_err() && validator.is_valid(&config) {
            passed.push(id);
        }
    }
    assert_eq!(passed, BEYOND_A_SCHEMA);
}

#[test]
fn the_own_keys_are_in_the_schema() {
    let validator = jsonschema::validator_for(&besom_config::schema(registry())).unwrap();
    let config = json!({
        "method": {"name": "corners", "depth": 3},
        "parameters": {"x": {"value": 1}},
        "seed": 7,
        "order": "random",
        "retry": {"crashed": 2},
    });
    assert!(validator.is_valid(&config));
    for (key, wrong) in
        [("seed", json!(-1)), ("order", json!("up")), ("retry", json!({"crash": 1})), ("ordr", json!(1))]
    {
        let mut config = config.clone();
        config[key] = wrong;
        assert!(!validator.is_valid(&config), "{config}");
    }
}

#[test]
fn options_of_a_method_are_in_the_schema() {
    let validator = jsonschema::validator_for(&besom_config::schema(registry())).unwrap();
    let with = |method: Value| json!({"method": method, "metric": {"name": "loss"}, "parameters": {"x": {"min": 0, "max": 9}}});
    assert!(validator.is_valid(&with(json!({"name": "tpe", "gamma": 0.2}))));
    for wrong in [
        json!({"name": "tpe", "gamma": 1}),
        json!({"name": "tpe", "gama": 0.2}),
        json!({"name": "bayes", "initial_points": 0}),
    ] {
        assert!(!validator.is_valid(&with(wrong.clone())), "{wrong}");
    }
}

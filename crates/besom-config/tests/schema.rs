//! The shared conformance cases: verdict and filled-in configuration of each.

#![expect(clippy::unwrap_used, reason = "a case that lacks what every case has is a broken test")]

mod builtin;

use besom_config::{Diagnostics, Parsed};
use besom_core::value::same;
use builtin::reader;
use serde_json::Value;

const CASES: &str = include_str!("data/schema.json");

/// Quirks of the reference that are fixed here: for these the recommended outcome is the only right one.
const FIXED: &[&str] = &[
    "Q-NESTED-UNCHECKED",
    "Q-SCHEMA-INTFLOAT",
    "Q-DIST-DEGENERATE",
    "Q-NAME-NEWLINE",
    "Q-METRIC-REQUIRED",
    "Q-GRID-CONTINUOUS",
    "Q-BAYES-NOSEARCH",
    "Q-IWR-BOOL",
    "Q-SCHEDULER-VERSION",
    "Q-ENVELOPE",
    "Q-YAML-EXP",
    "Q-YAML-INTKEY",
    "Q-HB-MAXNOS",
    "Q-HB-S-FLOAT",
    "Q-HB-NOBANDS",
    "Q-LENIENT",
];

fn cases() -> Vec<Value> {
    let file: Value = serde_json::from_str(CASES).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn outcomes(case: &Value) -> Vec<&Value> {
    let is_fixed = case["quirk"].as_str().is_some_and(|quirk| FIXED.contains(&quirk));
    match case.get("fixed") {
        Some(fixed) if is_fixed => vec![fixed],
        Some(fixed) => vec![fixed, &case["expected"]],
        None => vec![&case["expected"]],
    }
}

/// Whether two configurations are the same, an integer where one is expected not being a float.
fn same_config(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Number(expected), Value::Number(_)) if !expected.is_f64() => {
            !found.is_f64() && found.as_i64() == expected.as_i64()
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_config(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same_config(a, b)))
        }
        _ => same(expected, found),
    }
}

fn agrees(outcome: &Value, read: &Result<Parsed, Diagnostics>) -> bool {
    if outcome["valid"].as_bool().unwrap() != read.is_ok() {
        return false;
    }
    match (outcome.get("accept").and_then(Value::as_array), read) {
        (Some(accept), Ok(parsed)) => accept.iter().any(|config| same_config(config, &parsed.config.filled)),
        _ => true,
    }
}

fn shown(read: &Result<Parsed, Diagnostics>) -> String {
    match read {
        Ok(parsed) => parsed.config.filled.to_string(),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn every_shared_case_has_its_verdict_and_its_filled_configuration() {
    let reader = reader();
    let mut wrong = Vec::new();
    for case in cases() {
        let read = match case.get("config_yaml").and_then(Value::as_str) {
            Some(yaml) => reader.read(yaml, "case.yaml"),
            None => reader.read_json(&case["config"]),
        };
        if !outcomes(&case).iter().any(|outcome| agrees(outcome, &read)) {
            wrong.push(format!("{case}\n  -> {}", shown(&read)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn json_as_text_reads_as_json_as_value() {
    let reader = reader();
    for case in cases() {
        let Some(config) = case.get("config") else { continue };
        let from_value = reader.read_json(config).map(|parsed| parsed.config);
        for text in [config.to_string(), serde_json::to_string_pretty(config).unwrap().replace("  ", "\t")] {
            let from_text = reader.read(&text, "case.json").map(|parsed| parsed.config);
            assert_eq!(from_text.is_ok(), from_value.is_ok(), "{text}: {from_text:?}");
            if let (Ok(from_text), Ok(from_value)) = (from_text, &from_value) {
                assert_eq!(&from_text, from_value, "{text}");
            }
        }
    }
}

#[test]
fn a_refusal_says_where_and_what() {
    for case in cases() {
        let Some(Err(problems)) = case.get("config").map(|config| reader().read_json(config)) else {
            continue;
        };
        for problem in &problems {
            assert!(!problem.message.is_empty(), "{problem:?}");
            assert!(!problem.path.is_empty() || !case["config"].is_object(), "{problem:?}");
        }
    }
}

#[test]
fn what_wandb_runs_though_its_schema_does_not_take_it_is_not_valid_for_wandb() {
    for case in cases().iter().filter(|case| case["quirk"] == "Q-LENIENT") {
        let text = case["config"].to_string();
        assert!(!reader().wandb_diagnostics(&text, "case.json").is_empty(), "{case}");
    }
}

//! The command answers shared cases as W&B's engine does, or as we think right where that is at fault.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use command::{Answer, Desk};
use serde_json::{Value, json};

fn cases(text: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(text).unwrap();
    let cases = file["cases"].as_array().unwrap().clone();
    assert!(cases.len() > 20);
    cases
}

/// Whether the found value is the expected one: numbers within a tolerance, integers never as floats.
fn agree(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Number(a), Value::Number(b)) => {
            let kept = !(a.is_i64() || a.is_u64()) || b.is_i64() || b.is_u64();
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            kept && (a - b).abs() <= 1e-9 * a.abs().max(1.0)
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agree(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| agree(a, b)))
        }
        _ => expected == found,
    }
}

/// The outcomes that count as right: the reference's and, where there is one, the better one.
fn outcomes(case: &Value) -> impl Iterator<Item = &Value> {
    [case.get("expected"), case.get("fixed")].into_iter().flatten()
}

/// Fails with every case that is wrong, not the first.
fn check(set: &str, mut right: impl FnMut(&Desk, &Value) -> Result<(), String>) {
    let desk = Desk::new();
    let wrong: Vec<_> = cases(set)
        .iter()
        .filter_map(|case| right(&desk, case).err().map(|why| format!("{}: {why}", case["id"])))
        .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn write_inputs(desk: &Desk, case: &Value) {
    desk.file("config.json", &case["config"].to_string());
    desk.file("runs.json", &case["runs"].to_string());
}

fn parsed(answer: &Answer) -> Result<Value, String> {
    serde_json::from_str(&answer.out).map_err(|e| format!("{e}: {answer:?}"))
}

#[test]
fn next_answers_grid_cases() {
    check(include_str!("../../besom-search/tests/data/grid.json"), |desk, case| {
        write_inputs(desk, case);
        let n = case["n"].to_string();
        let answer = desk.call(&["next", "config.json", "--runs", "runs.json", "-n", &n, "--json"]);
        let found = if answer.code == Some(0) { parsed(&answer)? } else { json!("error") };
        let right = outcomes(case).any(|outcome| {
            if outcome["error"] == true { found == "error" } else { agree(&outcome["suggestions"], &found) }
        });
        if right { Ok(()) } else { Err(format!("{answer:?}, not {}", case["expected"])) }
    });
}

#[test]
fn stop_answers_hyperband_cases() {
    check(include_str!("../../besom-stop/tests/data/hyperband.json"), stop_is_right);
}

#[test]
fn stop_answers_envelope_cases() {
    check(include_str!("../../besom-stop/tests/data/envelope.json"), stop_is_right);
}

fn stop_is_right(desk: &Desk, case: &Value) -> Result<(), String> {
    write_inputs(desk, case);
    let answer = desk.call(&["stop", "config.json", "--runs", "runs.json", "--json"]);
    let found = if answer.code == Some(0) { Some(parsed(&answer)?) } else { None };
    let right = outcomes(case).any(|outcome| match &found {
        None => outcome["error"] == true,
        Some(found) => {
            outcome["error"] != true && same_stops(outcome, found) && same_view(outcome, &found["info"])
        }
    });
    if right { Ok(()) } else { Err(format!("{answer:?}, not {}", case["expected"])) }
}

fn same_stops(expected: &Value, found: &Value) -> bool {
    let sorted = |names: &Value| {
        let mut names: Vec<_> =
            names.as_array().unwrap().iter().map(|n| n.as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    sorted(&expected["stop"]) == sorted(&found["stop"])
}

/// Bands may be deduplicated and cut at the longest history; envelopes are what they are.
fn same_view(expected: &Value, info: &Value) -> bool {
    if let Some(envelope) = expected.get("envelope") {
        return agree(envelope, &info["envelope"]) || (envelope.is_null() && info["envelope"].is_null());
    }
    let Some(bands) = expected.get("bands") else { return true };
    let pairs = |view: &Value, bands: &Value| {
        let bands = bands.as_array().cloned().unwrap_or_default();
        let thresholds = view["thresholds"].as_array().cloned().unwrap_or_default();
        let mut pairs: Vec<_> = bands.into_iter().zip(thresholds).filter(|(_, t)| t.is_number()).collect();
        pairs.dedup();
        pairs
    };
    let (expected, found) = (pairs(expected, bands), pairs(info, &info["bands"]));
    expected.len() == found.len()
        && expected.iter().zip(&found).all(|(a, b)| agree(&a.0, &b.0) && agree(&a.1, &b.1))
}

#[test]
fn validate_answers_schema_cases() {
    check(include_str!("../../besom-config/tests/data/schema.json"), |desk, case| {
        let text = case["config_yaml"].as_str().map_or_else(|| case["config"].to_string(), str::to_owned);
        desk.file("config.yaml", &text);
        let answer = desk.call(&["validate", "config.yaml", "--json"]);
        let found = parsed(&answer)?;
        let valid = found["valid"] == true;
        if answer.code != Some(i32::from(!valid)) {
            return Err(format!("verdict and exit code differ: {answer:?}"));
        }
        let right = outcomes(case).any(|outcome| {
            let accepted = |filled: &Value| agree(filled, &found["config"]);
            let accept = outcome["accept"].as_array();
            valid == (outcome["valid"] == true)
                && (!valid || accept.is_none_or(|accept| accept.iter().any(accepted)))
        });
        if right { Ok(()) } else { Err(format!("{answer:?}, not {}", case["expected"])) }
    });
}

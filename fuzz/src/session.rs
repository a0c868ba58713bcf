//! Sessions of the ask-tell protocol: requests in any order, right as a rule.

use serde_json::{Value, json};

use crate::{Bytes, config::config, value};

/// Requests, one a line.
pub fn session(bytes: &mut Bytes<'_>) -> String {
    let mut lines = Vec::new();
    while !bytes.is_empty() && lines.len() < 40 {
        lines.push(if lines.is_empty() { start(bytes) } else { request(bytes) });
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn start(bytes: &mut Bytes<'_>) -> String {
    json!({"config": config(bytes), "seed": bytes.byte()}).to_string()
}

fn request(bytes: &mut Bytes<'_>) -> String {
    let request = match bytes.below(16) {
        0..=4 => json!({"ask": bytes.below(5)}),
        5..=8 => json!({"tell": some(bytes, tell)}),
        9..=12 => json!({"report": some(bytes, report)}),
        13 => {
            json!({"ask": bytes.pick(&[json!(0), json!(-1), json!(1e300), json!(u64::MAX), json!("1"), json!(null)])})
        }
        14 if bytes.one_in(4) => return start(bytes),
        14 => json!({"quit": false}),
        _ => value(bytes, 2),
    };
    request.to_string()
}

fn some(bytes: &mut Bytes<'_>, make: fn(&mut Bytes<'_>) -> Value) -> Value {
    (0..bytes.below(4)).map(|_| make(bytes)).collect()
}

fn id(bytes: &mut Bytes<'_>) -> String {
    match bytes.below(8) {
        7 => bytes.pick(&["", "x", "1'", "01"]).to_owned(),
        _ => bytes.below(16).to_string(),
    }
}

fn measured(bytes: &mut Bytes<'_>) -> Value {
    match bytes.below(4) {
        3 => bytes.pick(&[
            Value::Null,
            json!("NaN"),
            json!("Infinity"),
            json!([1]),
            json!(1e308),
            json!(-1e308),
        ]),
        _ => besom_core::value::float(bytes.float()),
    }
}

fn tell(bytes: &mut Bytes<'_>) -> Value {
    let params = match bytes.below(4) {
        0 => json!({"lr": value(bytes, 1), "batch size": value(bytes, 1)}),
        1 => value(bytes, 2),
        _ => json!({}),
    };
    let state = bytes.pick(&["finished", "finished", "stopped", "failed", "crashed", "killed", "running"]);
    json!({"id": id(bytes), "params": params, "value": measured(bytes), "state": state})
}

fn report(bytes: &mut Bytes<'_>) -> Value {
    json!({"id": id(bytes), "step": bytes.byte(), "value": measured(bytes)})
}

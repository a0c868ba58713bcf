//! Sweep configurations as JSON: what people write, with mistakes.

use serde_json::{Map, Value, json};

use crate::{Bytes, value};

const DISTRIBUTIONS: [&str; 17] = [
    "constant",
    "categorical",
    "categorical_w_probabilities",
    "int_uniform",
    "uniform",
    "q_uniform",
    "log_uniform",
    "q_log_uniform",
    "inv_log_uniform",
    "log_uniform_values",
    "q_log_uniform_values",
    "inv_log_uniform_values",
    "normal",
    "q_normal",
    "log_normal",
    "q_log_normal",
    "beta",
];

/// A configuration, right as a rule.
pub fn config(bytes: &mut Bytes<'_>) -> Value {
    let mut config = Map::new();
    let method = bytes.pick(&["grid", "random", "bayes", "random", "bayes", "gird"]);
    put(&mut config, bytes, "method", |_| method.into());
    put(&mut config, bytes, "parameters", |bytes| parameters(bytes, 2));
    put(&mut config, bytes, "metric", metric);
    let others = bytes.byte();
    let mut other = |place: u8, key: &str, make: fn(&mut Bytes<'_>) -> Value| {
        if others >> place & 1 == 1 {
            put(&mut config, bytes, key, make);
        }
    };
    other(0, "early_terminate", early_terminate);
    other(1, "run_cap", count);
    other(2, "seed", |bytes| bytes.word().into());
    other(3, "order", |bytes| bytes.pick(&["sorted", "declared", "random"]).into());
    other(4, "retry", |bytes| {
        bytes.pick(&[json!(2), json!({"crashed": 1}), json!({"failed": 0, "crashed": 9})])
    });
    other(5, "command", |bytes| bytes.pick(&[json!(["${env}", "${program}", "${args}"]), json!([1, true])]));
    other(6, "controller", |bytes| {
        bytes.pick(&[json!({"type": "local"}), json!({"type": "cloud"}), json!(null)])
    });
    other(7, "name", |bytes| value(bytes, 1));
    Value::Object(config)
}

/// Sets a key, but now and then to something else, or not at all.
fn put(
    object: &mut Map<String, Value>,
    bytes: &mut Bytes<'_>,
    key: &str,
    make: impl FnOnce(&mut Bytes<'_>) -> Value,
) {
    let value = match bytes.byte() {
        255 => return,
        254 => value(bytes, 2),
        _ => make(bytes),
    };
    let key = if bytes.byte() == 255 { format!("{key}s") } else { key.to_owned() };
    object.insert(key, value);
}

fn parameters(bytes: &mut Bytes<'_>, depth: usize) -> Value {
    let names = ["lr", "batch size", "a.b", "", "ü", "method"];
    let count = 1 + bytes.below(4);
    let parameters = (0..count).map(|place| {
        let name = names[(place + bytes.below(3)) % names.len()].to_owned();
        let nested = depth > 0 && bytes.one_in(6);
        (name, if nested { json!({"parameters": parameters(bytes, depth - 1)}) } else { parameter(bytes) })
    });
    Value::Object(parameters.collect())
}

fn parameter(bytes: &mut Bytes<'_>) -> Value {
    let mut parameter = Map::new();
    if bytes.one_in(2) {
        put(&mut parameter, bytes, "distribution", |bytes| bytes.pick(&DISTRIBUTIONS).into());
    }
    let mut keys: Vec<&str> = match bytes.below(6) {
        0 => vec!["value"],
        1 => vec!["values"],
        2 => vec!["min", "max"],
        3 => vec!["min", "max", "q"],
        4 => vec!["mu", "sigma", "q"],
        _ => vec!["a", "b"],
    };
    if bytes.one_in(8) {
        keys.push(bytes.pick(&["probabilities", "q", "min", "max", "value", "values", "sigma"]));
    }
    for key in keys {
        put(&mut parameter, bytes, key, |bytes| match key {
            "value" => value(bytes, 2),
            "values" => (0..bytes.below(5)).map(|_| value(bytes, 2)).collect(),
            "probabilities" => (0..bytes.below(5)).map(|_| number(bytes)).collect(),
            _ => number(bytes),
        });
    }
    Value::Object(parameter)
}

fn number(bytes: &mut Bytes<'_>) -> Value {
    if bytes.one_in(2) { bytes.integer().into() } else { besom_core::value::float(bytes.finite()) }
}

fn count(bytes: &mut Bytes<'_>) -> Value {
    if bytes.one_in(8) { number(bytes) } else { json!(bytes.byte()) }
}

fn metric(bytes: &mut Bytes<'_>) -> Value {
    let mut metric = Map::new();
    put(&mut metric, bytes, "name", |_| "loss".into());
    if bytes.one_in(2) {
        put(&mut metric, bytes, "goal", |bytes| bytes.pick(&["minimize", "maximize", "max"]).into());
    }
    if bytes.one_in(4) {
        put(&mut metric, bytes, "target", number);
    }
    if bytes.one_in(4) {
        put(&mut metric, bytes, "impute", |bytes| bytes.pick(&["worst", "best", "latest"]).into());
        put(&mut metric, bytes, "impute_while_running", |bytes| {
            bytes.pick(&[json!("false"), json!(false), json!("worst"), json!("best"), json!("latest")])
        });
    }
    Value::Object(metric)
}

fn early_terminate(bytes: &mut Bytes<'_>) -> Value {
    let mut rule = Map::new();
    let name = bytes.pick(&["hyperband", "envelope"]);
    put(&mut rule, bytes, "type", |_| name.into());
    let keys: &[&str] = match (name, bytes.below(2)) {
        ("hyperband", 0) => &["min_iter", "eta", "strict"],
        ("hyperband", _) => &["max_iter", "s", "eta"],
        _ => &["fraction", "min_runs", "start_iter"],
    };
    for key in keys {
        if *key == "strict" {
            put(&mut rule, bytes, key, |bytes| bytes.one_in(2).into());
        } else if !bytes.one_in(3) {
            put(&mut rule, bytes, key, count);
        }
    }
    Value::Object(rule)
}

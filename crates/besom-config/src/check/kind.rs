//! The distributions of a sweep file as a table: their keys, their defaults, and which of them is meant.

use serde_json::{Map, Value};

use super::field::Number;
use crate::tree::{Data, Entry, Node};

/// One of the distributions of a sweep file.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Its keys besides `distribution`.
    pub(crate) keys: &'static [Key],
    /// What W&B wants in place of it, if W&B has deprecated it.
    pub(crate) successor: Option<&'static str>,
}

/// A key of a parameter.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What it is if it is not given; without a default it must be given.
    pub(crate) default: Option<Number>,
}

impl Kind {
    /// Whether a parameter may be of this kind without saying so.
    pub(crate) fn is_inferred(&self) -> bool {
        ["constant", "categorical", "categorical_w_probabilities", "int_uniform", "uniform"]
            .contains(&self.name)
    }
}

const fn required(name: &'static str) -> Key {
    Key { name, default: None }
}

const fn float(name: &'static str, default: f64) -> Key {
    Key { name, default: Some(Number::Float(default)) }
}

const fn whole(name: &'static str, default: i128) -> Key {
    Key { name, default: Some(Number::Integer(default)) }
}

const fn kind(name: &'static str, keys: &'static [Key]) -> Kind {
    Kind { name, keys, successor: None }
}

const RANGE: &[Key] = &[required("min"), required("max")];
const STEPPED_RANGE: &[Key] = &[required("min"), required("max"), float("q", 1.0)];
const NORMAL: &[Key] = &[float("mu", 0.0), float("sigma", 1.0)];
/// W&B writes the defaults of the stepped normal distributions as integers; so that filled configurations agree, so
/// does this table.
const STEPPED_NORMAL: &[Key] = &[whole("mu", 0), whole("sigma", 1), float("q", 1.0)];

/// All distributions of a sweep file.
pub(crate) const KINDS: &[Kind] = &[
    kind("constant", &[required("value")]),
    kind("categorical", &[required("values")]),
    kind("categorical_w_probabilities", &[required("values"), required("probabilities")]),
    kind("int_uniform", RANGE),
    kind("uniform", RANGE),
    kind("q_uniform", STEPPED_RANGE),
    kind("log_uniform_values", RANGE),
    kind("q_log_uniform_values", STEPPED_RANGE),
    kind("inv_log_uniform_values", RANGE),
    kind("normal", NORMAL),
    kind("q_normal", STEPPED_NORMAL),
    kind("log_normal", NORMAL),
    kind("q_log_normal", STEPPED_NORMAL),
    kind("beta", &[whole("a", 1), whole("b", 1)]),
    kind("q_beta", &[whole("a", 1), whole("b", 1), float("q", 1.0)]),
    Kind { name: "log_uniform", keys: RANGE, successor: Some("log_uniform_values") },
    Kind { name: "q_log_uniform", keys: STEPPED_RANGE, successor: Some("q_log_uniform_values") },
    Kind { name: "inv_log_uniform", keys: RANGE, successor: Some("inv_log_uniform_values") },
];

/// All keys that some parameter may have.
pub(super) const PARAMETER_KEYS: &[&str] = &[
    "distribution",
    "value",
    "values",
    "probabilities",
    "min",
    "max",
    "q",
    "mu",
    "sigma",
    "a",
    "b",
    "parameters",
    "when",
];

/// The distribution of this name.
pub(super) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Which distribution the keys of a parameter mean.
pub(super) fn infer(node: &Node) -> Option<&'static Kind> {
    let has = |key| node.entry(key).is_some();
    let is_float = |key| node.entry(key).is_some_and(|e| matches!(e.node.data, Data::Float(_)));
    find(if has("value") {
        "constant"
    } else if has("values") && has("probabilities") {
        "categorical_w_probabilities"
    } else if has("values") {
        "categorical"
    } else if has("min") && has("max") {
        if is_float("min") || is_float("max") { "uniform" } else { "int_uniform" }
    } else {
        return None;
    })
}

/// What to write for a key that does not go with a distribution.
pub(super) fn instead(key: &str, kind: &Kind, node: &Node) -> Option<String> {
    let named = node.entry("distribution").is_some();
    match (key, kind.name) {
        ("q", "int_uniform" | "uniform") => Some("for steps of q, write distribution: q_uniform".to_owned()),
        ("q", name) if find(&format!("q_{name}")).is_some() => {
            Some(format!("for steps of q, write q_{name}"))
        }
        ("probabilities", "categorical") if named => {
            Some("write categorical_w_probabilities, or leave `distribution` out".to_owned())
        }
        _ if !named => KINDS
            .iter()
            .filter(|other| other.successor.is_none() && other.keys.iter().any(|k| k.name == key))
            .find(|other| {
                let goes = |key: &str| key == "when" || other.keys.iter().any(|k| k.name == key);
                node.entries().iter().all(|e| goes(&e.key))
            })
            .map(|other| format!("write distribution: {}", other.name)),
        _ => None,
    }
}

/// A parameter as JSON with its distribution and its defaults.
pub(super) fn fill(node: &Node, kind: &Kind) -> Value {
    let mut filled = Map::new();
    for Entry { key, node, .. } in node.entries() {
        let whole = match node.data {
            Data::Float(value) if kind.name == "int_uniform" => Number::Float(value).as_whole(),
            _ => None,
        };
        filled.insert(key.clone(), whole.map_or_else(|| node.to_json(), Value::from));
    }
    filled.entry("distribution").or_insert_with(|| kind.name.into());
    for key in kind.keys {
        if let Some(default) = key.default {
            filled.entry(key.name).or_insert_with(|| default.to_json());
        }
    }
    filled.into()
}

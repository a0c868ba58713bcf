//! What algorithms say of themselves, to and from Python.

use std::ops;

use besom_core::{OptionDefault, OptionKind, OptionSpec, Spec, Supports};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Map, Value};

use crate::value;

/// What the built-in algorithms say of themselves: a list of dicts.
#[pyfunction]
pub(crate) fn algorithms(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    value::serialized(py, &besom_config::algorithms(&besom_engine::registry()))
}

/// The spec of an algorithm that is written in Python: its first line of documentation, and `options`, or else the attribute
/// `OPTIONS`, a dict by key. Without either its options are not checked.
///
/// Texts and lists live as long as the process: algorithms are registered once, at import.
pub(crate) fn of(algorithm: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyAny>>) -> PyResult<Spec> {
    let summary = match algorithm.getattr("__doc__")?.extract::<Option<String>>() {
        Ok(Some(doc)) => {
            leaked(doc.trim().lines().next().unwrap_or_default().trim_end_matches('.').to_owned())
        }
        _ => "Written in Python",
    };
    // Its points are checked, and values of inactive parameters are taken out of them.
    let spec = Spec::new(summary).supports(Supports::ONE_METRIC.conditions().any_metrics());
    let attribute = algorithm.getattr_opt("OPTIONS")?;
    let Some(options) = options.or(attribute.as_ref()) else { return Ok(spec.any_options()) };
    let options = value::object(options)?.into_iter().map(|(key, described)| option(key, &described));
    Ok(spec.options(Vec::leak(options.collect::<PyResult<_>>()?)))
}

/// An option in the words of a JSON Schema: `{"type": "integer", "minimum": 1, "default": 3, "doc": "How deep."}`.
fn option(key: String, described: &Value) -> PyResult<OptionSpec> {
    const KNOWN: [&str; 10] = [
        "type",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "enum",
        "default",
        "required",
        "doc",
        "description",
    ];
    let wrong = |what: &str| PyValueError::new_err(format!("option '{key}': {what}"));
    let Value::Object(described) = described else {
        return Err(wrong("expected a dict such as {'type': 'integer', 'minimum': 1, 'default': 3}"));
    };
    if let Some(unknown) = described.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(wrong(&format!("unknown key '{unknown}'; known are {}", KNOWN.join(", "))));
    }
    let kind = kind(described).map_err(|what| wrong(&what))?;
    let default = default(described, &kind).map_err(|what| wrong(&what))?;
    let doc = ["doc", "description"].iter().find_map(|key| described.get(*key)?.as_str()).unwrap_or_default();
    Ok(OptionSpec::new(leaked(key), kind, default, leaked(doc.to_owned())))
}

fn kind(described: &Map<String, Value>) -> Result<OptionKind, String> {
    let number = |key: &str| described.get(key).and_then(Value::as_f64);
    if let Some(words) = described.get("enum") {
        let words: Option<Vec<&'static str>> = words
            .as_array()
            .and_then(|words| words.iter().map(|word| Some(leaked(word.as_str()?.to_owned()))).collect());
        return words
            .map(|words| OptionKind::Choice(Vec::leak(words)))
            .ok_or_else(|| "enum must be a list of texts".to_owned());
    }
    match described.get("type").and_then(Value::as_str) {
        None => Ok(OptionKind::Any),
        Some("boolean") => Ok(OptionKind::Flag),
        Some("integer") => {
            let bound = |key: &str| {
                described.get(key).map(|bound| bound.as_u64().ok_or(format!("{key} must be at least 0")))
            };
            let least = bound("minimum").transpose()?.unwrap_or(0);
            Ok(OptionKind::Count { least, most: bound("maximum").transpose()?.unwrap_or(u64::MAX) })
        }
        Some("number") => {
            let bound = |included: &str, excluded: &str| match (number(included), number(excluded)) {
                (_, Some(bound)) => ops::Bound::Excluded(bound),
                (Some(bound), None) => ops::Bound::Included(bound),
                (None, None) => ops::Bound::Unbounded,
            };
            let (low, high) = (bound("minimum", "exclusiveMinimum"), bound("maximum", "exclusiveMaximum"));
            Ok(OptionKind::Number { low, high })
        }
        Some(other) => Err(format!("unknown type '{other}'; known are integer, number, boolean")),
    }
}

fn default(described: &Map<String, Value>, kind: &OptionKind) -> Result<OptionDefault, String> {
    let required = described.get("required").and_then(Value::as_bool).unwrap_or(false);
    let Some(default) = described.get("default").filter(|default| !default.is_null()) else {
        return Ok(if required { OptionDefault::Required } else { OptionDefault::Chosen("none") });
    };
    if !kind.allows(default) {
        return Err(format!("the default must be {kind}, found {default}"));
    }
    match (default.as_u64(), default) {
        (Some(count), _) => Ok(OptionDefault::Count(count)),
        (None, Value::Number(number)) => Ok(OptionDefault::Number(number.as_f64().unwrap_or_default())),
        (None, Value::Bool(flag)) => Ok(OptionDefault::Flag(*flag)),
        (None, Value::String(word)) => Ok(OptionDefault::Word(leaked(word.clone()))),
        _ => Err("a default must be a number, a text or a boolean".to_owned()),
    }
}

fn leaked(text: String) -> &'static str {
    String::leak(text)
}

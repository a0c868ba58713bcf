//! What stands beside the axis of a parameter.

use besom_core::value::label;
use besom_insight::Axis;
use serde_json::Value;

use crate::frame::Labels;
use crate::scale::short;

/// The values beside an axis, and its parameter's name.
pub(crate) fn labels(axis: &Axis) -> Labels {
    let mut ticks: Vec<_> = axis.ticks().iter().map(|(u, value)| (*u, text(value))).collect();
    ticks.dedup_by(|a, b| a.1 == b.1);
    Labels { ticks, title: axis.name().to_string() }
}

/// A value as a label.
fn text(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => number.as_f64().map_or_else(String::new, short),
        Value::String(text) => label(text).into_owned(),
        other => other.to_string(),
    }
}

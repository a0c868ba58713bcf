//! Axes and parameters as the page needs them: how to lay out values, and what to write beside them.

use besom_core::{Distribution, Parameter};
use besom_insight::{Axis, Layout};
use serde_json::{Value, json};

/// An axis: place 0 is `min`, place 1 is `max`, linear in the value or in its logarithm; categories sit in the middles of equal
/// parts. Of `quantile` axes, `min` and `max` are the values between which 98 of 100 lie.
pub(super) fn axis(axis: &Axis) -> Value {
    let layout = axis.layout();
    let (scale, min, max, values) = match &layout {
        Layout::Linear { low, high } => ("linear", json!(low), json!(high), Value::Null),
        Layout::Logarithmic { low, high } => ("log", json!(low), json!(high), Value::Null),
        Layout::Listed(values) => ("category", Value::Null, Value::Null, json!(values)),
        _ => ("quantile", axis.value(0.01), axis.value(0.99), Value::Null),
    };
    let tick = |(at, label): (f64, String)| json!({ "at": at, "label": label, "value": axis.value(at) });
    let ticks: Vec<Value> = axis.ticks().into_iter().map(tick).collect();
    json!({ "name": axis.name().to_string(), "scale": scale, "min": min, "max": max, "values": values, "ticks": ticks })
}

/// A parameter of a sweep.
pub(super) fn parameter(parameter: &Parameter) -> Value {
    let name = parameter.name.to_string();
    if let Distribution::Constant(value) = &parameter.distribution {
        return json!({
            "name": name, "kind": "constant", "scale": "category", "min": null, "max": null, "values": [value],
            "varies": false,
        });
    }
    let mut shown = axis(&Axis::new(parameter));
    if let Some(object) = shown.as_object_mut() {
        object.shift_remove("ticks");
        object.insert("kind".into(), kind(&parameter.distribution).into());
        object.insert("distribution".into(), parameter.distribution.name().into());
        object.insert("varies".into(), true.into());
        if let Distribution::IntUniform { min, max } = parameter.distribution {
            // The ends of the parameter, not those of the cells of its axis.
            object.insert("min".into(), min.into());
            object.insert("max".into(), max.into());
        }
    }
    shown
}

fn kind(distribution: &Distribution) -> &'static str {
    match distribution {
        Distribution::Constant(_) => "constant",
        Distribution::Categorical { .. } => "category",
        Distribution::IntUniform { .. } => "integer",
        Distribution::Quantized(_, step) if step.integer => "integer",
        _ => "number",
    }
}

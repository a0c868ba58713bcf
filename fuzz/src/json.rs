//! Arbitrary JSON values.

use besom_core::value::float;
use serde_json::{Map, Value, json};

use crate::Bytes;

/// Any JSON value, at most `depth` levels deep.
pub fn value(bytes: &mut Bytes<'_>, depth: usize) -> Value {
    match bytes.below(if depth == 0 { 6 } else { 8 }) {
        0 => bytes.integer().into(),
        1 => float(bytes.float()),
        2 => bytes.pick(&["adam", "sgd", "", "2", "ü", "NaN", "k", "with space", "-1e3"]).into(),
        3 => (bytes.byte() & 1 == 1).into(),
        4 => Value::Null,
        5 => bytes.pick(&[json!(0), json!(2), json!(2.0), json!(1e300), json!(u64::MAX), json!(0.1)]),
        6 => (0..bytes.below(4)).map(|_| value(bytes, depth - 1)).collect(),
        _ => {
            let entry = |bytes: &mut Bytes<'_>| {
                let key = bytes.pick(&["k", "l", "", "_injected", "value"]);
                (key.to_owned(), value(bytes, depth - 1))
            };
            Value::Object((0..bytes.below(4)).map(|_| entry(bytes)).collect::<Map<_, _>>())
        }
    }
}

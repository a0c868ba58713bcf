//! JSON values as parameters have them, compared as people mean it.

use serde_json::Value;

/// Whether two values are the same to a sweep: numbers by value at every depth (`3` is `3.0`), all else exactly.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(_), Value::Number(_)) => same_number(a, b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn same_number(a: &Value, b: &Value) -> bool {
    if let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) {
        return a == b;
    }
    if let (Some(a), Some(b)) = (a.as_u64(), b.as_u64()) {
        return a == b;
    }
    a.as_f64() == b.as_f64()
}

/// As [`same`], but keys of an object in `found` that `expected` lacks are forgiven at the first level: tools inject
/// keys into dictionaries.
pub fn same_forgiving(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            expected.iter().all(|(key, a)| found.get(key).is_some_and(|b| same(a, b)))
        }
        _ => same(expected, found),
    }
}

/// A finite float as a JSON number that stays a float; `null` if it is not finite.
pub fn float(x: f64) -> Value {
    serde_json::Number::from_f64(x).map_or(Value::Null, Value::Number)
}

//! JSON values as parameters have them, compared as people mean it.

use std::borrow::Cow;
use std::io::{self, Write};

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
pub fn same_ignoring_injected_keys(expected: &Value, found: &Value) -> bool {
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

/// A text as a label shows it: as it is, or in quotes if it would read as a number, a truth value, null or nothing, so that
/// `1` and `"1"` are told apart.
///
/// ```
/// use besom_core::value::label;
///
/// assert_eq!(label("adam"), "adam");
/// assert_eq!(label("1e-3"), "\"1e-3\"");
/// ```
pub fn label(text: &str) -> Cow<'_, str> {
    let word = text.trim();
    // A number may be infinite or none.
    let words = ["", "true", "false", "null", "none"];
    let reads_as_other = word.parse::<f64>().is_ok() || words.iter().any(|w| word.eq_ignore_ascii_case(w));
    if reads_as_other { Cow::Owned(format!("{text:?}")) } else { Cow::Borrowed(text) }
}

/// A value as JSON on one line, as people write it: `{"lr": 0.1, "opt": "adam"}`.
pub fn spaced(value: &Value) -> String {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, Spaced);
    let written = serde::Serialize::serialize(value, &mut serializer).is_ok();
    String::from_utf8(text).ok().filter(|_| written).unwrap_or_else(|| value.to_string())
}

/// JSON on one line with a space after colons and commas.
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_the_same_by_value_at_every_depth() {
        assert!(same(&json!(3), &json!(3.0)));
        assert!(same(&json!(0), &json!(-0.0)));
        assert!(same(&json!({"a": [1, {"b": 2.0}], "c": 0}), &json!({"c": 0.0, "a": [1.0, {"b": 2}]})));
        assert!(!same(&json!(i64::MAX), &json!(i64::MAX - 1)));
        assert!(!same(&json!(0.3), &json!(0.30000000000000004)));
    }

    #[test]
    fn different_types_are_never_the_same() {
        let values = [json!(1), json!("1"), json!(true), json!(null), json!([1]), json!({"1": 1}), json!("")];
        for (i, a) in values.iter().enumerate() {
            for (j, b) in values.iter().enumerate() {
                assert_eq!(same(a, b), i == j, "{a} and {b}");
            }
        }
    }

    #[test]
    fn injected_keys_are_forgiven_at_the_first_level_only() {
        assert!(same_ignoring_injected_keys(&json!({"k": 1}), &json!({"k": 1.0, "_runtime": 3})));
        assert!(!same_ignoring_injected_keys(&json!({"k": {"l": 1}}), &json!({"k": {"l": 1, "m": 2}})));
        assert!(!same_ignoring_injected_keys(&json!({"k": 1, "l": 2}), &json!({"k": 1})));
    }

    #[test]
    fn a_text_that_reads_as_something_else_is_quoted_in_a_label() {
        for text in ["1", "-1.5", "1e-3", "true", "False", "null", "None", "", " ", "NaN", "-inf", " 2"] {
            assert_eq!(label(text), format!("{text:?}"));
        }
        for text in ["adam", "1a", "e5", "truest", "a b", "-", "x=1"] {
            assert_eq!(label(text), text);
        }
    }

    #[test]
    fn floats_stay_floats_and_what_is_not_finite_is_null() {
        assert_eq!(float(2.0).to_string(), "2.0");
        assert_eq!(float(f64::NAN), Value::Null);
        assert_eq!(float(f64::INFINITY), Value::Null);
    }
}

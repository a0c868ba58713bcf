//! JSON as Python writes it: with bare `NaN`, `Infinity` and `-Infinity`.
//!
//! They become the texts that represent them everywhere in besom, and texts become bare words again in what the client itself parses.

use besom_agent::quote_not_finite;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads JSON, where numbers that JSON lacks may stand bare.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&quote_not_finite(text)))
}

/// An object as Python's `json.loads` reads it: the three texts are bare words.
pub(crate) fn text(object: &Map<String, Value>) -> String {
    let text = serde_json::to_string(object).unwrap_or_else(|_| "{}".to_owned());
    if !has_word(object.values()) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    write(&mut out, &Value::Object(object.clone()));
    out
}

/// The value where JSON must be strict: null in place of the three texts.
pub(crate) fn strict(value: &Value) -> Value {
    match value {
        Value::String(text) if is_word(text) => Value::Null,
        Value::Array(items) => items.iter().map(strict).collect(),
        Value::Object(object) => {
            object.iter().map(|(key, value)| (key.clone(), strict(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// Whether a text stands for a number that JSON lacks.
pub(super) fn is_word(text: &str) -> bool {
    matches!(text, "NaN" | "Infinity" | "-Infinity")
}

fn has_word<'a>(mut values: impl Iterator<Item = &'a Value>) -> bool {
    values.any(|value| match value {
        Value::String(text) => is_word(text),
        Value::Array(items) => has_word(items.iter()),
        Value::Object(object) => has_word(object.values()),
        _ => false,
    })
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::String(text) if is_word(text) => out.push_str(text),
        Value::Array(items) => list(out, ('[', ']'), items, write),
        Value::Object(object) => list(out, ('{', '}'), object, |out, (key, value)| {
            out.push_str(&Value::from(key.as_str()).to_string());
            out.push(':');
            write(out, value);
        }),
        other => out.push_str(&other.to_string()),
    }
}

fn list<T>(
    out: &mut String,
    (open, close): (char, char),
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    out.push(open);
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bare_words_are_texts_and_become_bare_again() {
        let row: Map<String, Value> =
            parse(r#"{"loss": NaN, "x": [Infinity, {"y": -Infinity}], "say": "NaN is text", "n": 1e-7}"#)
                .expect("it is JSON but for the words");
        assert_eq!(row["loss"], json!("NaN"));
        assert_eq!(row["x"], json!(["Infinity", { "y": "-Infinity" }]));
        let again = text(&row);
        assert_eq!(again, r#"{"loss":NaN,"x":[Infinity,{"y":-Infinity}],"say":"NaN is text","n":1e-7}"#);
        assert_eq!(parse::<Map<String, Value>>(&again).expect("it was written so"), row);
        assert_eq!(strict(&row["x"]), json!([null, { "y": null }]));
    }

    #[test]
    fn what_is_no_json_stays_an_error() {
        for text in ["", "{", "{\"a\": nan}", "NaN NaN"] {
            assert!(parse::<Value>(text).is_err(), "{text}");
        }
    }
}

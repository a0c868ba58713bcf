//! Values as Hydra's override grammar reads them back: a text that it would take for something else is quoted.
//!
//! Its lexer knows what a bare word may hold; everything else is a list of choices to sweep over, an error, or a value of another
//! type. See <https://hydra.cc/docs/advanced/override_grammar/basic/>.

use serde_json::{Map, Value};

use super::python;

/// The value of an override.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        // The texts that stand for numbers JSON lacks are numbers to Python and to Hydra.
        Value::String(text) if python::is_number(text) => python::str(value),
        Value::String(text) if is_bare(text) => text.clone(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(element).collect::<Vec<_>>().join(", "))
        }
        Value::Object(object) if object.keys().all(|key| is_bare(key) && !key.is_empty()) => mapping(object),
        other => python::str(other),
    }
}

/// A value in a list or mapping, where texts are quoted as Python quotes them.
fn element(item: &Value) -> String {
    match item {
        Value::String(text) if !python::is_number(text) => quoted(text),
        other => value(other),
    }
}

/// Keys stand bare: the grammar has no quoted ones.
fn mapping(object: &Map<String, Value>) -> String {
    let entries = object.iter().map(|(key, item)| format!("{key}: {}", element(item)));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
}

/// Whether a text without quotes is read as itself.
fn is_bare(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || " _/-\\+.$%*@?|:".contains(c);
    text.chars().all(plain) && text.trim() == text && !is_literal(text)
}

/// Whether a bare word is null, a truth value or a number.
fn is_literal(text: &str) -> bool {
    let words = ["null", "true", "false", "nan", "inf"];
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    words.iter().any(|word| unsigned.eq_ignore_ascii_case(word))
        || (unsigned.contains(|c: char| c.is_ascii_digit())
            && unsigned.replace('_', "").parse::<f64>().is_ok())
}

/// The text in single quotes: a quote gets a backslash, and backslashes before a quote are doubled.
fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    let mut backslashes = 0;
    for c in text.chars() {
        if c == '\'' {
            out.push_str(&"\\".repeat(backslashes + 1));
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        out.push(c);
    }
    out.push_str(&"\\".repeat(backslashes));
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(given: Value, expected: &str) {
        assert_eq!(value(&given), expected);
    }

    #[test]
    fn words_that_hydra_reads_as_they_are_stay() {
        for word in ["adam", "re lu", "a/b", "http://x/y", "a@b", "C:\\x", "+a", "", "1a", "e5", "0x10"] {
            check(json!(word), word);
        }
        check(json!(true), "True");
        check(json!(1e-5), "1e-05");
        check(json!(-3), "-3");
        check(json!("NaN"), "nan");
        check(json!([1, "a"]), "[1, 'a']");
    }

    #[test]
    fn what_hydra_would_read_as_something_else_is_quoted() {
        for word in ["a,b", "x=y", "(x)", "a#b", "a[0]", "{a}", "ü", "~a", "a;b", " a", "a\nb", "a\"b"] {
            check(json!(word), &format!("'{word}'"));
        }
        for word in ["1", "-1.5", "1e5", "1_000", "null", "NULL", "true", "False", "nan", "-inf"] {
            check(json!(word), &format!("'{word}'"));
        }
        check(json!(null), "null");
        check(json!("a'b"), r"'a\'b'");
        check(json!(r"a\'b"), r"'a\\\'b'");
        check(json!("a,\\"), r"'a,\\'");
        check(json!([null, "a,b", "it's"]), r"[null, 'a,b', 'it\'s']");
        check(json!({"a": 1, "b": {"c": null, "d": "x y"}}), "{a: 1, b: {c: null, d: 'x y'}}");
    }
}

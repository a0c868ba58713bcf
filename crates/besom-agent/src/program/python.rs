//! Values as Python writes them, because training scripts parse them back: `str`, `repr` and `json.dumps`.
//!
//! JSON knows no NaN and no infinities. As everywhere in besom, the texts `NaN`, `Infinity` and `-Infinity`
//! stand for them.

use std::fmt::Write;

use serde_json::{Map, Value};

/// `str(value)`: text as it is, all else as [`repr`].
pub(crate) fn str(value: &Value) -> String {
    match value {
        Value::String(text) if not_finite(text).is_none() => text.clone(),
        other => repr(other),
    }
}

/// `repr(value)`: `True`, `None`, `1e-05`, `[1, 'a']`, `{'k': 1}`.
pub(crate) fn repr(value: &Value) -> String {
    let mut out = String::new();
    write_repr(&mut out, value);
    out
}

/// `json.dumps(object)`: ASCII only, `", "` and `": "`, bare `NaN` and `Infinity`.
pub(crate) fn dumps(object: &Map<String, Value>) -> String {
    let mut out = String::new();
    write_json_object(&mut out, object);
    out
}

/// Whether the text stands for a number that JSON lacks.
pub(crate) fn is_number(text: &str) -> bool {
    not_finite(text).is_some()
}

fn not_finite(text: &str) -> Option<&'static str> {
    match text {
        "NaN" => Some("nan"),
        "Infinity" => Some("inf"),
        "-Infinity" => Some("-inf"),
        _ => None,
    }
}

fn write_repr(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => match not_finite(text) {
            Some(word) => out.push_str(word),
            None => write_quoted(out, text),
        },
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                write_repr(out, item);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (i, (key, item)) in object.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                write_quoted(out, key);
                out.push_str(": ");
                write_repr(out, item);
            }
            out.push('}');
        }
    }
}

fn write_number(out: &mut String, number: &serde_json::Number) {
    match number.as_f64() {
        Some(x) if number.is_f64() => out.push_str(&float(x)),
        _ => out.push_str(&number.to_string()),
    }
}

/// `repr` of a float: the shortest digits that read back, an exponent below 1e-4 and from 1e16 on.
fn float(x: f64) -> String {
    let scientific = format!("{x:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        return format!("{x:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// `repr` of text: single quotes, unless it holds some and no double ones.
fn write_quoted(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if is_printable(c) => out.push(c),
            c => write_escaped(out, c),
        }
    }
    out.push(quote);
}

/// `str.isprintable`. Rust's debug escaping goes by the same Unicode categories, except that it also escapes
/// a combining character at the start of a text; so the character is asked for behind a letter.
fn is_printable(c: char) -> bool {
    matches!(c, '\'' | '"') || format!("a{c}").escape_debug().nth(1) == Some(c)
}

fn write_escaped(out: &mut String, c: char) {
    let code = u32::from(c);
    // Writing to a string cannot fail.
    let _ = match code {
        0..=0xff => write!(out, "\\x{code:02x}"),
        0x100..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

fn write_json(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Value::Number(number) => write_number(out, number),
        Value::String(text) if not_finite(text).is_some() => out.push_str(text),
        Value::String(text) => write_json_text(out, text),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                write_json(out, item);
            }
            out.push(']');
        }
        Value::Object(object) => write_json_object(out, object),
    }
}

fn write_json_object(out: &mut String, object: &Map<String, Value>) {
    out.push('{');
    for (i, (key, item)) in object.iter().enumerate() {
        out.push_str(if i == 0 { "" } else { ", " });
        write_json_text(out, key);
        out.push_str(": ");
        write_json(out, item);
    }
    out.push('}');
}

fn write_json_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn floats_read_as_python_prints_them() {
        for (x, text) in [
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (1e16, "1e+16"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1.5e300, "1.5e+300"),
            (2.5e-7, "2.5e-07"),
            (-0.0, "-0.0"),
            (5e-324, "5e-324"),
            (0.1 + 0.2, "0.30000000000000004"),
            (123_456.0, "123456.0"),
        ] {
            assert_eq!(float(x), text);
        }
    }

    #[test]
    fn text_is_quoted_as_python_quotes_it() {
        for (text, quoted) in [
            ("a", "'a'"),
            ("it's", "\"it's\""),
            ("both ' \"", "'both \\' \"'"),
            ("tab\tnul\0del\u{7f}", "'tab\\tnul\\x00del\\x7f'"),
            ("\u{a0}\u{200b}\u{e000}\u{10ffff}", "'\\xa0\\u200b\\ue000\\U0010ffff'"),
            ("e\u{301} \u{301}", "'e\u{301} \u{301}'"),
            ("ü漢😀", "'ü漢😀'"),
        ] {
            assert_eq!(repr(&json!(text)), quoted);
        }
    }

    #[test]
    fn json_is_ascii_with_spaces() {
        let object = json!({"a": [1, 2.0, 1e-7], "ü": {"b": "😀\u{7f}\u{c}", "c": null}, "d": "NaN"});
        let Value::Object(object) = object else { panic!("an object was written") };
        assert_eq!(
            dumps(&object),
            r#"{"a": [1, 2.0, 1e-07], "\u00fc": {"b": "\ud83d\ude00\u007f\f", "c": null}, "d": NaN}"#
        );
    }
}

//! One line of a metrics file.

use serde_json::{Map, Value};

/// The key of lines that are not rows but messages to the agent (decision 16).
const RESERVED: &str = "_besom";
/// The message of a program that is about to be preempted.
const PREEMPTING: &str = "preempting";

/// The message of a program that goes on from the checkpoint of an earlier attempt.
const RESUMED: &str = "resumed";

/// What a line contains.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Line {
    /// Nothing but blanks.
    Blank,
    /// A JSON object.
    Row(Map<String, Value>),
    /// The reserved line by which a program announces its preemption: `{"_besom": "preempting"}`.
    Preempting,
    /// The reserved line by which a program says something about its run: `{"_besom": {"config": {"layers": 3}}}`.
    Facts(Map<String, Value>),
    /// The one by which it says that it goes on from a checkpoint: `{"_besom": "resumed"}`.
    Resumed,
    /// Something else, and why it is not a row.
    Bad(&'static str),
}

/// Parses one line. Beyond JSON it accepts the bare `NaN`, `Infinity` and `-Infinity` that Python writes, and
/// numbers too large for a float, as the texts that represent them everywhere in besom.
pub(crate) fn parse(line: &[u8]) -> Line {
    let Ok(text) = std::str::from_utf8(line) else { return Line::Bad("is not UTF-8") };
    if text.trim_ascii().is_empty() {
        return Line::Blank;
    }
    let object = serde_json::from_str(text).or_else(|_| serde_json::from_str(&quote_not_finite(text)));
    match object {
        Ok(object) => message(&object).unwrap_or(Line::Row(object)),
        Err(_) => Line::Bad("is not a JSON object"),
    }
}

/// The message in an object with nothing but the reserved key.
pub(crate) fn message(object: &Map<String, Value>) -> Option<Line> {
    let value = object.get(RESERVED).filter(|_| object.len() == 1)?;
    Some(match value {
        Value::Object(facts) => Line::Facts(facts.clone()),
        value if value == PREEMPTING => Line::Preempting,
        value if value == RESUMED => Line::Resumed,
        _ => Line::Bad("is not a message that besom knows"),
    })
}

/// The reserved line by which a program says something about its run.
pub(crate) fn describing(facts: &Map<String, Value>) -> Map<String, Value> {
    Map::from_iter([(RESERVED.to_owned(), Value::Object(facts.clone()))])
}

/// The reserved line by which a program announces its preemption.
pub(crate) fn preempting() -> Map<String, Value> {
    Map::from_iter([(RESERVED.to_owned(), PREEMPTING.into())])
}

/// The reserved line by which a program says that it goes on from a checkpoint.
pub(crate) fn resumed() -> Map<String, Value> {
    Map::from_iter([(RESERVED.to_owned(), RESUMED.into())])
}

/// Puts `NaN`, `Infinity` and `-Infinity` outside of texts into quotes, and in place of a number too large for a float, such as `1e999`, the
/// infinity that it is read as: JSON as Python writes it becomes JSON, with the texts that represent these numbers everywhere in besom.
///
/// ```
/// use besom_agent::quote_not_finite;
///
/// assert_eq!(quote_not_finite(r#"{"loss": NaN, "say": "NaN"}"#), r#"{"loss": "NaN", "say": "NaN"}"#);
/// assert_eq!(quote_not_finite("[0.5, -1e999]"), r#"[0.5, "-Infinity"]"#);
/// ```
pub fn quote_not_finite(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    let (mut in_text, mut escaped) = (false, false);
    while let Some(c) = rest.chars().next() {
        if !in_text && let Some((length, word)) = not_finite(rest) {
            out.extend(["\"", word, "\""]);
            rest = &rest[length..];
            continue;
        }
        // A number is copied whole: no part of it is one.
        let length = if in_text { 0 } else { number(rest) }.max(c.len_utf8());
        in_text ^= c == '"' && !escaped;
        escaped = in_text && c == '\\' && !escaped;
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// The length of what is no finite number at the start of a text, and the word for it.
fn not_finite(text: &str) -> Option<(usize, &'static str)> {
    const WORDS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];
    if let Some(word) = WORDS.into_iter().find(|word| text.starts_with(word)) {
        return Some((word.len(), word));
    }
    let length = number(text);
    let value: f64 = text[..length].parse().ok().filter(|value: &f64| value.is_infinite())?;
    Some((length, if value > 0.0 { "Infinity" } else { "-Infinity" }))
}

/// The length of the number at the start of a text, in bytes.
fn number(text: &str) -> usize {
    let part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    match text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        true => text.find(|c| !part(c)).unwrap_or(text.len()),
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn check(line: &str, expected: Value) {
        let Value::Object(expected) = expected else { panic!("an object is expected") };
        assert_eq!(parse(line.as_bytes()), Line::Row(expected), "{line}");
    }

    #[test]
    fn objects_are_rows() {
        check("{}", json!({}));
        check(" {\"loss\": 0.5, \"epoch\": 3}\r", json!({"loss": 0.5, "epoch": 3}));
        check(r#"{"a": {"b": [1, "x"]}, "c": null}"#, json!({"a": {"b": [1, "x"]}, "c": null}));
    }

    #[test]
    fn a_line_of_the_reserved_key_alone_is_a_message_to_the_agent() {
        assert_eq!(parse(br#" {"_besom": "preempting"}"#), Line::Preempting);
        assert_eq!(parse(Value::Object(preempting()).to_string().as_bytes()), Line::Preempting);
        assert_eq!(parse(Value::Object(resumed()).to_string().as_bytes()), Line::Resumed);
        assert_eq!(parse(br#"{"_besom": "preemting"}"#), Line::Bad("is not a message that besom knows"));
        let facts = json!({"tags": ["a"], "config": {"layers": 3}}).as_object().cloned().unwrap_or_default();
        let line = Value::Object(describing(&facts)).to_string();
        assert_eq!(parse(line.as_bytes()), Line::Facts(facts));
        check(r#"{"_besom": "preempting", "loss": 1}"#, json!({"_besom": "preempting", "loss": 1}));
        check(r#"{"preempting": true}"#, json!({"preempting": true}));
    }

    #[test]
    fn what_python_writes_for_no_number_is_its_text() {
        check(
            r#"{"a": NaN, "b": [Infinity, -Infinity]}"#,
            json!({"a": "NaN", "b": ["Infinity", "-Infinity"]}),
        );
        check(r#"{"say \"NaN": "NaN \\", "b": NaN}"#, json!({"say \"NaN": "NaN \\", "b": "NaN"}));
    }

    #[test]
    fn a_number_too_large_for_a_float_is_infinite() {
        check(
            r#"{"a": 1e999, "b": [-2.5E+400, 1e-999, 0.5], "1e999": "1e999"}"#,
            json!({"a": "Infinity", "b": ["-Infinity", 0.0, 0.5], "1e999": "1e999"}),
        );
        let long = format!("{{\"a\": {}}}", "9".repeat(400));
        check(&long, json!({"a": "Infinity"}));
    }

    #[test]
    fn all_else_is_bad_or_blank() {
        for line in ["", " \t\r"] {
            assert_eq!(parse(line.as_bytes()), Line::Blank);
        }
        for line in
            ["loss: 0.3", "[1]", "3", "{\"a\": 1", "{\"a\": nan}", "{\"a\": 1}{\"a\": 2}", "{\"a\": 1e999e}"]
        {
            assert_eq!(parse(line.as_bytes()), Line::Bad("is not a JSON object"), "{line}");
        }
        let deep = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(parse(deep.as_bytes()), Line::Bad("is not a JSON object"));
        assert_eq!(parse(b"{\"a\": \"\xff\"}"), Line::Bad("is not UTF-8"));
    }

    proptest! {
        #[test]
        fn no_line_breaks_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            parse(&bytes);
        }

        #[test]
        fn quoting_leaves_json_alone(text in "[a-zA-Z\\\\\" ]{0,20}", number in -1e6..1e6) {
            let object = json!({"text": text, "NaN": number});
            let line = object.to_string();
            prop_assert_eq!(quote_not_finite(&line), line);
        }
    }
}

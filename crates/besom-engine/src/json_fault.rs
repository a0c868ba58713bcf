//! What is wrong with JSON that somebody sent, in the words of JSON rather than of the program that reads it.

/// The reason of an error without the place (which is that in one line or value of many) and without names of Rust's types:
/// `found an object, expected a list`.
///
/// ```
/// let error = serde_json::from_str::<Vec<u64>>(r#"{"a": 1}"#).expect_err("an object is no list");
/// assert_eq!(besom_engine::json_fault(&error), "found an object, expected a list");
/// ```
pub fn json_fault(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    let found = reason.strip_prefix("invalid type: ").or_else(|| reason.strip_prefix("invalid value: "));
    let Some((found, expected)) = found.and_then(|rest| rest.rsplit_once(", expected ")) else {
        return reason.replace('`', "'");
    };
    format!("found {}, expected {}", json_word(found), json_word(expected))
}

/// A type or value as serde names it, as JSON has it.
fn json_word(word: &str) -> String {
    let value = |prefix: &str| word.strip_prefix(prefix).map(|value| value.trim_matches('`').to_owned());
    match word {
        "map" | "a map" => "an object".to_owned(),
        "sequence" | "a sequence" => "a list".to_owned(),
        "a string" | "a borrowed string" | "string" => "a text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "usize" | "u64" | "u32" => "a whole number of at least 0".to_owned(),
        "i64" => "a whole number".to_owned(),
        "f64" => "a number".to_owned(),
        _ if word.starts_with("struct ") => "an object".to_owned(),
        _ => ["integer ", "floating point ", "boolean ", "string "]
            .into_iter()
            .find_map(value)
            .unwrap_or_else(|| word.to_owned()),
    }
}

//! What a client sends while a run runs: lines of files that grow, and the end.
//!
//! A line of history is numbered by its place, as a row in a metrics file is, so that repeats after a lost answer are known.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::lenient;

/// A value of a configuration or a summary that is larger is not kept, in bytes.
const MAX_VALUE: usize = 16 << 10;
/// How much is kept of a configuration or a summary: facts of a run have to fit into a line of a metrics file, and into a store.
const MAX_VALUES: usize = 64 << 10;

/// One message of a file stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Stream {
    /// The number of the first row, from 0, and rows.
    pub(crate) history: Option<(u64, Vec<Map<String, Value>>)>,
    /// The whole summary as it is now.
    pub(crate) summary: Option<Map<String, Value>>,
    /// The number of the first line, from 0, and lines, each with its newline.
    pub(crate) output: Option<(u64, Vec<String>)>,
    /// Whether the program is about to be preempted.
    pub(crate) preempting: bool,
    /// The exit code, once the run is complete.
    pub(crate) exit_code: Option<i32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    files: Option<Files>,
    preempting: Option<bool>,
    complete: Option<bool>,
    exitcode: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Files {
    #[serde(rename = "wandb-history.jsonl")]
    history: Option<Lines>,
    #[serde(rename = "wandb-summary.json")]
    summary: Option<Lines>,
    #[serde(rename = "output.log")]
    output: Option<Lines>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Lines {
    offset: u64,
    content: Vec<String>,
}

impl Stream {
    /// Reads a body. What is no JSON within it counts as an empty row: the client cannot be asked to send it otherwise.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        if body.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8".to_owned())?;
        let body: Body = lenient::parse(text).map_err(|error| format!("the body: {error}"))?;
        let files = body.files.unwrap_or_default();
        let rows = |lines: &Lines| {
            lines.content.iter().map(|line| lenient::parse(line).unwrap_or_default()).collect()
        };
        Ok(Self {
            history: files.history.as_ref().map(|lines| (lines.offset, rows(lines))),
            summary: files
                .summary
                .and_then(|lines| lenient::parse(lines.content.last()?).ok())
                .map(|summary| within_limits(summary).0),
            output: files
                .output
                .map(|lines| (lines.offset, lines.content.iter().map(|line| printed(line)).collect())),
            preempting: body.preempting.unwrap_or_default(),
            exit_code: body.complete.unwrap_or_default().then(|| exit_code(body.exitcode)),
        })
    }
}

/// The code of an end; one that is missing is none of success.
fn exit_code(code: Option<i64>) -> i32 {
    code.map_or(1, |code| i32::try_from(code).unwrap_or(1))
}

/// The values without what is too large: media, long lists, and, if there are too many, the largest. Returns the names of those, too.
pub(crate) fn within_limits(values: Map<String, Value>) -> (Map<String, Value>, Vec<String>) {
    let mut sizes: Vec<(usize, &String)> =
        values.iter().map(|(key, value)| (key.len() + value.to_string().len(), key)).collect();
    sizes.sort_unstable();
    let mut total = 0;
    let mut is_small = |size: usize| {
        total += size;
        size <= MAX_VALUE && total <= MAX_VALUES
    };
    let large: BTreeSet<String> =
        sizes.into_iter().filter(|(size, _)| !is_small(*size)).map(|(_, key)| key.clone()).collect();
    let kept = values.into_iter().filter(|(key, _)| !large.contains(key)).collect();
    (kept, large.into_iter().collect())
}

/// The line as the program has printed it: the client puts the time before it, and a word before that for standard error.
fn printed(line: &str) -> String {
    let rest = line.strip_prefix("ERROR ").unwrap_or(line);
    let text = match rest.split_once(' ') {
        Some((time, text)) if is_time(time) => text,
        None if is_time(rest) => "",
        _ => line,
    };
    format!("{}\n", text.trim_end_matches('\n'))
}

/// Whether this is a time as the client writes it: `2026-11-27T20:12:46.699985`.
fn is_time(word: &str) -> bool {
    let is_digit = |(place, byte): (usize, u8)| match place {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        19 => byte == b'.',
        _ => byte.is_ascii_digit(),
    };
    (19..=29).contains(&word.len()) && word.bytes().enumerate().all(is_digit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stream(body: &Value) -> Stream {
        Stream::parse(body.to_string().as_bytes()).expect("it is a body")
    }

    #[test]
    fn rows_keep_their_place_and_what_is_not_finite() {
        let found = stream(&json!({"files": {"wandb-history.jsonl": {
            "offset": 7, "content": ["{\"_step\":7,\"loss\":NaN}", "no JSON", "{\"loss\":1e-7}"],
        }}}));
        let (first, rows) = found.history.expect("there are rows");
        assert_eq!(first, 7);
        assert_eq!(Value::from_iter(rows), json!([{"_step": 7, "loss": "NaN"}, {}, {"loss": 1e-7}]));
    }

    #[test]
    fn output_is_what_the_program_has_printed() {
        let lines = [
            "2026-11-27T20:12:46.699985 hello you",
            "ERROR 2026-11-27T20:12:46.699985 oh",
            "plain",
            "2026-11-27T20:12:46.6",
        ];
        let found = stream(&json!({"files": {"output.log": {"offset": 3, "content": lines}}}));
        let expected = ["hello you\n", "oh\n", "plain\n", "\n"].map(str::to_owned).to_vec();
        assert_eq!(found.output, Some((3, expected)));
    }

    #[test]
    fn a_summary_is_the_newest_one_without_what_is_large() {
        let large = "x".repeat(MAX_VALUE);
        let content = ["{}".to_owned(), json!({ "loss": 1, "html": large }).to_string()];
        let found = stream(&json!({"files": {"wandb-summary.json": {"offset": 0, "content": content}}}));
        assert_eq!(found.summary.map(Value::from), Some(json!({ "loss": 1 })));
    }

    #[test]
    fn of_many_values_the_largest_are_left_out() {
        let text = |length: usize| json!("x".repeat(length));
        let mut values: Map<String, Value> = (0..7).map(|n| (format!("k{n}"), text(9 << 10))).collect();
        values.insert("large".to_owned(), text(12 << 10));
        values.insert("lr".to_owned(), json!(0.1));
        let (kept, left_out) = within_limits(values);
        assert_eq!((kept.len(), left_out), (8, vec!["large".to_owned()]));
        assert!(kept.contains_key("lr"));
    }

    #[test]
    fn an_end_has_a_code_and_every_key_may_be_absent() {
        assert_eq!(stream(&json!({})), Stream::default());
        assert_eq!(Stream::parse(b""), Ok(Stream::default()));
        assert_eq!(stream(&json!({"complete": true, "exitcode": 0})).exit_code, Some(0));
        assert_eq!(stream(&json!({"complete": true})).exit_code, Some(1));
        assert_eq!(stream(&json!({"complete": false, "exitcode": null, "files": null})).exit_code, None);
        assert!(stream(&json!({"preempting": true, "uploaded": ["a"]})).preempting);
        assert!(Stream::parse(b"{").is_err() && Stream::parse(b"3").is_err());
    }
}

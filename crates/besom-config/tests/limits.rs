//! Input that is too large, too deep or no text is refused before any work is done.

#![expect(clippy::unwrap_used, reason = "input that is taken against the rule fails the test")]

mod builtin;

use std::io::Read;

use besom_config::{Diagnostics, MAX_BYTES, Parsed, ReadError, read_file, read_from};
use serde_json::{Map, Value, json};

use builtin::reader;

fn parse(text: &str) -> Result<Parsed, Diagnostics> {
    reader().read(text, "sweep.yaml")
}

#[track_caller]
fn refused(text: &str, reason: &str) {
    let problems = parse(text).unwrap_err();
    assert!(problems.iter().any(|problem| problem.message.contains(reason)), "{problems}");
}

/// Gives `a` for ever, and counts.
struct Endless(usize);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        buffer.fill(b'a');
        self.0 += buffer.len();
        Ok(buffer.len())
    }
}

#[test]
fn no_more_than_the_limit_is_read() {
    let mut endless = Endless(0);
    let error = read_from(&mut endless, "standard input").unwrap_err();
    assert!(matches!(error, ReadError::TooLarge { .. }), "{error}");
    assert!(endless.0 <= 2 * MAX_BYTES, "{}", endless.0);
    assert!(read_from(std::io::repeat(b'a').take(MAX_BYTES as u64), "x").is_ok());
    refused(&"a".repeat(MAX_BYTES + 1), "larger than 1048576 bytes");
}

#[test]
fn a_directory_a_missing_file_and_bytes_that_are_not_text_differ() {
    let directory = tempdir();
    let said = |error: ReadError| error.to_string();
    assert!(said(read_file(&directory).unwrap_err()).contains("it is a directory"));
    assert!(said(read_file(directory.join("none")).unwrap_err()).contains("cannot read"));
    let error = read_from(&b"a: 1\nb: \xc3\xa9\xff"[..], "s.yaml").unwrap_err();
    assert_eq!(said(error), "s.yaml:2:5: this is not UTF-8 text");
    let error = read_from(&b"\xff\xfea\0"[..], "s.yaml").unwrap_err();
    assert_eq!(said(error), "s.yaml:1:1: this is not UTF-8 text (it looks like UTF-16; save it as UTF-8)");
}

fn tempdir() -> std::path::PathBuf {
    std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn nesting_ends_at_64_levels() {
    let nested = |levels: usize| {
        format!(
            "{{method: grid, parameters: {{x: {{value: {}{}}}}}}}",
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    assert!(parse(&nested(61)).is_ok());
    refused(&nested(62), "nested more than 64 levels deep");
    refused(&nested(100_000), "nested more than 64 levels deep");
    refused(&"- ".repeat(500_000), "nested more than 64 levels deep");
    let mut value = json!(1);
    for _ in 0..100 {
        value = json!([value]);
    }
    let problems =
        reader().read_json(&json!({"method": "grid", "parameters": {"x": {"value": value}}})).unwrap_err();
    assert!(problems.to_string().contains("nested more than 64 levels deep"), "{problems}");
}

#[test]
fn an_alias_bomb_is_counted_and_not_expanded() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    refused(&bomb, "aliases expand to more than 100000 values");
    let merges = "b:\n  <<: *a\n".replace('b', "b0");
    let keys: Vec<_> = (0..1000).map(|i| format!("k{i}: 1")).collect();
    refused(&format!("a: &a {{{}}}\n{}", keys.join(", "), merges.repeat(1000)), "aliases expand");
    refused("a: &a [*a]", "is inside of what it refers to");
}

#[test]
fn written_values_do_not_count_as_expanded_ones() {
    let values = vec!["1"; 150_000].join(",");
    assert!(parse(&format!("method: grid\nparameters: {{x: {{values: [{values}]}}}}")).is_ok());
}

#[test]
fn parameters_end_at_a_hundred_thousand() {
    let parameters = |count: usize| {
        let parameters: Map<_, _> = (0..count).map(|i| (format!("p{i}"), json!({"value": 1}))).collect();
        reader().read_json(&json!({"method": "grid", "parameters": Value::from(parameters)}))
    };
    assert_eq!(parameters(100_000).unwrap().config.space.parameters().len(), 100_000);
    let problems = parameters(100_001).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems.to_string().contains("more than 100000 parameters"), "{problems}");
}

#[test]
fn the_thousandth_finding_stands_for_all_that_follow() {
    let keys: String = (0..50_000).map(|i| format!("    k{i}: 1\n")).collect();
    let problems =
        parse(&format!("method: random\nrun_cap: 1\nparameters:\n  x:\n    value: 1\n{keys}")).unwrap_err();
    assert_eq!(problems.len(), 1000);
    let last = problems.iter().last().unwrap();
    assert_eq!(last.message, format!("and {} more diagnostics", 50_000 - 999));
    let unknown: String = (0..50_000).map(|i| format!("k{i}: 1\n")).collect();
    let problems = parse(&unknown).unwrap_err().to_string();
    assert!(problems.contains("method: missing") && problems.contains("parameters: missing"), "{problems}");
    let long = parse(&format!("{}: 1", "k".repeat(1000))).unwrap_err().to_string();
    assert!(long.len() < 1000, "{long}");
}

#[test]
fn a_beta_whose_quantiles_would_take_for_ever_is_refused() {
    let beta = |a: &str| {
        format!("method: random\nrun_cap: 1\nparameters: {{x: {{distribution: beta, a: {a}, b: 0.5}}}}")
    };
    assert!(parse(&beta("1000000")).is_ok());
    refused(&beta("1e9"), "may be 1000000 at most");
    refused(&beta("1e300"), "may be 1000000 at most");
}

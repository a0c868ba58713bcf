//! Laws of the reader over texts that nobody wrote.

#![expect(clippy::unwrap_used, reason = "a configuration that is refused fails the property")]

mod builtin;

use besom_config::Severity;
use builtin::reader;
use proptest::prelude::*;
use serde_json::Value;

/// Good files from which bad ones are made.
const FILES: &[&str] = &[
    include_str!("data/messages/everything.yaml"),
    include_str!("data/messages/habits.yaml"),
    include_str!("data/messages/doubtful.yaml"),
    include_str!("data/messages/wandb.yaml"),
    "method: random\nparameters:\n  x: &p\n    min: 1\n    max: 4\n  y:\n    <<: *p\n    max: 9\n",
    "{\"method\": \"grid\", \"parameters\": {\"x\": {\"values\": [1, 2.0, \"\\ud83d\\ude00\", null]}}}",
];

/// What is put into a file to break it.
const SCRAPS: &[&str] = &[
    ":",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "&p ",
    "*p",
    "<<: ",
    "\n",
    "\t",
    "  ",
    "'",
    "\"",
    "|\n",
    ">\n",
    "#",
    "? ",
    "!!int ",
    "!x ",
    "---\n",
    "...\n",
    "\u{feff}",
    "\0",
    "é",
    "1e999",
    "-.inf",
    ".nan",
    "~",
    "0x",
    "1:2:3",
    "%YAML 1.1\n",
    "\r",
    "\u{85}",
    "\u{2028}",
    "99999999999999999999999999999999999999999999",
];

fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0..6_usize, prop::sample::select(SCRAPS));
    (prop::sample::select(FILES), prop::collection::vec(edit, 1..6)).prop_map(|(file, edits)| {
        let mut chars: Vec<char> = file.chars().collect();
        for (at, cut, scrap) in edits {
            let at = at.index(chars.len() + 1);
            let end = (at + cut).min(chars.len());
            chars.splice(at..end, scrap.chars());
        }
        chars.into_iter().collect()
    })
}

/// Reads a text, whatever it is, and checks what must hold of any answer.
fn check(text: &str) -> Result<(), TestCaseError> {
    let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count();
    let read = reader().read(text, "sweep.yaml");
    prop_assert_eq!(&read, &reader().read(text, "sweep.yaml"));
    let findings = match &read {
        Ok(parsed) => {
            prop_assert!(parsed.warnings.iter().all(|finding| finding.severity == Severity::Warning));
            parsed.warnings.clone()
        }
        Err(problems) => {
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.iter().all(|finding| finding.severity == Severity::Error));
            problems.as_slice().to_vec()
        }
    };
    for finding in &findings {
        let line = finding.line.unwrap_or(0) as usize;
        prop_assert!(line <= lines + 1, "{} of {} lines", finding, lines);
        prop_assert!(!finding.to_string().contains('\n'), "{}", finding);
    }
    let _ = reader().wandb_diagnostics(text, "sweep.yaml");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_read_or_refused(text in mutated()) {
        check(&text)?;
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        check(&text)?;
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(text) = besom_config::read_from(&bytes[..], "sweep.yaml") {
            check(&text)?;
        }
        check(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn a_filled_configuration_reads_as_itself(text in mutated()) {
        if let Ok(parsed) = reader().read(&text, "sweep.yaml") {
            let filled = parsed.config.filled.clone();
            let again = reader().read_json(&filled).unwrap().config;
            prop_assert_eq!(&again.filled, &filled);
            prop_assert_eq!(&again, &parsed.config);
            let as_text = reader().read(&filled.to_string(), "sweep.json").unwrap().config;
            prop_assert_eq!(&as_text, &again);
        }
    }

    #[test]
    fn values_keep_their_json_types(value in any_json()) {
        let config = serde_json::json!({"method": "grid", "parameters": {"x": {"value": value}}});
        let parsed = reader().read(&config.to_string(), "sweep.json").unwrap();
        prop_assert_eq!(&parsed.config.filled["parameters"]["x"]["value"], &config["parameters"]["x"]["value"]);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no such number", |x| x.is_finite()).prop_map(Value::from),
        "[ -~éß😀\\n\\t\"]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[a-z: ]{0,6}", inner), 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

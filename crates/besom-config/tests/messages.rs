//! What the author of a broken sweep file reads, word for word.

#![expect(clippy::unwrap_used, reason = "a broken file that is taken fails the test")]

mod builtin;

use builtin::reader;

#[track_caller]
fn check(text: &str, expected: &str) {
    let problems = reader().read(text, "sweep.yaml").unwrap_err();
    assert_eq!(problems.to_string(), expected.trim_end());
}

#[track_caller]
fn check_warnings(text: &str, expected: &str) {
    let parsed = reader().read(text, "sweep.yaml").unwrap();
    let warnings: Vec<_> = parsed.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.join("\n"), expected.trim_end());
}

#[test]
fn all_errors_are_reported_at_once_with_place_path_and_remedy() {
    check(include_str!("data/messages/everything.yaml"), include_str!("data/messages/everything.txt"));
}

#[test]
fn habits_of_other_tools_are_answered_with_what_to_write() {
    check(include_str!("data/messages/habits.yaml"), include_str!("data/messages/habits.txt"));
}

#[test]
fn a_file_that_is_not_yaml_says_where_it_breaks() {
    check(
        "method: random\nparameters:\n\tlr:\n",
        "sweep.yaml:3:2: this is not YAML: a tab stands in the indentation (use spaces)",
    );
    check("method: \"grid\n", "sweep.yaml:1:9: this is not YAML: unclosed quote");
    check(
        "method: [grid\nparameters: }\n",
        "sweep.yaml:2:11: this is not YAML: illegal placement of ':' indicator",
    );
    check("parameters:\n  y: *x\n", "sweep.yaml:2:6: this alias has no anchor before it");
    check("", "sweep.yaml:1:1: the file is empty");
    check("# nothing\n", "sweep.yaml:1:1: the file is empty");
    check("a: 1\n---\nb: 1\n", "sweep.yaml:2:1: a second document begins here, but a sweep file holds one");
    check(
        "train.py",
        "sweep.yaml:1:1: found \"train.py\", expected a mapping of keys such as method and parameters",
    );
}

#[test]
fn json_text_is_answered_with_lines_and_columns() {
    check(
        "{\n\t\"method\": \"random\",\n\t\"run_cap\": \"10\",\n\t\"parameters\": {\"é\": {\"min\": 2, \"max\": 1}}\n}",
        "sweep.yaml:3:13: run_cap: found \"10\", expected a whole number of at least 1 (remove the quotes: 10)\n\
         sweep.yaml:4:17: parameters.é: a parameter's name begins with a letter or _, followed by letters, digits, _, - \
         and .\n\
         sweep.yaml:4:30: parameters.é.min: min is 2, which is not less than max, 1 (write min: 1, max: 2)",
    );
}

#[test]
fn json_values_are_answered_with_paths() {
    let config = serde_json::json!({"method": "random", "parameters": {"x": {"min": 0}}});
    let problems = reader().read_json(&config).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "configuration: parameters.x.max: missing required key; min alone is not a range"
    );
    let json = serde_json::to_value(&problems).unwrap();
    assert_eq!(
        json,
        serde_json::json!([{
            "severity": "error", "source": "configuration", "line": null, "column": null,
            "path": "parameters.x.max", "found": null,
            "message": "missing required key; min alone is not a range", "suggestion": null,
        }])
    );
}

#[test]
fn doubtful_files_are_taken_with_a_warning() {
    check_warnings(include_str!("data/messages/doubtful.yaml"), include_str!("data/messages/doubtful.txt"));
}

#[test]
fn what_keeps_a_file_from_wandb_is_reported() {
    let text = include_str!("data/messages/wandb.yaml");
    reader().method("corners").read(text, "sweep.yaml").unwrap();
    let problems = reader().method("corners").wandb_diagnostics(text, "sweep.yaml");
    assert_eq!(problems.to_string(), include_str!("data/messages/wandb.txt").trim_end());
}

#[test]
fn a_file_for_wandb_has_no_wandb_problems() {
    let text = "method: custom\nparameters: {x: {values: [yes, 1.0e-5]}}\nscheduler: {engine: optuna, source: s.py}\n";
    assert_eq!(reader().wandb_diagnostics(text, "sweep.yaml").to_string(), "");
    assert!(reader().read(text, "sweep.yaml").is_err());
}

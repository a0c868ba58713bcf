//! The shared cases of W&B's agent: command lines and files.
#![expect(clippy::unwrap_used, reason = "the cases are well formed")]

use std::fs;

use besom_agent::{AgentError, CommandLine, command_line, wandb_config, word};
use besom_core::Space;
use serde_json::{Map, Value};

const JSON_PATH: &str = "{DIR}/wandb/sweep-sw33pid1/config-runid123.json";

fn cases(kind: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/agent.json");
    let file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let cases: Vec<Value> =
        file["cases"].as_array().unwrap().iter().filter(|case| case["kind"] == kind).cloned().collect();
    assert!(!cases.is_empty());
    cases
}

/// W&B's `{name: {value: ..}}` as a point; `None` if it is not of that form, which a point cannot be.
fn point(args: &Value) -> Option<Map<String, Value>> {
    args.as_object()
        .unwrap()
        .iter()
        .map(|(name, arg)| Some((name.clone(), arg.get("value")?.clone())))
        .collect()
}

fn run_case(case: &Value, args: &Map<String, Value>) -> Result<CommandLine, AgentError> {
    let template: Option<Vec<String>> =
        case["command"].as_array().map(|items| items.iter().map(word).collect());
    let env = |name: &str| case["env"].get(name).map(|value| value.as_str().unwrap().to_owned());
    command_line(template.as_deref(), case["program"].as_str(), args, JSON_PATH, 0, &env)
}

#[test]
fn command_lines_are_those_of_wandb() {
    for case in cases("command") {
        let id = &case["id"];
        let expected = case.get("fixed").unwrap_or(&case["expected"]);
        let Some(args) = point(&case["args"]) else {
            assert_eq!(expected["error"], true, "{id}");
            continue;
        };
        let line = run_case(&case, &args).unwrap();
        assert_eq!(Value::from(line.argv), expected["argv"], "{id}");
        if let Some(file) = expected.get("json_file") {
            assert_eq!(line.json_file.as_deref(), file["text"].as_str(), "{id}");
        }
        if let Some(file) = expected.get("param_file") {
            assert_eq!(wandb_config(&args), file["content"], "{id}");
        }
    }
}

fn line(words: &[&str], program: Option<&str>) -> Result<CommandLine, AgentError> {
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    command_line(Some(&words), program, &Map::new(), "args.json", 0, &|_| None)
}

#[test]
fn unknown_macros_and_unset_variables_are_warnings() {
    let line = line(&["x", "${argz}", "${envvar:home}"], None).unwrap();
    assert_eq!(line.argv, ["x", "home"]);
    assert_eq!(
        line.warnings,
        ["unknown macro ${argz} is left out", "the environment variable home is not set, its name is used"]
    );
}

#[test]
fn a_command_without_program_or_words_is_an_error() {
    assert!(matches!(line(&[], None), Err(AgentError::NoProgram)));
    assert!(matches!(line(&["${args}"], None), Err(AgentError::EmptyCommand)));
    assert_eq!(line(&["true"], None).unwrap().argv, ["true"]);
}

#[test]
fn an_unterminated_variable_is_left_unchanged() {
    assert_eq!(
        line(&["${envvar:A", "a${envvar:x-y}b"], None).unwrap().argv,
        ["${envvar:A", "a${envvar:x-y}b"]
    );
}

#[test]
fn a_file_of_settings_comes_before_what_changes_them_however_the_sweep_declares_them() {
    let space =
        Space::builder().choice("optim.lr", [0.1, 0.2, 0.3]).constant("config", "base.yaml").build().unwrap();
    let args = space.decode(&[0.0]).to_json();
    let words = ["fit.py", "${args}", "${args_json}"].map(str::to_owned);
    let line = command_line(Some(&words), None, &args, "args.json", 0, &|_| None).unwrap();
    let json = r#"{"config": "base.yaml", "optim.lr": 0.1}"#;
    assert_eq!(line.argv, ["fit.py", "--config=base.yaml", "--optim.lr=0.1", json]);
}

#[test]
fn the_slot_is_replaced_inside_of_words_too() {
    let words = ["${slot}", "--device=cuda:${slot}", "${envvar:MACRO}", "${envvar:TEXT}"].map(str::to_owned);
    let env = |name: &str| Some(if name == "MACRO" { "${slot}" } else { "in ${slot}" }.to_owned());
    let line = command_line(Some(&words), None, &Map::new(), "args.json", 3, &env).unwrap();
    assert_eq!(line.argv, ["3", "--device=cuda:3", "3", "in ${slot}"]);
    assert_eq!(line.warnings, Vec::<String>::new());
}

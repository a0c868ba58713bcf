//! What W&B runs, besom runs: with a warning where W&B warns or where the meaning may surprise.

#![expect(clippy::unwrap_used, reason = "a file that is refused fails the test")]

mod builtin;

use besom_core::distribution::Continuous;
use besom_core::{Distribution, Goal};
use builtin::reader;
use serde_json::json;

const FILE: &str = "method: random\nrun_cap: 1\nparameters: {x: {values: [1, 2]}}\n";

/// The warnings of a file that must be taken.
#[track_caller]
fn warnings(text: &str) -> String {
    let parsed = reader().read(text, "s.yaml").unwrap_or_else(|problems| panic!("{problems}"));
    parsed.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn refusal(text: &str) -> String {
    reader().read(text, "s.yaml").expect_err("it must be refused").to_string()
}

#[test]
fn null_for_an_optional_key_is_as_if_it_were_absent() {
    let keys = [
        "program",
        "command",
        "metric",
        "metrics",
        "early_terminate",
        "name",
        "description",
        "project",
        "entity",
        "controller",
        "job",
        "image_uri",
        "scheduler",
        "apiVersion",
        "kind",
        "seed",
        "order",
        "retry",
    ];
    let without = reader().read(FILE, "s.yaml").unwrap();
    for key in keys {
        for blank in ["", "~", "null"] {
            let with = reader().read(&format!("{FILE}{key}: {blank}\n"), "s.yaml").unwrap();
            assert_eq!(with, without, "{key}: {blank}");
        }
        let mut config = without.config.filled.clone();
        config[key] = json!(null);
        assert_eq!(reader().read_json(&config).unwrap().config, without.config, "{key}");
    }
    let inner = "metric: {name: loss, goal: ~, target: ~, impute: ~}\nearly_terminate: {type: hyperband, min_iter: 3, eta: ~}\n";
    let outer = "metric: {name: loss}\nearly_terminate: {type: hyperband, min_iter: 3}\n";
    let read = |rest: &str| reader().read(&format!("{FILE}{rest}"), "s.yaml").unwrap();
    assert_eq!(read(inner), read(outer));
    let text =
        "method: random\nrun_cap: 1\nparameters: {x: {values: [1], min: ~, distribution: ~}, y: {value: ~}}";
    let space = reader().read(text, "s.yaml").unwrap().config.space;
    assert_eq!(space.parameters()[1].distribution, Distribution::Constant(json!(null)));
}

#[test]
fn a_required_key_that_is_blank_is_asked_for() {
    let problems = refusal("method:\nparameters: {x: {value: 1}}\n");
    assert!(problems.contains("method: found nothing, expected a search method"), "{problems}");
}

#[test]
fn names_of_hydra_are_names() {
    for name in ["++model.w", "+experiment", "~trainer", "group/sub", "a@b", "a/b@c.d", "a/b/init_args/lr"] {
        let text = format!("method: random\nrun_cap: 1\nparameters: {{\"{name}\": {{value: 1}}}}");
        assert_eq!(warnings(&text), "", "{name}");
        assert!(!reader().wandb_diagnostics(&text, "s.yaml").is_empty(), "{name}");
    }
    for name in ["", "+", "a b", "1x", "/a", "x[0]"] {
        refusal(&format!("method: random\nparameters: {{\"{name}\": {{value: 1}}}}"));
    }
}

fn parameter(distribution: &str) -> String {
    format!("method: random\nrun_cap: 1\nparameters: {{x: {{{distribution}}}}}\n")
}

#[test]
fn distributions_of_exponents_are_taken_with_their_replacement() {
    let text = parameter("distribution: log_uniform, min: -9.21, max: 0");
    let found = warnings(&text);
    assert!(
        found.contains("(write distribution: log_uniform_values, min: 0.000100034, max: 1)")
            || found.contains("min: 0.000100034, max: 1.0)"),
        "{found}"
    );
    let space = reader().read(&text, "s.yaml").unwrap().config.space;
    let expected = Distribution::Continuous(Continuous::LogUniform { min: -9.21, max: 0.0 });
    assert_eq!(space.parameters()[0].distribution, expected);
    let found = warnings(&parameter("distribution: q_log_uniform, min: 0, max: 5, q: 1"));
    assert!(found.contains("q_log_uniform_values, min: 1"), "{found}");
    let found = warnings(&parameter("distribution: inv_log_uniform, min: 0, max: 5"));
    assert!(found.contains("inv_log_uniform_values, min: 0.00673795, max: 1"), "{found}");
    // Bounds of the values may be anything else, too.
    warnings(&parameter("distribution: log_uniform, min: 0.5, max: 1"));
    warnings(&parameter("distribution: log_uniform, min: 0.5, max: 7"));
}

#[test]
fn exponents_that_look_like_values_are_asked_about() {
    for name in ["log_uniform", "q_log_uniform", "inv_log_uniform"] {
        let found = refusal(&parameter(&format!("distribution: {name}, min: 1e-5, max: 1e-1")));
        assert!(found.contains("which is meant?"), "{found}");
        assert!(found.contains(&format!("{name}_values, min: 1e-5, max: 0.1")), "{found}");
    }
    let found = refusal(&parameter("distribution: log_uniform, min: 1e-5, max: 1e-1"));
    assert!(found.contains("min: 1.00001, max: 1.10517"), "{found}");
}

#[test]
fn unknown_keys_of_the_top_level_have_no_effect_unless_one_of_ours_was_meant() {
    for key in ["args_no_hyphens: true", "count: 20", "hydra: {run: {dir: x}}", "sweep: {parameters: {a: 1}}"]
    {
        let found = warnings(&format!("{FILE}{key}\n"));
        assert!(found.contains("unknown key, which has no effect, as in W&B ("), "{key}: {found}");
    }
    assert!(warnings(&format!("{FILE}count: 20")).contains("run_cap"));
    assert_eq!(warnings(&format!("{FILE}x-anchors: {{a: 1}}\n")), "");
    // Near to `command`, `seed` and `name`, which take no mapping, and to `parameters`, which is there already.
    for key in
        ["common: &common {a: 1}", "common: {a: 1}", "seeds: {a: 1}", "names: {a: 1}", "params: &p {a: 1}"]
    {
        let found = warnings(&format!("{FILE}{key}\n"));
        assert!(found.contains("unknown key, which has no effect, as in W&B ("), "{key}: {found}");
    }
    for (key, ours) in [
        ("early_terminat: {type: hyperband}", "early_terminate"),
        ("early_stopping: {type: hyperband}", "early_terminate"),
        ("hyperparameters: {}", "parameters"),
        ("commands: [a]", "command"),
        ("Program: t.py", "program"),
        ("max_runs: 5", "run_cap"),
    ] {
        let found = refusal(&format!("{FILE}{key}\n"));
        assert!(found.contains(&format!("unknown key (did you mean \"{ours}\"?)")), "{key}: {found}");
    }
}

#[test]
fn unknown_keys_of_a_metric_have_no_effect_unless_one_of_ours_was_meant() {
    let of_metric = |more: &str| format!("metric: {{name: loss, {more}}}\n{FILE}");
    let found = warnings(&of_metric("summary: max"));
    assert!(
        found.contains("metric.summary: unknown key, which has no effect, as in W&B (known are"),
        "{found}"
    );
    for (key, ours) in [("gaol: maximize", "goal"), ("direction: maximize", "goal"), ("tarket: 3", "target")]
    {
        let found = refusal(&of_metric(key));
        assert!(found.contains(&format!("unknown key (did you mean \"{ours}\"?)")), "{key}: {found}");
    }
}

#[test]
fn of_equal_keys_the_last_counts_and_both_lines_are_named() {
    let text = "method: grid\nmethod: random\nrun_cap: 1\nparameters:\n  lr: {value: 1}\n  b: {value: 2}\n  lr: {value: 3}\n";
    let found = warnings(text);
    assert!(
        found.contains("s.yaml:2:1: warning: method: this key is in line 1 already; this one, in line 2,"),
        "{found}"
    );
    assert!(found.contains("s.yaml:7:3: warning: parameters.lr: this key is in line 5 already"), "{found}");
    let config = reader().read(text, "s.yaml").unwrap().config;
    assert_eq!(config.method.name, "random");
    let parameters: Vec<_> = config.space.parameters().iter().map(|p| p.name.to_string()).collect();
    assert_eq!(parameters, ["lr", "b"]);
    assert_eq!(config.space.parameters()[0].distribution, Distribution::Constant(json!(3)));
    assert!(reader().wandb_diagnostics(text, "s.yaml").is_empty());
    assert!(reader().strict().read(text, "s.yaml").is_err());
}

#[test]
fn a_goal_that_is_no_goal_minimizes_as_in_wandb_unless_maximize_was_meant() {
    let with = |goal: &str| format!("{FILE}metric: {{name: loss, goal: {goal}}}\n");
    for goal in ["min", "lower", "minimise"] {
        assert!(warnings(&with(goal)).contains("minimizes, as in W&B"), "{goal}");
        assert_eq!(reader().read(&with(goal), "s.yaml").unwrap().config.metrics[0].goal, Goal::Minimize);
    }
    for goal in ["max", "maximise", "Maximize", "maximum"] {
        assert!(refusal(&with(goal)).contains("did you mean \"maximize\"?"), "{goal}");
    }
}

#[test]
fn a_scheduler_of_launch_is_left_out() {
    let found =
        warnings(&format!("{FILE}scheduler: {{job: a/b/c, num_workers: 8, resource: local-process}}\n"));
    assert!(found.contains("scheduler: besom does not start schedulers of W&B Launch"), "{found}");
}

#[test]
fn steps_whose_values_leave_the_range_are_named() {
    for (distribution, expected) in [
        (
            "distribution: q_log_uniform_values, min: 1e-5, max: 1e-1",
            "with q 1 the only value is 0.0, outside of 0.00001 .. 0.1",
        ),
        (
            "distribution: q_uniform, min: 16, max: 512, q: 64",
            "with q 64 the least value is 0, less than min, 16",
        ),
        (
            "distribution: q_uniform, min: 0, max: 14, q: 5",
            "with q 5 the greatest value is 15, more than max, 14",
        ),
    ] {
        let found = warnings(&parameter(distribution));
        assert!(found.contains(expected), "{distribution}: {found}");
    }
    assert_eq!(warnings(&parameter("distribution: q_uniform, min: 0, max: 1, q: 0.1")), "");
}

#[test]
fn a_value_that_no_program_can_be_given_is_an_error_with_its_place() {
    for (parameter, path) in [
        (r#"value: "a\0b""#, "parameters.x.value"),
        (r#"values: [a, ["b", "a\0b"]]"#, "parameters.x.values[1][1]"),
        (r#"value: {"a\0b": 1}"#, "parameters.x.value.\"a\\0b\""),
    ] {
        let found = refusal(&format!("method: random\nrun_cap: 1\nparameters: {{x: {{{parameter}}}}}\n"));
        assert!(found.contains(path) && found.contains("NUL"), "{found}");
    }
}

#[test]
fn a_cap_that_is_too_large_is_answered_with_the_largest() {
    let found = refusal(&FILE.replace("run_cap: 1", "run_cap: 18446744073709551615"));
    assert!(found.contains("expected a whole number from 1 to 9223372036854775807"), "{found}");
}

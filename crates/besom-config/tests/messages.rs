//! What the author of a broken sweep file reads, word for word.

#![expect(clippy::unwrap_used, reason = "a broken file that is taken fails the test")]

mod builtin;

use besom_config::Paint;
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
fn conditions_that_are_none_are_answered_with_what_may_stand_there() {
    check(include_str!("data/messages/conditions.yaml"), include_str!("data/messages/conditions.txt"));
}

#[test]
fn constraints_that_are_none_are_answered_at_the_word_that_is_wrong() {
    check(include_str!("data/messages/constraints.yaml"), include_str!("data/messages/constraints.txt"));
    let text = "method: random\nrun_cap: 1\nparameters: {lr: {max: 1.0, min: 0.0}}\nparameter_constraints:\n  - 0 < rl < 1";
    let report = reader().read(text, "sweep.yaml").unwrap_err().report(Paint::Plain);
    assert_eq!(report.lines().last(), Some("  |         ^^"), "{report}");
}

#[test]
fn metrics_that_do_not_go_together_are_answered_with_what_may_stand_there() {
    check(include_str!("data/messages/metrics.yaml"), include_str!("data/messages/metrics.txt"));
    let rest = "parameters: {x: {min: 0.0, max: 1.0}}\nrun_cap: 9\n";
    let two = "metrics: [{name: loss}, {name: latency, threshold: 80}]\n";
    check(
        &format!("method: random\nmetrics: [{{name: loss}}]\n{rest}"),
        "sweep.yaml:2:10: metrics: found a list, expected at least two metrics (call a single one `metric`, which is no list)",
    );
    check(
        &format!("method: random\nmetrics: {{name: loss}}\n{rest}"),
        "sweep.yaml:2:10: metrics: found a mapping, expected a list of metrics (a single one is called `metric`)",
    );
    check(
        &format!("method: random\nmetric: {{name: loss}}\n{two}{rest}"),
        "sweep.yaml:3:1: metrics: `metric` and `metrics` cannot both be set; list all of them in `metrics`",
    );
    check(
        &format!("method: sobol\n{two}early_terminate: {{type: median, metric: latncy}}\n{rest}"),
        "sweep.yaml:3:41: early_terminate.metric: found \"latncy\", expected a metric of the sweep: loss, latency \
         (did you mean \"latency\"?)",
    );
    check(
        &format!("method: cma-es\n{two}{rest}"),
        "sweep.yaml:2:1: metrics: method cma-es takes one metric only, and there are 2 (methods that take as many: auto, \
         bayes, grid, random, sobol)",
    );
    let alone = "method: random\nmetric: {name: loss, threshold: 3}\n";
    check_warnings(
        &format!("{alone}{rest}"),
        "sweep.yaml:2:22: warning: metric.threshold: a threshold has an effect beside other metrics only (to end the sweep at a \
         value, write target)",
    );
    check_warnings(
        &format!("method: random\n{two}early_terminate: {{type: asha, metric: latency}}\n{rest}"),
        "",
    );
}

#[test]
fn constraints_that_no_point_or_every_point_keeps_are_named() {
    check(include_str!("data/messages/kept.yaml"), include_str!("data/messages/kept.txt"));
    let warned = |constraint: &str| {
        let text = format!(
            "method: random\nrun_cap: 9\nparameters: {{a: {{min: 0.0, max: 1.0}}}}\nparameter_constraints: ['{constraint}']"
        );
        match reader().read(&text, "sweep.yaml") {
            Ok(parsed) => parsed.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            Err(problems) => problems.to_string(),
        }
    };
    assert_eq!(warned("a < 0.5"), "");
    assert_eq!(
        warned("a < 1e-6"),
        "sweep.yaml:4:25: warning: parameter_constraints[0]: none of 2000 random points keeps it, so points are found by a random walk (ranges that fit the constraints are searched better)"
    );
    assert_eq!(
        warned("a <= 1"),
        "sweep.yaml:4:25: warning: parameter_constraints[0]: all of 2000 random points keep it, so it may have no effect"
    );
    assert_eq!(
        warned("a > 1"),
        "sweep.yaml:4:25: parameter_constraints[0]: no point was found that keeps it; none may exist (an equation of real numbers holds nowhere by chance: give a range, such as abs(a + b - 1) < 0.01)"
    );
}

#[test]
fn conditions_that_contradict_each_other_or_go_round_are_refused() {
    check(
        "method: random\nrun_cap: 9\nparameters:\n  model: {values: [forest, net]}\n  forest:\n    when: {model: forest}\n    \
         parameters:\n      trees: {min: 1, max: 9, when: {model: net}}\n      depth: {min: 1, max: 9}\n",
        "sweep.yaml:8:31: parameters.forest.parameters.trees.when: it can never be active: no values of model satisfy its \
         conditions together",
    );
    check(
        "method: random\nrun_cap: 9\nparameters:\n  a: {min: 1, max: 9, when: {b: 1}}\n  b: {min: 1, max: 9, when: {a: 1}}\n",
        "sweep.yaml:4:23: parameters.a.when: it depends on itself: a -> b -> a",
    );
}

#[test]
fn a_method_that_knows_no_conditions_refuses_them_by_name() {
    let file = "method: cma-es\nmetric: {name: loss}\nrun_cap: 9\nparameters:\n  a: {values: [x, y]}\n  \
                b: {min: 0.0, max: 1.0, when: {a: x}}\n";
    check(
        file,
        "sweep.yaml:6:27: parameters.b.when: method cma-es knows no conditions (methods that do: auto, bayes, grid, random, \
         sobol, tpe)",
    );
    let problems = reader().wandb_diagnostics(&file.replace("cma-es", "bayes"), "sweep.yaml").to_string();
    assert_eq!(problems, "sweep.yaml:6:27: parameters.b.when: W&B has no conditions on parameters");
}

#[test]
fn a_file_that_is_not_yaml_says_where_it_breaks() {
    check(
        "method: random\nparameters:\n\tlr:\n",
        "sweep.yaml:3:2: this is not YAML: the indentation has a tab (use spaces)",
    );
    check("method: \"grid\n", "sweep.yaml:1:9: this is not YAML: unclosed quote");
    check("method: [grid\nparameters: }\n", "sweep.yaml:1:9: this is not YAML: the [ is not closed (add ])");
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

/// The warnings of a file with this command and the parameter `lr`.
fn command_warnings(command: &str) -> Vec<String> {
    let text = format!("method: random\nrun_cap: 1\nparameters: {{lr: {{value: 1}}}}\ncommand: {command}\n");
    let parsed = reader().read(&text, "sweep.yaml").unwrap();
    parsed.warnings.iter().map(|warning| warning.to_string().replace("sweep.yaml:4:", "")).collect()
}

#[test]
fn a_command_that_passes_no_parameters_is_warned_of() {
    for command in ["[python, train.py]", "[sh, -c, 'python train.py']", "['${env}', '${program}']"] {
        let warnings = command_warnings(command).join("\n");
        assert!(warnings.contains("no word passes the parameters"), "{command}: {warnings}");
        assert!(warnings.contains("${args}") && warnings.contains("$BESOM_PARAMS"), "{command}: {warnings}");
    }
    for command in [
        "['${program}', '${args_json_file}']",
        "[sh, -c, 'python t.py $BESOM_PARAMS']",
        "[x, '${envvar:A}']",
        "[]",
    ] {
        assert_eq!(command_warnings(command), [""; 0], "{command}");
    }
}

#[test]
fn what_looks_like_a_macro_and_is_none_is_warned_of() {
    for (word, expected) in [
        ("${lr}", "${lr} is left out, as in W&B (write ${args}, which"),
        ("--lr=${lr}", "the program gets ${lr} as it stands, as in W&B (write ${args} as a word of its own"),
        ("${argz}", "unknown macro ${argz}, which is left out, as in W&B (did you mean ${args}?)"),
        (
            "--x ${args}",
            "${args} is replaced only where it is the whole word, as in W&B (make \"${args}\" a word",
        ),
    ] {
        let warnings = command_warnings(&format!("[a, '{word}', '${{args_json}}']"));
        assert!(warnings.len() == 1 && warnings[0].contains(expected), "{word}: {warnings:?}");
    }
    assert_eq!(command_warnings("[sh, -c, 'x ${HOME} \"$@\"', '${args}']"), [""; 0]);
}

#[test]
fn quotes_that_reach_the_program_are_warned_of() {
    let warnings = command_warnings(r#"[a, '--ckpt="a/b"', "'c d'", '${args}']"#).join("\n");
    assert!(warnings.contains(r#"command[1]: the program gets the quotes too"#), "{warnings}");
    assert!(
        warnings.contains(r#"(write "--ckpt=a/b")"#) && warnings.contains(r#"(write "c d")"#),
        "{warnings}"
    );
    assert_eq!(command_warnings(r#"[sh, -c, "'./a b' \"$@\"", '${args}']"#), [""; 0]);
}

#[track_caller]
fn check_broken(text: &str, place: &str, message: &str) {
    let problems = reader().read(text, "sweep.yaml").unwrap_err().to_string();
    assert!(problems.starts_with(&format!("sweep.yaml:{place}: this is not YAML: {message}")), "{problems}");
}

#[test]
fn a_bracket_that_is_not_closed_is_shown_where_it_stands() {
    check_broken(
        "method: grid\nparameters:\n  x:\n    values: [1, 2\n  y: {value: 1}\n",
        "4:13",
        "the [ is not closed",
    );
    check_broken("method: grid\nparameters: {x: {value: 1}\n", "2:13", "the { is not closed");
    check_broken("a: [1, # ]\nb: 2\n", "1:4", "the [ is not closed");
}

#[test]
fn a_line_that_is_indented_wrongly_is_shown_with_what_it_may_be() {
    let text = "method: grid\nparameters:\n  x:\n    value: 1\n   y:\n    value: 2\n";
    check_broken(text, "5:4", "no line above that it could belong to is indented by 3");
    let problems = reader().read(text, "sweep.yaml").unwrap_err().to_string();
    assert!(problems.contains("(indent it by 2 or 4)"), "{problems}");
}

#[test]
fn a_grid_whose_end_nobody_sees_is_warned_of() {
    let digits: String = (0..10).map(|i| format!("  d{i}: {{min: 0, max: 9}}\n")).collect();
    let text = format!("method: grid\nparameters:\n{digits}");
    let warnings = |text: &str| {
        let parsed = reader().read(text, "sweep.yaml").unwrap();
        parsed.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert!(warnings(&text).contains("run_cap: the grid has 10000000000 points"), "{}", warnings(&text));
    assert_eq!(warnings(&format!("{text}run_cap: 100\n")), "");
}

#[test]
fn a_report_shows_the_line_with_a_caret_under_the_place() {
    let text = "method: random\nmetric: {name: loss, goal: max}\nparameters: {x: {value: 1}}\n";
    let problems = reader().read(text, "sweep.yaml").unwrap_err();
    let expected = "sweep.yaml:2:28: metric.goal: found \"max\", expected one of minimize, maximize (did you mean \"maximize\"?)\n  \
                    |\n2 | metric: {name: loss, goal: max}\n  |                            ^^^";
    assert_eq!(problems.report(Paint::Plain), expected);
    let colored = problems.report(Paint::Color);
    assert!(colored.contains("\u{1b}[1;31m^^^\u{1b}[0m"), "{colored}");
}

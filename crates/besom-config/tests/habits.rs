//! Words of other tools are answered with ours, and no suggestion is refused.

mod builtin;

use builtin::reader;

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let problems = reader().read(text, "s.yaml").expect_err("it must be refused").to_string();
    for part in expected {
        assert!(problems.contains(part), "{part} in\n{problems}");
    }
}

fn parameter(parameter: &str) -> String {
    format!("method: random\nrun_cap: 1\nparameters: {{lr: {parameter}}}\n")
}

#[test]
fn distributions_of_other_tools_have_a_name_here() {
    for (theirs, ours) in [
        ("loguniform", "log_uniform_values"),
        ("log-uniform", "log_uniform_values"),
        ("LogUniform", "log_uniform_values"),
        ("qloguniform", "q_log_uniform_values"),
        ("quniform", "q_uniform"),
        ("randint", "int_uniform"),
        ("int", "int_uniform"),
        ("range", "int_uniform"),
        ("float", "uniform"),
        ("choice", "categorical"),
        ("lognormal", "log_normal"),
        ("gaussian", "normal"),
    ] {
        let expected = format!("did you mean {ours:?}?");
        check(&parameter(&format!("{{distribution: {theirs}, min: 1, max: 2}}")), &[&expected]);
    }
}

#[test]
fn keys_of_other_tools_have_a_name_here() {
    check(&parameter("{vals: [1, 2]}"), &["did you mean \"values\"?"]);
    check(&parameter("{choices: [1, 2]}"), &["did you mean \"values\"?"]);
    check(
        &parameter("{type: float, low: 0, high: 1, step: 0.1}"),
        &["lr.type: unknown key (did you mean \"distribution\"?)", "\"min\"?", "\"max\"?", "\"q\"?"],
    );
    check("method: grid\nhyperparameters: {x: {value: 1}}\n", &["did you mean \"parameters\"?"]);
}

#[test]
fn methods_and_rules_of_other_tools_have_a_name_here() {
    let method = |name: &str| {
        format!("method: {name}\nmetric: {{name: l}}\nparameters: {{x: {{min: 0.0, max: 1.0}}}}\n")
    };
    check(&method("grid_search"), &["did you mean \"grid\"?"]);
    check(&method("bayesian"), &["did you mean \"bayes\"?"]);
    check(
        &method("hyperband"),
        &["hyperband is a stopping rule: write early_terminate: {type: hyperband, min_iter: 3}"],
    );
    let rule = |name: &str| format!("{}early_terminate: {name}\n", method("bayes"));
    check(&rule("hyperband"), &["write early_terminate: {type: hyperband, min_iter: 3}"]);
    check(&rule("SuccessiveHalving"), &["write early_terminate: {type: asha}"]);
}

#[test]
fn nested_parameters_are_put_under_the_key_parameters() {
    let text = "method: random\nrun_cap: 1\nparameters:\n  training:\n    epsDecay: {min: 100, max: 20000}\n";
    check(
        text,
        &["parameters.training: it has no values", "(to nest, write parameters: {epsDecay: ..} in it)"],
    );
}

#[test]
fn quotes_are_removed_only_where_that_helps() {
    let found = |text: &str| reader().read(text, "s.yaml").expect_err("it must be refused").to_string();
    assert!(found(&parameter("{min: \"0.1\", max: 1}")).contains("remove the quotes: 0.1"));
    let caps =
        |cap: &str| found(&format!("method: random\nrun_cap: {cap}\nparameters: {{x: {{value: 1}}}}\n"));
    assert!(caps("\"10\"").contains("remove the quotes: 10"));
    assert!(!caps("\"0\"").contains("remove the quotes"));
}

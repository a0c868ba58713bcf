//! What rules say to options they can't use.

#![expect(clippy::unwrap_used, reason = "a test's own data is known")]

use besom_core::{Distribution, Goal, Metric, Parameter, Problem, Registry, Space, error_chain};
use serde_json::{Value, json};

fn check(rule: &str, options: &Value, expected: &str) {
    let a = Parameter::new("a", Distribution::Constant(1.into()));
    let mut problem = Problem::new(Space::new(vec![a]).unwrap(), Metric::new("loss", Goal::Minimize));
    if expected.contains("needs a metric") {
        problem.metrics.clear();
    }
    let mut registry = Registry::new();
    besom_stop::register(&mut registry);
    let found = registry.stopper(rule, &problem, options.as_object().unwrap());
    let found = found.err().map_or_else(|| "fine".to_owned(), |error| error_chain(&error));
    assert_eq!(found.trim_start_matches(&format!("stopping rule '{rule}': ")), expected);
}

#[test]
fn both_forms_of_hyperband_are_read() {
    check("hyperband", &json!({"min_iter": 3}), "fine");
    check("hyperband", &json!({"min_iter": 2.0, "eta": 1.5, "strict": false}), "fine");
    check("hyperband", &json!({"max_iter": 27, "s": 2}), "fine");
    check("hyperband", &json!({"max_iter": 27, "s": 2, "min_iter": 4}), "fine");
}

#[test]
fn hyperband_without_a_form_says_what_it_needs() {
    check("hyperband", &json!({}), "option 'min_iter' is missing (give min_iter, or max_iter and s)");
    check("hyperband", &json!({"max_iter": 27}), "option 's' is missing (max_iter needs it)");
    check("hyperband", &json!({"min_iter": 1, "max_iter": 27}), "option 's' is missing (max_iter needs it)");
}

#[test]
fn hyperband_that_would_judge_nobody_is_refused() {
    check("hyperband", &json!({"max_iter": 2, "s": 2}), "no band is left: max_iter 2 is smaller than eta 3");
    check(
        "hyperband",
        &json!({"max_iter": 9, "s": 0}),
        "option 's' must be a whole number of at least 1, found 0",
    );
}

#[test]
fn hyperband_with_endless_bands_is_refused() {
    check(
        "hyperband",
        &json!({"max_iter": 1_000_000_000, "s": u64::MAX, "eta": 1.000_000_000_1}),
        "eta 1.0000000001 is so near 1 that there would be more than 10000 bands",
    );
}

#[test]
fn all_faults_are_reported_together() {
    check(
        "hyperband",
        &json!({"min_itr": 3, "max_iter": 27, "s": 1.5, "eta": 1, "strict": "no"}),
        "unknown option 'min_itr', did you mean 'min_iter'?; known: min_iter, max_iter, s, eta, strict, metric; \
         option 's' must be a whole number of at least 1, found 1.5; \
         option 'eta' must be a number greater than 1, found 1; \
         option 'strict' must be true or false, found \"no\"",
    );
    check(
        "envelope",
        &json!({"fraction": -0.1, "min_runs": true, "start_iter": -1, "patience": 2}),
        "unknown option 'patience'; known: fraction, min_runs, start_iter, metric; \
         option 'fraction' must be a number of at least 0, found -0.1; \
         option 'min_runs' must be a whole number of at least 0, found true; \
         option 'start_iter' must be a whole number of at least 0, found -1",
    );
}

#[test]
fn a_rule_needs_a_metric() {
    check("hyperband", &json!({"min_iter": 3}), "early termination needs a metric");
    check("envelope", &json!({}), "early termination needs a metric");
}

#[test]
fn the_other_rules_need_no_options() {
    for rule in ["asha", "median", "patience", "threshold"] {
        check(rule, &json!({}), "fine");
    }
    check("asha", &json!({}), "early termination needs a metric");
}

#[test]
fn the_other_rules_say_what_is_wrong() {
    check(
        "asha",
        &json!({"eta": 1, "min_itr": 2, "min_peers": 0}),
        "unknown option 'min_itr', did you mean 'min_iter'?; known: eta, min_iter, min_peers, metric; \
         option 'eta' must be a number greater than 1, found 1; \
         option 'min_peers' must be a whole number of at least 1, found 0",
    );
    check("median", &json!({"grace": 0}), "option 'grace' must be a whole number of at least 1, found 0");
    check(
        "patience",
        &json!({"patience": "10", "min_delta": -1}),
        "option 'patience' must be a whole number of at least 1, found \"10\"; \
         option 'min_delta' must be a number of at least 0, found -1",
    );
    check(
        "threshold",
        &json!({"nan": true, "lower": 2, "upper": 1, "divergence": 0.5}),
        "option 'nan' must be a whole number of at least 0, found true; \
         no value lies between lower 2 and upper 1; \
         option 'divergence' must be 0 or a number of at least 1, found 0.5",
    );
}

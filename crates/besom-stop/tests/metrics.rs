//! Rules beside several metrics: which curve they look at, and whom they spare.
#![expect(clippy::unwrap_used, reason = "a failed computation is a failed test")]

use besom_core::{Curve, History, Metric, Options, Point, Problem, Registry, Run, RunState, Space};
use serde_json::{Value, json};

fn problem() -> Problem {
    let two = Problem::without_metric()
        .with_metric(Metric::minimize("loss"))
        .with_metric(Metric::minimize("latency"));
    two.space(Space::default()).seed(1)
}

/// A run with its curves of both metrics.
fn run(state: RunState, loss: &[f64], latency: &[f64]) -> Run {
    Run::new(Point::default()).with_state(state).with_curves(vec![Curve::new(loss), Curve::new(latency)])
}

/// The runs that a rule stops.
fn stopped(rule: &str, options: Value, problem: &Problem, runs: &[Run]) -> Vec<u64> {
    let mut registry = Registry::new();
    besom_stop::register(&mut registry);
    let options: Options = options.as_object().unwrap().clone();
    let history: History = runs.iter().cloned().collect();
    let stops = registry.stopper(rule, problem, &options).unwrap().stop(problem, &history).unwrap();
    stops.iter().map(|stop| stop.run.get()).collect()
}

/// Eight finished runs, of which each is worse than the one before, and a running one.
fn field(running: Run) -> Vec<Run> {
    let finished = (1..=8).map(|i| {
        let value = f64::from(i) / 10.0;
        run(RunState::Finished, &[value; 4], &[value; 4])
    });
    finished.chain([running]).collect()
}

const COMPARING: [(&str, &str); 4] = [
    ("median", r#"{"grace": 1, "min_peers": 1}"#),
    ("asha", r#"{"min_iter": 1, "min_peers": 1}"#),
    ("hyperband", r#"{"min_iter": 1}"#),
    ("envelope", r#"{"min_runs": 1, "start_iter": 0}"#),
];

fn options(text: &str, metric: Option<&str>) -> Value {
    let mut options: Value = serde_json::from_str(text).unwrap();
    if let Some(metric) = metric {
        options["metric"] = json!(metric);
    }
    options
}

#[test]
fn rules_look_at_the_metric_that_is_named_or_else_the_first() {
    let bad_loss = field(run(RunState::Running, &[0.9; 4], &[0.3; 4]));
    for (rule, text) in COMPARING {
        assert_eq!(stopped(rule, options(text, None), &problem(), &bad_loss), [9], "{rule}");
    }
    let bad_latency = field(run(RunState::Running, &[0.2; 4], &[0.9; 4]));
    for (rule, text) in COMPARING {
        assert_eq!(stopped(rule, options(text, Some("latency")), &problem(), &bad_latency), [9], "{rule}");
    }
    let diverged = field(run(RunState::Running, &[0.1], &[f64::NAN]));
    assert_eq!(stopped("threshold", json!({}), &problem(), &diverged), [0; 0]);
    assert_eq!(stopped("threshold", json!({"metric": "latency"}), &problem(), &diverged), [9]);
}

#[test]
fn a_run_that_no_other_beats_in_all_metrics_is_spared_where_runs_are_compared() {
    // Worst of all in loss, best of all in latency.
    let runs = field(run(RunState::Running, &[0.9; 4], &[0.05; 4]));
    for (rule, text) in COMPARING {
        assert_eq!(stopped(rule, options(text, None), &problem(), &runs), [0; 0], "{rule}");
        let one = Problem::minimize("loss").space(Space::default()).seed(1);
        assert_eq!(stopped(rule, options(text, None), &one, &runs), [9], "{rule}, with one metric");
    }
    // What it has not logged speaks neither for it nor against it.
    let silent = field(run(RunState::Running, &[0.9; 4], &[]));
    assert_eq!(stopped("median", options(COMPARING[0].1, None), &problem(), &silent), [9]);
    // A run that diverged in it is not the best there.
    let diverged = field(run(RunState::Running, &[0.9; 4], &[0.05, 0.05, 0.05, f64::NAN]));
    assert_eq!(stopped("median", options(COMPARING[0].1, None), &problem(), &diverged), [9]);
    // Patience and thresholds compare with no other run.
    let idle = field(run(RunState::Running, &[0.9; 12], &[0.05; 12]));
    assert_eq!(stopped("patience", json!({}), &problem(), &idle), [9]);
}

#[test]
fn a_metric_that_the_sweep_does_not_have_is_refused_with_the_nearest() {
    let mut registry = Registry::new();
    besom_stop::register(&mut registry);
    for rule in ["asha", "envelope", "median", "patience", "threshold"] {
        let options = Options::from_iter([("metric".to_owned(), json!("latncy"))]);
        let error = registry.stopper(rule, &problem(), &options).unwrap_err();
        let chain = besom_core::error_chain(&error);
        assert!(chain.contains("must be a metric of the sweep: loss, latency, found \"latncy\""), "{chain}");
        assert!(chain.contains("did you mean 'latency'?"), "{chain}");
    }
}

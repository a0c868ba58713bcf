//! What rules say of the runs that they stop.

#![expect(clippy::unwrap_used, reason = "a test's own data is known")]

use besom_core::{
    Curve, Distribution, Goal, History, Metric, Name, Parameter, Point, Problem, Registry, Run, RunState,
    Space,
};
use serde_json::{Value, json};

/// Finished runs with the first curves, running ones with the rest; the reasons of all stops.
fn check(
    rule: &str,
    options: &Value,
    goal: Goal,
    finished: &[&[f64]],
    running: &[&[f64]],
    expected: &[&str],
) {
    let a = Parameter { name: Name::from("a"), distribution: Distribution::Constant(1.into()) };
    let problem = Problem::new(Space::new(vec![a]).unwrap(), Metric::new("score", goal));
    let mut registry = Registry::new();
    besom_stop::register(&mut registry);
    let mut stopper = registry.stopper(rule, &problem, options.as_object().unwrap()).unwrap();
    let run = |curve: &[f64], state| {
        let mut run = Run::new(Point::default());
        run.state = state;
        run.curves.push(Curve::new(curve));
        run
    };
    let history: History = finished
        .iter()
        .map(|curve| run(curve, RunState::Finished))
        .chain(running.iter().map(|curve| run(curve, RunState::Running)))
        .collect();
    let reasons: Vec<_> =
        stopper.stop(&problem, &history).unwrap().into_iter().map(|stop| stop.reason).collect();
    assert_eq!(reasons, expected);
}

#[test]
fn hyperband_tells_place_step_and_threshold() {
    let options = json!({"min_iter": 2, "eta": 2});
    let finished: &[&[f64]] = &[&[9.0, 0.25], &[9.0, 0.4401], &[0.0, 0.125]];
    check(
        "hyperband",
        &options,
        Goal::Minimize,
        finished,
        &[&[0.0, 0.912_34, f64::NAN], &[9.0]],
        &["4th of 4 at step 2 (score 0.9123 > 0.4401)"],
    );
}

#[test]
fn hyperband_tells_a_maximised_metric_as_it_was_logged() {
    let options = json!({"min_iter": 1, "eta": 4, "strict": false});
    check(
        "hyperband",
        &options,
        Goal::Maximize,
        &[&[0.9], &[0.8]],
        &[&[0.1, 0.7]],
        // Its best is judged although only its first value counts for others.
        &["3rd of 3 at step 1 (best score 0.7 < 0.9)"],
    );
}

#[test]
fn envelope_tells_the_best_and_what_it_should_have_beaten() {
    let options = json!({"min_runs": 2, "start_iter": 1});
    check(
        "envelope",
        &options,
        Goal::Maximize,
        &[&[0.5, 0.75], &[0.5, 0.875], &[0.125]],
        &[&[0.25, 0.75], &[0.25, 0.8], &[0.0]],
        &["after 2 steps not better than the best 2 finished runs (best score 0.75 = 0.75)"],
    );
}

//! What rules say of the runs that they stop.

#![expect(clippy::unwrap_used, reason = "a test's own data is known")]

use besom_core::{
    Curve, Distribution, Goal, History, Metric, Parameter, Point, Problem, Registry, Run, RunState, Space,
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
    let a = Parameter::new("a", Distribution::Constant(1.into()));
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
fn hyperband_tells_a_maximized_metric_as_it_was_logged() {
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

#[test]
fn asha_tells_place_rung_and_threshold() {
    let options = json!({"min_iter": 2, "eta": 3});
    let finished: &[&[f64]] = &[&[0.1, 0.5], &[0.4, 0.3], &[0.6, 0.7], &[0.9, 0.8], &[0.55, 0.5]];
    check(
        "asha",
        &options,
        Goal::Minimize,
        finished,
        // The second is among the best two at step 2, the third has the best value of all only later, the last has not
        // come to step 2.
        &[&[0.5, 0.45, 0.2], &[0.7, 0.25], &[0.9, 0.9, 0.05], &[9.0]],
        &["4th of 8 at step 2 (best score 0.45 > 0.25)"],
    );
}

#[test]
fn asha_waits_for_peers() {
    let peers: &[&[f64]] = &[&[0.1], &[0.2], &[0.3], &[0.4]];
    let options = json!({"min_iter": 1});
    check("asha", &options, Goal::Minimize, &peers[..3], &[&[0.9]], &[]);
    check("asha", &options, Goal::Minimize, peers, &[&[0.9]], &["5th of 5 at step 1 (best score 0.9 > 0.1)"]);
}

#[test]
fn asha_takes_its_first_rung_from_the_length_of_runs() {
    let finished = [[0.5; 128], [0.25; 128], [0.75; 128], [0.5; 128]];
    let finished: Vec<&[f64]> = finished.iter().map(|curve| &curve[..]).collect();
    // A run of 128 steps has its first rung at step 2.
    check("asha", &json!({}), Goal::Minimize, &finished, &[&[0.9]], &[]);
    check(
        "asha",
        &json!({}),
        Goal::Minimize,
        &finished,
        &[&[0.9, 0.8]],
        &["5th of 5 at step 2 (best score 0.8 > 0.25)"],
    );
}

#[test]
fn median_tells_place_step_and_median() {
    let finished: &[&[f64]] = &[&[0.1, 0.2], &[0.9, 0.8], &[0.5, 0.3], &[0.4, 0.7], &[0.3, 0.6]];
    check(
        "median",
        &json!({}),
        Goal::Maximize,
        finished,
        &[&[0.25, 0.1], &[0.6]],
        &["5th of 6 at step 2, worse than the median (best score 0.25 < 0.6)"],
    );
    check("median", &json!({"grace": 3}), Goal::Maximize, finished, &[&[0.25, 0.1]], &[]);
    check("median", &json!({}), Goal::Maximize, &finished[1..], &[&[0.25, 0.1]], &[]);
}

#[test]
fn patience_tells_since_when_nothing_improved() {
    check(
        "patience",
        &json!({"patience": 2, "min_delta": 0.1}),
        Goal::Minimize,
        &[],
        &[&[0.9, 0.5, 0.45, 0.41], &[0.9, 0.5, 0.45, 0.39], &[0.9, 1.0], &[0.9, 1.0, f64::NAN]],
        &["no improvement for 2 steps (score 0.5 since step 2)"],
    );
    check("patience", &json!({"patience": 1, "min_iter": 3}), Goal::Minimize, &[], &[&[0.9, 1.0]], &[]);
}

#[test]
fn threshold_stops_what_is_no_number() {
    let running: &[&[f64]] = &[&[0.5, f64::NAN], &[f64::NAN, 0.5], &[f64::INFINITY, f64::NAN]];
    let once = "score is not a finite number (last 1 value)";
    let twice = "score is not a finite number (last 2 values)";
    check("threshold", &json!({}), Goal::Minimize, &[], running, &[once, twice]);
    check("threshold", &json!({"nan": 2}), Goal::Minimize, &[], running, &[twice]);
    check("threshold", &json!({"nan": 0}), Goal::Minimize, &[], running, &[]);
}

#[test]
fn threshold_keeps_runs_within_bounds_as_logged() {
    check(
        "threshold",
        &json!({"upper": 2, "lower": 0.25, "min_iter": 2}),
        Goal::Maximize,
        &[],
        &[&[0.5, 3.0], &[0.5, 0.1], &[0.1, 2.0], &[0.1]],
        &["score 3 at step 2 is above upper 2", "score 0.1 at step 2 is below lower 0.25"],
    );
}

#[test]
fn threshold_stops_what_is_out_of_all_proportion() {
    let finished: &[&[f64]] = &[&[1.0], &[2.0], &[3.0], &[4.0]];
    // The median is 3, the spread of the better half sqrt((4 + 1) / 2), the worst within one spread: e^9 of them.
    let diverged = "diverged at step 1 (score 20000 > 12815)";
    check("threshold", &json!({}), Goal::Minimize, finished, &[&[12_000.0], &[20_000.0]], &[diverged]);
    check("threshold", &json!({"divergence": 0}), Goal::Minimize, finished, &[&[1e300]], &[]);
    check("threshold", &json!({}), Goal::Minimize, &finished[1..], &[&[1e300]], &[]);
}

//! Strategies for points, runs and histories, as friendly and as hostile as they come.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::{Curve, History, ParamPath, Point, Problem, Run, RunState, Space};

/// Histories of a problem with up to `most` runs: see [`run`].
pub fn history(problem: &Problem, most: usize) -> impl Strategy<Value = History> + use<> {
    vec(run(problem), 0..=most).prop_map(History::from_iter)
}

/// Runs of a problem in every state, with curves from empty to long, of ordinary numbers, of NaN, infinities and huge
/// numbers, at a [`point`] of the space or from elsewhere.
pub fn run(problem: &Problem) -> impl Strategy<Value = Run> + use<> {
    let stopped = option::weighted(0.1, Just("42nd of 42".to_owned()));
    let curves = vec(curve(), 0..=problem.metrics.len());
    let parts = (point(&problem.space), select(RunState::ALL.to_vec()), curves, stopped);
    parts.prop_map(|(point, state, curves, stopped)| {
        Run::new(point).with_curves(curves).with_state(state).with_stopped(stopped)
    })
}

/// Points that may turn up in a history: mostly those of the space; else some that lack parameters, hold foreign ones
/// or values that the space never gives.
pub fn point(space: &Space) -> impl Strategy<Value = Point> + use<> {
    let space = Arc::new(space.clone());
    let cube = vec(coordinate(), space.dimensions());
    let decoded = cube.prop_map({
        let space = space.clone();
        move |cube| space.decode(&cube)
    });
    let foreign = (decoded.clone(), any::<u64>(), any::<u64>(), foreign_value(), any::<bool>());
    let foreign = foreign.prop_map(|(point, dropped, replaced, value, extra)| {
        let chosen = |bits: u64, place: usize| bits >> (place % 64) & 1 == 1;
        let kept = point.iter().enumerate().filter(|(place, _)| !chosen(dropped, *place));
        let entries = kept.map(|(place, (name, original))| {
            (name.clone(), if chosen(replaced, place) { value.clone() } else { original.clone() })
        });
        entries.chain(extra.then(|| (ParamPath::from("foreign"), json!(1)))).collect()
    });
    let round_trip = {
        let space = space.clone();
        decoded.clone().prop_map(move |point| space.read(&wholes(&point)))
    };
    prop_oneof![6 => decoded, 2 => foreign, 1 => round_trip, 1 => Just(Point::default())]
}

/// The point as JSON, where a program has written whole floats as integers.
fn wholes(point: &Point) -> serde_json::Map<String, Value> {
    let whole = |value: &Value| match value.as_f64() {
        Some(x) if x.fract() == 0.0 && x.abs() < 1e15 => {
            format!("{x}").parse().unwrap_or_else(|_| value.clone())
        }
        _ => value.clone(),
    };
    point.iter().map(|(name, value)| (name.clone(), whole(value))).collect::<Point>().to_json()
}

/// Coordinates of the unit cube, the ends among them.
fn coordinate() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![8 => 0.0..1.0, 1 => Just(0.0), 1 => Just(1.0)]
}

fn foreign_value() -> impl Strategy<Value = Value> {
    let values = [
        json!(null),
        json!("5.0"),
        json!(""),
        json!(1e300),
        json!(-1e300),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(0.123_456_789),
        json!(-0.0),
        json!([1, [2]]),
        json!({"k": 1, "_injected": 0}),
        json!({}),
    ];
    select(values.to_vec())
}

fn curve() -> impl Strategy<Value = Curve> {
    let summary = prop_oneof![3 => Just(None), 1 => logged().prop_map(Some)];
    (logged_values(), summary).prop_map(|(values, summary)| Curve { values, summary })
}

/// What a run logs between two questions: mostly a few values, sometimes none and sometimes very many.
pub(super) fn logged_values() -> impl Strategy<Value = Vec<f64>> {
    let endless = (logged(), 300_usize..3000).prop_map(|(value, len)| vec![value; len]);
    prop_oneof![2 => Just(Vec::new()), 12 => vec(logged(), 1..6), 4 => vec(logged(), 6..40), 1 => endless]
}

/// A logged number: ordinary ones, many of them equal, and those that break averages and comparisons.
fn logged() -> impl Strategy<Value = f64> {
    let odd =
        [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, f64::MAX, f64::MIN_POSITIVE, 0.0, -0.0];
    prop_oneof![6 => -2.0..2.0, 2 => select(vec![0.5, 1.0, -1.0]), 2 => select(odd.to_vec())]
}

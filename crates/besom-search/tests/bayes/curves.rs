//! What curves say of stopped and running runs.

use besom_core::{Curve, History, ParamPath, Point, Run, RunState};
use serde_json::json;

use super::common::{problem, uniform};
use super::{ask, bayes, number, run};

/// Stopped runs count with the loss that their curves predict; the history may be read back at any time.
#[test]
fn stopped_runs_count_with_their_predicted_end() {
    let problem = problem(vec![("x", uniform(0.0, 1.0)), ("y", uniform(0.0, 1.0))], 6);
    let curve = |point: &Point, steps: u32| {
        let end = (number(point, "x") - 0.3).powi(2) + number(point, "y");
        Curve::new((1..=steps).map(|step| end + 2.0 / f64::from(step)).collect::<Vec<_>>())
    };
    let history = |stopped: Option<&str>| {
        let (mut search, mut history) = (bayes(&problem), History::new());
        // Doubts come after an even number of runs.
        for place in 0..21 {
            let suggestion = ask(&mut search, &problem, &history, 1).remove(0);
            let short = place % 3 != 0;
            let curves = vec![curve(&suggestion.point, if short { 2 } else { 40 })];
            let stopped = stopped.filter(|_| short).map(str::to_owned);
            history.push(
                run(suggestion).with_curves(curves).with_state(RunState::Finished).with_stopped(stopped),
            );
        }
        history
    };
    let (stopped, unmarked) = (history(Some("asha")), history(None));
    let predicted = |history: &History| {
        let suggestion = ask(&mut bayes(&problem), &problem, history, 1).remove(0);
        suggestion.note["predicted_mean"].as_f64().unwrap()
    };
    assert_ne!(stopped.runs()[20].point, unmarked.runs()[20].point);
    // At the optimum, 0, complete runs end with 0.05; a run of two steps stands at 1.
    assert!(predicted(&stopped) < 0.3, "{}", predicted(&stopped));
}

/// A running run is pending with the forecast of its curve, where most runs go all the way.
#[test]
fn running_runs_are_pending_with_their_forecast() {
    let problem = problem(vec![("x", uniform(0.0, 1.0))], 6);
    let curve = |end: f64, steps: u32| {
        Curve::new((1..=steps).map(|step| end + 2.0 / f64::from(step)).collect::<Vec<_>>())
    };
    let (mut search, mut history) = (bayes(&problem), History::new());
    // Doubts come after an even number of runs.
    for _ in 0..10 {
        let suggestion = ask(&mut search, &problem, &history, 1).remove(0);
        let curves = vec![curve((number(&suggestion.point, "x") - 0.3).powi(2), 20)];
        history.push(run(suggestion).with_curves(curves).with_state(RunState::Finished));
    }
    let next = |end: f64, steps: u32| {
        let point = [(ParamPath::from("x"), json!(0.9))].into_iter().collect();
        let mut history = history.clone();
        let curves = vec![curve(end, steps)];
        history.push(Run::new(point).with_curves(curves).with_state(RunState::Running));
        ask(&mut bayes(&problem), &problem, &history, 1).remove(0).note["predicted_mean"].as_f64()
    };
    assert_eq!(next(0.36, 2), next(-5.0, 2), "two steps allow no forecast");
    assert_ne!(next(0.36, 10), next(-5.0, 10));
}

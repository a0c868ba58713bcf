//! Histories such as a store may hold.

use besom_core::{Curve, History, ParamPath, Point, Problem, Run, RunState};
use serde_json::json;

use crate::{Bytes, value};

/// Up to `most` (at most 255) further runs, with a new history of them.
pub fn history(bytes: &mut Bytes<'_>, problem: &Problem, most: usize) -> History {
    let mut history = History::new();
    for _ in 0..bytes.below(most + 1) {
        if bytes.is_empty() {
            break;
        }
        history.push(run(bytes, problem));
    }
    history
}

/// A run in any state, at a point of the space or from elsewhere, that has logged anything.
pub fn run(bytes: &mut Bytes<'_>, problem: &Problem) -> Run {
    let point = point(bytes, problem);
    let curves = (0..bytes.below(problem.metrics.len() + 1).max(1)).map(|_| curve(bytes)).collect();
    // Most runs run or have finished, as in life.
    let state = if bytes.one_in(4) {
        bytes.pick(&RunState::ALL)
    } else {
        bytes.pick(&[RunState::Running, RunState::Finished])
    };
    let stopped = bytes.one_in(8).then(|| "3rd of 3".to_owned());
    Run::new(point).with_state(state).with_stopped(stopped).with_curves(curves)
}

fn point(bytes: &mut Bytes<'_>, problem: &Problem) -> Point {
    let mut coordinate = || Some(bytes.float()).filter(|u| !u.is_nan()).unwrap_or(0.5);
    let cube: Vec<f64> = (0..problem.space.dimensions()).map(|_| coordinate()).collect();
    let point = problem.space.decode(&cube);
    match bytes.below(8) {
        0 => {
            let (dropped, replaced) = (bytes.byte(), bytes.byte());
            let kept = point.iter().enumerate().filter(|(place, _)| dropped >> (place % 8) & 1 == 0);
            let kept: Vec<_> = kept.map(|(place, (name, old))| (place, name.clone(), old.clone())).collect();
            let entries = kept.into_iter().map(|(place, name, old)| {
                (name, if replaced >> (place % 8) & 1 == 1 { value(bytes, 2) } else { old })
            });
            let mut entries: Vec<_> = entries.collect();
            entries.push((ParamPath::from("foreign"), json!(1)));
            entries.into_iter().collect()
        }
        1 => problem.space.read(&point.to_json()),
        _ => point,
    }
}

fn curve(bytes: &mut Bytes<'_>) -> Curve {
    let values = match bytes.below(8) {
        7 => vec![bytes.float(); 10 * bytes.below(200)],
        _ => (0..bytes.below(20)).map(|_| bytes.float()).collect(),
    };
    Curve::new(values).with_summary(bytes.one_in(4).then(|| bytes.float()))
}

//! The loop without argmin, for WebAssembly: argmin's timer would import a clock from JavaScript, even while it
//! is off, and a module that imports nothing loads anywhere.

use super::lbfgs::ProjectedLbfgs;
use super::objective::{Function, Objective};

/// The best argument found from `start` in at most so many iterations, and its value.
pub(super) fn run(
    objective: &Objective<impl Function>,
    mut solver: ProjectedLbfgs,
    start: &[f64],
    iterations: u64,
) -> (Vec<f64>, f64) {
    let mut place = objective.at(start);
    let mut best = (place.argument.clone(), place.value);
    if !place.value.is_finite() {
        return best;
    }
    for _ in 0..iterations {
        let Some(step) = solver.step(objective, &place) else { break };
        place = step.to;
        // Of equal values the first, as with argmin.
        if place.value < best.1 {
            best = (place.argument.clone(), place.value);
        }
        if step.small {
            break;
        }
    }
    best
}

//! Which runs no other has beaten in all metrics at once, where there are several.
//!
//! A rule compares runs by one metric. A run that is behind in it may be the best trade-off so far of those that there are, and a
//! sweep for a front wants it: Optuna's users have asked for as much since 2021.

use besom_core::pareto::dominates;
use besom_core::{History, Metric, Problem, Run, Stop};

/// The stops without those of runs that no other one dominates: see [`is_beaten`]. With one metric, all of them.
pub(crate) fn beaten(problem: &Problem, history: &History, mut stops: Vec<Stop>) -> Vec<Stop> {
    if problem.metrics.len() > 1 {
        stops.retain(|stop| history.get(stop.run).is_some_and(|run| is_beaten(problem, history, run)));
    }
    stops
}

/// Whether another run that got as far was better than this one is at its last reports: in one metric, and no worse in any. Metrics
/// that the run has not logged yet, or logged last as no finite number, are left out; if none is left, it is beaten.
fn is_beaten(problem: &Problem, history: &History, run: &Run) -> bool {
    let logged: Vec<(usize, &Metric, usize)> = problem
        .metrics
        .iter()
        .enumerate()
        .map(|(place, metric)| (place, metric, run.curve(place).values.len()))
        .filter(|&(place, _, steps)| {
            run.curve(place).values.get(steps.wrapping_sub(1)).is_some_and(|v| v.is_finite())
        })
        .collect();
    let losses = |run: &Run| -> Option<Vec<f64>> {
        let loss = |&(place, metric, steps): &(usize, &Metric, usize)| {
            let value = run.curve(place).values.get(steps - 1).copied().filter(|value| value.is_finite())?;
            Some(metric.goal.to_loss(value) + 0.0)
        };
        logged.iter().map(loss).collect()
    };
    let Some(own) = losses(run).filter(|own| !own.is_empty()) else { return true };
    history.runs().iter().filter_map(losses).any(|other| dominates(&other, &own))
}

//! The value of a run for methods that rank runs.

use besom_core::{Impute, ImputeWhileRunning, Metric, Run, RunState};

/// The value of a run as something to minimise: its best if it finished, else what `metric.impute` and
/// `metric.impute_while_running` take of its own. A run that counts as the worst has none.
pub(crate) fn loss(metric: &Metric, run: &Run) -> Option<f64> {
    let curve = run.curve(0);
    let best = || curve.best(metric.goal).map(|value| metric.goal.to_loss(value) + 0.0);
    let latest = || curve.last().map(|value| metric.goal.to_loss(value) + 0.0);
    match (run.state, metric.impute, metric.impute_while_running) {
        (RunState::Finished, _, _)
        | (RunState::Running, _, ImputeWhileRunning::Best)
        | (RunState::Failed | RunState::Crashed | RunState::Killed, Impute::Best, _) => best(),
        (RunState::Running, _, ImputeWhileRunning::Latest)
        | (RunState::Failed | RunState::Crashed | RunState::Killed, Impute::Latest, _) => latest(),
        _ => None,
    }
}

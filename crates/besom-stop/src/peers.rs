//! How far runs have got and how they compare with those that got as far; shared by `asha` and `median`.

use besom_core::value::float;
use besom_core::{History, Run, RunNumber, RunState};
use serde_json::Value;

use crate::objective::Objective;

/// The runs' best losses so far at one step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Field {
    /// Each run that reached the step, in order.
    standings: Vec<(RunNumber, f64)>,
    /// Their losses, sorted.
    losses: Vec<f64>,
}

impl Field {
    /// All runs that reached `step`, of whatever state.
    pub(crate) fn at(objective: Objective<'_>, history: &History, step: usize) -> Self {
        let standings =
            history.iter().filter_map(|(number, run)| Some((number, best_at(objective, run, step)?)));
        let standings: Vec<_> = standings.collect();
        let mut losses: Vec<f64> = standings.iter().map(|&(_, loss)| loss).collect();
        losses.sort_unstable_by(f64::total_cmp);
        Self { standings, losses }
    }

    /// How many runs reached the step.
    pub(crate) fn len(&self) -> usize {
        self.losses.len()
    }

    /// The best loss that a run had at the step; `None` if it did not reach it.
    pub(crate) fn loss(&self, run: RunNumber) -> Option<f64> {
        let place = self.standings.binary_search_by_key(&run, |&(number, _)| number).ok()?;
        Some(self.standings[place].1)
    }

    /// The losses, sorted.
    pub(crate) fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// The place of a loss among them, from 1; equals share the best.
    pub(crate) fn place(&self, loss: f64) -> usize {
        self.losses.partition_point(|&other| other < loss) + 1
    }
}

/// The best loss of a run up to and with its `step`-th, if it got so far; no run has got to step 0.
fn best_at(objective: Objective<'_>, run: &Run, step: usize) -> Option<f64> {
    if step == 0 || objective.most_steps(run) < step {
        return None;
    }
    let (mut steps, mut best) = (0, f64::INFINITY);
    for loss in objective.losses(run).take(step) {
        steps += 1;
        best = best.min(loss);
    }
    (steps == step).then_some(best)
}

/// How many steps a whole run has: the median (the upper one of two) of those that finished without being stopped;
/// until there is one, as many as the longest run has made. 0 if nothing was logged.
pub(crate) fn usual_length(objective: Objective<'_>, history: &History) -> usize {
    let whole = history.runs().iter().filter(|run| run.state == RunState::Finished && run.stopped.is_none());
    let mut lengths: Vec<usize> =
        whole.map(|run| objective.losses(run).count()).filter(|&steps| steps > 0).collect();
    if lengths.is_empty() {
        return history.runs().iter().map(|run| objective.losses(run).count()).max().unwrap_or(0);
    }
    let middle = lengths.len() / 2;
    *lengths.select_nth_unstable(middle).1
}

/// The running runs with the steps that they have made.
pub(crate) fn running(objective: Objective<'_>, history: &History) -> Vec<(RunNumber, usize)> {
    let running = history.iter().filter(|(_, run)| run.state == RunState::Running);
    running.map(|(number, run)| (number, objective.losses(run).count())).collect()
}

/// The lowest loss of any run; infinite if none logged a number.
pub(crate) fn lowest(objective: Objective<'_>, history: &History) -> f64 {
    history.runs().iter().flat_map(|run| objective.losses(run)).fold(f64::INFINITY, f64::min)
}

/// A loss as JSON; `null` if it is missing.
pub(crate) fn shown(loss: Option<f64>) -> Value {
    loss.map_or(Value::Null, float)
}

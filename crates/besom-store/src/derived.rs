//! What follows from the rows of a sweep, computed from all of them: how [`Store`](crate::Store) defines its views, and what
//! the laws hold the faster ones of stores against.

use besom_core::{Best, Goal, LoggedKeys, RunState, logged_value};

use crate::{AgentRow, Row, RunRow, Status, StopKind, SweepRow, Watched};

/// Over how many of the runs that ended last the mean time is taken.
const NEWEST: usize = 100;

/// The values of a metric in the rows of an attempt.
pub(crate) fn curve(rows: &[Row], metric: &Watched) -> Vec<f64> {
    let values = rows.iter().filter_map(|row| logged_value(&row.values, &metric.name));
    values.map(|value| value.as_f64().filter(|x| x.is_finite()).unwrap_or(f64::NAN)).collect()
}

/// What rows hold under each key.
pub(crate) fn logged(rows: &[Row]) -> LoggedKeys {
    rows.iter().map(|row| &row.values).collect()
}

/// A sweep at a glance.
pub(crate) fn status(sweep: &SweepRow, runs: &[RunRow], agents: &[AgentRow]) -> Status {
    let goal = sweep.goal();
    let count = |state| runs.iter().filter(|run| run.state == state).count() as u64;
    let best = best(runs, goal, RunState::can_be_best);
    let uncounted = self::best(runs, goal, |state| !state.is_open() && !state.can_be_best());
    let loss = |best: &Best| goal.to_loss(best.value);
    Status {
        counts: RunState::ALL.map(|state| (state, count(state))).to_vec(),
        stopped: runs.iter().filter(|run| is_stopped(run)).count() as u64,
        best,
        better_uncounted: uncounted.filter(|other| best.is_none_or(|best| loss(other) < loss(&best))),
        agents: agents.iter().filter(|agent| agent.alive).count() as u64,
        mean_run_ms: mean_run_ms(runs),
    }
}

fn is_stopped(run: &RunRow) -> bool {
    run.state == RunState::Finished && run.stop_kind == Some(StopKind::Early)
}

/// The best of the runs in some states.
fn best(runs: &[RunRow], goal: Goal, counts: impl Fn(RunState) -> bool) -> Option<Best> {
    let counted = runs.iter().filter(|run| counts(run.state));
    let valued = counted.filter_map(|run| Some(Best::new(run.number, run.state, run.best?)));
    valued.min_by(|a, b| {
        goal.to_loss(a.value).total_cmp(&goal.to_loss(b.value)).then_with(|| a.run.cmp(&b.run))
    })
}

fn mean_run_ms(runs: &[RunRow]) -> Option<f64> {
    let took = |run: &RunRow| Some((run.ended_ms?, run.ended_ms?.saturating_sub(run.started_ms?)));
    let mut took: Vec<(u64, u64)> = runs.iter().filter_map(took).collect();
    took.sort_by_key(|&(ended, _)| std::cmp::Reverse(ended));
    took.truncate(NEWEST);
    let sum: f64 = took.iter().map(|&(_, ms)| ms as f64).sum();
    (!took.is_empty()).then(|| sum / took.len() as f64)
}

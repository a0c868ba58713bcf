//! What is new of a sweep since the last look. It is read from the store, so it is also what other processes do.

use std::collections::HashSet;

use besom_config::SweepConfig;
use besom_core::pareto::dominates;
use besom_core::{Front, Metric, RunNumber, RunState};
use besom_engine::process_name;
use besom_store::{Order, RunChange, RunQuery, RunRow, Store, StoreError, SweepRow};

/// Looks at a sweep again and again.
pub(crate) struct Follower {
    pub(crate) store: Box<dyn Store>,
    pub(crate) sweep: SweepRow,
    cursor: u64,
    open: HashSet<RunNumber>,
    /// The newest run that was seen. A store may give a change more than once, so the open runs alone do not say what is news.
    newest: Option<RunNumber>,
    /// The best value of the runs that have finished.
    best: Option<f64>,
    /// With several metrics, the losses of those that no other finished one dominates.
    front: Option<Vec<Vec<f64>>>,
    /// The metrics, with their thresholds where the sweep's file can be read.
    metrics: Vec<Metric>,
}

/// A run that has ended.
pub(crate) struct Ended {
    pub(crate) run: RunRow,
    /// Whether it is better than all that finished before it; with several metrics, whether none of them is better.
    pub(crate) is_best: bool,
    /// Its values where there are several metrics, if it has one of each.
    pub(crate) values: Option<Vec<f64>>,
    /// The process that executed it, if it is another one: `host/1234`.
    pub(crate) by: Option<String>,
}

impl Follower {
    /// From now on, and the runs that have not ended. Runs that were over before are not news.
    pub(crate) fn new(
        mut store: Box<dyn Store>,
        sweep: SweepRow,
        config: Option<&SweepConfig>,
    ) -> Result<(Self, Vec<RunChange>), StoreError> {
        let earlier = store.changes(&sweep.new.id, 0)?;
        let best = best_finished(&mut *store, &sweep)?;
        let newest = earlier.runs.iter().map(|change| change.number).max();
        let open: Vec<_> = earlier.runs.into_iter().filter(|change| change.state.is_open()).collect();
        let numbers = open.iter().map(|change| change.number).collect();
        let metrics = besom_engine::metrics(&sweep, config);
        let front = besom_engine::front(&mut *store, &sweep, config)?;
        let losses = |front: Front| front.runs.iter().map(|run| losses(&metrics, &run.values)).collect();
        let front = front.map(losses);
        Ok((Self { store, sweep, cursor: earlier.upto, open: numbers, newest, best, front, metrics }, open))
    }

    /// The runs that have not ended and changed, and those that have ended since the last call.
    pub(crate) fn next(&mut self) -> Result<(Vec<RunChange>, Vec<Ended>), StoreError> {
        let changes = self.store.changes(&self.sweep.new.id, self.cursor)?;
        let newest = changes.runs.iter().map(|change| change.number).max().max(self.newest);
        let (open, over): (Vec<_>, Vec<_>) =
            changes.runs.into_iter().partition(|change| change.state.is_open());
        let is_news =
            |change: &&RunChange| self.open.contains(&change.number) || Some(change.number) > self.newest;
        let numbers: Vec<RunNumber> = over.iter().filter(is_news).map(|change| change.number).collect();
        // All that may fail comes before anything is noted, so that the next call finds it again. No numbers would mean all runs.
        let runs = match numbers.is_empty() {
            true => Vec::new(),
            false => self.store.runs(&self.sweep.new.id, &RunQuery::default().numbers(numbers))?,
        };
        let by = runs.iter().map(|run| self.by_others(run.number)).collect::<Result<Vec<_>, _>>()?;
        let values = runs.iter().map(|run| self.values(run)).collect::<Result<Vec<_>, _>>()?;
        (self.cursor, self.sweep.new.run_cap) = (changes.upto, changes.run_cap);
        self.newest = newest;
        self.open.extend(open.iter().map(|change| change.number));
        let ended = runs.into_iter().zip(by).zip(values).map(|((run, by), values)| {
            self.open.remove(&run.number);
            Ended { is_best: self.is_new_best(&run, values.as_deref()), run, values, by }
        });
        let ended = ended.collect();
        Ok((open, ended))
    }

    fn by_others(&mut self, number: RunNumber) -> Result<Option<String>, StoreError> {
        let ours = format!("{}/", process_name());
        let attempts = self.store.attempts(&self.sweep.new.id, number)?;
        let others = attempts.last().filter(|last| !last.agent.starts_with(&ours));
        Ok(others.map(|last| last.agent.rsplit_once('/').map_or(&*last.agent, |(name, _)| name).to_owned()))
    }

    /// How many runs are on the front of a sweep with several metrics, as far as they have been seen.
    pub(crate) fn on_front(&self) -> Option<usize> {
        self.front.as_ref().map(Vec::len)
    }

    /// The values of a run that has finished, if the sweep has several metrics.
    fn values(&mut self, run: &RunRow) -> Result<Option<Vec<f64>>, StoreError> {
        if self.front.is_none() || run.state != RunState::Finished {
            return Ok(None);
        }
        besom_engine::run_values(&mut *self.store, &self.sweep, &self.metrics, run.number)
    }

    fn is_new_best(&mut self, run: &RunRow, values: Option<&[f64]>) -> bool {
        if let Some(front) = &mut self.front {
            return values.is_some_and(|values| joins_front(front, &self.metrics, values));
        }
        let Some(value) = run.best.filter(|_| run.state == RunState::Finished) else { return false };
        let goal = self.sweep.goal();
        let is_best = self.best.is_none_or(|best| goal.to_loss(value) < goal.to_loss(best));
        if is_best {
            self.best = Some(value);
        }
        is_best
    }
}

/// Whether no run of the front so far dominates these values; then they are on it from now on.
fn joins_front(front: &mut Vec<Vec<f64>>, metrics: &[Metric], values: &[f64]) -> bool {
    let new = losses(metrics, values);
    let is_beyond = metrics.iter().zip(&new).any(|(metric, loss)| {
        metric.threshold.is_some_and(|threshold| *loss > metric.goal.to_loss(threshold))
    });
    if is_beyond || front.iter().any(|other| dominates(other, &new)) {
        return false;
    }
    front.retain(|other| !dominates(&new, other));
    front.push(new);
    true
}

/// Values as losses, one per metric.
fn losses(metrics: &[Metric], values: &[f64]) -> Vec<f64> {
    metrics.iter().zip(values).map(|(metric, value)| metric.goal.to_loss(*value)).collect()
}

/// The best value among the runs that have finished.
fn best_finished(store: &mut dyn Store, sweep: &SweepRow) -> Result<Option<f64>, StoreError> {
    let query = RunQuery::default().states([RunState::Finished]).order(Order::Best).limit(1);
    Ok(store.runs(&sweep.new.id, &query)?.first().and_then(|run| run.best))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use besom_store::{Claim, End, MemoryStore, NewAgent, NewRun, NewSweep, Queue};
    use serde_json::Map;

    use super::*;

    /// A store gives changes again as long as it cannot be certain that none is missing between them.
    #[test]
    fn a_run_that_has_ended_is_told_of_once_though_its_change_is_given_again() {
        let (mut store, sweep) = (MemoryStore::default(), NewSweep::new("one"));
        store.create_sweep(&sweep).unwrap();
        let row = store.sweep(&sweep.id).unwrap();
        let (mut follower, _) = Follower::new(Box::new(store.clone()), row, None).unwrap();
        let cursor = follower.cursor;
        store.add_runs(&sweep.id, RunNumber::FIRST, &[NewRun::new(Map::new())], None).unwrap();
        let agent =
            store.join(&sweep.id, &NewAgent::new("agent", std::time::Duration::from_secs(60))).unwrap();
        let Claim::Run(run) = store.claim(agent, 1).unwrap() else { panic!("nothing to claim") };
        store.finish(&run.lease, &End::new(RunState::Finished)).unwrap();
        let mut told = || {
            follower.cursor = cursor;
            follower.next().unwrap().1.len()
        };
        assert_eq!([told(), told()], [1, 0]);
    }
}

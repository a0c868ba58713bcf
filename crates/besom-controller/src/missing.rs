//! A metric that never arrives: the search is blind, and nobody notices.

use std::collections::BTreeSet;
use std::fmt;

use besom_core::{NoValue, RunNumber, RunState};
use besom_store::{Order, RunQuery, Store, StoreError, SweepId};

/// After how many finished runs without a value a sweep is paused, if its algorithms need the metric.
const PATIENCE: usize = 3;

/// How many of the oldest and of the newest finished runs are asked for a metric that is not the first.
const ASKED: u64 = 10;

/// How many entries of the log are read at once.
const PAGE: u64 = 10_000;

/// Runs of a sweep have finished, and none has logged a value of its metric.
///
/// As text it is about the first of them: `run 1 logged epoch and val_los, but not val_loss (did you mean val_los?)`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MissingMetric {
    /// The first finished run.
    pub run: RunNumber,
    /// Why it has no value.
    pub why: NoValue,
    /// How many runs have finished.
    pub finished: u64,
}

impl MissingMetric {
    /// What is wrong with the first of the metrics of a sweep of which no run has a value; `None` if each has one, no run has
    /// finished, or there is no metric. Of a metric that is not the first only the oldest and the newest finished runs are asked.
    pub fn of(store: &mut dyn Store, id: &SweepId) -> Result<Option<Self>, StoreError> {
        let metrics = store.sweep(id)?.new.metrics;
        for (place, metric) in metrics.iter().enumerate() {
            let is_there =
                if place == 0 { is_ranked(store, id)? } else { is_logged(store, id, &metric.name)? };
            if !is_there {
                return Self::in_first(store, id, &metric.name);
            }
        }
        Ok(None)
    }

    /// Why the first finished run has no value of the metric.
    fn in_first(store: &mut dyn Store, id: &SweepId, metric: &str) -> Result<Option<Self>, StoreError> {
        let finished = RunQuery::default().states([RunState::Finished]).limit(1);
        let Some(first) = store.runs(id, &finished)?.into_iter().next() else { return Ok(None) };
        let logged = store.logged(id, first.number, None)?;
        let counts = store.status(id)?.counts;
        let finished = counts.into_iter().find(|&(state, _)| state == RunState::Finished);
        Ok(NoValue::of(metric, logged.keys()).map(|why| Self {
            run: first.number,
            why,
            finished: finished.map_or(1, |(_, count)| count),
        }))
    }

    /// What is to be said of the whole sweep.
    pub fn conclusion(&self) -> String {
        let metric = &self.why.metric;
        match self.finished {
            1 => format!("the only finished run has no value of {metric}: {self}"),
            finished => format!("none of the {finished} finished runs has a value of {metric}: {self}"),
        }
    }
}

/// Whether a run has a value of the first metric, or there is no run.
fn is_ranked(store: &mut dyn Store, id: &SweepId) -> Result<bool, StoreError> {
    let best = store.runs(id, &RunQuery::default().order(Order::Best).limit(1))?;
    // With several metrics a run that has diverged is not ranked, but has logged the metric.
    Ok(best.first().is_none_or(|run| run.best.is_some() || run.last.is_some()))
}

/// Whether one of the oldest or newest finished runs has logged a number as this metric, or none has finished.
fn is_logged(store: &mut dyn Store, id: &SweepId, metric: &str) -> Result<bool, StoreError> {
    let mut any = false;
    for order in [Order::Number, Order::Newest] {
        let query = RunQuery::default().states([RunState::Finished]).order(order).limit(ASKED);
        for run in store.runs(id, &query)? {
            any = true;
            if store.logged(id, run.number, None)?.get(metric).is_some_and(|logged| logged.numbers > 0) {
                return Ok(true);
            }
        }
    }
    Ok(!any)
}

impl fmt::Display for MissingMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {} {}", self.run, self.why)
    }
}

/// Whether enough runs have finished since the sweep was last resumed: whoever resumes it knows what is missing, or has
/// repaired it.
pub(crate) fn enough_finished(store: &mut dyn Store, id: &SweepId) -> Result<bool, StoreError> {
    let (mut finished, mut after) = (BTreeSet::new(), 0);
    loop {
        let page = store.events(id, None, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(finished.len() >= PATIENCE) };
        after = last.seq;
        for event in page {
            match (event.run, event.kind.as_str()) {
                (Some(run), "finished") => drop(finished.insert(run)),
                (None, "resumed") => finished.clear(),
                _ => {}
            }
        }
    }
}

//! Stores of the sizes that `docs/benchmarks.md` speaks of.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use besom_core::{Goal, RunNumber, RunState};
use besom_store::{
    AgentId, Claim, Clock, End, Lease, NewAgent, NewRun, NewSweep, Queue, Row, Store, StoreError, SweepId,
};
use serde_json::json;

use crate::{finished_runs, mixed_problem};

/// How an attempt ends.
pub const FINISHED: End = End::new(RunState::Finished).exit_code(0);

/// The sweep file that the stored sweep is said to come from, but for its method.
const SWEEP_FILE: &str = "\
command: ['true']
metric: {name: loss, goal: minimize}
parameters:
  p0: {distribution: log_uniform_values, min: 1e-5, max: 1.0}
  p1: {distribution: log_uniform_values, min: 1e-5, max: 1.0}
  p2: {min: 0.0, max: 0.9}
  p3: {min: 0.0, max: 0.9}
  p4: {min: 1, max: 12}
  p5: {min: 1, max: 12}
  p6: {distribution: q_uniform, min: 0.0, max: 0.5, q: 0.05}
  p7: {values: [adam, sgd, rmsprop]}
  p8: {values: [relu, tanh]}
  p9: {distribution: normal, mu: 0, sigma: 1}
";

/// The wall clock.
pub fn clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// The sweep in which all of it happens.
pub fn sweep() -> SweepId {
    SweepId::new("bench")
}

/// Adds a sweep of this method with so many pending runs of ten parameters, and an agent that joined it.
///
/// # Errors
/// If the store does.
pub fn add_sweep(store: &mut impl Store, method: &str, runs: usize) -> Result<AgentId, StoreError> {
    store.create_sweep(
        &NewSweep::new(sweep())
            .text(format!("method: {method}\n{SWEEP_FILE}"))
            .seed(7)
            .metric("loss", Goal::Minimize)
            .retry_crashed(1),
    )?;
    let history = finished_runs(&mixed_problem(), runs);
    let runs: Vec<NewRun> = history.runs().iter().map(|run| NewRun::new(run.point.to_json())).collect();
    for (place, part) in runs.chunks(10_000).enumerate() {
        store.add_runs(&sweep(), RunNumber::from_index(place * 10_000), part, None)?;
    }
    store.join(&sweep(), &NewAgent::new("bench", std::time::Duration::from_millis(300_000)))
}

/// Takes the next run.
///
/// # Errors
/// If the store does.
///
/// # Panics
/// If there is none.
pub fn claim(store: &mut impl Queue, agent: AgentId, request: u64) -> Result<Lease, StoreError> {
    match store.claim(agent, request)? {
        Claim::Run(run) => Ok(run.lease),
        nothing => panic!("there is a run to take, but the answer is {nothing:?}"),
    }
}

/// Rows of two metrics, numbered from `first`.
pub fn rows(first: u64, count: u64) -> Vec<Row> {
    let row = |seq: u64| {
        let values = [("loss", json!(1.0 / seq as f64)), ("epoch", json!(seq))];
        Row::new(seq, values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    };
    (first..first + count).map(row).collect()
}

/// Takes, reports on and finishes runs, `steps` rows each.
///
/// # Errors
/// If the store does.
pub fn execute(store: &mut impl Queue, agent: AgentId, runs: u64, steps: u64) -> Result<(), StoreError> {
    for request in 1..=runs {
        let lease = claim(store, agent, request)?;
        store.report(&lease, &rows(1, steps))?;
        store.finish(&lease, &FINISHED)?;
    }
    Ok(())
}

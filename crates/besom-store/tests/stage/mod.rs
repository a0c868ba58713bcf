//! What the tests of a store have in common: sweeps, runs and clocks.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use besom_core::{Goal, RunNumber, RunState};
use besom_store::{
    AgentId, Claim, ClaimedRun, Clock, End, NewAgent, NewRun, NewSweep, Queue, Row, SqliteStore, Store,
    SweepId,
};
use serde_json::{Map, Value, json};

/// A clock that the test moves.
#[derive(Clone, Default)]
pub(crate) struct Time(Arc<AtomicU64>);

impl Time {
    pub(crate) fn clock(&self) -> Clock {
        let time = Arc::clone(&self.0);
        Arc::new(move || time.load(Ordering::SeqCst))
    }

    pub(crate) fn pass(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

pub(crate) fn id() -> SweepId {
    SweepId::new("abcd1234")
}

pub(crate) fn new_sweep() -> NewSweep {
    NewSweep::new(id()).text("method: random").seed(7).metric("loss", Goal::Minimize).retry_crashed(1)
}

/// A store in memory with one sweep that has `runs` runs.
pub(crate) fn store(sweep: &NewSweep, runs: usize) -> (SqliteStore, Time) {
    let time = Time::default();
    let mut store = SqliteStore::in_memory(time.clock()).unwrap();
    store.create_sweep(sweep).unwrap();
    store.add_runs(&sweep.id, RunNumber::FIRST, &new_runs(runs), None).unwrap();
    (store, time)
}

pub(crate) fn new_runs(count: usize) -> Vec<NewRun> {
    (0..count).map(|place| NewRun::new(object(json!({"x": place})))).collect()
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

pub(crate) fn join(store: &mut SqliteStore) -> AgentId {
    store.join(&id(), &NewAgent::new("here/1/1", std::time::Duration::from_millis(100))).unwrap()
}

pub(crate) fn claim(store: &mut SqliteStore, agent: AgentId, request: u64) -> ClaimedRun {
    match store.claim(agent, request).unwrap() {
        Claim::Run(run) => run,
        Claim::Nothing(state) => panic!("nothing to claim in a sweep that is {state}"),
    }
}

pub(crate) fn row(seq: u64, values: Value) -> Row {
    Row::new(seq, object(values))
}

pub(crate) fn end(state: RunState) -> End {
    End::new(state)
}

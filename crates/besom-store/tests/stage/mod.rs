//! What the tests of a store have in common: sweeps, runs and clocks.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use besom_core::{Goal, RunNumber, RunState};
use besom_store::{
    AgentId, Claim, ClaimedRun, Clock, End, NewAgent, NewRun, NewSweep, Queue, Row, SqliteStore, StopKind,
    Store, SweepId, SweepState,
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
        nothing => panic!("nothing to claim: {nothing:?}"),
    }
}

pub(crate) fn row(seq: u64, values: Value) -> Row {
    Row::new(seq, object(values))
}

pub(crate) fn end(state: RunState) -> End {
    End::new(state)
}

/// A small store with runs in most states, curves, output, facts and a second attempt.
pub(crate) fn small_store(directory: &Path) -> PathBuf {
    let path = directory.join("runs.db");
    let time = Time::default();
    let mut store = SqliteStore::open(&path, time.clock()).unwrap();
    store.create_sweep(&new_sweep().label("who", "me")).unwrap();
    store.set_state(&id(), SweepState::Running, None).unwrap();
    let first = RunNumber::FIRST;
    store.add_runs(&id(), first, &new_runs(12), None).unwrap();
    let agent = join(&mut store);
    for request in 1..=8 {
        let lease = claim(&mut store, agent, request).lease;
        for first in [1, 6, 11, 16] {
            time.pass(10);
            let values = |seq: u64| json!({"loss": 1.0 / (seq as f64 + request as f64), "epoch": seq});
            let rows: Vec<Row> = (first..first + 5).map(|seq| row(seq, values(seq))).collect();
            store.report(&lease, &rows).unwrap();
        }
        store.print(&lease, 0, "epoch 1\nepoch 2\n").unwrap();
        store.describe(&lease, &object(json!({"host": "here"}))).unwrap();
        match request {
            1..=4 => drop(store.finish(&lease, &end(RunState::Finished)).unwrap()),
            5 => drop(store.finish(&lease, &End::new(RunState::Failed).message("no data")).unwrap()),
            6 => drop(store.request_stops(&id(), &[(lease.run, "bad".to_owned())], StopKind::Early).unwrap()),
            _ => {}
        }
    }
    drop(store);
    path
}

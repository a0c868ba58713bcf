//! The store in memory: shared by clones, and as fast with ten thousand runs as with ten.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::thread;

use besom_core::{RunNumber, RunState};
use besom_store::{
    Claim, MemoryStore, NewAgent, Order, Queue, RunQuery, SqliteStore, Store, StoreError, SweepState,
};
use serde_json::json;
use stage::{Time, end, id, new_runs, new_sweep, row};

fn agent() -> NewAgent {
    NewAgent::new("here/1/1", std::time::Duration::from_secs(1))
}

#[test]
fn a_clone_is_the_same_store() {
    let mut store = MemoryStore::new(Time::default().clock());
    let mut other = store.clone();
    store.create_sweep(&new_sweep()).unwrap();
    assert!(matches!(other.create_sweep(&new_sweep()), Err(StoreError::SweepExists(_))));
    assert_eq!(store.sweeps().unwrap(), other.sweeps().unwrap());
    assert!(MemoryStore::default().sweeps().unwrap().is_empty(), "another store is another one");
}

/// A value that jumps about.
fn loss(run: u64) -> u64 {
    (run * 7919) % 10_007
}

/// Claims and finishes runs until there are none, with a value for each; returns how many.
fn work(mut store: MemoryStore) -> u64 {
    let agent = store.join(&id(), &agent()).unwrap();
    for request in 1.. {
        let Claim::Run(run) = store.claim(agent, request).unwrap() else { return request - 1 };
        store.report(&run.lease, &[row(1, json!({ "loss": loss(run.lease.run.get()) }))]).unwrap();
        store.finish(&run.lease, &end(RunState::Finished)).unwrap();
    }
    unreachable!("numbers of claims do not end")
}

#[test]
fn agents_in_threads_share_ten_thousand_runs_and_a_follower_reads_each_change_once() {
    let runs = 10_000;
    let mut store = MemoryStore::new(Time::default().clock());
    store.create_sweep(&new_sweep()).unwrap();
    store.add_runs(&id(), RunNumber::FIRST, &new_runs(runs), None).unwrap();
    let all = store.changes(&id(), 0).unwrap();
    let done: u64 = thread::scope(|scope| {
        let agents: Vec<_> = (0..4).map(|_| scope.spawn(|| work(store.clone()))).collect();
        agents.into_iter().map(|agent| agent.join().unwrap()).sum()
    });
    assert_eq!(done, runs as u64);
    assert_eq!(store.sweep(&id()).unwrap().state, SweepState::Running);
    let (mut cursor, mut seen) = (all.upto, 0);
    loop {
        let news = store.changes(&id(), cursor).unwrap();
        if news.runs.is_empty() {
            break;
        }
        assert!(news.runs.iter().all(|run| run.added.is_none() && run.curves[0].from == 0));
        seen += news.runs.len();
        cursor = news.upto;
    }
    assert_eq!(seen, runs, "each run once: its newest state");
    let best = store.runs(&id(), &RunQuery::default().order(Order::Best).limit(1)).unwrap();
    assert_eq!(store.status(&id()).unwrap().best.unwrap().run, best[0].number);
    let lowest = (1..=runs as u64).map(loss).min().unwrap() as f64;
    assert_eq!(best[0].best, Some(lowest));
}

#[test]
fn a_long_curve_is_followed_without_reading_it_again() {
    let mut store = MemoryStore::new(Time::default().clock());
    store.create_sweep(&new_sweep()).unwrap();
    store.add_runs(&id(), RunNumber::FIRST, &new_runs(1), None).unwrap();
    let agent = store.join(&id(), &agent()).unwrap();
    let Claim::Run(run) = store.claim(agent, 1).unwrap() else { panic!("a run waits") };
    let mut cursor = 0;
    for seq in 1..=20_000 {
        store.report(&run.lease, &[row(seq, json!({ "loss": seq }))]).unwrap();
        let news = store.changes(&id(), cursor).unwrap();
        let part = &news.runs[0].curves[0];
        assert_eq!((part.from as u64 + 1, part.values.as_slice()), (seq, &[seq as f64][..]));
        cursor = news.upto;
    }
    assert_eq!(store.curve(&id(), RunNumber::FIRST, 0).unwrap().len(), 20_000);
}

/// Scripts of the laws get here too seldom.
fn a_retried_run_has_its_budget_again(store: &mut dyn Store) {
    store.create_sweep(&new_sweep().retry_crashed(1)).unwrap();
    store.add_runs(&id(), RunNumber::FIRST, &new_runs(1), None).unwrap();
    let agent = store.join(&id(), &agent()).unwrap();
    let crash = |store: &mut dyn Store, request| {
        let Claim::Run(run) = store.claim(agent, request).unwrap() else { panic!("a run waits") };
        store.finish(&run.lease, &end(RunState::Crashed)).unwrap();
        store.run(&id(), RunNumber::FIRST).unwrap().state
    };
    assert_eq!([crash(store, 1), crash(store, 2)], [RunState::Pending, RunState::Crashed]);
    assert_eq!(store.retry(&id(), &[RunState::Crashed]).unwrap(), 1);
    assert_eq!([crash(store, 3), crash(store, 4)], [RunState::Pending, RunState::Crashed]);
}

#[test]
fn a_retried_run_has_its_budget_again_in_both_stores() {
    a_retried_run_has_its_budget_again(&mut MemoryStore::new(Time::default().clock()));
    a_retried_run_has_its_budget_again(&mut SqliteStore::in_memory(Time::default().clock()).unwrap());
}

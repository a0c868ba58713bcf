//! Waiting for a change that another connection makes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use besom_core::RunNumber;
use besom_store::{MemoryStore, NewSweep, Queue, SqliteStore, Store, StoreError, SweepId};
use stage::{Time, id, new_runs, new_sweep};

const LONG: Duration = Duration::from_secs(600);

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, Time::default().clock()).unwrap()
}

/// One waits long for a change of a sweep, the other changes another sweep, then this one.
fn a_change_ends_a_wait(mut one: impl Store + 'static, mut other: impl Store) {
    let (tell, told) = mpsc::channel();
    other.create_sweep(&new_sweep()).unwrap();
    other.create_sweep(&NewSweep::new("another")).unwrap();
    let before = one.wait(&id(), 0, LONG).unwrap();
    let waiting = thread::spawn(move || {
        tell.send(()).unwrap();
        one.wait(&id(), before, LONG).unwrap()
    });
    told.recv().unwrap();
    for sweep in [SweepId::new("another"), id()] {
        other.add_runs(&sweep, RunNumber::FIRST, &new_runs(2), None).unwrap();
    }
    assert_eq!(waiting.join().unwrap(), other.changes(&id(), 0).unwrap().upto);
}

#[test]
fn a_change_by_another_process_ends_a_wait() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runs.db");
    a_change_ends_a_wait(open(&path), open(&path));
}

#[test]
fn a_change_by_another_thread_ends_a_wait() {
    let store = MemoryStore::new(Time::default().clock());
    a_change_ends_a_wait(store.clone(), store);
}

#[test]
fn a_wait_for_nothing_ends_when_its_time_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let stores: [Box<dyn Store>; 2] =
        [Box::new(open(&dir.path().join("runs.db"))), Box::new(MemoryStore::new(Time::default().clock()))];
    for mut store in stores {
        store.create_sweep(&new_sweep()).unwrap();
        let cursor = store.changes(&id(), 0).unwrap().upto;
        let (at_most, begun) = (Duration::from_millis(20), Instant::now());
        assert_eq!(store.wait(&id(), cursor, at_most).unwrap(), cursor);
        assert!(begun.elapsed() >= at_most);
        assert!(matches!(store.wait(&SweepId::new("none"), 0, LONG), Err(StoreError::NoSweep { .. })));
    }
}

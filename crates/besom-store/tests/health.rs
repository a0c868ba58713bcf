//! A store that is well is found well, and damage is found and survived.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::fs;
use std::path::{Path, PathBuf};

use besom_store::{Queue, RunQuery, SqliteStore, Store, StoreError};
use rusqlite::Connection;
use stage::{Time, id, small_store};

fn problems(path: &Path) -> Vec<String> {
    SqliteStore::examine(path).unwrap().problems
}

#[test]
fn a_store_that_is_well_has_no_problems() {
    let dir = tempfile::tempdir().unwrap();
    let health = SqliteStore::examine(&small_store(dir.path())).unwrap();
    assert_eq!(health.problems, Vec::<String>::new());
    assert_eq!((health.sweeps, health.runs), (1, 12));
}

#[test]
fn a_store_of_an_older_version_is_well_before_and_after_its_upgrade() {
    for version in ["version-1", "version-2", "version-2-running"] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("runs.db");
        let stored = format!("{}/tests/data/{version}.db", env!("CARGO_MANIFEST_DIR"));
        fs::copy(stored, &path).unwrap();
        assert_eq!(problems(&path), Vec::<String>::new(), "{version}");
        drop(SqliteStore::open(&path, Time::default().clock()).unwrap());
        assert_eq!(problems(&path), Vec::<String>::new(), "{version}");
    }
}

#[test]
fn rows_that_contradict_each_other_are_found() {
    for (wrong, expected) in [
        ("DELETE FROM runs WHERE number = 3", "runs, numbered"),
        ("UPDATE progress SET runs = 13", "instead of 13"),
        ("UPDATE tallies SET runs = runs + 1 WHERE what = 'finished'", "counted as finished"),
        ("UPDATE runs SET state = 'fin' WHERE number = 1", "the state of a run is \"fin\""),
        ("UPDATE runs SET loss = 0.001 WHERE number = 2", "run 2: its value differs from its rows"),
        ("UPDATE chunks SET lines = replace(lines, '7', '8')", "differs from its rows"),
        ("UPDATE curves SET vals = zeroblob(8)", "its curve of loss differs from its rows"),
        ("DELETE FROM points WHERE run = 1", "run 1 has no parameters"),
        ("UPDATE points SET point = '{' WHERE run = 1", "JSON object"),
        ("DELETE FROM attempts WHERE run = 2", "attempts are known"),
        ("DELETE FROM events WHERE seq = 4", "the log does not say once"),
        ("DELETE FROM agents", "an agent that is unknown"),
        ("UPDATE sweeps SET metrics = '[]x'", "the metrics of a sweep"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = small_store(dir.path());
        Connection::open(&path).unwrap().execute_batch(wrong).unwrap();
        let found = problems(&path);
        assert!(found.iter().any(|problem| problem.contains(expected)), "{wrong}: {found:#?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_damage_which_no_repetition_mends() {
    let dir = tempfile::tempdir().unwrap();
    let path = small_store(dir.path());
    let wrong = "UPDATE points SET note = CAST(x'ff' AS TEXT) WHERE run = 1";
    Connection::open(&path).unwrap().execute_batch(wrong).unwrap();
    let mut store = SqliteStore::open(&path, Time::default().clock()).unwrap();
    let error = store.runs(&id(), &RunQuery::default()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)) && !error.is_transient(), "{error:?}");
}

#[test]
fn what_can_be_read_of_a_damaged_store_is_saved() {
    let dir = tempfile::tempdir().unwrap();
    let path = small_store(dir.path());
    // A page in the middle of the file is gone, which is part of the rows or of the log.
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 4096 / 2 * 4096;
    bytes[middle..middle + 4096].fill(0);
    fs::write(&path, bytes).unwrap();
    assert!(!problems(&path).is_empty());
    let saved = dir.path().join("saved.db");
    let health = SqliteStore::salvage(&path, &saved).unwrap();
    assert!(health.sweeps == 1 || !health.problems.is_empty(), "{health:?}");
    let sound: String =
        Connection::open(&saved).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

#[test]
fn what_is_left_of_a_store_that_was_cut_is_saved() {
    let dir = tempfile::tempdir().unwrap();
    let (path, saved) = (small_store(dir.path()), dir.path().join("saved.db"));
    let length = fs::metadata(&path).unwrap().len();
    fs::File::options().write(true).open(&path).unwrap().set_len(length - 5000).unwrap();
    let found = problems(&path);
    assert!(found.iter().any(|problem| problem.contains(&format!("of its {length} bytes"))), "{found:#?}");
    let health = SqliteStore::salvage(&path, &saved).unwrap();
    assert_eq!((health.sweeps, health.runs > 0), (1, true), "{health:#?}");
    let left = fs::read_dir(dir.path()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().ends_with(".whole")
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn what_cannot_be_read_for_one_reason_is_one_problem() {
    let dir = tempfile::tempdir().unwrap();
    let path = small_store(dir.path());
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..8192].fill(0);
    fs::write(&path, bytes).unwrap();
    let found = problems(&path);
    let unreadable: Vec<_> = found.iter().filter(|problem| problem.starts_with("cannot be read")).collect();
    assert_eq!(unreadable.len(), 1, "{found:#?}");
}

#[test]
fn all_of_a_store_that_is_well_is_saved() {
    let dir = tempfile::tempdir().unwrap();
    let (path, saved) = (small_store(dir.path()), dir.path().join("saved.db"));
    let health = SqliteStore::salvage(&path, &saved).unwrap();
    assert_eq!(health, SqliteStore::examine(&path).unwrap());
    assert_eq!(health.problems, Vec::<String>::new());
}

/// Copies a store with its log, as a kill leaves it, and damages a page that opening it does not read.
fn left_by_a_kill(directory: &Path) -> PathBuf {
    let path = small_store(directory);
    let mut store = SqliteStore::open(&path, Time::default().clock()).unwrap();
    store.set_label(&id(), "late", Some("in the log")).unwrap();
    let left = directory.join("left.db");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 4096;
    bytes[last..].fill(0x5A);
    fs::write(&left, bytes).unwrap();
    fs::copy(directory.join("runs.db-wal"), directory.join("left.db-wal")).unwrap();
    left
}

#[test]
fn a_store_whose_users_were_killed_is_examined_before_it_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let path = left_by_a_kill(dir.path());
    let error = SqliteStore::open_existing(&path, Time::default().clock()).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
}

#[test]
fn a_store_is_examined_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = small_store(dir.path());
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut store = SqliteStore::open(&path, Time::default().clock()).unwrap();
            let agent = stage::join(&mut store);
            let lease = stage::claim(&mut store, agent, 1).lease;
            for seq in 1.. {
                let row = stage::row(seq, serde_json::json!({"loss": 1.0 / seq as f64}));
                store.report(&lease, &[row]).unwrap();
                if is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
            }
        });
        let found: Vec<String> = (0..5).flat_map(|_| problems(&path)).collect();
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        writer.join().unwrap();
        assert_eq!(found, Vec::<String>::new());
    });
}

//! Groups of operations: one transaction, and each operation by itself.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use besom_store::{MAX_FACTS, NewSweep, SqliteStore, Store, StoreError};
use stage::{Time, id, new_sweep};

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, Time::default().clock()).unwrap()
}

fn ids(store: &mut SqliteStore) -> Vec<String> {
    store.sweeps().unwrap().iter().map(|sweep| sweep.id().to_string()).collect()
}

#[test]
fn others_see_a_group_when_it_is_done_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runs.db");
    let (mut store, mut other) = (open(&path), open(&path));
    let mut meanwhile = Vec::new();
    store
        .group(&mut |store| {
            store.create_sweep(&new_sweep()).unwrap();
            meanwhile = ids(&mut other);
            assert_eq!(store.sweeps().unwrap().len(), 1, "a group sees what it has done");
        })
        .unwrap();
    assert_eq!((meanwhile, ids(&mut other)), (vec![], vec![id().to_string()]));
}

#[test]
fn an_operation_that_fails_half_way_leaves_nothing_and_hinders_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir.path().join("runs.db"));
    // Its row is written before its label is found too large.
    let large = NewSweep::new("large").label("x", "y".repeat(MAX_FACTS + 1));
    store
        .group(&mut |store| {
            store.create_sweep(&new_sweep()).unwrap();
            assert!(matches!(store.create_sweep(&large), Err(StoreError::TooLarge { .. })));
            store.group(&mut |store| store.create_sweep(&NewSweep::new("inner")).unwrap()).unwrap();
        })
        .unwrap();
    assert_eq!(ids(&mut store), [id().to_string(), "inner".to_owned()]);
}

#[test]
fn a_group_that_panics_has_done_nothing_and_the_store_works_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runs.db");
    let mut store = open(&path);
    let panics = catch_unwind(AssertUnwindSafe(|| {
        let _ = store.group(&mut |store| {
            store.create_sweep(&new_sweep()).unwrap();
            std::panic::resume_unwind(Box::new("it broke"));
        });
    }));
    assert!(panics.is_err());
    assert_eq!(ids(&mut store), Vec::<String>::new());
    store.create_sweep(&new_sweep()).unwrap();
    assert_eq!(ids(&mut open(&path)).len(), 1);
}

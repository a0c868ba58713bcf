//! The laws over the store, and over stores that break a rule: the suite must notice.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use besom_store::laws::{check_store, find_violation};
use besom_store::{MemoryStore, Mutant, SqliteStore};

/// The two are written apart (`besom_store::rules` and not), so each is the other's check.
#[test]
fn sqlite_keeps_the_laws_as_the_store_in_memory_has_them() {
    check_store(|clock| SqliteStore::in_memory(clock).unwrap());
}

/// What follows from its rows and its log is computed from them once more.
#[test]
fn the_store_in_memory_keeps_the_laws() {
    check_store(MemoryStore::new);
}

#[test]
fn the_suite_notices_every_broken_rule() {
    for mutant in Mutant::ALL {
        let found = find_violation(|clock| SqliteStore::in_memory(clock).unwrap().with_mutant(mutant), 256);
        assert!(found.is_some(), "{mutant:?} went unnoticed");
    }
}

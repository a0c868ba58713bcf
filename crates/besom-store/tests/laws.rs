//! The laws over the stores, and over stores that break a rule: the suite must notice, on every store.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use besom_store::laws::{check_store, has_violation};
use besom_store::{Clock, MemoryStore, Mutant, Mutated, SqliteStore, Store};

fn in_memory(clock: Clock) -> SqliteStore {
    SqliteStore::in_memory(clock).unwrap()
}

/// The two are written apart (`besom_store::rules` and not), so each is the other's check.
#[test]
fn sqlite_keeps_the_laws_as_the_store_in_memory_has_them() {
    check_store(in_memory);
}

/// What follows from its rows and its log is computed from them once more.
#[test]
fn the_store_in_memory_keeps_the_laws() {
    check_store(MemoryStore::new);
}

fn check_mutants<S: Store>(make: impl Fn(Clock) -> S) {
    let is_noticed = |mutant| has_violation(|clock| Mutated::new(make(clock), Some(mutant)), 256);
    let unnoticed = Mutant::ALL.into_iter().filter(|mutant| !is_noticed(*mutant));
    assert_eq!(unnoticed.collect::<Vec<_>>(), []);
}

#[test]
fn the_suite_notices_every_broken_rule_in_memory() {
    check_mutants(MemoryStore::new);
}

#[test]
fn the_suite_notices_every_broken_rule_in_sqlite() {
    check_mutants(in_memory);
}

#[test]
fn a_wrapped_store_that_breaks_nothing_keeps_the_laws() {
    check_store(|clock| Mutated::new(MemoryStore::new(clock), None));
}

//! The laws of a store, and whether the suite notices stores that break one.

mod server;

use besom_store::laws::{find_violation, has_violation};
use besom_store::{Mutant, Mutated};
use server::Server;

/// How many scripts are played: each makes some thousand statements.
const CASES: u32 = 12;

#[test]
fn postgresql_keeps_the_laws() {
    let Some(server) = Server::start("postgresql_keeps_the_laws") else { return };
    assert_eq!(find_violation(|clock| server.new_store(clock), CASES), None);
}

/// All of them, the suite notices on the other stores. These are about what this one does its own way: locks, cursors, groups.
#[test]
fn the_suite_notices_broken_rules_in_postgresql() {
    let Some(server) = Server::start("the_suite_notices_broken_rules_in_postgresql") else { return };
    let is_noticed = |mutant| has_violation(|clock| Mutated::new(server.new_store(clock), Some(mutant)), 256);
    let own = [Mutant::SkipsChanges, Mutant::MissesChanges, Mutant::NoCompareAndSet, Mutant::LosesInGroups];
    let unnoticed = own.into_iter().filter(|mutant| !is_noticed(*mutant));
    assert_eq!(unnoticed.collect::<Vec<_>>(), []);
}

//! The laws of a store, through a socket.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod server;

use besom_store::laws::find_violation;
use besom_store::{Clock, SqliteStore};
use server::{Fate, Server};

/// How many scripts are played: each makes some thousand requests.
const CASES: u32 = 24;

fn check(fates: server::Fates) {
    let server = Server::start(fates);
    let make = |clock: Clock| server.client_of(SqliteStore::in_memory(clock).unwrap());
    assert_eq!(find_violation(make, CASES), None);
}

#[test]
fn a_store_behind_a_socket_keeps_the_laws() {
    check(|_, _| Fate::Answered);
}

#[test]
fn replies_that_are_lost_change_nothing() {
    check(server::losing);
}

#[test]
fn requests_that_are_doubled_change_nothing() {
    check(server::doubling);
}

#[test]
fn a_store_in_a_file_keeps_the_laws_behind_a_socket() {
    let server = Server::start(|_, _| Fate::Answered);
    let directory = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    let make = |clock: Clock| {
        number.set(number.get() + 1);
        let file = directory.path().join(format!("{}.db", number.get()));
        server.client_of(SqliteStore::open(&file, clock).unwrap())
    };
    assert_eq!(find_violation(make, 2), None);
}

//! The laws of a store over the server as it is, through its socket: the whole way from a client to the disk and back.
//!
//! The server is passive, because the suite decides what happens when. Between it and the client may stand the small server of
//! `besom-remote`'s tests, which loses replies and doubles requests.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../besom-remote/tests/server/mod.rs"]
mod between;
mod stage;

use std::cell::RefCell;

use besom_engine::Place;
use besom_remote::{HttpOptions, HttpStore};
use besom_server::ServerOptions;
use besom_store::laws::{find_violation, has_violation};
use besom_store::{Clock, MemoryStore, Mutant, Mutated, SqliteStore, Store};
use stage::Stage;

/// How many scripts are played: each makes some thousand requests. `.ci/full` plays others.
const CASES: u32 = 6;

/// A server for each script; one that is no longer needed ends when the next one begins.
#[derive(Default)]
struct Servers(RefCell<Option<Stage>>);

impl Servers {
    /// A client of a new server of the stores that `open` opens.
    fn client(&self, open: impl Fn() -> Box<dyn Store> + Send + Sync + 'static) -> HttpStore {
        let mut options = ServerOptions::default();
        options.passive = true;
        let stage = Stage::of(Place::opened_by(move || Ok(open())), options);
        let token = HttpOptions::default().token(stage.owner());
        let client = HttpStore::connect(&format!("http://{}", stage.address), &token).unwrap();
        *self.0.borrow_mut() = Some(stage);
        client
    }

    fn in_memory(&self, clock: Clock) -> HttpStore {
        let store = MemoryStore::new(clock);
        self.client(move || Box::new(store.clone()))
    }
}

#[test]
fn a_server_of_a_file_keeps_the_laws_of_a_store() {
    let (servers, directory) = (Servers::default(), tempfile::tempdir().unwrap());
    let number = std::cell::Cell::new(0);
    let make = |clock: Clock| {
        number.set(number.get() + 1);
        let file = directory.path().join(format!("{}.db", number.get()));
        servers.client(move || Box::new(SqliteStore::open(&file, clock.clone()).unwrap()))
    };
    assert_eq!(find_violation(make, CASES / 2), None);
}

#[test]
fn a_server_of_a_store_in_memory_keeps_the_laws_of_a_store() {
    let servers = Servers::default();
    assert_eq!(find_violation(|clock| servers.in_memory(clock), CASES), None);
}

fn check_between(fates: between::Fates) {
    let (servers, between) = (Servers::default(), between::Server::start(fates));
    let make = |clock: Clock| between.client_of(servers.in_memory(clock));
    assert_eq!(find_violation(make, CASES), None);
}

#[test]
fn replies_of_the_server_that_are_lost_change_nothing() {
    check_between(between::losing);
}

#[test]
fn requests_to_the_server_that_are_doubled_change_nothing() {
    check_between(between::doubling);
}

/// Those whose calls are made in another way than by the suite itself: in groups, by waits, repeated.
const ON_THE_WAY: [Mutant; 5] = [
    Mutant::NoStoredAnswer,
    Mutant::LosesRows,
    Mutant::RepeatsGroups,
    Mutant::LosesInGroups,
    Mutant::MissesChanges,
];

/// What a store does wrong is noticed through the server as it is without: nothing on the way hides it.
#[test]
fn the_suite_notices_a_store_behind_the_server_that_breaks_a_rule() {
    let servers = Servers::default();
    for mutant in ON_THE_WAY {
        let make = |clock: Clock| {
            let store = MemoryStore::new(clock);
            servers.client(move || Box::new(Mutated::new(store.clone(), Some(mutant))))
        };
        assert!(has_violation(make, 256), "{mutant:?}");
    }
}

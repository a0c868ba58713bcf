//! Sweeps copied from a file into a database and back.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod server;
#[path = "../../besom-store/tests/whole/mod.rs"]
mod whole;

use std::time::Duration;

use besom_core::{Goal, RunNumber, RunState};
use besom_store::transfer::{TABLES, copy};
use besom_store::{
    Claim, End, NewAgent, NewRun, NewSweep, Queue, Row, SqliteStore, Store, StoreError, SweepId,
};
use server::Server;
use whole::{Time, all_of, fill};

#[test]
fn a_sweep_goes_from_a_file_into_databases_and_back_unchanged() {
    let Some(server) = Server::start("a_sweep_goes_from_a_file_into_databases_and_back") else { return };
    let time = Time::default();
    let file = || SqliteStore::in_memory(time.clock()).unwrap();
    let (mut first, mut last) = (file(), file());
    let mut database = server.store("one", time.clock());
    fill(&mut database, &time, "other");
    let id = fill(&mut first, &time, "moved");
    let said = all_of(&mut first, &id);
    let mut second = server.store("two", time.clock());
    let into = copy(&mut first, &mut database, &id).unwrap();
    let across = copy(&mut database, &mut second, &id).unwrap();
    let back = copy(&mut second, &mut last, &id).unwrap();
    assert_eq!((&into.digest, &across.digest), (&across.digest, &back.digest));
    assert_eq!(all_of(&mut database, &id), said);
    assert_eq!(all_of(&mut second, &id), said);
    assert_eq!(all_of(&mut last, &id), said);
    assert!(copy(&mut first, &mut database, &id).unwrap().was_there);
    database.set_label(&id, "tags", None).unwrap();
    assert!(matches!(copy(&mut first, &mut database, &id), Err(StoreError::SweepExists(_))));
    // What comes after it in the database has larger numbers.
    let before = database.changes(&id, 0).unwrap().upto;
    database.set_state(&id, besom_store::SweepState::Running, None).unwrap();
    assert!(database.changes(&id, before).unwrap().upto > before);
}

/// A file keeps no sign of zero.
#[test]
fn a_negative_zero_goes_into_a_file() {
    let Some(server) = Server::start("a_negative_zero_goes_into_a_file") else { return };
    let time = Time::default();
    let (mut database, id) = (server.store("one", time.clock()), SweepId::new("zero"));
    database.create_sweep(&NewSweep::new(id.clone()).metric("loss", Goal::Maximize)).unwrap();
    database.add_runs(&id, RunNumber::FIRST, &[NewRun::new(serde_json::Map::new())], None).unwrap();
    let agent = database.join(&id, &NewAgent::new("host/1", Duration::from_secs(60))).unwrap();
    let Claim::Run(run) = database.claim(agent, 1).unwrap() else { panic!("there is a run") };
    let row = Row::new(1, [("loss".to_owned(), (-0.0).into())].into_iter().collect());
    database.report(&run.lease, &[row]).unwrap();
    database.finish(&run.lease, &End::new(RunState::Finished)).unwrap();
    copy(&mut database, &mut SqliteStore::in_memory(time.clock()).unwrap(), &id).unwrap();
}

#[test]
fn each_column_that_a_sweep_has_in_a_database_is_copied() {
    let Some(server) = Server::start("each_column_that_a_sweep_has_in_a_database_is_copied") else { return };
    drop(server.store("one", Time::default().clock()));
    let sql = "SELECT table_name::text, column_name::text FROM information_schema.columns
               WHERE table_schema = 'one' AND table_name <> 'meta'";
    for row in server.admin().query(sql, &[]).unwrap() {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        let known = TABLES.iter().find(|known| known.name == table).expect(&table);
        let is_key = column == "sweep" || column == "key" && table != "labels";
        let is_copied =
            is_key || column == "kept_before" || known.columns.iter().any(|(name, _)| *name == column);
        assert!(is_copied, "{table}.{column} is not copied");
    }
}

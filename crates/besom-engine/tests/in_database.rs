//! A sweep whose store is in a database.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../besom-postgres/tests/server/mod.rs"]
mod server;

use besom_core::{RunState, error_chain};
use besom_engine::{Place, RunOptions, run};
use besom_store::RunQuery;
use serde_json::json;
use server::Server;

const SWEEP: &str = "
method: grid
metric: {name: loss}
parameters: {x: {values: [1, 2, 3]}, y: {values: [1, 2]}}
";

#[test]
fn a_sweep_runs_in_a_database_and_is_found_there_again() {
    let Some(server) = Server::start("a_sweep_runs_in_a_database_and_is_found_there_again") else { return };
    let files = tempfile::tempdir().unwrap();
    let place = || Place::new(server.url()).unwrap().with_directory(files.path()).unwrap();
    let mut options = RunOptions::at(place());
    options.jobs = 2;
    let ran = run(SWEEP, &options, |run| {
        let x = run.params()["x"].as_f64().ok_or("x is not a number")?;
        Ok(run.log_json(json!({"loss": x}))?)
    });
    let ran = ran.unwrap();
    assert_eq!(ran.best.unwrap().best, Some(1.0));
    let mut store = place().open_to_read().unwrap();
    let sweep = store.sweeps().unwrap().remove(0).new.id;
    let runs = store.runs(&sweep, &RunQuery::default()).unwrap();
    assert_eq!(runs.len(), 6);
    assert!(runs.iter().all(|run| run.state == RunState::Finished && run.rows == 1), "{runs:?}");
}

#[test]
fn a_password_is_not_in_the_message_that_the_database_does_not_answer() {
    let place = Place::new("postgres://ada:s3cret@127.0.0.1:1/db").unwrap();
    let failed = place.open().unwrap().sweeps().unwrap_err();
    let chain = error_chain(&failed);
    assert!(
        chain.starts_with("cannot use the store at postgres://127.0.0.1:1/db: no PostgreSQL server"),
        "{chain}"
    );
    assert!(failed.is_transient() && !format!("{failed:?}").contains("s3cret"));
}

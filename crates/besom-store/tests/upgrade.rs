//! Stores of older versions are opened, read right and worked on further.
//!
//! `data/version-1.db` was written by the `besom` of that version: a sweep that its owner has paused, with runs that
//! finished, failed, were stopped early, crashed and were tried again, and one whose agent was killed; a sweep that a
//! broken program has paused; one that is finished; one that is canceled. `data/version-2.db`: a sweep that is finished,
//! with a failed run, and one that is paused before its first run; `data/version-2-running.db`: one like the first of version 1.
//! `data/version-3.db`: a sweep of which one run has finished, and another is held by an agent that was killed.
//! `data/version-4.db`: a sweep that is finished, with a run that failed with exit code 3, and one that a signal killed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::fs;
use std::path::{Path, PathBuf};

use besom_core::{Best, Failure, RunNumber, RunState};
use besom_store::{
    AgentId, Claim, End, NewAgent, Output, PausedBy, Queue, Reply, SqliteStore, StopKind, Store, SweepId,
    SweepState,
};
use rusqlite::Connection;
use serde_json::json;
use stage::{end, new_runs, object, row};

const VERSION_1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/version-1.db");
const VERSION_2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/version-2.db");

/// Shortly after the last change of the store of version 1.
const NOW: u64 = 1_795_738_171_000;

const VERSION_2_RUNNING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/version-2-running.db");
const VERSION_3: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/version-3.db");
const VERSION_4: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/version-4.db");

fn copied(directory: &Path) -> PathBuf {
    copy_of(VERSION_1, directory)
}

fn copy_of(version: &str, directory: &Path) -> PathBuf {
    let path = directory.join("besom.db");
    fs::copy(version, &path).unwrap();
    path
}

fn upgraded(path: &Path) -> SqliteStore {
    SqliteStore::open_existing(path, std::sync::Arc::new(|| NOW)).unwrap()
}

fn number(number: u64) -> RunNumber {
    RunNumber::new(number).unwrap()
}

#[test]
fn a_store_of_version_1_has_its_sweeps_after_the_upgrade() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = upgraded(&copied(dir.path()));
    let sweeps = store.sweeps().unwrap();
    let found: Vec<_> = sweeps
        .iter()
        .map(|sweep| (sweep.new.id.as_str(), sweep.state, sweep.paused_by, sweep.runs, sweep.ended_ms))
        .collect();
    let expected = [
        ("mjeefmsj", SweepState::Paused, Some(PausedBy::Owner), 5, None),
        ("iq4yd3ja", SweepState::Paused, Some(PausedBy::Program), 3, None),
        ("ncgy5ky4", SweepState::Finished, None, 3, Some(1_795_738_170_357)),
        ("7b3tozai", SweepState::Canceled, None, 2, Some(1_795_738_170_915)),
    ];
    assert_eq!(found, expected);
    assert_eq!(sweeps[0].reason.as_deref(), Some("by its owner"));
    assert_eq!(
        (sweeps[0].new.seed, sweeps[0].new.run_cap, sweeps[0].new.name.as_deref()),
        (7, Some(7), Some("small"))
    );
    assert!(sweeps[0].new.text.contains("early_terminate: {type: threshold, upper: 50}"));
}

#[test]
fn a_store_of_version_1_has_its_runs_after_the_upgrade() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = upgraded(&copied(dir.path()));
    let id = SweepId::new("mjeefmsj");
    let runs = store.runs(&id, &besom_store::RunQuery::default()).unwrap();
    let found: Vec<_> = runs.iter().map(|run| (run.state, run.attempt, run.rows, run.best)).collect();
    let expected = [
        (RunState::Finished, 1, 2, Some(2.0)),
        (RunState::Failed, 1, 2, Some(0.25)),
        (RunState::Finished, 1, 2, Some(99.0)),
        (RunState::Finished, 2, 1, Some(2.0)),
        (RunState::Running, 1, 2, Some(0.7)),
    ];
    assert_eq!(found, expected);
    assert_eq!(
        (runs[1].exit_code, runs[1].message.as_deref()),
        (Some(3), Some("exit status 3: out of memory"))
    );
    let stopped = (Some(StopKind::Early), Some("loss 99 at step 1 is above upper 50"));
    assert_eq!((runs[2].stop_kind, runs[2].stop_reason.as_deref()), stopped);
    assert_eq!(runs[3].point["act"], "tanh");

    let attempts = store.attempts(&id, number(4)).unwrap();
    let found: Vec<_> = attempts.iter().map(|a| (a.number, a.state, a.rows, a.agent.as_str())).collect();
    let expected = [(1, RunState::Crashed, 1, "host/15156/1"), (2, RunState::Finished, 1, "host/15245/1")];
    assert_eq!(found, expected);
    assert_eq!(store.rows(&id, number(4), Some(1)).unwrap(), [row(1, json!({"loss": 1}))]);
    assert_eq!(store.rows(&id, number(4), None).unwrap(), [row(1, json!({"loss": 2}))]);
    let curve = store.curve(&id, number(2), 0).unwrap();
    assert!(curve[0].to_bits() == 0.25f64.to_bits() && curve[1].is_nan() && curve.len() == 2);

    let events = store.events(&id, Some(number(4)), 0, 99).unwrap();
    let found: Vec<_> =
        events.iter().map(|event| (event.kind.as_str(), event.detail.get("attempt"))).collect();
    let (first, second) = (json!(1), json!(2));
    let expected = [
        ("added", None),
        ("claimed", Some(&first)),
        ("crashed", Some(&first)),
        ("retried", None),
        ("claimed", Some(&second)),
        ("finished", Some(&second)),
    ];
    assert_eq!(found, expected);
    assert_eq!(store.changes(&id, 0).unwrap().runs.len(), 5);
}

#[test]
fn the_best_run_of_a_store_of_version_1_is_one_that_counts() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = upgraded(&copied(dir.path()));
    let status = store.status(&SweepId::new("mjeefmsj")).unwrap();
    assert_eq!(status.best, Some(Best::new(number(5), RunState::Running, 0.7)));
    let failed = Best::new(number(2), RunState::Failed, 0.25);
    assert_eq!((status.better_uncounted, status.stopped), (Some(failed), 1));
    let status = store.status(&SweepId::new("ncgy5ky4")).unwrap();
    assert_eq!(status.best, Some(Best::new(number(3), RunState::Finished, 3.0)));
}

#[test]
fn a_sweep_of_version_1_goes_on_after_the_upgrade() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = upgraded(&copied(dir.path()));
    let id = SweepId::new("mjeefmsj");
    store.set_state(&id, SweepState::Running, None).unwrap();
    // The agent that holds run 5 asks again for what it claimed last, and then falls silent.
    let holder = AgentId(3);
    let Claim::Run(held) = store.claim(holder, 3).unwrap() else { panic!("the stored answer is gone") };
    assert_eq!((held.lease.run, held.lease.attempt), (number(5), 1));
    assert_eq!(store.report(&held.lease, &[row(3, json!({"loss": 0.6}))]).unwrap(), Reply::Continue);
    store.leave(holder).unwrap();
    let agent = store.join(&id, &NewAgent::new("new", std::time::Duration::from_millis(9))).unwrap();
    store.add_runs(&id, number(6), &new_runs(5), None).unwrap();
    for (request, run, attempt) in [(1, 5, 2), (2, 6, 1), (3, 7, 1)] {
        let Claim::Run(claimed) = store.claim(agent, request).unwrap() else { panic!("nothing to claim") };
        assert_eq!((claimed.lease.run, claimed.lease.attempt), (number(run), attempt));
        store.report(&claimed.lease, &[row(1, json!({"loss": 0.5}))]).unwrap();
        store.finish(&claimed.lease, &end(RunState::Finished)).unwrap();
    }
    assert_eq!(store.claim(agent, 4).unwrap(), Claim::Nothing(SweepState::Running));
    assert_eq!(store.status(&id).unwrap().best.map(|best| best.run), Some(number(5)));
}

#[test]
fn a_store_of_version_2_goes_on_after_the_upgrade() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = upgraded(&copy_of(VERSION_2, dir.path()));
    let (done, paused) = (SweepId::new("npwssz1f"), SweepId::new("2mnvp9vc"));
    let sweep = store.sweep(&done).unwrap();
    assert_eq!((sweep.state, sweep.runs, sweep.new.labels.len()), (SweepState::Finished, 4, 0));
    let best = store.status(&done).unwrap().best;
    assert_eq!(best, Some(Best::new(number(1), RunState::Finished, 0.1)));
    let last = [row(2, json!({"loss": 0.2, "val": {"loss": 1}}))];
    assert_eq!(store.rows_after(&done, number(2), None, 1, 9).unwrap(), last);
    let logged = store.logged(&done, number(2), None).unwrap();
    let keys: Vec<_> = logged.keys().iter().map(|key| (key.key.as_str(), key.count, key.max)).collect();
    assert_eq!(keys, [("loss", 2, Some(2.0)), ("acc", 1, Some(0.5)), ("val.loss", 1, Some(1.0))]);
    assert!(store.facts(&done, number(2), None).unwrap().is_empty());
    assert_eq!(store.output(&done, number(2), None).unwrap(), Output::default());

    store.set_label(&paused, "project", Some("birds")).unwrap();
    store.set_state(&paused, SweepState::Running, None).unwrap();
    store.add_runs(&paused, number(1), &new_runs(1), None).unwrap();
    let agent = store.join(&paused, &NewAgent::new("new", std::time::Duration::from_secs(9))).unwrap();
    let Claim::Run(run) = store.claim(agent, 1).unwrap() else { panic!("nothing to claim") };
    store.describe(&run.lease, &object(json!({"host": "ada"}))).unwrap();
    store.print(&run.lease, 0, "hello\n").unwrap();
    assert_eq!(store.facts(&paused, number(1), None).unwrap(), object(json!({"host": "ada"})));
    assert_eq!(store.output(&paused, number(1), None).unwrap().to_string(), "hello\n");
    assert_eq!(store.sweep(&paused).unwrap().new.labels["project"], "birds");
}

#[test]
fn the_copy_beside_an_upgraded_store_is_the_old_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = copied(dir.path());
    upgraded(&path);
    let copy = Connection::open(dir.path().join("besom.db.v1")).unwrap();
    let version: u32 = copy.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    let epochs: u32 = copy.query_row("SELECT sum(epoch) FROM runs", [], |row| row.get(0)).unwrap();
    assert_eq!((version, epochs), (1, 14));
}

/// Tables, columns and indexes as SQLite lists them, without the statements that made them.
fn schema(path: &Path) -> Vec<String> {
    let conn = Connection::open(path).unwrap();
    let mut statement = conn
        .prepare(
            "SELECT m.type || ' ' || m.name || ' ' || c.name || ' ' || c.type || c.\"notnull\" || c.pk || c.hidden
             FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table'
             UNION ALL
             SELECT m.type || ' ' || m.name || ' ' || coalesce(c.name, '') || ' ' || c.seqno
             FROM sqlite_schema m JOIN pragma_index_xinfo(m.name) c WHERE m.type = 'index'
             UNION ALL SELECT type || ' ' || sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY 1",
        )
        .unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn an_upgraded_store_has_the_schema_of_a_new_one() {
    for version in [VERSION_1, VERSION_2, VERSION_2_RUNNING, VERSION_3, VERSION_4] {
        let dir = tempfile::tempdir().unwrap();
        let (path, new) = (copy_of(version, dir.path()), dir.path().join("new.db"));
        upgraded(&path);
        drop(SqliteStore::open(&new, std::sync::Arc::new(|| NOW)).unwrap());
        let found = schema(&path);
        assert!(found.iter().any(|line| line.starts_with("table runs rank")), "{found:#?}");
        assert_eq!(found, schema(&new), "{version}");
    }
}

#[test]
fn a_store_of_version_4_learns_why_runs_fail() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = upgraded(&copy_of(VERSION_4, dir.path()));
    let id = SweepId::new("1w55ajac");
    let failed = store.run(&id, number(2)).unwrap();
    assert_eq!((failed.state, failed.exit_code, failed.failure), (RunState::Failed, Some(3), None));
    let changes = store.changes(&id, 0).unwrap();
    let states: Vec<_> = changes.runs.iter().map(|run| (run.state, run.failure)).collect();
    assert_eq!(states, [(RunState::Finished, None), (RunState::Failed, None), (RunState::Failed, None)]);

    assert_eq!(store.retry_runs(&id, &[number(2)]).unwrap(), 1);
    let agent = store.join(&id, &NewAgent::new("new", std::time::Duration::from_secs(9))).unwrap();
    let Claim::Run(run) = store.claim(agent, 1).unwrap() else { panic!("nothing to claim") };
    let end = End::new(RunState::Failed).failure(Failure::OutOfMemory);
    store.finish(&run.lease, &end).unwrap();
    assert_eq!(store.finish(&run.lease, &end).unwrap(), Reply::Continue, "a repeated end is known");
    assert_eq!(store.run(&id, number(2)).unwrap().failure, Some(Failure::OutOfMemory));
    let changes = store.changes(&id, 0).unwrap();
    assert_eq!(changes.runs[1].failure, Some(Failure::OutOfMemory));
}

#[test]
fn a_sweep_of_version_2_goes_on_after_the_upgrade() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = upgraded(&copy_of(VERSION_2_RUNNING, dir.path()));
    let id = SweepId::new("h1ni0ysq");
    let runs = store.runs(&id, &besom_store::RunQuery::default()).unwrap();
    let found: Vec<_> = runs.iter().map(|run| (run.state, run.attempt, run.rows, run.best)).collect();
    let expected = [
        (RunState::Finished, 1, 2, Some(2.0)),
        (RunState::Failed, 1, 1, Some(0.25)),
        (RunState::Finished, 1, 1, Some(99.0)),
        (RunState::Failed, 1, 1, Some(1.0)),
        (RunState::Running, 1, 2, Some(0.7)),
    ];
    assert_eq!(found, expected);
    // Whoever watches learns where its heartbeats stand, and gives its agent up if they stay there.
    let held = store.running(&id).unwrap().remove(0);
    assert_eq!(held.heartbeat_timeout_ms, 60_000);
    assert!(store.give_up(&held.lease, held.beat).unwrap());
    store.set_state(&id, SweepState::Running, None).unwrap();
    let agent = store.join(&id, &NewAgent::new("new", std::time::Duration::from_millis(9))).unwrap();
    let Claim::Run(claimed) = store.claim(agent, 1).unwrap() else { panic!("run 5 is tried again") };
    assert_eq!((claimed.lease.run, claimed.lease.attempt), (number(5), 2));
}

#[test]
fn an_agent_of_version_3_can_be_drained_after_the_upgrade() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = upgraded(&copy_of(VERSION_3, dir.path()));
    let id = SweepId::new("r43a6oze");
    let agent = store.agents(&id).unwrap().remove(0);
    assert_eq!((agent.name.as_str(), agent.run, agent.draining), ("host/29581/1", Some(number(2)), false));
    assert_eq!(store.output(&id, number(2), None).unwrap().to_string(), "training --x=2\n");
    let Claim::Run(held) = store.claim(agent.id, 2).unwrap() else { panic!("the stored answer is gone") };
    store.drain(&id, &[agent.id]).unwrap();
    store.report(&held.lease, &[row(2, json!({"loss": 0.4}))]).unwrap();
    store.finish(&held.lease, &end(RunState::Finished)).unwrap();
    assert_eq!(store.claim(agent.id, 3).unwrap(), Claim::Drained);
    assert_eq!(store.status(&id).unwrap().best.map(|best| best.run), Some(number(2)));
}

#[test]
fn version_2_counted_runs_as_stopped_that_had_crashed() {
    let dir = tempfile::tempdir().unwrap();
    let path = copy_of(VERSION_2_RUNNING, dir.path());
    let old = Connection::open(&path).unwrap();
    old.execute("UPDATE runs SET stop_kind = 'early', stop_reason = 'slow' WHERE state = 'failed'", [])
        .unwrap();
    let counted: u32 =
        old.query_row("SELECT runs FROM tallies WHERE what = 'stopped'", [], |row| row.get(0)).unwrap();
    drop(old);
    let now = upgraded(&path).status(&SweepId::new("h1ni0ysq")).unwrap().stopped;
    assert_eq!((counted, now), (3, 1));
}

#[test]
fn who_paused_a_sweep_of_version_1_is_read_from_the_reason_it_wrote() {
    let check = |reason: Option<&str>, expected| {
        let dir = tempfile::tempdir().unwrap();
        let path = copied(dir.path());
        let old = Connection::open(&path).unwrap();
        old.execute("UPDATE progress SET reason = ?1 WHERE sweep = 1", [reason]).unwrap();
        drop(old);
        assert_eq!(upgraded(&path).sweep(&SweepId::new("mjeefmsj")).unwrap().paused_by, Some(expected));
    };
    check(Some("by its owner"), PausedBy::Owner);
    check(None, PausedBy::Owner);
    check(Some("the search method failed: ValueError: no"), PausedBy::Search);
    let contract = "the search method broke its contract: 9 suggestions where 1 to 2 were asked";
    check(Some(contract), PausedBy::Search);
    check(Some("the stopping rule failed: no"), PausedBy::Stopper);
    check(
        Some("the program looks broken: 3 quick failures in a row, the last one said:\nno"),
        PausedBy::Program,
    );
    check(Some("the program 'train' is not executable"), PausedBy::Program);
}

#[test]
fn several_metrics_of_version_1_are_ranked_by_the_last_value() {
    let dir = tempfile::tempdir().unwrap();
    let path = copied(dir.path());
    let old = Connection::open(&path).unwrap();
    let metrics = json!([{"name": "score", "goal": "maximize"}, {"name": "size", "goal": "minimize"}]);
    old.execute("UPDATE sweeps SET metrics = ?1 WHERE id = 'ncgy5ky4'", [metrics.to_string()]).unwrap();
    drop(old);
    let mut store = upgraded(&path);
    let best = store.status(&SweepId::new("ncgy5ky4")).unwrap().best;
    assert_eq!(best, Some(Best::new(number(1), RunState::Finished, 0.0)));
}

//! Several connections at work on one sweep, and a database that ends in between.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod server;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use besom_core::{Goal, RunNumber, RunState, error_chain};
use besom_postgres::{PostgresOptions, PostgresStore};
use besom_store::{
    AgentId, Claim, ClaimedRun, Clock, End, NewAgent, NewRun, NewSweep, Queue, Reply, Row, RunQuery, Store,
    StoreError, SweepId,
};
use serde_json::{Map, json};
use server::Server;

const AGENTS: usize = 4;

fn clock() -> Clock {
    Arc::new(|| 1000)
}

fn id() -> SweepId {
    SweepId::new("abcd1234")
}

/// A store with a sweep of so many runs.
fn store(server: &Server, runs: usize) -> PostgresStore {
    let mut store = server.store("together", clock());
    store.create_sweep(&NewSweep::new(id()).metric("loss", Goal::Minimize)).unwrap();
    let runs = vec![NewRun::new(Map::new()); runs];
    store.add_runs(&id(), RunNumber::FIRST, &runs, None).unwrap();
    store
}

fn join(store: &mut PostgresStore, name: &str) -> AgentId {
    store.join(&id(), &NewAgent::new(name, Duration::from_secs(60))).unwrap()
}

fn run(claim: Claim) -> Option<ClaimedRun> {
    match claim {
        Claim::Run(run) => Some(run),
        _ => None,
    }
}

fn row(seq: u64, loss: f64) -> Row {
    Row::new(seq, json!({"loss": loss}).as_object().unwrap().clone())
}

/// Claims and finishes runs until there is none.
fn work(mut store: PostgresStore, name: &str) -> Vec<RunNumber> {
    let agent = join(&mut store, name);
    let mut done = Vec::new();
    while let Some(run) = run(store.claim(agent, done.len() as u64 + 1).unwrap()) {
        assert_eq!(store.report(&run.lease, &[row(1, 0.5)]).unwrap(), Reply::Continue);
        assert_eq!(store.finish(&run.lease, &End::new(RunState::Finished)).unwrap(), Reply::Continue);
        done.push(run.lease.run);
    }
    done
}

#[test]
fn agents_on_several_connections_share_the_runs_and_a_reader_misses_nothing() {
    let Some(server) = Server::start("agents_on_several_connections_share_the_runs") else { return };
    let mut store = store(&server, 60);
    let left = AtomicUsize::new(AGENTS);
    let (done, seen, events) = thread::scope(|scope| {
        let agents: Vec<_> = (0..AGENTS)
            .map(|agent| {
                let (store, left) = (store.clone(), &left);
                scope.spawn(move || {
                    let done = work(store, &format!("agent {agent}"));
                    left.fetch_sub(1, Ordering::SeqCst);
                    done
                })
            })
            .collect();
        let mut reader = store.clone();
        let (mut cursor, mut after, mut seen, mut events) = (0, 0, BTreeSet::new(), Vec::new());
        loop {
            let is_over = left.load(Ordering::SeqCst) == 0;
            let changes = reader.changes(&id(), cursor).unwrap();
            assert!(changes.upto >= cursor);
            cursor = changes.upto;
            let ended = changes.runs.iter().filter(|run| run.state == RunState::Finished);
            seen.extend(ended.map(|run| run.number));
            for event in reader.events(&id(), None, after, u64::MAX).unwrap() {
                assert!(event.seq > after);
                after = event.seq;
                events.push((event.run, event.kind));
            }
            if is_over {
                break;
            }
        }
        (agents.into_iter().flat_map(|agent| agent.join().unwrap()).collect::<Vec<_>>(), seen, events)
    });
    let all: BTreeSet<RunNumber> = (0..60).map(RunNumber::from_index).collect();
    assert_eq!(done.len(), 60, "no run is handed out twice");
    assert_eq!(done.into_iter().collect::<BTreeSet<_>>(), all);
    assert_eq!(seen, all);
    for number in all {
        let own = events.iter().filter(|event| event.0 == Some(number)).map(|event| event.1.as_str());
        assert_eq!(own.collect::<Vec<_>>(), ["added", "claimed", "finished"], "run {number}");
    }
    assert_eq!(store.status(&id()).unwrap().counts[2].1 + store.status(&id()).unwrap().counts[3].1, 60);
}

/// What a cursor that remembers the largest number seen would miss.
#[test]
fn a_change_of_an_older_transaction_that_commits_later_is_seen() {
    let Some(server) = Server::start("a_change_of_an_older_transaction") else { return };
    let mut store = store(&server, 2);
    let before = store.changes(&id(), 0).unwrap().upto;
    let mut older = server.admin();
    older.batch_execute("SET search_path TO together; BEGIN").unwrap();
    older
        .batch_execute(
            "INSERT INTO events SELECT sweep, pg_current_xact_id()::text::bigint << 20, 0, 1, 'stop_requested', '{}' FROM progress;
             UPDATE runs SET change = pg_current_xact_id()::text::bigint << 20 WHERE number = 1",
        )
        .unwrap();
    let second = [(RunNumber::from_index(1), "why".to_owned())];
    store.request_stops(&id(), &second, besom_store::StopKind::Cancel).unwrap();
    let changes = store.changes(&id(), before).unwrap();
    assert_eq!(changes.runs.len(), 1, "what has committed is seen at once");
    let again = store.changes(&id(), changes.upto).unwrap();
    assert_eq!(again.runs.len(), 1, "and once more, until the older transaction has ended");
    assert_eq!(store.events(&id(), None, before, 9).unwrap(), []);
    older.batch_execute("COMMIT").unwrap();
    let after = store.changes(&id(), changes.upto).unwrap();
    assert_eq!(after.runs.len(), 2);
    let kinds = store.events(&id(), None, before, 9).unwrap().into_iter().map(|event| event.kind);
    assert_eq!(kinds.collect::<Vec<_>>(), ["stop_requested", "killed"]);
    let late = store.events(&id(), None, before, 1).unwrap()[0].seq;
    assert!(
        changes.upto < late && late < after.upto,
        "the largest number that was seen is above the change that came later"
    );
    assert_eq!(store.changes(&id(), after.upto).unwrap().runs, []);
}

/// A transaction of somebody else that has written and stays open holds cursors back; who waits is woken all the same.
#[test]
fn who_waits_is_woken_while_a_foreign_transaction_stays_open() {
    let Some(server) = Server::start("who_waits_is_woken_while_a_foreign_transaction_stays_open") else {
        return;
    };
    let mut store = store(&server, 2);
    let agent = join(&mut store, "agent");
    let mut foreign = server.admin();
    foreign.batch_execute("BEGIN; CREATE TABLE somebody_elses (x int)").unwrap();
    let (mut reader, mut told) = (store.clone(), Vec::new());
    let mut wait = |since| reader.wait(&id(), since, Duration::ZERO).unwrap();
    let (held, claimed) = (store.changes(&id(), 0).unwrap().upto, store.claim(agent, 1).unwrap());
    let first = run(claimed).unwrap().lease;
    told.push(wait(held));
    assert_eq!(store.report(&first, &[row(1, 0.5)]).unwrap(), Reply::Continue);
    told.push(wait(told[0]));
    assert_eq!(wait(told[1]), told[1], "nothing has happened");
    assert_eq!(store.finish(&first, &End::new(RunState::Finished)).unwrap(), Reply::Continue);
    told.push(wait(told[1]));
    assert!(store.changes(&id(), held).unwrap().upto < told[0], "the cursor is held back");
    foreign.batch_execute("COMMIT").unwrap();
    told.push(wait(told[2]));
    assert!(held < told[0] && told.is_sorted_by(|before, after| before < after), "{held} {told:?}");
    assert_eq!(told[3], store.changes(&id(), held).unwrap().upto);
    assert_eq!(wait(told[3]), told[3]);
}

/// What is above a cursor is given again, so whoever folds it may hold values of an attempt that is over.
#[test]
fn a_new_attempt_cuts_old_values_away_also_where_the_cursor_is_held_back() {
    let Some(server) = Server::start("a_new_attempt_cuts_old_values_away") else { return };
    let mut store = store(&server, 0);
    let held = store.changes(&id(), 0).unwrap().upto;
    let mut foreign = server.admin();
    foreign.batch_execute("BEGIN; CREATE TABLE somebody_elses (x int)").unwrap();
    store.add_runs(&id(), RunNumber::FIRST, &[NewRun::new(Map::new())], None).unwrap();
    let agent = join(&mut store, "agent");
    let first = run(store.claim(agent, 1).unwrap()).unwrap().lease;
    store.report(&first, &[row(1, 0.5)]).unwrap();
    let values = |store: &mut PostgresStore| -> Vec<Vec<f64>> {
        let changes = store.changes(&id(), held).unwrap();
        changes.runs[0].curves.iter().map(|part| part.values.clone()).collect()
    };
    assert_eq!(values(&mut store), [[0.5]]);
    store.finish(&first, &End::new(RunState::Failed)).unwrap();
    store.retry(&id(), &[RunState::Failed]).unwrap();
    run(store.claim(agent, 2).unwrap()).unwrap();
    assert_eq!(values(&mut store), [[0.0; 0]]);
}

#[test]
fn a_database_that_crashes_loses_nothing_that_was_acknowledged() {
    let settings = "-c fsync=off";
    let Some(server) = Server::start_with("a_database_that_crashes", settings) else { return };
    let mut store = store(&server, 2);
    let agent = join(&mut store, "agent");
    let first = run(store.claim(agent, 1).unwrap()).unwrap();
    assert_eq!(store.report(&first.lease, &[row(1, 0.5)]).unwrap(), Reply::Continue);
    server.stop("immediate");
    let gone = store.report(&first.lease, &[row(2, 0.25)]).unwrap_err();
    assert!(gone.is_transient(), "{}", error_chain(&gone));
    server.begin(settings);
    assert_eq!(run(store.claim(agent, 1).unwrap()).unwrap(), first, "the same claim, repeated");
    assert_eq!(store.report(&first.lease, &[row(1, 0.5), row(2, 0.25)]).unwrap(), Reply::Continue);
    assert_eq!(store.finish(&first.lease, &End::new(RunState::Finished)).unwrap(), Reply::Continue);
    server.stop("fast");
    server.begin(settings);
    let runs = store.runs(&id(), &RunQuery::default()).unwrap();
    assert_eq!((runs[0].state, runs[0].rows, runs[0].best), (RunState::Finished, 2, Some(0.25)));
    assert_eq!(runs[1].state, RunState::Pending);
}

#[test]
fn a_group_that_meets_a_crash_is_as_if_it_had_not_been() {
    let settings = "-c fsync=off";
    let Some(server) = Server::start_with("a_group_that_meets_a_crash", settings) else { return };
    let mut store = store(&server, 1);
    let failed = store.group(&mut |store| {
        store.create_sweep(&NewSweep::new("one")).unwrap();
        server.stop("immediate");
        assert!(store.create_sweep(&NewSweep::new("two")).unwrap_err().is_transient());
    });
    assert!(failed.unwrap_err().is_transient());
    server.begin(settings);
    assert_eq!(store.sweeps().unwrap().len(), 1);
    store.group(&mut |store| store.create_sweep(&NewSweep::new("three")).unwrap()).unwrap();
    assert_eq!(store.sweeps().unwrap().len(), 2);
}

#[test]
fn a_text_loses_what_the_database_cannot_hold_and_output_keeps_it() {
    let Some(server) = Server::start("a_text_loses_what_the_database_cannot_hold") else { return };
    let mut store = store(&server, 1);
    store.set_label(&id(), "ta\0gs", Some("a\0b")).unwrap();
    assert_eq!(store.sweep(&id()).unwrap().new.labels["tags"], "ab");
    let agent = join(&mut store, "ho\0st");
    assert_eq!(store.agents(&id()).unwrap()[0].name, "host");
    let run = run(store.claim(agent, 1).unwrap()).unwrap();
    store.print(&run.lease, 0, "a\0b").unwrap();
    assert_eq!(store.output(&id(), run.lease.run, None).unwrap().to_string(), "a\0b");
    let end = End::new(RunState::Failed).message("b\0ad");
    store.finish(&run.lease, &end).unwrap();
    assert_eq!(store.finish(&run.lease, &end).unwrap(), Reply::Continue, "the same end");
    assert_eq!(store.run(&id(), run.lease.run).unwrap().message.as_deref(), Some("bad"));
    assert!(matches!(store.sweep(&SweepId::new("abcd\u{0}1234")), Err(StoreError::NoSweep { .. })));
}

#[test]
fn an_older_program_refuses_the_tables_of_a_newer_one_also_while_it_runs() {
    let Some(server) = Server::start("an_older_program_refuses_the_tables_of_a_newer_one") else { return };
    let mut store = store(&server, 1);
    server.admin().batch_execute("UPDATE together.meta SET version = 2").unwrap();
    assert!(matches!(store.sweeps(), Err(StoreError::TooNew { found: 2, .. })));
    let url = format!("{}?schema=together", server.url());
    let opened = PostgresStore::open(&url, &PostgresOptions::default());
    assert!(matches!(opened, Err(StoreError::TooNew { found: 2, .. })));
}

#[test]
fn changes_are_numbered_on_after_a_restore_in_another_cluster() {
    let Some(server) = Server::start("changes_are_numbered_on_after_a_restore") else { return };
    let mut first = store(&server, 1);
    let far = 1_i64 << 50;
    let moved = format!(
        "UPDATE together.meta SET cluster = 7; UPDATE together.runs SET change = {far}, added = {far}"
    );
    server.admin().batch_execute(&moved).unwrap();
    let mut store = server.store("together", clock());
    let before = store.changes(&id(), 0).unwrap().upto;
    assert_eq!(before, far.cast_unsigned());
    store.set_state(&id(), besom_store::SweepState::Paused, None).unwrap();
    assert!(store.changes(&id(), before).unwrap().upto > before);
    drop(first.sweeps());
}

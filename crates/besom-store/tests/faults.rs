//! Every operation on a store's files fails once: whatever was acknowledged is there afterwards, and the store is whole.
//!
//! A process of its own works on a store while a library that is loaded before libc (`faults/shim.c`) lets the n-th write, sync
//! or read fail, or the disk be full from there on; for each n. Left out, with a line, where there is no C compiler.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use besom_core::{RunNumber, RunState};
use besom_store::{
    Added, Claim, Lease, NewAgent, Queue, Reply, RunQuery, SqliteStore, StopKind, Store, StoreError,
};
use rusqlite::Connection;
use serde_json::json;
use stage::{end, id, new_runs, new_sweep, row};

/// The environment variable that makes this test binary the process that works: what it does, and where.
const ORDERS: &str = "BESOM_TEST_FAULTS";

/// Not a test but the process of the others; does nothing without orders.
#[test]
fn working_process() {
    let Ok(orders) = env::var(ORDERS) else { return };
    let (work, directory) = orders.split_once('|').unwrap();
    let mut acknowledged = Acknowledged(fs::File::create(Path::new(directory).join("acknowledged")).unwrap());
    let path = Path::new(directory).join("faulty.db");
    // What fails is the end of it: the test looks at what is left.
    let _ = match work {
        "create" => create(&path, &mut acknowledged),
        "recover" => recover(&path, &mut acknowledged),
        "abandon" => {
            abandon(&path).unwrap();
            std::process::abort();
        }
        other => panic!("no work '{other}'"),
    };
}

/// What the store has answered, noted for the test.
struct Acknowledged(fs::File);

impl Acknowledged {
    fn note(&mut self, what: &str) {
        self.0.write_all(format!("{what}\n").as_bytes()).unwrap();
    }
}

fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, Arc::new(|| 0))
}

fn claimed(store: &mut SqliteStore, agent: besom_store::AgentId, request: u64) -> Result<Lease, StoreError> {
    match store.claim(agent, request)? {
        Claim::Run(run) => Ok(run.lease),
        nothing => panic!("nothing to claim: {nothing:?}"),
    }
}

fn create(path: &Path, acknowledged: &mut Acknowledged) -> Result<(), StoreError> {
    let mut store = open(path)?;
    store.create_sweep(&new_sweep())?;
    acknowledged.note("sweep");
    assert_eq!(store.add_runs(&id(), RunNumber::FIRST, &new_runs(3), None)?, Added::Added(3));
    acknowledged.note("runs 3");
    let agent = store.join(&id(), &NewAgent::new("agent", Duration::from_secs(60)))?;
    for request in 1..=2 {
        let lease = claimed(&mut store, agent, request)?;
        for seq in 1..=2 {
            store.report(&lease, &[row(seq, json!({"loss": seq, "text": "x".repeat(2000)}))])?;
            acknowledged.note(&format!("rows {request} {seq}"));
        }
        store.finish(&lease, &end(RunState::Finished))?;
        acknowledged.note(&format!("finished {request}"));
    }
    claimed(&mut store, agent, 3)?;
    store.request_stops(&id(), &[(RunNumber::FIRST.plus(2), "slow".to_owned())], StopKind::Early)?;
    acknowledged.note("stop 3");
    store.leave(agent)?;
    acknowledged.note("finished 3");
    Ok(())
}

/// A store with a run whose agent dies, and all of it still in the log.
fn abandon(path: &Path) -> Result<(), StoreError> {
    let mut store = open(path)?;
    store.create_sweep(&new_sweep())?;
    store.add_runs(&id(), RunNumber::FIRST, &new_runs(3), None)?;
    let agent = store.join(&id(), &NewAgent::new("agent", Duration::from_secs(60)))?;
    let lease = claimed(&mut store, agent, 1)?;
    store.report(&lease, &[row(1, json!({"loss": 1}))])?;
    std::mem::forget(store);
    Ok(())
}

/// What an agent does that finds it.
fn recover(path: &Path, acknowledged: &mut Acknowledged) -> Result<(), StoreError> {
    let mut store = open(path)?;
    let held = store.running(&id())?.remove(0);
    assert_eq!(store.report(&held.lease, &[row(2, json!({"loss": 2}))])?, Reply::Continue);
    acknowledged.note("rows 1 2");
    let beat = store.running(&id())?[0].beat;
    assert!(store.give_up(&held.lease, beat)?);
    acknowledged.note("given up");
    let agent = store.join(&id(), &NewAgent::new("other", Duration::from_secs(60)))?;
    let lease = claimed(&mut store, agent, 1)?;
    store.resume(&lease)?;
    store.finish(&lease, &end(RunState::Finished))?;
    acknowledged.note("finished 1");
    Ok(())
}

/// Compiles the library; `None` where that cannot be done.
fn shim(directory: &Path) -> Option<PathBuf> {
    let library = directory.join("shim.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/shim.c");
    let compiled =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
    if !compiled.is_ok_and(|status| status.success()) {
        eprintln!("left out: there is no C compiler for the library that makes calls fail");
        return None;
    }
    Some(library)
}

fn process(work: &str, directory: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "working_process"]).env(ORDERS, format!("{work}|{}", directory.display()));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Everything that was acknowledged is there, the file is whole, and the sweep can be worked off.
fn check(directory: &Path, case: &str) {
    let path = directory.join("faulty.db");
    let acknowledged = fs::read_to_string(directory.join("acknowledged")).unwrap_or_default();
    assert!(path.exists() || acknowledged.is_empty(), "{case}: the store is gone");
    let mut store = open(&path).unwrap_or_else(|error| panic!("{case}: {}", besom_core::error_chain(&error)));
    let sound: String =
        Connection::open(&path).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok", "{case}");
    for line in acknowledged.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words[at].parse::<u64>().unwrap();
        let mut run = |at: usize| store.run(&id(), RunNumber::new(number(at)).unwrap()).unwrap();
        let is_kept = match words[0] {
            "sweep" => store.sweep(&id()).is_ok(),
            "runs" => store.sweep(&id()).unwrap().runs == number(1),
            "rows" => {
                let first = RunNumber::new(number(1)).unwrap();
                store.rows(&id(), first, Some(1)).unwrap().len() as u64 >= number(2)
            }
            "finished" => run(1).state == RunState::Finished,
            "stop" => run(1).stop_kind == Some(StopKind::Early),
            "given" => store.attempts(&id(), RunNumber::FIRST).unwrap()[0].state == RunState::Crashed,
            other => panic!("'{other}' was acknowledged"),
        };
        assert!(is_kept, "{case}: '{line}' was acknowledged and is gone");
    }
    if store.sweeps().unwrap().is_empty() {
        store.create_sweep(&new_sweep()).unwrap();
    }
    work_off(&mut store);
}

/// Others end what is open, and nobody meets an error.
fn work_off(store: &mut SqliteStore) {
    for held in store.running(&id()).unwrap() {
        store.finish(&held.lease, &end(RunState::Finished)).unwrap();
    }
    let agent = store.join(&id(), &NewAgent::new("last", Duration::from_secs(60))).unwrap();
    for request in 1.. {
        let Claim::Run(run) = store.claim(agent, request).unwrap() else { break };
        store.report(&run.lease, &[row(1, json!({"loss": 1}))]).unwrap();
        store.finish(&run.lease, &end(RunState::Finished)).unwrap();
    }
    let runs = store.runs(&id(), &RunQuery::default()).unwrap();
    assert!(runs.iter().all(|run| !run.state.is_open()));
}

/// Lets each operation of a kind fail in turn, the later ones more sparsely. Returns how many there are at least.
fn fail_each(kind: &str, work: &str, library: &Path, base: &Path) -> u64 {
    let mut at = 1;
    loop {
        let directory = tempfile::tempdir().unwrap();
        for file in fs::read_dir(base).unwrap().map(Result::unwrap) {
            fs::copy(file.path(), directory.path().join(file.file_name())).unwrap();
        }
        let mark = directory.path().join("mark");
        let mut command = process(work, directory.path());
        command.env("LD_PRELOAD", library).env("FAULT_KIND", kind).env("FAULT_AT", at.to_string());
        command.env("FAULT_FILE", directory.path().join("faulty.db")).env("FAULT_MARK", &mark);
        command.status().unwrap();
        check(directory.path(), &format!("{work}, {kind} {at}"));
        if !mark.exists() {
            return at;
        }
        at += 1 + at / 12;
    }
}

fn fail_every_operation(kind: &str) {
    let (tools, new, abandoned) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(library) = shim(tools.path()) else { return };
    process("abandon", abandoned.path()).status().unwrap();
    assert!(abandoned.path().join("faulty.db-wal").exists());
    let counts = [("create", new.path()), ("recover", abandoned.path())]
        .map(|(work, base)| fail_each(kind, work, &library, base));
    eprintln!("{kind}: {counts:?} operations");
    assert!(counts.iter().all(|count| *count > 3), "the library let nothing fail: {counts:?}");
}

#[test]
fn no_failed_write_loses_what_was_acknowledged() {
    fail_every_operation("write");
}

#[test]
fn no_failed_sync_loses_what_was_acknowledged() {
    fail_every_operation("sync");
}

#[test]
fn no_failed_read_loses_what_was_acknowledged() {
    fail_every_operation("read");
}

#[test]
fn no_full_disk_loses_what_was_acknowledged() {
    fail_every_operation("space");
}

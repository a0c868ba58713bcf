//! Several processes and threads at one file.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use besom_core::{RunNumber, RunState};
use besom_store::{Claim, Queue, Reply, SqliteStore, Store, StoreError};
use serde_json::json;
use stage::{Time, end, id, join, new_runs, new_sweep, row};

const PROCESSES: usize = 8;
const RUNS: usize = 200;

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, Time::default().clock()).unwrap()
}

/// Starts this program once more, for one of the ignored tests below.
fn start(role: &str, path: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", role, "--ignored", "--nocapture"]).env("BESOM_TEST_STORE", path);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

fn path() -> PathBuf {
    std::env::var_os("BESOM_TEST_STORE").unwrap().into()
}

/// Waits for all; gives what they said after `said: `.
fn said(children: Vec<Child>) -> Vec<String> {
    let outputs = children.into_iter().map(|child| child.wait_with_output().unwrap());
    outputs
        .flat_map(|output| {
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success(), "{text}");
            text.lines().filter_map(|line| Some(line.split_once("said: ")?.1.to_owned())).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn eight_processes_finish_each_run_exactly_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runs.db");
    let mut store = open(&path);
    store.create_sweep(&new_sweep()).unwrap();
    store.add_runs(&id(), RunNumber::FIRST, &new_runs(RUNS), None).unwrap();
    let said = said((0..PROCESSES).map(|_| start("work", &path)).collect());
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for run in said {
        *times.entry(run).or_default() += 1;
    }
    assert_eq!(times.len(), RUNS);
    assert!(times.values().all(|&times| times == 1), "{times:?}");
    let status = store.status(&id()).unwrap();
    assert_eq!(status.counts[3], (RunState::Finished, RUNS as u64));
    for number in (0..RUNS).map(RunNumber::from_index) {
        let run = store.run(&id(), number).unwrap();
        assert_eq!((run.attempt, run.rows), (1, 2));
    }
}

#[test]
#[ignore = "is one of the processes of another test"]
#[expect(clippy::print_stdout, reason = "its parent reads it")]
fn work() {
    let mut store = open(&path());
    let agent = join(&mut store);
    for request in 1.. {
        let Claim::Run(run) = store.claim(agent, request).unwrap() else { break };
        let rows = [row(1, json!({"loss": 1})), row(2, json!({"loss": 2}))];
        assert_eq!(store.report(&run.lease, &rows).unwrap(), Reply::Continue);
        assert_eq!(store.finish(&run.lease, &end(RunState::Finished)).unwrap(), Reply::Continue);
        println!("\nsaid: {}", run.lease.run);
    }
}

#[test]
fn processes_that_make_the_store_at_once_all_get_it() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..4 {
        let path = dir.path().join(format!("new{round}/runs.db"));
        let said = said((0..PROCESSES).map(|_| start("make", &path)).collect());
        assert_eq!(said.iter().filter(|said| *said == "first").count(), 1, "{said:?}");
        assert_eq!(said.len(), PROCESSES);
    }
}

#[test]
#[ignore = "is one of the processes of another test"]
#[expect(clippy::print_stdout, reason = "its parent reads it")]
fn make() {
    let made = match open(&path()).create_sweep(&new_sweep()) {
        Ok(()) => "first",
        Err(StoreError::SweepExists(_)) => "later",
        Err(error) => panic!("{error}"),
    };
    println!("\nsaid: {made}");
}

#[test]
fn threads_of_one_process_add_each_number_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runs.db");
    open(&path).create_sweep(&new_sweep()).unwrap();
    let add = || {
        let mut store = open(&path);
        let (mut added, mut first) = (0, RunNumber::FIRST);
        while first.get() <= 40 {
            match store.add_runs(&id(), first, &new_runs(1), None).unwrap() {
                besom_store::Added::Added(count) => (added, first) = (added + count, first.plus(count)),
                besom_store::Added::Lost(next) => first = next,
                other => panic!("{other:?}"),
            }
        }
        added
    };
    let added: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(add)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(added, 40);
    assert_eq!(open(&path).sweep(&id()).unwrap().runs, 40);
}

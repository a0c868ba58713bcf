//! Agents of closures on a store in memory, without any file.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use besom_agent::{
    AgentOptions, CrashLoopGuard, ExitReason, FunctionRunner, Idle, Link, Outcome, ProgramRunner, RunContext,
    Runner, Shutdown, work,
};
use besom_core::{BoxError, Goal, RunNumber, RunState};
use besom_store::{
    Claim, MemoryStore, NewAgent, NewRun, NewSweep, Queue, RunRow, Store, SweepId, SweepState,
};
use serde_json::json;

const RUNS: u64 = 20;

fn id() -> SweepId {
    SweepId::new("memory01")
}

/// A store with runs that wait.
fn store() -> MemoryStore {
    filled(MemoryStore::default())
}

fn filled(mut store: MemoryStore) -> MemoryStore {
    store.create_sweep(&NewSweep::new(id()).metric("loss", Goal::Minimize).retry_crashed(1)).unwrap();
    let new = |x| NewRun::new(json!({ "x": x }).as_object().unwrap().clone());
    let runs: Vec<NewRun> = (1..=RUNS).map(new).collect();
    store.add_runs(&id(), RunNumber::FIRST, &runs, None).unwrap();
    store
}

/// An agent without a directory, at work until nothing is open.
fn agent(mut store: MemoryStore, runner: &mut dyn Runner) -> Outcome {
    let mut owner = store.clone();
    let mut idle = || {
        let open = owner.runs(&id(), &Default::default())?.into_iter().any(|run| run.state.is_open());
        if !open && !owner.sweep(&id())?.state.is_over() {
            owner.set_state(&id(), SweepState::Finished, None)?;
        }
        Ok(Idle::Waiting)
    };
    // The first three runs fail, and one agent may get all of them.
    let guard = CrashLoopGuard::new(4, Duration::from_secs(1));
    let options = AgentOptions::new("thread").poll_max(Duration::from_millis(5)).guard(guard);
    work(&mut store, &id(), &options, runner, &Shutdown::new(), &mut idle).unwrap()
}

fn run(store: &mut MemoryStore, number: u64) -> RunRow {
    store.run(&id(), RunNumber::new(number).unwrap()).unwrap()
}

fn train(run: &mut RunContext<'_>) -> Result<(), BoxError> {
    assert!(run.dir().is_none());
    let x = run.params()["x"].as_f64().ok_or("x is not a number")?;
    for epoch in 0..3 {
        run.log_json(json!({ "loss": x / f64::from(epoch + 1) }))?;
    }
    run.flush()?;
    match run.number().get() {
        1 => Err("diverged".into()),
        2 => panic!("out of range"),
        3 if run.attempt() == 1 => {
            run.mark_preempting()?;
            Err("the machine goes".into())
        }
        _ => Ok(()),
    }
}

#[test]
fn agents_in_threads_work_off_a_sweep_without_opening_a_file() {
    let directory = tempfile::tempdir().unwrap();
    std::env::set_current_dir(&directory).unwrap();
    // Whatever opens a file from here on fails.
    let limits = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let none = rustix::process::Rlimit { current: Some(0), maximum: limits.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, none).unwrap();
    assert!(std::fs::File::create("a").is_err());
    let mut store = store();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| agent(store.clone(), &mut FunctionRunner::new(train)));
        }
    });
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limits).unwrap();
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
    for number in 1..=RUNS {
        let row = run(&mut store, number);
        let expected = if number < 3 { RunState::Failed } else { RunState::Finished };
        // What the third logged before its preemption counts.
        let rows = if number == 3 { 6 } else { 3 };
        assert_eq!((row.state, row.rows), (expected, rows), "run {number}: {:?}", row.message);
    }
    assert_eq!(run(&mut store, 3).attempt, 2, "it was preempted once");
}

#[test]
fn an_agent_without_heartbeats_is_given_up_without_a_look_at_its_files() {
    // The store's clock stands still: it has no say in this.
    let mut store = filled(MemoryStore::new(Arc::new(|| 0)));
    let gone = store.join(&id(), &NewAgent::new("gone", Duration::from_millis(50))).unwrap();
    let Claim::Run(claimed) = store.claim(gone, 1).unwrap() else { panic!("a run waits") };
    agent(store.clone(), &mut FunctionRunner::new(|_: &mut RunContext<'_>| Ok(())));
    let row = store.run(&id(), claimed.lease.run).unwrap();
    assert_eq!((row.state, row.attempt), (RunState::Finished, 2));
}

#[test]
fn a_program_needs_a_directory() {
    let outcome = agent(store(), &mut ProgramRunner::new("/", "nowhere"));
    let ExitReason::Broken(reason) = outcome.exit_reason else { panic!("{outcome:?}") };
    assert!(reason.contains("programs need a directory"), "{reason}");
}

/// Logs by its link.
struct Own;

impl Runner for Own {
    fn run(&mut self, _: &besom_store::ClaimedRun, link: &mut Link<'_>) -> besom_agent::Ended {
        let logged = link.log(json!({ "loss": 1 }).as_object().unwrap());
        besom_agent::Ended::new(if logged.is_ok() { RunState::Finished } else { RunState::Failed })
    }
}

#[test]
fn a_runner_that_logs_by_its_link_needs_no_file() {
    let mut store = store();
    agent(store.clone(), &mut Own);
    assert_eq!((run(&mut store, 1).state, run(&mut store, 1).best), (RunState::Finished, Some(1.0)));
}

#[test]
fn what_a_closure_says_about_its_run_is_in_the_store() {
    let mut store = store();
    let object = |value: serde_json::Value| value.as_object().unwrap().clone();
    let mut runner = FunctionRunner::new(|run: &mut RunContext<'_>| {
        run.describe(&object(json!({ "config": { "layers": 3 } })))?;
        run.log_json(json!({ "loss": 1 }))?;
        Ok(run.describe(&object(json!({ "config": { "seed": 7 }, "tags": ["big"] })))?)
    });
    agent(store.clone(), &mut runner);
    let facts = store.facts(&id(), RunNumber::FIRST, None).unwrap();
    assert_eq!(facts, object(json!({ "config": { "layers": 3, "seed": 7 }, "tags": ["big"] })));
    assert_eq!(run(&mut store, 1).rows, 1);
}

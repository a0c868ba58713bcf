//! A sweep in one call: training is a closure, algorithms may be the caller's.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use besom_core::{Answer, Ask, BoxError, History, Problem, RunState, Search, Stop, Stopper};
use besom_engine::{EngineError, Ran, RunOptions, run};
use besom_store::SweepState;
use serde_json::json;

const PARAMETERS: &str = "metric: {name: loss}\nparameters: {x: {min: 0.0, max: 1.0}}";

/// Fails as soon as a run has finished.
struct Failing;

fn fail_late(history: &History, what: &str) -> Result<(), BoxError> {
    match history.count(RunState::Finished) {
        0 => Ok(()),
        _ => Err(format!("{what} is out of its depth").into()),
    }
}

impl Search for Failing {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        fail_late(ask.history, "the search")?;
        Ok(Answer::Try(vec![ask.problem.space.decode(&[0.5]).into()]))
    }
}

impl Stopper for Failing {
    fn stop(&mut self, _: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        fail_late(history, "the rule")?;
        Ok(Vec::new())
    }
}

/// Runs a sweep with these algorithms in a store of its own; fails rather than wait for ever.
fn ran(algorithms: &str, jobs: usize) -> Result<Ran, EngineError> {
    let text = format!("{algorithms}\n{PARAMETERS}");
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let store = tempfile::tempdir().unwrap();
        let mut options = RunOptions::new(store.path()).unwrap();
        options.registry.add_search("failing", besom_core::Spec::new("Fails"), |_, _| Ok(Failing)).unwrap();
        options.registry.add_stopper("failing", besom_core::Spec::new("Fails"), |_, _| Ok(Failing)).unwrap();
        options.jobs = jobs;
        let next = AtomicU64::new(1);
        let result = run(&text, &options, |run| {
            Ok(run.log_json(json!({ "loss": next.fetch_add(1, Ordering::SeqCst) }))?)
        });
        sender.send(result).unwrap();
    });
    receiver.recv_timeout(Duration::from_secs(60)).expect("the agents leave")
}

#[test]
fn a_sweep_is_run_to_completion_and_returned_with_its_best_run() {
    let ran = ran("method: random\nrun_cap: 5", 2).unwrap();
    assert_eq!(ran.sweep.state, SweepState::Finished);
    assert_eq!(ran.best.unwrap().best, Some(1.0));
}

#[test]
fn a_pause_that_is_not_the_owners_ends_the_agents_with_its_reason() {
    for jobs in [1, 3] {
        let error = ran("method: failing", jobs).unwrap_err().to_string();
        assert!(error.contains("the search is out of its depth"), "{error}");
        let error = ran("method: random\nearly_terminate: {type: failing}", jobs).unwrap_err().to_string();
        assert!(error.contains("the rule is out of its depth"), "{error}");
    }
}

#[test]
fn nothing_is_stored_of_a_sweep_that_is_invalid() {
    let error = ran("method: no such", 1).unwrap_err();
    assert!(matches!(error, EngineError::Config(_)), "{error}");
}

//! Sweeps of closures without any file, one after the other and several at once.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use besom_agent::RunContext;
use besom_core::{Answer, Ask, BoxError, RunState, Search, Spec};
use besom_engine::{EngineError, Place, RunOptions, Started, run, start};
use besom_store::{MemoryStore, Store, SweepState};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

const PARAMETERS: &str = "metric: {name: loss}\nparameters: {x: {min: 0.0, max: 1.0}}";

fn text(algorithms: &str) -> String {
    format!("{algorithms}\n{PARAMETERS}")
}

fn train(run: &mut RunContext<'_>) -> Result<(), BoxError> {
    let x = run.params()["x"].as_f64().ok_or("x is not a number")?;
    for epoch in 1..=5 {
        run.log_json(json!({ "loss": x + 1.0 / f64::from(epoch) }))?;
    }
    run.flush()?;
    Ok(())
}

/// Logs until it is asked to end.
fn train_without_end(run: &mut RunContext<'_>) -> Result<(), BoxError> {
    loop {
        run.log_json(json!({ "loss": 1.0 }))?;
        run.flush()?;
    }
}

#[test]
fn a_sweep_in_memory_opens_no_file() {
    let directory = tempfile::tempdir().unwrap();
    std::env::set_current_dir(&directory).unwrap();
    // Whatever opens a file from here on fails.
    let limits = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(0), maximum: limits.maximum }).unwrap();
    assert!(std::fs::File::create("a").is_err());
    let rule = text("method: bayes\nrun_cap: 12\nearly_terminate: {type: median}");
    let ran = run(&rule, &RunOptions::in_memory().jobs(3), train);
    setrlimit(Resource::Nofile, limits).unwrap();
    let ran = ran.unwrap();
    assert_eq!((ran.sweep.state, ran.sweep.runs), (SweepState::Finished, 12));
    assert!(ran.best.unwrap().best.unwrap() < 1.0);
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
}

#[test]
fn the_caller_keeps_the_store_of_a_sweep() {
    let mut store = MemoryStore::default();
    let options = RunOptions::at(store.clone().into());
    for _ in 0..2 {
        run(&text("method: random\nrun_cap: 3"), &options, train).unwrap();
    }
    let sweeps = store.sweeps().unwrap();
    assert_eq!(sweeps.iter().map(|sweep| sweep.runs).collect::<Vec<_>>(), [3, 3]);
    assert_eq!(store.rows(sweeps[0].id(), besom_core::RunNumber::FIRST, None).unwrap().len(), 5);
}

#[test]
fn each_of_several_sweeps_is_canceled_alone() {
    let place = Place::memory();
    let begin = |train| start(&text("method: random"), RunOptions::at(place.clone()).jobs(2), train).unwrap();
    let (one, other) = (begin(train_without_end), begin(train_without_end));
    for sweep in [&one, &other] {
        while sweep.status().unwrap().best.is_none() {
            std::thread::yield_now();
        }
    }
    one.cancel("no longer wanted").unwrap();
    one.cancel("once more").unwrap();
    let ran = one.wait().unwrap();
    let ended = (ran.sweep.state, ran.sweep.reason.as_deref());
    assert_eq!(ended, (SweepState::Canceled, Some("no longer wanted")));
    assert!(ran.status.counts.iter().all(|(state, count)| *count == 0 || *state == RunState::Killed));
    assert!(!other.is_over() && other.sweep().unwrap().state == SweepState::Running);
    other.cancel("the end").unwrap();
    other.wait().unwrap();
}

/// Says when it begins to think, and thinks until it is let go.
struct Thinking {
    begins: Sender<()>,
    may_end: Arc<Mutex<Receiver<()>>>,
}

impl Search for Thinking {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        self.begins.send(())?;
        self.may_end.lock().map_err(|_| "a test has failed")?.recv()?;
        Ok(Answer::Try(vec![ask.problem.space.decode(&[0.5]).into()]))
    }
}

#[test]
fn who_looks_at_a_sweep_or_cancels_it_waits_for_no_thought() {
    let (begins, has_begun) = channel();
    let (lets_go, may_end) = channel();
    let may_end = Arc::new(Mutex::new(may_end));
    let mut options = RunOptions::in_memory();
    let thinking = move |_: &_, _: &_| Ok(Thinking { begins: begins.clone(), may_end: may_end.clone() });
    options.registry.add_search("thinking", Spec::new("Thinks"), thinking).unwrap();
    let sweep: Started = start(&text("method: thinking"), options, train).unwrap();
    has_begun.recv().unwrap();
    // It thinks now, and goes on until this thread lets it go.
    assert_eq!(sweep.status().unwrap().counts.iter().map(|(_, count)| count).sum::<u64>(), 0);
    sweep.cancel("not worth a thought").unwrap();
    assert_eq!(sweep.sweep().unwrap().state, SweepState::Canceled);
    assert!(!sweep.is_over());
    lets_go.send(()).unwrap();
    assert_eq!(sweep.wait().unwrap().sweep.runs, 0, "its suggestion came too late");
}

#[test]
fn a_sweep_that_cannot_run_is_refused_before_it_starts() {
    let refused = start(&text("method: no such"), RunOptions::in_memory(), train);
    assert!(matches!(refused, Err(EngineError::Config(_))));
}

//! A step that fails pauses the sweep, and the store knows what failed.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use std::sync::Arc;

use besom_controller::{Controller, Step, Sweep};
use besom_core::{Answer, Ask, BoxError, Goal, History, Problem, Search, Space, Stop, Stopper};
use besom_store::{NewAgent, NewSweep, PausedBy, Queue, SqliteStore, Store, SweepId, SweepState};

/// Suggests one run, and fails when it is asked for another.
struct Once;

impl Search for Once {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        if !ask.history.is_empty() {
            return Err("no more".into());
        }
        Ok(Answer::Try(vec![ask.problem.space.decode(&[0.5]).into()]))
    }
}

/// Fails once there is a run.
struct Picky;

impl Stopper for Picky {
    fn stop(&mut self, _: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        if history.is_empty() { Ok(Vec::new()) } else { Err("no rule fits".into()) }
    }
}

/// A stored sweep of `search`, and its controller.
fn stored(search: impl Search + 'static) -> (SqliteStore, SweepId, Sweep) {
    let id = SweepId::new("s");
    let mut store = SqliteStore::in_memory(Arc::new(|| 0)).unwrap();
    store.create_sweep(&NewSweep::new(id.clone()).metric("loss", Goal::Minimize)).unwrap();
    let space = Space::builder().int("a", 1, 9).build().unwrap();
    (store, id, Sweep::new(Problem::minimize("loss").space(space), search))
}

/// What the store says of a sweep that was stepped with one run claimed, after another step.
fn paused(stopper: Option<Picky>) -> (Option<PausedBy>, String) {
    let (mut store, id, sweep) = stored(Once);
    let sweep = match stopper {
        Some(stopper) => sweep.with_stopper(stopper),
        None => sweep,
    };
    let mut controller = Controller::new(id.clone(), sweep);
    assert_eq!(controller.step(&mut store, 1).unwrap(), Step::Ready(1));
    let agent = store.join(&id, &NewAgent::new("a", std::time::Duration::from_millis(9))).unwrap();
    store.claim(agent, 1).unwrap();
    assert_eq!(controller.step(&mut store, 1).unwrap(), Step::Paused);
    let row = store.sweep(&id).unwrap();
    assert_eq!(row.state, SweepState::Paused);
    (row.paused_by, row.reason.unwrap())
}

#[test]
fn a_search_that_fails_pauses_the_sweep_as_the_search() {
    assert_eq!(paused(None), (Some(PausedBy::Search), "the search method failed: no more".to_owned()));
}

#[test]
fn a_rule_that_fails_pauses_the_sweep_as_the_stopper() {
    let found = paused(Some(Picky));
    assert_eq!(found, (Some(PausedBy::Stopper), "the stopping rule failed: no rule fits".to_owned()));
}

/// Panics when it is asked for the first run.
struct Panics;

impl Search for Panics {
    fn suggest(&mut self, _: &Ask<'_>) -> Result<Answer, BoxError> {
        panic!("not today")
    }
}

#[test]
fn a_sweep_that_has_not_begun_is_paused_with_the_reason_too() {
    let (mut store, id, sweep) = stored(Panics);
    let mut controller = Controller::new(id.clone(), sweep);
    assert_eq!(controller.step(&mut store, 1).unwrap(), Step::Paused);
    let row = store.sweep(&id).unwrap();
    assert_eq!((row.state, row.paused_by), (SweepState::Paused, Some(PausedBy::Search)));
    let reason = row.reason.unwrap();
    assert!(
        reason.starts_with("the search method panicked at ") && reason.ends_with(": not today"),
        "{reason}"
    );
    assert!(reason.contains("tests/pause.rs:"), "{reason}");
}

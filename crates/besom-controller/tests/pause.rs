//! A step that fails pauses the sweep, and the store knows what failed.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use std::sync::Arc;

use besom_controller::{Controller, MissingMetric, Step, Sweep};
use besom_core::{
    Answer, Ask, BoxError, Goal, History, Method, Problem, Rule, RunState, Search, Space, Spec, Stop, Stopper,
};
use besom_store::{
    Claim, End, NewAgent, NewSweep, PausedBy, Queue, Row, SqliteStore, Store, SweepId, SweepState,
};
use serde_json::{Value, json};

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

/// Suggests the same point again and again, and needs the metric.
struct Needy;

impl Search for Needy {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        Ok(Answer::Try(vec![ask.problem.space.decode(&[0.5]).into()]))
    }
}

/// A stored sweep whose search needs the metric, or whose stopping rule does, or nothing.
fn needy(search: bool, rule: bool) -> (SqliteStore, SweepId, Controller) {
    let spec = |needs| if needs { Spec::new("Tests").needs_metric() } else { Spec::new("Tests") };
    let (store, id, sweep) = stored(Needy);
    let problem = sweep.problem().clone();
    let sweep = Sweep::new(problem, Method::new("needy", spec(search), || Ok(Needy)).unwrap());
    let sweep = sweep.with_stopper(Rule::new("mild", spec(rule), || Ok(Mild)).unwrap());
    (store, id.clone(), Controller::new(id, sweep))
}

/// Stops nothing.
struct Mild;

impl Stopper for Mild {
    fn stop(&mut self, _: &Problem, _: &History) -> Result<Vec<Stop>, BoxError> {
        Ok(Vec::new())
    }
}

/// Executes the next run, which logs this row, and finishes; returns the step before it.
fn execute(store: &mut SqliteStore, id: &SweepId, controller: &mut Controller, row: Value) -> Step {
    let step = controller.step(store, 1).unwrap();
    if step == Step::Ready(1) {
        let agent = store.join(id, &NewAgent::new("a", std::time::Duration::from_secs(9))).unwrap();
        let Claim::Run(run) = store.claim(agent, 1).unwrap() else { panic!("nothing to claim") };
        store.report(&run.lease, &[Row::new(1, row.as_object().unwrap().clone())]).unwrap();
        store.finish(&run.lease, &End::new(RunState::Finished)).unwrap();
    }
    step
}

fn steps_with(store: &mut SqliteStore, id: &SweepId, controller: &mut Controller, row: &Value) -> Vec<Step> {
    (0..4).map(|_| execute(store, id, controller, row.clone())).collect()
}

#[test]
fn a_metric_that_is_needed_and_never_arrives_pauses_the_sweep_after_three_runs() {
    let misspelled = json!({"epoch": 1, "los": 0.5});
    for (search, rule, who) in [(true, false, "search method"), (false, true, "stopping rule")] {
        let (mut store, id, mut controller) = needy(search, rule);
        let steps = steps_with(&mut store, &id, &mut controller, &misspelled);
        assert_eq!(steps, [Step::Ready(1), Step::Ready(1), Step::Ready(1), Step::Paused]);
        let row = store.sweep(&id).unwrap();
        let expected = format!(
            "none of the 3 finished runs has a value of loss: run 1 logged epoch and los, but not loss \
             (did you mean los?); the {who} needs it"
        );
        assert_eq!((row.paused_by, row.reason), (Some(PausedBy::Metric), Some(expected)));
        // Resuming it is for three more runs, also by another controller.
        store.set_state(&id, SweepState::Running, None).unwrap();
        let (_, _, mut other) = needy(search, rule);
        let steps = steps_with(&mut store, &id, &mut other, &misspelled);
        assert_eq!(steps, [Step::Ready(1), Step::Ready(1), Step::Ready(1), Step::Paused]);
    }
}

#[test]
fn a_sweep_goes_on_where_the_metric_is_not_needed_or_has_arrived_once() {
    let (mut store, id, mut controller) = needy(false, false);
    assert_eq!(steps_with(&mut store, &id, &mut controller, &json!({"x": 1})), [const { Step::Ready(1) }; 4]);
    let missing = MissingMetric::of(&mut store, &id).unwrap().unwrap();
    assert_eq!(
        missing.conclusion(),
        "none of the 4 finished runs has a value of loss: run 1 logged x, but not loss"
    );

    let (mut store, id, mut controller) = needy(true, true);
    execute(&mut store, &id, &mut controller, json!({"loss": 1}));
    assert_eq!(steps_with(&mut store, &id, &mut controller, &json!({"x": 1})), [const { Step::Ready(1) }; 4]);
    assert_eq!(MissingMetric::of(&mut store, &id).unwrap(), None);
}

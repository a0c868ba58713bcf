//! The step against a store: what it adds, asks for and ends.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use besom_controller::{Controller, Step, Sweep};
use besom_core::{
    BoxError, Distribution, Goal, History, Metric, Options, Parameter, Problem, Registry, Rule, RunState,
    Space, Stop, Stopper,
};
use besom_store::{
    AgentId, Claim, ClaimedRun, End, MemoryStore, NewAgent, NewSweep, Queue, Reply, Row, Store, SweepId,
    SweepState,
};
use serde_json::json;

/// A stored sweep, its controller and an agent.
struct Scene {
    store: MemoryStore,
    /// What the store reads as the time, in milliseconds.
    clock: Arc<AtomicU64>,
    controller: Controller,
    agent: AgentId,
    request: u64,
}

fn id() -> SweepId {
    SweepId::new("stepped1")
}

/// A grid of `n` values of `a`, and a metric to minimize.
fn problem(n: i64) -> Problem {
    let a = Distribution::IntUniform { min: 1, max: n };
    Problem::new(Space::new(vec![Parameter::new("a", a)]).unwrap(), Metric::new("loss", Goal::Minimize))
}

/// Names every running run that has logged.
struct StopAll;

impl Stopper for StopAll {
    fn stop(&mut self, _: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        let logged =
            history.iter().filter(|(_, run)| run.state == RunState::Running && run.curve(0).last().is_some());
        Ok(logged.map(|(run, _)| Stop::new(run, "enough")).collect())
    }
}

impl Scene {
    fn new(problem: Problem, method: &str) -> Self {
        let clock = Arc::new(AtomicU64::new(0));
        let read = Arc::clone(&clock);
        let mut store = MemoryStore::new(Arc::new(move || read.load(Ordering::Relaxed)));
        let mut new = NewSweep::new(id()).metric("loss", Goal::Minimize);
        new.run_cap = problem.run_cap;
        store.create_sweep(&new).unwrap();
        let agent = store.join(&id(), &NewAgent::new("a", Duration::from_secs(60))).unwrap();
        let controller = controller(problem, method, StopAll);
        Self { store, clock, controller, agent, request: 0 }
    }

    fn step(&mut self, want: usize) -> Step {
        self.controller.step(&mut self.store, want).unwrap()
    }

    fn claim(&mut self) -> ClaimedRun {
        self.request += 1;
        match self.store.claim(self.agent, self.request).unwrap() {
            Claim::Run(run) => run,
            nothing => panic!("nothing to claim: {nothing:?}"),
        }
    }

    fn log(&mut self, run: &ClaimedRun, loss: f64) -> Reply {
        let row = Row::new(1, json!({"loss": loss}).as_object().unwrap().clone());
        self.store.report(&run.lease, &[row]).unwrap()
    }

    fn finish(&mut self, run: &ClaimedRun) {
        self.store.finish(&run.lease, &End::new(RunState::Finished)).unwrap();
    }

    fn reason(&mut self) -> (SweepState, Option<String>) {
        let row = self.store.sweep(&id()).unwrap();
        (row.state, row.reason)
    }
}

fn controller(problem: Problem, method: &str, rule: impl Into<Rule>) -> Controller {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    let search = registry.search(method, &problem, &Options::new()).unwrap();
    Controller::new(id(), Sweep::new(problem, search).with_stopper(rule))
}

#[test]
fn a_step_adds_as_many_runs_as_are_missing_and_no_more() {
    let mut scene = Scene::new(problem(9), "grid");
    assert_eq!(scene.step(2), Step::Ready(2));
    assert_eq!(scene.step(3), Step::Ready(3));
    assert_eq!(scene.step(3), Step::Ready(3));
    assert_eq!(scene.store.sweep(&id()).unwrap().runs, 3);
    assert_eq!(scene.step(0), Step::Ready(3), "none is wanted, and three wait");
    scene.claim();
    assert_eq!(scene.step(3), Step::Ready(3));
    assert_eq!(scene.store.sweep(&id()).unwrap().runs, 4);
}

#[test]
fn preempted_runs_wait_for_an_agent_as_new_ones_do_unless_they_are_held_back() {
    let mut scene = Scene::new(problem(9), "grid");
    scene.step(2);
    let run = scene.claim();
    scene.store.finish(&run.lease, &End::new(RunState::Preempted)).unwrap();
    assert_eq!(scene.step(2), Step::Ready(2));
    assert_eq!(
        scene.store.sweep(&id()).unwrap().runs,
        3,
        "the preempted run is held back, and another goes first"
    );
    scene.clock.fetch_add(besom_store::rules::MAX_BACKOFF_MS, Ordering::Relaxed);
    assert_eq!(scene.step(2), Step::Ready(3));
    assert_eq!(scene.store.sweep(&id()).unwrap().runs, 3, "all three wait");
}

#[test]
fn what_the_rule_wants_ended_is_asked_of_the_store() {
    let mut scene = Scene::new(problem(9), "grid");
    scene.step(1);
    let run = scene.claim();
    assert_eq!(scene.log(&run, 0.5), Reply::Continue);
    scene.step(0);
    let stopped = scene.store.run(&id(), run.lease.run).unwrap();
    assert_eq!(stopped.stop_reason.as_deref(), Some("enough"));
    assert!(matches!(scene.store.report(&run.lease, &[]).unwrap(), Reply::Stop { .. }));
}

#[test]
fn a_target_ends_the_sweep_and_the_reason_names_the_run() {
    let mut problem = problem(9);
    problem.metrics[0].target = Some(0.5);
    let mut scene = Scene::new(problem, "grid");
    scene.step(1);
    let run = scene.claim();
    scene.log(&run, 0.25);
    scene.finish(&run);
    assert_eq!(scene.step(1), Step::Over);
    let reason = "run 1 reached the target: loss 0.25 (target 0.5)";
    assert_eq!(scene.reason(), (SweepState::Finished, Some(reason.to_owned())));
}

#[test]
fn a_sweep_with_a_cap_ends_with_its_last_run_and_not_before() {
    let mut scene = Scene::new(problem(9).run_cap(1), "random");
    scene.step(1);
    let run = scene.claim();
    assert_eq!(scene.step(1), Step::Wait);
    scene.finish(&run);
    assert_eq!(scene.step(1), Step::Over);
    assert_eq!(scene.reason(), (SweepState::Finished, Some("run_cap of 1 reached".to_owned())));
}

#[test]
fn a_cap_that_its_owner_takes_away_ends_nothing() {
    let mut scene = Scene::new(problem(9).run_cap(1), "random");
    assert_eq!(scene.step(3), Step::Ready(1));
    scene.store.set_run_cap(&id(), None).unwrap();
    assert_eq!(scene.step(3), Step::Ready(3));
}

#[test]
fn a_grid_ends_when_it_is_exhausted() {
    let mut scene = Scene::new(problem(2).run_cap(5), "grid");
    scene.step(2);
    for _ in 0..2 {
        let run = scene.claim();
        scene.finish(&run);
    }
    assert_eq!(scene.step(1), Step::Over);
    assert_eq!(scene.reason(), (SweepState::Finished, Some("search space exhausted".to_owned())));
}

#[test]
fn the_last_step_ends_a_sweep_that_short_jobs_worked_off() {
    for method in ["grid", "random"] {
        let space = problem(2);
        let problem = if method == "random" { space.run_cap(2) } else { space };
        let mut scene = Scene::new(problem.clone(), method);
        for number in 1..=2 {
            // Each job has a controller of its own, and leaves after one run.
            scene.controller = controller(problem.clone(), method, StopAll);
            scene.step(1);
            let run = scene.claim();
            assert_eq!(
                scene.controller.last_step(&mut scene.store).unwrap(),
                Step::Wait,
                "its run is running"
            );
            scene.finish(&run);
            let step = scene.controller.last_step(&mut scene.store).unwrap();
            assert_eq!(step, if number == 2 { Step::Over } else { Step::Wait }, "{method}");
            assert_eq!(scene.store.sweep(&id()).unwrap().runs, number, "none is added");
        }
        assert_eq!(scene.reason().0, SweepState::Finished);
    }
}

#[test]
fn a_sweep_that_others_have_paused_or_ended_is_left_alone() {
    let mut scene = Scene::new(problem(9), "grid");
    scene.store.set_state(&id(), SweepState::Paused, None).unwrap();
    assert_eq!(scene.step(1), Step::Paused);
    scene.store.set_state(&id(), SweepState::Canceled, None).unwrap();
    assert_eq!(scene.step(1), Step::Over);
    assert_eq!(scene.store.sweep(&id()).unwrap().runs, 0);
}

/// Works a sweep off, run by run, where a rule ends what is bad at its second row. With `kills`, the agent dies between the
/// request to stop and its end, and another one finds out. Returns the points, with how the runs ended.
fn worked_off(kills: bool) -> Vec<(serde_json::Value, RunState, Option<String>)> {
    let problem = problem(1000).seed(4).run_cap(24);
    let mut scene = Scene::new(problem.clone(), "bayes");
    scene.controller = controller(problem, "bayes", Half);
    while scene.step(1) != Step::Over {
        let run = scene.claim();
        let a = run.point["a"].as_f64().unwrap();
        let mut reply = Reply::Continue;
        for seq in 1..=4 {
            let row = json!({"loss": (a - 300.0).abs() / f64::from(seq)}).as_object().unwrap().clone();
            reply = scene.store.report(&run.lease, &[Row::new(u64::try_from(seq).unwrap(), row)]).unwrap();
            scene.step(0);
            reply = if let Reply::Continue = reply {
                scene.store.report(&run.lease, &[]).unwrap()
            } else {
                reply
            };
            if reply != Reply::Continue {
                break;
            }
        }
        match reply {
            Reply::Continue => scene.finish(&run),
            _ if kills => {
                scene.store.leave(scene.agent).unwrap();
                scene.agent = scene.store.join(&id(), &NewAgent::new("b", Duration::from_secs(60))).unwrap();
                scene.request = 0;
            }
            _ => drop(scene.store.finish(&run.lease, &End::new(RunState::Killed)).unwrap()),
        }
    }
    let runs = scene.store.runs(&id(), &Default::default()).unwrap().into_iter();
    runs.map(|run| (run.point.into(), run.state, run.stop_reason)).collect()
}

/// Ends what is far off at its second row.
struct Half;

impl Stopper for Half {
    fn stop(&mut self, _: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        let is_bad = |run: &besom_core::Run| {
            run.state == RunState::Running && run.curve(0).values.get(1).is_some_and(|x| *x > 60.0)
        };
        let bad = history.iter().filter(|(_, run)| is_bad(run));
        Ok(bad.map(|(run, _)| Stop::new(run, "far off")).collect())
    }
}

#[test]
fn a_sweep_suggests_the_same_whether_or_not_agents_die_while_they_stop_runs() {
    let (calm, killed) = (worked_off(false), worked_off(true));
    assert!(calm.iter().filter(|(_, _, stopped)| stopped.is_some()).count() > 3, "{calm:?}");
    assert_eq!(calm, killed);
}

//! Runs as Rust closures.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::Duration;

use besom_agent::{ExitReason, FunctionRunner, Level, Link, LogError, RunContext, Runner, Shutdown};
use besom_core::{BoxError, RunNumber, RunState};
use besom_store::{ClaimedRun, Queue, StopKind, Store};
use serde_json::json;
use support::{Hanging, Scene, Valve, eventually};

type Ended = Result<(), BoxError>;

#[test]
fn a_closure_finishes_fails_or_panics() {
    let scene = Scene::new(&[1, 2, 3]);
    scene.work(&mut FunctionRunner::new(|run: &mut RunContext<'_>| -> Ended {
        run.log_json(json!({"loss": run.params()["x"]}))?;
        run.log_json(json!({"loss": 0.5, "dir": run.dir().unwrap().exists(), "attempt": run.attempt()}))?;
        match run.number().get() {
            1 => Ok(()),
            2 => Err("diverged".into()),
            _ => panic!("index {} out of range", 7),
        }
    }));
    let ends: Vec<_> = (1..=3).map(|n| (scene.run(n).state, scene.run(n).message)).collect();
    let expected = [
        (RunState::Finished, None),
        (RunState::Failed, Some("diverged".to_owned())),
        (RunState::Failed, Some("panicked: index 7 out of range".to_owned())),
    ];
    assert_eq!(ends, expected);
    for number in 1..=3 {
        let first = format!("1:{{\"loss\":{number}}}");
        assert_eq!(scene.rows(number), [first.as_str(), r#"2:{"loss":0.5,"dir":true,"attempt":1}"#]);
    }
}

#[test]
fn a_closure_learns_of_a_shutdown_while_the_store_hangs() {
    let scene = Scene::new(&[1]);
    let valve = Valve::default();
    let mut queue = Hanging { store: scene.store(), valve: valve.clone() };
    let mut runner = FunctionRunner::new(|run: &mut RunContext<'_>| -> Ended {
        valve.shut();
        scene.shutdown.raise_to(Level::Terminate);
        let stopped = run.check();
        valve.open();
        Ok(stopped?)
    });
    scene.work_on(&mut queue, &mut runner);
    assert_eq!(scene.run(1).state, RunState::Preempted);
}

#[test]
fn a_closure_learns_of_a_stop_by_its_next_row_or_a_flush() {
    for (kind, state) in [(StopKind::Early, RunState::Finished), (StopKind::Cancel, RunState::Killed)] {
        let scene = Scene::new(&[1]);
        scene.work(&mut FunctionRunner::new(|run: &mut RunContext<'_>| -> Ended {
            run.log_json(json!({"loss": 1}))?;
            run.flush()?;
            assert_eq!(scene.rows(1).len(), 1, "flushed rows are stored");
            scene.store().request_stops(&scene.sweep, &[(RunNumber::FIRST, "why".to_owned())], kind)?;
            run.log_json(json!({"loss": 2}))?;
            let is_stopped = |result| matches!(result, Err(LogError::Stopped(reason)) if reason == "why");
            assert!(is_stopped(run.flush()) && is_stopped(run.check()));
            run.log_json(json!({"loss": 3}))?;
            panic!("a stopped closure got past a row");
        }));
        assert_eq!((scene.run(1).state, scene.run(1).message), (state, None));
        assert_eq!(scene.rows(1).len(), 3, "the last row is kept");
    }
}

#[test]
fn a_closure_that_computes_for_long_is_not_given_up() {
    let mut scene = Scene::new(&[1]);
    scene.options.heartbeat_timeout = Duration::from_millis(600);
    scene.work(&mut FunctionRunner::new(|_: &mut RunContext<'_>| -> Ended {
        let seen = |scene: &Scene| scene.store().agents(&scene.sweep).unwrap()[0].seen_ms;
        let first = seen(&scene);
        eventually("three heartbeat timeouts have passed", || {
            let beat = scene.store().running(&scene.sweep).unwrap()[0].beat;
            assert!(beat >= (seen(&scene) - first) / 600, "it was heard of within each");
            (seen(&scene) > first + 1800).then_some(())
        });
        Ok(())
    }));
    assert_eq!((scene.run(1).state, scene.run(1).attempt), (RunState::Finished, 1));
}

#[test]
fn a_closure_learns_of_a_shutdown_and_its_run_is_preempted() {
    let scene = Scene::new(&[1]);
    let outcome = scene.work(&mut FunctionRunner::new(|run: &mut RunContext<'_>| -> Ended {
        scene.shutdown.raise_to(Level::Terminate);
        loop {
            run.log_json(json!({"loss": 1}))?;
            run.flush()?;
        }
    }));
    assert_eq!((outcome.exit_reason, outcome.runs), (ExitReason::Shutdown, 1));
    assert!(matches!(scene.run(1).state, RunState::Pending | RunState::Preempted));
}

#[test]
fn an_agent_executes_no_more_runs_than_it_may() {
    let mut scene = Scene::new(&[1, 2, 3]);
    scene.options.count = Some(2);
    let outcome = scene.work(&mut FunctionRunner::new(|_: &mut RunContext<'_>| -> Ended { Ok(()) }));
    assert_eq!((outcome.exit_reason, outcome.runs), (ExitReason::CountReached, 2));
    assert_eq!(scene.run(3).state, RunState::Pending);
}

/// Drains the only agent of the sweep.
fn drain(scene: &Scene) {
    let mut store = scene.store();
    let agents: Vec<_> = store.agents(&scene.sweep).unwrap().iter().map(|row| row.id).collect();
    assert_eq!(store.drain(&scene.sweep, &agents).unwrap(), 1);
}

#[test]
fn an_agent_that_is_drained_finishes_its_run_and_leaves() {
    let scene = Scene::new(&[1, 2]);
    let outcome = scene.work(&mut FunctionRunner::new(|run: &mut RunContext<'_>| -> Ended {
        drain(&scene);
        Ok(run.log_json(json!({"loss": 1}))?)
    }));
    assert_eq!((outcome.exit_reason, outcome.runs), (ExitReason::Drained, 1));
    assert_eq!((scene.run(1).state, scene.run(1).rows), (RunState::Finished, 1));
    assert_eq!(scene.run(2).state, RunState::Pending);
    let agent = scene.store().agents(&scene.sweep).unwrap().remove(0);
    assert!(agent.left && agent.draining, "{agent:?}");
}

/// What can begin no run, and has its agent drained meanwhile.
struct Obstructed<'a>(&'a Scene, bool);

impl Runner for Obstructed<'_> {
    fn obstacle(&mut self, _: &Shutdown) -> Option<String> {
        if !std::mem::replace(&mut self.1, true) {
            drain(self.0);
        }
        Some("GPU 0 is in use".to_owned())
    }

    fn run(&mut self, _: &ClaimedRun, _: &mut Link<'_>) -> besom_agent::Ended {
        unreachable!("nothing is claimed")
    }
}

#[test]
fn an_agent_that_can_begin_no_run_learns_that_it_is_drained() {
    let mut scene = Scene::new(&[1]);
    scene.options.heartbeat_timeout = Duration::from_millis(30);
    let outcome = scene.work(&mut Obstructed(&scene, false));
    assert_eq!((outcome.exit_reason, outcome.runs), (ExitReason::Drained, 0));
}

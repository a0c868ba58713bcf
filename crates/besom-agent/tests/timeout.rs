//! Runs that take too long, with real programs and functions.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::Duration;

use besom_agent::{ExitReason, FunctionRunner, RunContext};
use besom_core::{BoxError, RunState};
use support::Scene;

const LIMIT: Duration = Duration::from_millis(300);

/// A scene whose runs may take this long.
fn scene(runs: &[i64]) -> Scene {
    let mut scene = Scene::new(runs);
    scene.options.timeout = Some(LIMIT);
    scene
}

#[test]
fn a_program_that_takes_too_long_is_ended_and_has_failed_for_good_and_says_nothing_about_its_host() {
    let scene = scene(&[1, 2, 3, 4, 5]);
    let outcome = scene.work(&mut scene.shell("exec sleep 600"));
    for number in 1..=5 {
        let run = scene.run(number);
        assert_eq!((run.state, run.attempt), (RunState::Failed, 1));
        assert_eq!(run.message.as_deref(), Some("timeout after 300ms"));
    }
    assert_eq!((outcome.runs, outcome.exit_reason), (5, ExitReason::Shutdown), "quick failures would be");
}

#[test]
fn a_program_cannot_prolong_its_time_by_saying_that_it_is_preempted() {
    let scene = scene(&[1]);
    let run = scene.run_one(
        r#"trap 'exit 1' TERM; echo '{"_besom": "preempting"}' >> "$BESOM_METRICS"; while true; do :; done"#,
    );
    assert_eq!((run.state, run.attempt), (RunState::Failed, 1));
}

#[test]
fn a_program_that_ignores_the_end_of_its_time_is_killed() {
    let scene = scene(&[1]);
    let mut runner = scene.shell("trap '' TERM; while true; do :; done");
    runner.grace = Duration::from_millis(100);
    scene.work(&mut runner);
    let run = scene.run(1);
    assert_eq!(run.state, RunState::Failed);
    assert!(run.message.unwrap().starts_with("timeout after 300ms"));
}

#[test]
fn a_function_learns_of_the_end_of_its_time_when_it_looks() {
    let scene = scene(&[1]);
    let train = |run: &mut RunContext<'_>| -> Result<(), BoxError> {
        loop {
            run.check()?;
            std::thread::yield_now();
        }
    };
    scene.work(&mut FunctionRunner::new(train));
    let run = scene.run(1);
    assert_eq!((run.state, run.message.as_deref()), (RunState::Failed, Some("timeout after 300ms")));
}

//! Agents that seem unable to work, machines that cannot begin runs, and programs that are preempted for nothing.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;
use std::sync::mpsc;
use std::time::Duration;

use besom_agent::{ExitReason, Notice};
use besom_core::RunState;
use besom_store::{Claim, End, NewAgent, Queue, SweepState};
use support::{Scene, eventually};

/// A shell line by which the program announces its preemption.
const PREEMPTING: &str = "echo '{\"_besom\": \"preempting\"}' >> $BESOM_METRICS;";

#[test]
fn three_quick_failures_without_any_success_pause_the_sweep() {
    let scene = Scene::new(&[1, 2, 3, 4]);
    let outcome = scene.work(&mut scene.shell("echo 'no module named torch' >&2; exit 1"));
    let reason = scene.row().reason.unwrap();
    assert_eq!(scene.row().state, SweepState::Paused);
    assert_eq!(reason.lines().last(), Some("no module named torch"));
    assert_eq!((outcome.runs, outcome.exit_reason), (3, ExitReason::Broken(reason)));
    let runs: Vec<_> = (1..=4).map(|number| (scene.run(number).state, scene.run(number).attempt)).collect();
    assert_eq!(runs, [1, 1, 1, 0].map(|attempt| (RunState::Pending, attempt)), "nothing is lost");
}

#[test]
fn a_bad_host_beside_a_good_one_leaves_and_burns_nothing() {
    let scene = Scene::with(&[1, 2, 3, 4, 5, 6, 7, 8], |sweep| sweep.retry_failed = 1);
    // Somebody else is there, and has succeeded before.
    let mut store = scene.store();
    let good = store.join(&scene.sweep, &NewAgent::new("good", Duration::from_secs(60))).unwrap();
    let Claim::Run(run) = store.claim(good, 1).unwrap() else { panic!("a run is there") };
    store.finish(&run.lease, &End::new(RunState::Finished)).unwrap();
    let outcome = scene.work(&mut scene.shell("echo 'no GPU here' >&2; exit 1"));
    let ExitReason::Quarantined(reason) = outcome.exit_reason else { panic!("{outcome:?}") };
    assert!(reason.ends_with("no GPU here"), "{reason}");
    assert_eq!((outcome.runs, scene.row().state), (3, SweepState::Running));
    assert!((2..=8).all(|number| scene.run(number).state == RunState::Pending));
    store.leave(good).unwrap();
    scene.work(&mut scene.shell("exit 0"));
    assert!((1..=8).all(|number| scene.run(number).state == RunState::Finished));
}

#[test]
fn a_host_that_breaks_later_leaves_too() {
    let scene = Scene::new(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    let outcome = scene.work(&mut scene.shell("test $1 = --x=1 && exit 0; exit 1"));
    assert!(matches!(outcome.exit_reason, ExitReason::Broken(_)), "{outcome:?}");
    assert!((2..=12).all(|number| scene.run(number).state == RunState::Pending));
}

#[test]
fn a_run_that_the_machine_cannot_begin_was_no_attempt_and_the_agent_waits() {
    let mut scene = Scene::with(&[1, 2], |sweep| sweep.retry_crashed = 0);
    let (sender, said) = mpsc::channel();
    scene.options.notices = Some(sender);
    let runs = scene.directory().join("runs").join(scene.sweep.as_str());
    fs::create_dir_all(&runs).unwrap();
    // What is in the way of the run's directory may be anything: a full disk, for example.
    fs::write(runs.join("1"), "").unwrap();
    let runner = scene.shell("exit 0");
    let outcome = scene.while_working(runner, || {
        eventually("the run is given back", || {
            let run = scene.run(1);
            (run.attempt > 0 && run.state == RunState::Pending).then_some(())
        });
        assert!(scene.run(1).message.unwrap().contains("cannot use"));
        fs::remove_file(runs.join("1")).unwrap();
    });
    assert_eq!(outcome.runs, 2, "two attempts were made");
    assert_eq!((scene.run(1).state, scene.run(2).state), (RunState::Finished, RunState::Finished));
    assert_eq!(scene.run(2).attempt, 1);
    let said: Vec<Notice> = said.try_iter().collect();
    assert!(
        matches!(said.first(), Some(Notice::MachineFails(why)) if why.contains("cannot use")),
        "{said:?}"
    );
    assert_eq!(said.last(), Some(&Notice::MachineWorks));
}

#[test]
fn a_program_that_claims_to_be_preempted_again_and_again_lets_others_go_first() {
    let scene = Scene::new(&[1, 2, 3]);
    let script =
        format!("test $1 = --x=1 || exit 0; {PREEMPTING} sleep 0.2; echo $BESOM_ATTEMPT >> tries; exit 1");
    let outcome = scene.while_working(scene.shell(&script), || {
        eventually("the others are done", || {
            (2..=3).all(|number| scene.run(number).state == RunState::Finished).then_some(())
        });
        let tries = scene.eventually_read("tries");
        assert!(tries.lines().count() <= 2, "{tries}");
        eventually("it says how often", || {
            scene.run(1).message.filter(|message| message.starts_with("preempted 2 times in a row"))
        });
        scene.shutdown.raise();
    });
    assert_eq!(outcome.exit_reason, ExitReason::Shutdown);
}

#[test]
fn failures_after_an_announced_preemption_say_nothing_about_the_host() {
    let scene = Scene::new(&[1, 2, 3, 4]);
    let script = format!(
        "test $BESOM_ATTEMPT = 2 && exit 0; {PREEMPTING} echo '{{\"loss\": 1}}' >> $BESOM_METRICS; exit 1"
    );
    let outcome = scene.work(&mut scene.shell(&script));
    assert_eq!((outcome.runs, outcome.exit_reason), (8, ExitReason::Shutdown));
    assert!((1..=4).all(|number| scene.run(number).state == RunState::Finished));
}

#[test]
fn failures_after_a_success_are_the_parameters_fault() {
    let scene = Scene::new(&[0, 1, 2, 3, 4]);
    let outcome = scene.work(&mut scene.shell("test $1 = --x=0"));
    assert_eq!((outcome.runs, outcome.exit_reason), (5, ExitReason::Shutdown));
    assert_eq!(scene.run(5).state, RunState::Failed);
}

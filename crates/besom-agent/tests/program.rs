//! The contract between agent and program, with real programs.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use besom_agent::{ExitReason, Level, ProgramRunner, UserSignal};
use besom_core::{RunNumber, RunState};
use besom_store::{Lease, Queue, StopKind, Store, SweepState};
use serde_json::json;
use support::{Hanging, Scene, Valve, eventually, living, object};

/// Lines for a shell script: writes a row.
const LOG: &str = "log() { echo \"$1\" >> \"$BESOM_METRICS\"; };";

#[test]
fn a_program_finds_its_parameters_everywhere_they_are_promised() {
    let scene = Scene::new(&[7]);
    let run = scene.run_one(
        "test \"$*\" = --x=7 && pwd > here && cp $BESOM_PARAMS params && cp $WANDB_SWEEP_PARAM_PATH wandb &&
         echo $BESOM_SWEEP_ID $BESOM_RUN_ID $BESOM_RUN_NUMBER $BESOM_ATTEMPT $BESOM_STORE $BESOM_RUN_DIR > env &&
         echo $BESOM_ATTEMPT_DIR $BESOM_SLOT > place &&
         touch $BESOM_RUN_DIR/checkpoint && ! read line",
    );
    assert_eq!((run.state, run.exit_code, run.message), (RunState::Finished, Some(0), None));
    let read = |name: &str| fs::read_to_string(scene.file(name)).unwrap();
    assert_eq!(fs::canonicalize(read("here").trim()).unwrap(), fs::canonicalize(scene.work_dir()).unwrap());
    assert_eq!(read("params"), "{\n  \"x\": 7\n}\n");
    assert_eq!(read("wandb"), "{\"wandb_version\": 1, \"x\": {\"value\": 7}}");
    let dir = scene.dir(1, 1);
    let store = scene.directory().display().to_string();
    assert_eq!(read("env"), format!("sweep001 sweep001-1 1 1 {store} {}\n", dir.path().display()));
    assert_eq!(read("place"), format!("{} 0\n", dir.attempt().display()));
    assert!(dir.path().join("checkpoint").exists());
}

/// A server that is suspended, or a network that swallows what is sent.
#[test]
fn a_store_that_hangs_keeps_no_signal_from_a_program() {
    let scene = Scene::new(&[1]);
    let mut runner = scene.shell(
        "trap 'echo usr > usr' USR1; trap 'echo term > term; exit 0' TERM; echo > ready; while :; do sleep 0.01; done",
    );
    let valve = Valve::default();
    let mut queue = Hanging { store: scene.store(), valve: valve.clone() };
    thread::scope(|scope| {
        let agent = scope.spawn(|| scene.work_on(&mut queue, &mut runner));
        scene.eventually_read("ready");
        valve.shut();
        scene.shutdown.forward(UserSignal::Usr1);
        scene.eventually_read("usr");
        scene.shutdown.raise_to(Level::Terminate);
        scene.eventually_read("term");
        valve.open();
        agent.join().unwrap();
    });
    assert_eq!(scene.run(1).state, RunState::Preempted);
}

#[test]
fn what_an_attempt_says_lies_apart_from_what_others_said() {
    let scene = Scene::with(&[7], |sweep| sweep.retry_failed = 1);
    let run = scene.run_one(
        "echo attempt $BESOM_ATTEMPT; cp $BESOM_PARAMS $BESOM_ATTEMPT_DIR/seen; echo >> $BESOM_RUN_DIR/checkpoint
         dirname $BESOM_METRICS >> places; echo $BESOM_ATTEMPT_DIR >> places; test $BESOM_ATTEMPT = 2",
    );
    assert_eq!((run.state, run.attempt), (RunState::Finished, 2));
    for attempt in [1, 2] {
        let dir = scene.dir(1, attempt);
        assert_eq!(fs::read_to_string(dir.output()).unwrap(), format!("attempt {attempt}\n"));
        let read = |name: &str| fs::read_to_string(dir.attempt().join(name)).unwrap();
        assert_eq!(read("seen"), read("params.json"));
        assert_eq!(fs::read_to_string(dir.path().join("checkpoint")).unwrap(), "\n\n", "they share this one");
    }
    let path = |attempt| scene.dir(1, attempt).attempt().display().to_string();
    let places = scene.eventually_read("places");
    assert_eq!(places.lines().collect::<Vec<_>>(), [path(1), path(1), path(2), path(2)]);
}

#[test]
fn what_a_program_logs_is_stored_line_by_line() {
    let scene = Scene::new(&[1]);
    let run = scene.run_one(
        "printf '{\"loss\": 3}\\n{\"loss\": NaN}\\nloss is 2\\n\\377\\n\\n{\"loss\": 1}' >> $BESOM_METRICS",
    );
    assert_eq!(scene.rows(1), ["1:{\"loss\":3}", "2:{\"loss\":\"NaN\"}", "3:{\"loss\":1}"]);
    assert_eq!(run.state, RunState::Finished);
    assert_eq!(
        run.message.as_deref(),
        Some("metrics line 3 is not a JSON object: 'loss is 2' (2 such lines)")
    );
    assert_eq!((run.best, run.last), (Some(1.0), Some(1.0)));
}

#[test]
fn what_a_program_says_and_prints_is_in_the_store() {
    let scene = Scene::new(&[1]);
    let run = scene.run_one(
        "echo '{\"_besom\": {\"tags\": [\"big\"], \"config\": {\"layers\": 3}}}' >> $BESOM_METRICS
         printf 'one\\ntwo\\377\\n'; echo '{\"_besom\": {\"config\": {\"seed\": 7}}}' >> $BESOM_METRICS",
    );
    assert_eq!((run.state, run.rows, run.message), (RunState::Finished, 0, None));
    let mut store = scene.store();
    let facts = store.facts(&scene.sweep, RunNumber::FIRST, None).unwrap();
    assert_eq!(facts, object(json!({"tags": ["big"], "config": {"layers": 3, "seed": 7}})));
    let output = store.output(&scene.sweep, RunNumber::FIRST, None).unwrap();
    assert_eq!((output.to_string().as_str(), output.total), ("one\ntwo?\n", 9));
}

#[test]
fn facts_that_are_too_large_are_a_warning_and_cost_nothing_else() {
    let scene = Scene::new(&[1]);
    let run = scene
        .run_one("printf '{\"_besom\": {\"notes\": \"%300000d\"}}\\n{\"loss\": 1}\\n' 1 >> $BESOM_METRICS");
    assert_eq!((run.state, run.best), (RunState::Finished, Some(1.0)));
    let message = run.message.unwrap();
    assert!(message.contains("the facts about a run would have 300012 bytes; at most 262144"), "{message}");
}

#[test]
fn a_failure_has_its_exit_status_and_the_last_line() {
    let scene = Scene::new(&[1, 2]);
    scene.work(&mut scene.shell(
        "case $1 in --x=1) echo fine; printf 'one\\nlr is negative\\n' >&2; exit 3;; *) kill -SEGV $$;; esac",
    ));
    let (first, second) = (scene.run(1), scene.run(2));
    assert_eq!((first.state, first.exit_code), (RunState::Failed, Some(3)));
    assert_eq!(first.message.as_deref(), Some("exit status 3: lr is negative"));
    assert_eq!((second.state, second.exit_code), (RunState::Failed, None));
    assert_eq!(second.message.as_deref(), Some("killed by SIGSEGV"));
    let output = fs::read_to_string(scene.dir(1, 1).output()).unwrap();
    assert!(output.contains("fine\n") && output.contains("one\nlr is negative\n"), "{output}");
}

#[test]
fn a_program_that_a_rule_stops_may_save_and_is_finished() {
    let scene = Scene::new(&[1]);
    let runner = scene.shell(&format!(
        "{LOG} trap 'log \"{{\\\"loss\\\": 1}}\"; exit 5' TERM; log '{{\"loss\": 2}}'; while :; do sleep 0.01; done"
    ));
    scene.while_working(runner, || {
        scene.eventually_logged(1, 1);
        let stops = [(RunNumber::FIRST, "17th of 20".to_owned())];
        assert_eq!(scene.store().request_stops(&scene.sweep, &stops, StopKind::Early).unwrap(), 1);
    });
    let run = scene.run(1);
    assert_eq!((run.state, run.exit_code), (RunState::Finished, Some(5)));
    assert_eq!(run.stop_reason.as_deref(), Some("17th of 20"));
    assert_eq!(scene.rows(1).len(), 2, "rows of the grace period are kept");
}

#[test]
fn a_program_that_ignores_sigterm_is_killed_after_its_grace() {
    for supervised in [true, false] {
        let scene = Scene::new(&[1]);
        let mut runner = scene.shell(&format!(
            "trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1; done' & echo $! > pids; echo $$ >> pids;
             {LOG} log '{{}}'; while :; do sleep 1; done"
        ));
        runner.grace = Duration::from_millis(100);
        if !supervised {
            runner.supervisor = None;
        }
        scene.while_working(runner, || {
            scene.eventually_logged(1, 1);
            scene.store().set_state(&scene.sweep, SweepState::Canceled, Some("enough")).unwrap();
        });
        let run = scene.run(1);
        assert_eq!(run.state, RunState::Killed);
        assert_eq!(
            run.message.as_deref(),
            Some("was killed because it did not end within 0.1 s of SIGTERM"),
            "supervised: {supervised}"
        );
        assert_eq!(living(&scene.eventually_read("pids")), Vec::<String>::new());
    }
}

/// A shell line by which the program announces its preemption.
const PREEMPTING: &str = "echo '{\"_besom\": \"preempting\"}' >> $BESOM_METRICS;";

#[test]
fn a_program_that_is_preempted_and_fails_is_retried() {
    let scene = Scene::new(&[1]);
    let run = scene.run_one(&format!(
        "{LOG} log '{{\"loss\": '$BESOM_ATTEMPT'}}'; test $BESOM_ATTEMPT = 4 && exit 0
         {PREEMPTING} test $BESOM_ATTEMPT = 3 && kill -KILL $$; echo gone; exit 7"
    ));
    assert_eq!((run.state, run.attempt, run.message), (RunState::Finished, 4, None));
    let rows = (1..=4).map(|loss| format!("{loss}:{{\"loss\":{loss}}}"));
    assert!(
        scene.rows(1).into_iter().eq(rows),
        "the message is not a row, and what was logged before it counts"
    );
    let attempts = scene.store().attempts(&scene.sweep, RunNumber::FIRST).unwrap();
    let ends: Vec<_> = attempts.iter().map(|attempt| attempt.state).collect();
    assert_eq!(ends, [RunState::Preempted, RunState::Preempted, RunState::Preempted, RunState::Finished]);
}

#[test]
fn a_program_that_is_preempted_and_succeeds_or_is_stopped_is_not_retried() {
    let scene = Scene::new(&[1, 2]);
    let runner =
        scene.shell(&format!("{PREEMPTING} test $1 = --x=1 && exit 0; {LOG} log '{{}}'; sleep 1000"));
    scene.while_working(runner, || {
        scene.eventually_logged(2, 1);
        let stops = [(RunNumber::new(2).unwrap(), "enough".to_owned())];
        scene.store().request_stops(&scene.sweep, &stops, StopKind::Cancel).unwrap();
    });
    assert_eq!((scene.run(1).state, scene.run(1).attempt), (RunState::Finished, 1));
    assert_eq!((scene.run(2).state, scene.run(2).attempt), (RunState::Killed, 1));
}

#[test]
fn a_program_that_always_claims_to_be_preempted_and_fails_is_broken() {
    let scene = Scene::new(&[1]);
    let outcome = scene.work(&mut scene.shell(&format!("{PREEMPTING} exit 1")));
    assert!(matches!(outcome.exit_reason, ExitReason::Broken(_)), "{outcome:?}");
    let run = scene.run(1);
    assert_eq!((scene.row().state, run.state), (SweepState::Paused, RunState::Preempted));
    let expected = "preempted 3 times in a row without a new row: was being preempted: exit status 1";
    assert_eq!(run.message.as_deref(), Some(expected));
}

#[test]
fn what_a_program_leaves_behind_ends_with_it() {
    for supervised in [true, false] {
        let scene = Scene::new(&[1]);
        // In its group, in a session of its own, orphaned twice over, and deaf.
        let mut runner = scene.shell(
            "sleep 1000 & echo $! > pids
             setsid sh -c 'echo $$ >> pids; touch one; sleep 1000' &
             (setsid sh -c 'trap \"\" TERM HUP; echo $$ >> pids; touch two; while :; do sleep 1; done' &)
             while ! test -e one -a -e two; do sleep 0.01; done",
        );
        if !supervised {
            runner.supervisor = None;
        }
        scene.work(&mut runner);
        assert_eq!(scene.run(1).state, RunState::Finished);
        let pids = scene.eventually_read("pids");
        assert_eq!(pids.lines().count(), 3);
        assert_eq!(living(&pids), Vec::<String>::new(), "supervised: {supervised}");
    }
}

#[test]
fn a_killed_supervisor_takes_the_program_along_and_the_run_is_retried() {
    let scene = Scene::new(&[1]);
    let runner = scene.shell(
        "test $BESOM_ATTEMPT = 2 && exit 0; setsid sleep 1000 & echo $! > pids; echo $$ >> pids
         echo $PPID > supervisor; while :; do sleep 1; done",
    );
    scene.while_working(runner, || {
        let supervisor = scene.eventually_read("supervisor");
        signal(supervisor.trim(), rustix::process::Signal::KILL);
    });
    let run = scene.run(1);
    assert_eq!((run.state, run.attempt), (RunState::Finished, 2));
    assert_eq!(living(&scene.eventually_read("pids")), Vec::<String>::new());
    let attempts = scene.store().attempts(&scene.sweep, RunNumber::FIRST).unwrap();
    assert_eq!(attempts[0].state, RunState::Crashed);
}

#[test]
fn signals_that_a_batch_system_sends_to_all_processes_do_not_take_the_supervisor_away() {
    let scene = Scene::new(&[1]);
    // A supervisor that died would take the program along.
    let run = scene.run_one(
        "for signal in USR1 USR2 TERM HUP INT; do kill -$signal $PPID; done
         kill -0 $PPID && cat /proc/$PPID/comm > /dev/null && exit 0",
    );
    assert_eq!((run.state, run.attempt), (RunState::Finished, 1));
}

#[test]
fn a_forwarded_signal_reaches_those_who_handle_it_and_ends_nobody_else() {
    for supervised in [true, false] {
        let scene = Scene::new(&[1]);
        let mut runner = scene.shell(
            "sh -c 'trap \"echo warned > warned; exit 0\" USR1; echo > ready; while :; do sleep 0.01; done'
             test $? = 0 && exit 3",
        );
        if !supervised {
            runner.supervisor = None;
        }
        scene.while_working(runner, || {
            scene.eventually_read("ready");
            scene.shutdown.forward(UserSignal::Usr2);
            scene.shutdown.forward(UserSignal::Usr1);
            scene.eventually_read("warned");
        });
        let run = scene.run(1);
        assert_eq!((run.state, run.exit_code), (RunState::Failed, Some(3)), "supervised: {supervised}");
    }
}

fn signal(pid: &str, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// Executes a runner that cannot work; returns the reason for which the sweep is paused, and the run's message.
fn broken(change: impl FnOnce(&Scene, &mut ProgramRunner)) -> String {
    let scene = Scene::new(&[1, 2]);
    let mut runner = scene.shell("exit 0");
    change(&scene, &mut runner);
    let outcome = scene.work(&mut runner);
    let (sweep, run) = (scene.row(), scene.run(1));
    let reason = sweep.reason.unwrap();
    assert_eq!(sweep.state, SweepState::Paused);
    assert_eq!(outcome.exit_reason, ExitReason::Broken(reason.clone()));
    assert_eq!((run.state, run.message.as_deref()), (RunState::Pending, Some(reason.as_str())), "given back");
    assert_eq!((run.attempt, scene.run(2).attempt), (1, 0), "one failure is enough");
    reason
}

#[test]
fn a_program_that_cannot_be_executed_pauses_the_sweep_at_once_and_is_named() {
    let command = |words: &[&str]| Some(words.iter().map(|&word| word.to_owned()).collect());
    for supervised in [true, false] {
        let check = |words: &[&str], prepare: &dyn Fn(&Scene), expected: &str| {
            let reason = broken(|scene, runner| {
                prepare(scene);
                runner.command = command(words);
                if !supervised {
                    runner.supervisor = None;
                }
            });
            assert!(reason.contains(expected), "{words:?}: {reason}");
        };
        check(&["no-such-program"], &|_| {}, "'no-such-program' is not in any directory of PATH");
        check(&["./train"], &|_| {}, "'./train' does not exist (looked in /");
        let write = |text: &'static str| move |scene: &Scene| fs::write(scene.file("train"), text).unwrap();
        check(&["./train"], &write("#!/bin/sh\n"), "'./train' is not executable");
        check(&["/usr/bin/env", "no-such-python", "x"], &|_| {}, "'no-such-python' is not in any directory");
    }
}

#[test]
fn a_script_or_directory_or_command_that_is_missing_pauses_the_sweep() {
    let reason = broken(|_, runner| {
        runner.command = Some(vec!["sh".into(), "${program}".into()]);
        runner.program = Some("train.sh".into());
    });
    assert!(reason.starts_with("the program 'train.sh' does not exist"), "{reason}");
    let reason = broken(|scene, _| fs::remove_dir(scene.work_dir()).unwrap());
    assert!(reason.starts_with("there is no directory /"), "{reason}");
    let reason = broken(|_, runner| runner.command = None);
    assert_eq!(reason, "the command needs ${program}, but the sweep names no program");
    let reason = broken(|_, runner| runner.supervisor = Some(vec!["/no/such/supervisor".into()]));
    assert!(reason.starts_with("cannot start the process that supervises"), "{reason}");
}

/// Executes a script for four runs; returns why the sweep was paused, if it was, and the number of runs.
fn four_runs(script: &str) -> (Option<String>, u64) {
    let scene = Scene::new(&[1, 2, 3, 4]);
    let outcome = scene.work(&mut scene.shell(script));
    (scene.row().reason, outcome.runs)
}

#[test]
fn killing_programs_or_supervisors_does_not_make_the_program_look_broken() {
    assert_eq!(four_runs("kill -9 $$"), (None, 4));
    // Each of the runs is retried once after its supervisor was killed.
    assert_eq!(four_runs("kill -9 $PPID; while :; do sleep 1; done"), (None, 8));
}

#[test]
fn an_external_kill_neither_extends_nor_ends_a_streak_of_failures() {
    let (reason, runs) = four_runs("test $1 = --x=2 && kill -9 $$; exit 1");
    assert!(reason.unwrap().starts_with("the program looks broken: 3 quick failures in a row"));
    assert_eq!(runs, 4);
}

#[test]
fn a_program_that_dies_of_its_own_fault_is_broken() {
    for signal in ["SEGV", "ABRT"] {
        let (reason, runs) = four_runs(&format!("kill -{signal} $$"));
        assert!(reason.unwrap().ends_with(&format!("killed by SIG{signal}")));
        assert_eq!(runs, 3);
    }
}

#[test]
fn a_flood_of_output_is_bounded_and_blocks_nobody() {
    let scene = Scene::new(&[1]);
    let run = scene.run_one("echo first; yes 0123456789 | head -c 300000000; echo; echo last >&2");
    assert_eq!(run.state, RunState::Finished);
    let output = fs::read(scene.dir(1, 1).output()).unwrap();
    assert!(output.len() < (2 << 20) + 100, "{}", output.len());
    assert!(output.starts_with(b"first\n0123456789\n"));
    let text = String::from_utf8_lossy(&output);
    // Two pipes are read as they fill: what came last on one need not be the end of the file.
    assert!(text.contains("bytes are left out here]") && text.contains("last"));
    assert_eq!(
        scene
            .dir(1, 1)
            .attempt()
            .read_dir()
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("output") })
            .count(),
        1
    );
}

#[test]
fn the_first_shutdown_level_lets_the_run_finish() {
    let scene = Scene::new(&[1, 2]);
    let runner = scene.shell("echo > started; while ! test -e go; do sleep 0.01; done");
    let outcome = scene.while_working(runner, || {
        scene.eventually_read("started");
        scene.shutdown.raise();
        fs::write(scene.file("go"), "").unwrap();
    });
    assert_eq!((outcome.exit_reason, outcome.runs), (ExitReason::Shutdown, 1));
    assert_eq!((scene.run(1).state, scene.run(2).state), (RunState::Finished, RunState::Pending));
}

#[test]
fn the_second_shutdown_level_preempts_the_run_and_the_third_does_not_wait() {
    for (level, script) in [
        (
            Level::Terminate,
            "trap 'echo saved > saved; exit 0' TERM; echo > started; while :; do sleep 0.01; done",
        ),
        (Level::Kill, "trap '' TERM; echo > started; while :; do sleep 0.01; done"),
    ] {
        let scene = Scene::new(&[1]);
        let started = Instant::now();
        let outcome = scene.while_working(scene.shell(script), || {
            scene.eventually_read("started");
            scene.shutdown.raise_to(level);
        });
        assert!(started.elapsed() < Duration::from_secs(25), "no grace period");
        assert_eq!(outcome.exit_reason, ExitReason::Shutdown);
        assert!(matches!(scene.run(1).state, RunState::Pending | RunState::Preempted));
        assert_eq!(level == Level::Terminate, scene.file("saved").exists());
    }
}

#[test]
fn a_lost_lease_ends_the_program_and_nothing_of_it_is_reported() {
    let scene = Scene::new(&[1]);
    let runner = scene.shell(
        "trap '' TERM; echo '{\"loss\": 1}' >> $BESOM_METRICS; echo $$ > pids; while :; do sleep 0.01; done",
    );
    let mut lease = Lease { sweep: scene.sweep.clone(), run: RunNumber::FIRST, attempt: 1 };
    scene.while_working(runner, || {
        scene.eventually_logged(1, 1);
        let mut store = scene.store();
        // Somebody ends this attempt, and another agent has the next one.
        let end = besom_store::End::new(RunState::Crashed);
        store.finish(&lease, &end).unwrap();
        let new = besom_store::NewAgent::new("other", Duration::from_millis(1_000_000));
        let other = store.join(&scene.sweep, &new).unwrap();
        store.claim(other, 1).unwrap();
        eventually("the program is dead", || living(&scene.eventually_read("pids")).is_empty().then_some(()));
        lease.attempt = 2;
        store.finish(&lease, &besom_store::End::new(RunState::Finished)).unwrap();
    });
    assert_eq!((scene.run(1).attempt, scene.run(1).state), (2, RunState::Finished));
    assert_eq!(scene.rows(1), Vec::<String>::new());
}

#[test]
fn a_run_that_goes_on_from_its_checkpoint_keeps_what_it_logged() {
    let scene = Scene::new(&[1]);
    let script = r#"log() { echo "$1" >> $BESOM_METRICS; }
        case $BESOM_ATTEMPT in
            1) log '{"loss": 0.9}'; log '{"loss": 0.1}'; log '{"_besom": "preempting"}'; exit 1;;
            2) log '{"loss": 0.3}'; exit 0;;
        esac"#;
    let run = scene.run_one(script);
    assert_eq!((run.state, run.attempt, run.rows, run.best), (RunState::Finished, 2, 3, Some(0.1)));
    assert_eq!(scene.rows(1), [r#"1:{"loss":0.9}"#, r#"2:{"loss":0.1}"#, r#"3:{"loss":0.3}"#]);
}

#[test]
fn a_program_that_says_it_resumed_keeps_the_rows_of_the_attempt_before() {
    for (said, rows) in [(r#"{"_besom": "resumed"}"#, 3), ("", 1)] {
        let scene = Scene::with(&[1], |sweep| sweep.retry_failed = 1);
        let script = format!(
            r#"log() {{ echo "$1" >> $BESOM_METRICS; }}
            case $BESOM_ATTEMPT in
                1) log '{{"loss": 0.9}}'; log '{{"loss": 0.1}}'; exit 1;;
                2) log '{said}'; log '{{"loss": 0.3}}';;
            esac"#
        );
        let run = scene.run_one(&script);
        assert_eq!((run.state, run.attempt, run.rows), (RunState::Finished, 2, rows), "{said}");
    }
}

#[test]
fn the_command_has_the_slot_and_the_variables_of_its_run() {
    let mut scene = Scene::new(&[1]);
    scene.options.slot = 3;
    let mut runner = scene.shell("echo $1 $2 > given");
    let words = ["$0", "cuda:${slot}", "${envvar:BESOM_RUN_NUMBER}"].map(str::to_owned);
    runner.command.as_mut().unwrap().truncate(3);
    runner.command.as_mut().unwrap().extend(words);
    scene.work(&mut runner);
    assert_eq!(scene.run(1).state, RunState::Finished);
    assert_eq!(fs::read_to_string(scene.file("given")).unwrap(), "cuda:3 1\n");
}

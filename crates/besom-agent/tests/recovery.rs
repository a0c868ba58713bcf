//! Agents that are killed, and what becomes of their runs.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use besom_agent::{AgentOptions, Idle, Level, Notice, ProgramRunner, RunDir, Shutdown, work};
use besom_core::{RunNumber, RunState};
use besom_store::{Claim, NewAgent, Queue, Store, SweepId};
use rustix::process::{Pid, Signal, kill_process};
use support::{Scene, eventually, living, open_store, supervisor};

/// The environment variable with the arguments of this test binary when it is an agent that will be killed.
const ORDERS: &str = "BESOM_TEST_AGENT";
/// The one with the script of its program.
const SCRIPT: &str = "BESOM_TEST_SCRIPT";

/// The one with its heartbeat timeout in milliseconds.
const TIMEOUT: &str = "BESOM_TEST_TIMEOUT";

/// The first attempt logs as fast as it can, with children in other sessions, until it is killed; the second
/// ends.
const PROGRAM: &str = "test $BESOM_ATTEMPT = 2 && exit 0
    echo $$ >> pids; setsid sh -c 'trap \"\" TERM; echo $$ >> pids; while :; do sleep 1; done' &
    i=0; while :; do i=$((i + 1)); echo \"{\\\"loss\\\": $i}\" >> $BESOM_METRICS; done";

/// Not a test but the agent of the other tests, in a process of its own; does nothing without arguments.
#[test]
fn agent_process() {
    let Ok(orders) = env::var(ORDERS) else { return };
    let orders: Vec<&str> = orders.split('|').collect();
    let [directory, work_dir, supervised] = orders[..] else { panic!("three arguments") };
    besom_agent::adopt_orphans();
    let mut store = open_store(Path::new(directory), Arc::default());
    let mut runner = ProgramRunner::new(work_dir, directory);
    runner.command = Some(["sh", "-c", &env::var(SCRIPT).unwrap()].map(str::to_owned).to_vec());
    runner.supervisor = (supervised == "supervised").then(supervisor);
    let timeout = env::var(TIMEOUT).map_or(300_000, |ms| ms.parse().unwrap());
    let options = AgentOptions::new("victim/1/1").directory(directory);
    let options = options.heartbeat_timeout(Duration::from_millis(timeout));
    let sweep = SweepId::new("sweep001");
    let mut idle = || Ok(Idle::Waiting);
    let shutdown = Shutdown::new();
    thread::spawn({
        let (shutdown, asked) = (shutdown.clone(), Path::new(work_dir).join("shutdown"));
        move || {
            eventually("the agent is asked to shut down, or killed", || asked.exists().then_some(()));
            shutdown.raise_to(Level::Terminate);
        }
    });
    work(&mut store, &sweep, &options, &mut runner, &shutdown, &mut idle).unwrap();
}

/// An agent in a process of its own, which does not outlive its test.
struct Victim(Child);

impl Drop for Victim {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn start_agent(scene: &Scene, script: &str, how: &str) -> Victim {
    start_agent_with(scene, script, how, |_| {})
}

fn start_agent_with(scene: &Scene, script: &str, how: &str, change: impl FnOnce(&mut Command)) -> Victim {
    let directory = scene.directory();
    let directory = directory.display();
    let orders = format!("{directory}|{}|{how}", scene.work_dir().display());
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "agent_process", "--nocapture"])
        .env(ORDERS, orders)
        .env(SCRIPT, script)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    change(&mut command);
    Victim(command.spawn().unwrap())
}

/// Every row in the metrics file of an attempt is stored, once and in order: they count from 1. Says how
/// many.
fn check_rows(scene: &Scene, run: u64, attempt: u64) -> usize {
    let text = fs::read_to_string(scene.dir(run, attempt).metrics()).unwrap_or_default();
    let acknowledged = text.lines().filter(|line| line.ends_with('}')).count();
    let number = RunNumber::new(run).unwrap();
    let stored = scene.store().rows(&scene.sweep, number, Some(attempt)).unwrap();
    assert_eq!(stored.len(), acknowledged, "run {run}, attempt {attempt}");
    for (index, row) in (1_u64..).zip(&stored) {
        assert_eq!(
            (row.seq, row.values["loss"].as_u64()),
            (index, Some(index)),
            "run {run}, attempt {attempt}"
        );
    }
    stored.len()
}

fn kill_and_recover(how: &str) {
    let scene = Scene::new(&[1]);
    let agent = start_agent(&scene, PROGRAM, how);
    eventually("rows are stored and the children are there", || {
        let pids = fs::read_to_string(scene.file("pids")).unwrap_or_default();
        (scene.run(1).rows >= 20 && pids.lines().count() == 2).then_some(())
    });
    drop(agent);

    // Another agent begins at once, without waiting for a heartbeat timeout.
    scene.run_one(PROGRAM);
    let run = scene.run(1);
    assert_eq!((run.state, run.attempt), (RunState::Finished, 2));
    assert_eq!(living(&fs::read_to_string(scene.file("pids")).unwrap()), Vec::<String>::new());

    assert!(check_rows(&scene, 1, 1) >= 20);
    let agents = scene.store().agents(&scene.sweep).unwrap();
    assert!(agents.iter().all(|agent| !agent.alive && agent.run.is_none()), "{agents:?}");
    let signs = fs::read_dir(scene.directory().join("agents")).unwrap().count();
    assert_eq!(signs, 0, "no lock file is left over");
}

#[test]
fn a_killed_agent_takes_all_processes_along_and_loses_no_row() {
    kill_and_recover("supervised");
}

#[test]
fn without_a_supervisor_recovery_ends_what_is_left_of_the_run() {
    kill_and_recover("direct");
}

#[test]
fn an_agent_that_is_killed_while_its_run_is_preempted_costs_no_retry() {
    let scene = Scene::with(&[1], |sweep| sweep.retry_crashed = 0);
    let script = "test $BESOM_ATTEMPT = 2 && exit 0
        echo '{\"_besom\": \"preempting\"}' >> $BESOM_METRICS; echo ready > said; sleep 1000";
    let agent = start_agent(&scene, script, "supervised");
    scene.eventually_read("said");
    drop(agent);
    let run = scene.run_one(script);
    assert_eq!((run.state, run.attempt), (RunState::Finished, 2));
    let attempts = scene.store().attempts(&scene.sweep, RunNumber::FIRST).unwrap();
    assert_eq!(attempts[0].state, RunState::Preempted);
}

#[test]
fn a_run_that_was_complete_is_not_repeated_if_its_agent_dies_while_the_store_cannot_be_written() {
    for (how, code, state) in [("supervised", 0, RunState::Finished), ("direct", 7, RunState::Failed)] {
        let scene = Scene::with(&[1], |sweep| sweep.retry_crashed = 5);
        let script = format!(
            "test $BESOM_ATTEMPT = 1 || exit 9; echo '{{\"loss\": 1}}' >> $BESOM_METRICS; echo ready > said
             while ! test -e go; do sleep 0.01; done; echo '{{\"loss\": 2}}' >> $BESOM_METRICS; exit {code}"
        );
        let agent = start_agent(&scene, &script, how);
        scene.eventually_read("said");
        let locked = fs::File::open(scene.directory().join("besom.db.lock")).unwrap();
        locked.lock().unwrap();
        fs::write(scene.file("go"), "").unwrap();
        eventually("the end is recorded", || {
            let record = fs::read_to_string(scene.dir(1, 1).attempt().join("end")).unwrap_or_default();
            record.starts_with("exit").then_some(())
        });
        drop(agent);
        drop(locked);
        let run = scene.run_one(&script);
        assert_eq!((run.state, run.attempt, run.exit_code), (state, 1, Some(code)), "{how}");
        assert_eq!(check_rows(&scene, 1, 1), 2);
    }
}

#[test]
fn the_program_of_an_agent_that_was_only_stopped_has_ended_before_its_run_is_handed_out_again() {
    for kill_supervisor in [false, true] {
        let scene = Scene::new(&[1]);
        // One child has another session and an empty environment, and is deaf.
        let script = "if test $BESOM_ATTEMPT = 2; then
                for pid in $(cat pids); do grep -qs 'State:.[RSDT]' /proc/$pid/status && exit 5; done; exit 0
            fi
            setsid env -i sh -c 'trap \"\" TERM; echo $$ > child; while :; do sleep 0.05; done' &
            while ! test -s child; do sleep 0.01; done
            setsid sh -c 'trap \"\" TERM; echo $$ > marked; while :; do sleep 0.05; done' &
            while ! test -s marked; do sleep 0.01; done
            echo $PPID > supervisor; (cat child marked; echo $$) > pids; while :; do sleep 0.01; done";
        let agent = start_agent_with(&scene, script, "supervised", |command| {
            command.env(TIMEOUT, "300");
        });
        scene.eventually_read("pids");
        let stop = |pid: &str, signal| {
            kill_process(Pid::from_raw(pid.trim().parse().unwrap()).unwrap(), signal).unwrap();
        };
        stop(&agent.0.id().to_string(), Signal::STOP);
        let pids = if kill_supervisor {
            // Nobody can tell any more whose the child with the empty environment was.
            let child = scene.eventually_read("child");
            stop(&child, Signal::KILL);
            stop(&scene.eventually_read("supervisor"), Signal::KILL);
            scene.eventually_read("marked")
        } else {
            scene.eventually_read("pids")
        };
        let run = scene.run_one(script);
        assert_eq!((run.state, run.attempt, run.message), (RunState::Finished, 2, None), "{kill_supervisor}");
        assert_eq!(living(&pids), Vec::<String>::new());
    }
}

#[test]
fn a_child_with_an_environment_of_its_own_does_not_outlive_a_killed_supervisor() {
    let scene = Scene::new(&[1]);
    let script = "if test $BESOM_ATTEMPT = 2; then grep -qs 'State:.[RSDT]' /proc/$(cat child)/status && exit 5; exit 0; fi
        setsid env -i sh -c 'trap \"\" TERM; echo $$ > child; while :; do sleep 0.05; done' &
        while ! test -s child; do sleep 0.01; done
        echo $PPID > supervisor; while :; do sleep 0.01; done";
    let agent = start_agent(&scene, script, "supervised");
    let supervisor = scene.eventually_read("supervisor");
    kill_process(Pid::from_raw(supervisor.trim().parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    eventually("the run is tried again", || (!scene.run(1).state.is_open()).then_some(()));
    let run = scene.run(1);
    assert_eq!((run.state, run.attempt, run.message), (RunState::Finished, 2, None));
    assert_eq!(living(&scene.eventually_read("child")), Vec::<String>::new());
    drop(agent);
}

#[test]
fn an_agent_that_is_killed_while_it_ends_a_run_to_shut_down_costs_no_retry() {
    let scene = Scene::with(&[1], |sweep| sweep.retry_crashed = 0);
    // The agent is asked to end by the program, because it listens to no signal in this test.
    let script = "test $BESOM_ATTEMPT = 2 && exit 0
        trap 'echo asked > asked' TERM; echo > shutdown; while :; do sleep 0.01; done";
    let agent = start_agent(&scene, script, "supervised");
    scene.eventually_read("asked");
    drop(agent);
    fs::remove_file(scene.file("shutdown")).unwrap();
    let run = scene.run_one(script);
    assert_eq!((run.state, run.attempt), (RunState::Finished, 2));
    let attempts = scene.store().attempts(&scene.sweep, RunNumber::FIRST).unwrap();
    assert_eq!(attempts[0].state, RunState::Preempted);
}

#[test]
fn an_agent_without_heartbeats_whose_run_was_preempted_costs_no_retry() {
    let scene = Scene::with(&[1], |sweep| sweep.retry_crashed = 0);
    let mut store = scene.store();
    let agent = store.join(&scene.sweep, &NewAgent::new("elsewhere", Duration::from_millis(100))).unwrap();
    let Claim::Run(claimed) = store.claim(agent, 1).unwrap() else { panic!("a run is pending") };
    scene.dir(1, claimed.lease.attempt).create().unwrap();
    fs::write(scene.dir(1, 1).metrics(), "{\"loss\": 1}\n{\"_besom\": \"preempting\"}\n").unwrap();
    let run = scene.run_one("exit 0");
    assert_eq!((run.state, run.attempt), (RunState::Finished, 2));
    let attempts = scene.store().attempts(&scene.sweep, RunNumber::FIRST).unwrap();
    assert_eq!((attempts[0].state, attempts[0].rows), (RunState::Preempted, 1));
}

#[test]
fn however_often_agents_are_killed_every_run_finishes_once_with_all_its_rows() {
    const ROWS: usize = 30;
    let script =
        "i=0; while test $i -lt 30; do i=$((i + 1)); echo \"{\\\"loss\\\": $i}\" >> $BESOM_METRICS; done";
    let scene = Scene::with(&[1, 2, 3, 4, 5, 6, 7, 8], |sweep| sweep.retry_crashed = 1000);
    let all_rows = || (1..=8).map(|number| scene.run(number).rows).sum::<u64>();
    // Any moment will do; these are spread over joining, claiming, starting, logging and finishing.
    let mut chance = 7_u64;
    for kill in 0..16 {
        let before = all_rows();
        let agent = start_agent(&scene, script, "supervised");
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let more = (chance >> 33) % 25;
        eventually("the agent has made this much progress", || {
            let joined = scene.store().agents(&scene.sweep).unwrap().len() > kill;
            let is_over = (1..=8).all(|number| !scene.run(number).state.is_open());
            (joined && (all_rows() >= before + more || is_over)).then_some(())
        });
        drop(agent);
    }
    scene.work(&mut scene.shell(script));
    for number in 1..=8 {
        let run = scene.run(number);
        assert_eq!(run.state, RunState::Finished);
        for attempt in 1..run.attempt {
            assert!(check_rows(&scene, number, attempt) <= ROWS);
        }
        assert_eq!(check_rows(&scene, number, run.attempt), ROWS);
        let attempts = scene.store().attempts(&scene.sweep, RunNumber::new(number).unwrap()).unwrap();
        let finished = attempts.iter().filter(|attempt| attempt.state == RunState::Finished).count();
        assert_eq!((attempts.len() as u64, finished), (run.attempt, 1));
    }
}

#[test]
fn a_run_of_an_agent_without_heartbeats_is_salvaged_and_given_up() {
    for logged in ["", "{\"loss\": 2}\n{\"loss\": 1}"] {
        let scene = Scene::new(&[1]);
        // An agent of another machine: only its heartbeat timeout shows that it is gone.
        let mut store = scene.store();
        let agent = store.join(&scene.sweep, &NewAgent::new("far", Duration::from_millis(100))).unwrap();
        let Claim::Run(run) = store.claim(agent, 1).unwrap() else { panic!("a run is there") };
        let dir = scene.dir(1, run.lease.attempt);
        dir.create().unwrap();
        fs::write(dir.metrics(), logged).unwrap();

        scene.run_one("exit 0");
        let run = scene.run(1);
        assert_eq!((run.state, run.attempt), (RunState::Finished, 2));
        let stored = scene.store().rows(&scene.sweep, RunNumber::FIRST, Some(1)).unwrap();
        assert_eq!(stored.len(), logged.lines().count());
        let attempts = scene.store().attempts(&scene.sweep, RunNumber::FIRST).unwrap();
        assert_eq!(attempts[0].state, RunState::Crashed);
    }
}

#[test]
fn an_agent_whose_clock_is_an_hour_ahead_gives_up_nobody() {
    let scene = Scene::new(&[1]);
    let mut store = scene.store();
    let agent = store.join(&scene.sweep, &NewAgent::new("far", Duration::from_millis(60_000))).unwrap();
    let Claim::Run(run) = store.claim(agent, 1).unwrap() else { panic!("a run is there") };
    scene.let_pass(Duration::from_secs(3600));
    scene.shutdown.raise();
    scene.work(&mut scene.shell("exit 0"));
    assert_eq!((scene.run(1).state, scene.run(1).attempt), (RunState::Running, run.lease.attempt));
}

#[test]
fn a_run_whose_files_cannot_be_read_keeps_no_agent_from_its_work() {
    let mut scene = Scene::new(&[1, 2]);
    let (sender, said) = mpsc::channel();
    scene.options.notices = Some(sender);
    let mut store = scene.store();
    let gone = store.join(&scene.sweep, &NewAgent::new("gone", Duration::from_millis(40))).unwrap();
    let Claim::Run(run) = store.claim(gone, 1).unwrap() else { panic!("a run is there") };
    // A directory cannot be read as a file, not even by the administrator.
    let metrics = RunDir::new(&scene.directory(), &run.lease).metrics();
    fs::create_dir_all(&metrics).unwrap();
    scene.while_working(scene.shell("exit 0"), || {
        eventually("the other run is finished", || (scene.run(2).state == RunState::Finished).then_some(()));
        let notice = said.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(matches!(&notice, Notice::RecoveryFails(why) if why.contains("cannot use")), "{notice:?}");
        assert_eq!(scene.run(1).state, RunState::Running, "it stays for others");
        fs::remove_dir(&metrics).unwrap();
    });
    assert_eq!((scene.run(1).state, scene.run(1).attempt), (RunState::Finished, 2));
}

//! What `besom run` makes of the signals of terminals, service managers and batch systems.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use command::Desk;
use rustix::process::{Pid, Signal, kill_process};

/// Starts `besom run` of a program that executes this script; `retry` allows nothing.
fn start(desk: &Desk, script: &str, arguments: &[&str]) -> Child {
    desk.file("train.sh", script);
    desk.file(
        "sweep.yaml",
        "{method: grid, metric: {name: loss}, command: [sh, train.sh], retry: {crashed: 0, failed: 0},
          parameters: {a: {values: [1, 2]}}}",
    );
    let mut command = desk.command(&[&["run", "sweep.yaml"], arguments].concat());
    command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap()
}

/// Waits until a file is there.
fn await_file(desk: &Desk, name: &str) {
    let until = Instant::now() + Duration::from_secs(60);
    while !desk.path().join(name).exists() {
        assert!(Instant::now() < until, "{name} is not there");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn state(desk: &Desk) -> String {
    let id = desk.newest();
    desk.json(&["show", &id, "1", "--json"])["run"]["state"].as_str().unwrap().to_owned()
}

#[test]
fn sigterm_and_sighup_end_programs_at_once_and_preempt_their_runs() {
    for signal in [Signal::TERM, Signal::HUP] {
        let desk = Desk::new();
        let script = "trap 'echo saved > saved; exit 1' TERM; echo > started; while :; do sleep 0.01; done";
        let mut besom = start(&desk, script, &[]);
        await_file(&desk, "started");
        send(&besom, signal);
        assert!(besom.wait().unwrap().code().is_some());
        assert!(desk.path().join("saved").exists());
        assert_eq!(state(&desk), "preempted");
    }
}

#[test]
fn a_program_that_takes_longer_than_the_grace_is_killed() {
    let desk = Desk::new();
    let script = "trap 'echo > asked' TERM; echo > started; while :; do sleep 0.01; done";
    let mut besom = start(&desk, script, &["--grace", "0"]);
    await_file(&desk, "started");
    let begun = Instant::now();
    send(&besom, Signal::TERM);
    besom.wait().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
    assert_eq!(state(&desk), "preempted");
}

#[test]
fn the_warning_of_a_batch_system_is_passed_on() {
    for (signal, name) in [(Signal::USR1, "USR1"), (Signal::USR2, "USR2")] {
        let desk = Desk::new();
        let script =
            format!("trap 'echo > warned; exit 0' {name}; echo > started; while :; do sleep 0.01; done");
        let mut besom = start(&desk, &script, &["--count", "1"]);
        await_file(&desk, "started");
        send(&besom, signal);
        assert_eq!(besom.wait().unwrap().code(), Some(0));
        assert!(desk.path().join("warned").exists());
        assert_eq!(state(&desk), "finished");
    }
}

#[test]
fn the_first_ctrl_c_lets_the_run_finish() {
    let desk = Desk::new();
    let script = "echo > started; while ! test -e go; do sleep 0.01; done";
    let mut besom = start(&desk, script, &[]);
    await_file(&desk, "started");
    send(&besom, Signal::INT);
    desk.file("go", "");
    assert!(besom.wait().unwrap().code().is_some());
    assert_eq!(state(&desk), "finished");
}

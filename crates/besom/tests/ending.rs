//! How sweeps end, whoever ended their last run, and what `--resume` finds then.
#![expect(clippy::unwrap_used, reason = "tests")]

mod command;

use std::fs;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use command::Desk;
use serde_json::Value;

const GRID: &str = "\
method: grid
metric: {name: loss}
command: [sh, -c, 'echo \"{\\\"loss\\\": 1}\" >> $BESOM_METRICS']
parameters: {a: {values: [1, 2, 3]}}
";

/// Programs that log a row and then never end by themselves.
const ENDLESS: &str = "\
method: grid
metric: {name: loss}
command: [sh, -c, 'echo \"{\\\"loss\\\": 1}\" >> $BESOM_METRICS; touch began-$BESOM_RUN_NUMBER; sleep 1000']
parameters: {a: {values: [1, 2, 3]}}
";

fn desk(sweep: &str) -> Desk {
    let desk = Desk::new();
    desk.file("sweep.yaml", sweep);
    desk
}

fn created(desk: &Desk) -> String {
    desk.json(&["sweep", "sweep.yaml", "--json"])["id"].as_str().unwrap().to_owned()
}

fn state(desk: &Desk, id: &str) -> Value {
    desk.json(&["status", id, "--json"])["sweep"]["state"].clone()
}

fn states(desk: &Desk, id: &str) -> Vec<Value> {
    let runs = desk.json(&["runs", id, "--json"]);
    runs.as_array().unwrap().iter().map(|run| run["state"].clone()).collect()
}

fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < until, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// An agent with two jobs whose programs run, and which is then killed.
fn killed_agent(desk: &Desk, id: &str) {
    let agent = desk.command(&["agent", id, "-j", "2", "--heartbeat-timeout", "1"]);
    let mut agent = Ended({ agent }.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let began = |n: u32| desk.path().join(format!("began-{n}")).exists();
    eventually("two runs have begun", || began(1) && began(2));
    agent.0.kill().unwrap();
    agent.0.wait().unwrap();
}

/// A process that does not outlive its test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_sweep_that_is_worked_off_by_jobs_of_one_run_each_ends_with_its_last_run() {
    let random = GRID.replace("method: grid", "method: random\nrun_cap: 3");
    for sweep in [GRID, &random] {
        let desk = desk(sweep);
        let id = created(&desk);
        for job in 1..=3 {
            assert_ne!(state(&desk, &id), "finished");
            let answer = desk.call(&["agent", &id, "--count", "1"]);
            assert_eq!(answer.code, Some(0), "{answer:?}");
            assert_eq!(states(&desk, &id).len(), job);
        }
        assert_eq!(state(&desk, &id), "finished");
    }
}

#[test]
fn cancel_ends_the_runs_of_an_agent_that_is_dead() {
    let desk = desk(ENDLESS);
    let id = created(&desk);
    killed_agent(&desk, &id);
    let answer = desk.call(&["cancel", &id]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let states = states(&desk, &id);
    assert!(!states.is_empty() && states.iter().all(|state| state == "killed"), "{states:?}");
    let rows = desk.json(&["runs", &id, "--json"])[0]["rows"].clone();
    assert_eq!(rows, 1, "what it logged is kept");
}

#[test]
fn stop_ends_the_runs_of_an_agent_that_is_dead() {
    let desk = desk(ENDLESS);
    let id = created(&desk);
    killed_agent(&desk, &id);
    let answer = desk.call(&["stop", &id]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(states(&desk, &id).iter().all(|state| state != "running"), "{answer:?}");
}

#[test]
fn the_next_watcher_ends_what_an_agent_of_another_machine_has_left_behind() {
    let desk = desk(ENDLESS);
    let id = created(&desk);
    killed_agent(&desk, &id);
    for lock in fs::read_dir(desk.path().join(".besom/agents")).unwrap() {
        // The locks of another boot are not ours to judge.
        fs::write(lock.unwrap().path(), format!("another boot\n{id}\n")).unwrap();
    }
    desk.call(&["cancel", &id]);
    assert!(states(&desk, &id).iter().any(|state| state == "running"));
    let answer = desk.call(&["agent", &id]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.out.contains("waiting for 2 of its runs to end"), "{answer:?}");
    assert!(states(&desk, &id).iter().all(|state| state == "killed"), "{answer:?}");
}

#[test]
fn resuming_after_the_end_says_so_and_begins_nothing() {
    let desk = desk(GRID);
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let answer = desk.call(&["run", "sweep.yaml", "--resume"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.out.contains("is finished (search space exhausted): nothing to resume"), "{answer:?}");
    assert_eq!(desk.json(&["list", "--json"]).as_array().unwrap().len(), 1);
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    assert_eq!(
        desk.json(&["list", "--json"]).as_array().unwrap().len(),
        2,
        "without --resume it is a new one"
    );
}

#[test]
fn resuming_compares_what_files_mean() {
    let desk = desk(GRID);
    let id = created(&desk);
    desk.file("sweep.yaml", &format!("# a comment\n{}", GRID.replace("[1, 2, 3]", "[1, 2.0, 4]")));
    let answer = desk.call(&["run", "sweep.yaml", "--resume"]);
    assert_eq!(answer.code, Some(2), "{answer:?}");
    let said = "the file has changed since sweep";
    assert!(
        answer.err.contains(said) && answer.err.contains("parameters.a.values was [1,2,3]"),
        "{answer:?}"
    );
    desk.file("sweep.yaml", &format!("# a comment\n{GRID}"));
    let answer = desk.call(&["run", "sweep.yaml", "--resume"]);
    assert_eq!((answer.code, state(&desk, &id)), (Some(0), Value::from("finished")), "{answer:?}");
}

#[test]
fn a_raised_run_cap_lets_a_finished_sweep_go_on() {
    let capped = |cap: u32| GRID.replace("method: grid", &format!("method: random\nseed: 3\nrun_cap: {cap}"));
    let desk = desk(&capped(2));
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let id = desk.newest();
    desk.file("sweep.yaml", &capped(3));
    let answer = desk.call(&["run", "sweep.yaml", "--resume"]);
    assert_eq!((answer.code, state(&desk, &id)), (Some(0), Value::from("finished")), "{answer:?}");
    assert_eq!(states(&desk, &id).len(), 3, "{answer:?}");
    assert!(desk.call(&["run", "sweep.yaml", "--resume"]).out.contains("nothing to resume"));
}

/// Programs that end once there is a file `go`.
const PATIENT: &str = "\
method: grid
metric: {name: loss}
command: [sh, -c, 'touch began-$BESOM_RUN_NUMBER; until [ -e go ]; do sleep 0.01; done; echo \"{\\\"loss\\\": 1}\" >> $BESOM_METRICS']
parameters: {a: {values: [1, 2, 3]}}
";

#[test]
fn drained_agents_finish_their_runs_and_exit_without_an_error() {
    let desk = desk(PATIENT);
    let id = created(&desk);
    let agent =
        { desk.command(&["agent", &id, "-j", "2"]) }.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let agent = agent.unwrap();
    let began = |n: u32| desk.path().join(format!("began-{n}")).exists();
    eventually("two runs have begun", || began(1) && began(2));

    let listed = desk.json(&["agents", &id, "--json"]);
    let name = |at: usize| listed[at]["name"].as_str().unwrap().to_owned();
    let process = name(0).rsplit_once('/').unwrap().0.to_owned();
    let refused = desk.call(&["drain", &id, "nobody", &name(0)]);
    let said = format!("sweep {id} has no agent 'nobody'; its agents: {}, {}", name(0), name(1));
    assert!(refused.code == Some(2) && refused.err.contains(&said), "{refused:?}");
    let answer = desk.call(&["drain", &id, &name(0)]);
    let expected = format!("agent {} finishes run {} and exits\n", name(0), listed[0]["run"]);
    assert_eq!((answer.code, answer.out), (Some(0), expected));
    let answer = desk.call(&["drain", &id, &process]);
    assert!(answer.out.starts_with(&format!("agent {} is already draining\nagent {} fin", name(0), name(1))));
    assert!(answer.out.contains(&format!("no other agent works on sweep {id}")), "{answer:?}");
    let table = desk.call(&["agents"]).out;
    assert!(table.lines().filter(|line| line.contains("draining")).count() == 2, "{table}");

    desk.file("go", "");
    let ended = agent.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned() + &String::from_utf8_lossy(&ended.stdout);
    assert_eq!(ended.status.code(), Some(0), "{said}");
    assert!(said.contains(&format!("agent {} was drained and exits", name(1))), "{said}");
    assert_eq!((states(&desk, &id).len(), state(&desk, &id)), (2, Value::from("running")));
    let table = desk.call(&["agents", &id]).out;
    assert!(table.contains("no agent works on sweep") && table.contains("2 agents have left"), "{table}");
    let answer = desk.call(&["drain", &id, &process]);
    assert!(answer.code == Some(0) && answer.out.contains("has already left"), "{answer:?}");
}

//! More runs for a sweep than its file allows: `besom extend` and `besom run --run-cap`.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use command::Desk;
use serde_json::Value;

const SWEEP: &str = "\
method: METHOD
seed: 3
run_cap: 2
program: train.sh
command: [sh, '${program}']
metric: {name: loss}
parameters: {x: {min: 0, max: 5}}
";

/// A desk with a finished sweep of two runs, and its id.
fn desk(method: &str) -> (Desk, String) {
    let desk = Desk::new();
    desk.file("train.sh", "besom log loss=1");
    desk.file("sweep.yaml", &SWEEP.replace("METHOD", method));
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let id = desk.newest();
    (desk, id)
}

/// The parameters of all runs.
fn params(desk: &Desk, id: &str) -> Vec<Value> {
    let runs = desk.json(&["runs", id, "--json"]);
    runs.as_array().unwrap().iter().map(|run| run["params"].clone()).collect()
}

#[test]
fn an_extended_sweep_has_the_runs_that_it_had_had_with_the_greater_cap() {
    for method in ["random", "grid"] {
        let (desk, id) = desk(method);
        let answer = desk.call(&["extend", &id[..5], "3"]);
        let said = format!("sweep {id} can now have 5 runs; run them with: besom agent {id}");
        assert!(answer.code == Some(0) && answer.out.contains(&said), "{answer:?}");
        let answer = desk.call(&["agent", &id, "-j", "2"]);
        assert!(answer.code == Some(0) && answer.out.contains("run_cap of 5 reached"), "{answer:?}");
        let extended = params(&desk, &id);
        assert_eq!(extended.len(), 5);
        let whole = SWEEP.replace("METHOD", method).replace("run_cap: 2", "run_cap: 5");
        desk.file("sweep.yaml", &whole);
        assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
        assert_eq!(params(&desk, &desk.newest()), extended, "{method}");
    }
}

#[test]
fn a_sweep_with_nothing_left_to_try_stays_finished_and_says_so() {
    let (desk, id) = desk("grid");
    assert_eq!(desk.call(&["run", "sweep.yaml", "--resume", "--run-cap", "6"]).code, Some(0));
    let answer = desk.call(&["extend", &id, "1"]);
    let said = format!("sweep {id} cannot have more runs: finished: search space exhausted");
    assert!(answer.code == Some(2) && answer.err.contains(&said), "{answer:?}");
    assert_eq!(params(&desk, &id).len(), 6);
}

#[test]
fn a_sweep_that_has_not_ended_gets_more_than_its_cap_and_a_canceled_one_gets_none() {
    let (desk, _) = desk("random");
    assert_eq!(desk.call(&["sweep", "sweep.yaml"]).code, Some(0));
    let id = desk.newest();
    assert_eq!(desk.call(&["pause", &id]).code, Some(0));
    let answer = desk.call(&["extend", &id, "1"]);
    assert!(answer.out.contains("can now have 3 runs; it is paused; resume it with"), "{answer:?}");
    let answer = desk.call(&["extend", &id, &u64::MAX.to_string()]);
    assert!(answer.out.contains(&format!("can now have {} runs", i64::MAX)), "what is stored: {answer:?}");
    assert_eq!(desk.call(&["cancel", &id]).code, Some(0));
    let answer = desk.call(&["extend", &id, "1"]);
    assert!(
        answer.code == Some(2) && answer.err.contains("is canceled and cannot become running"),
        "{answer:?}"
    );
    desk.file("endless.yaml", &SWEEP.replace("METHOD", "random").replace("run_cap: 2\n", ""));
    assert_eq!(desk.call(&["sweep", "endless.yaml"]).code, Some(0));
    let answer = desk.call(&["extend", &desk.newest(), "1"]);
    assert!(answer.code == Some(2) && answer.err.contains("has no run_cap"), "{answer:?}");
}

#[test]
fn a_run_cap_that_is_typed_counts_for_a_new_sweep_and_a_resumed_one() {
    let (desk, id) = desk("random");
    let answer = desk.call(&["run", "sweep.yaml", "--resume"]);
    assert!(answer.out.contains("nothing to resume; allow more runs with --run-cap N"), "{answer:?}");
    assert_eq!(desk.call(&["run", "sweep.yaml", "--resume", "--run-cap", "4"]).code, Some(0));
    assert_eq!(params(&desk, &id).len(), 4);
    // The file has not changed, and takes nothing back.
    assert_eq!(desk.call(&["extend", &id, "2"]).code, Some(0));
    assert_eq!(desk.call(&["run", "sweep.yaml", "--resume"]).code, Some(0));
    assert_eq!(params(&desk, &id).len(), 6);
    assert_eq!(desk.call(&["run", "sweep.yaml", "--run-cap", "1"]).code, Some(0));
    let new = desk.newest();
    assert_eq!((new != id, params(&desk, &new).len()), (true, 1));
    desk.file("sweep.yaml", &SWEEP.replace("METHOD", "random").replace("run_cap: 2\n", ""));
    let answer = desk.call(&["run", "sweep.yaml", "--resume"]);
    assert!(answer.code == Some(0) && answer.out.contains("allow more runs with --run-cap N"), "{answer:?}");
}

//! Sweeps end to end: the real binary, real programs, a real store.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use command::Desk;
use serde_json::{Value, json};

/// A program that logs three rows and says what it got.
const PROGRAM: &str = r#"#!/bin/sh
echo "$@"
for step in 1 2 3; do
    besom log loss=$(( ${1#--a=} * step )) step=$step || exit 1
done
"#;

fn desk(sweep: &str) -> Desk {
    let desk = Desk::new();
    desk.file("train.sh", PROGRAM);
    desk.file("sweep.yaml", sweep);
    desk
}

const GRID: &str = "\
method: grid
metric: {name: loss, goal: maximize}
program: train.sh
command: [sh, '${program}', '${args}']
parameters:
  a: {values: [1, 2, 3, 4]}
  b: {value: text}
";

fn only_sweep(desk: &Desk) -> String {
    let sweeps = desk.json(&["list", "--json"]);
    assert_eq!(sweeps.as_array().unwrap().len(), 1, "{sweeps}");
    sweeps[0]["id"].as_str().unwrap().to_owned()
}

fn runs(desk: &Desk, id: &str) -> Vec<Value> {
    desk.json(&["runs", id, "--json"]).as_array().unwrap().clone()
}

#[test]
fn a_grid_is_run_to_its_end_and_the_best_run_is_told() {
    let desk = desk(GRID);
    let answer = desk.call(&["run", "sweep.yaml", "-j", "2"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.out.contains("best loss 12 in run 4"), "{answer:?}");
    let id = only_sweep(&desk);
    let runs = runs(&desk, &id);
    assert_eq!(
        runs.iter().map(|run| run["params"]["a"].clone()).collect::<Vec<_>>(),
        [1, 2, 3, 4].map(Value::from)
    );
    for run in &runs {
        assert_eq!(run["state"], "finished");
        assert_eq!((&run["rows"], &run["attempt"]), (&json!(3), &json!(1)));
        assert_eq!(run["best"].as_f64(), run["params"]["a"].as_f64().map(|a| 3.0 * a));
    }
    let output = desk.path().join(".besom/runs").join(&id).join("2/attempt-1/output.log");
    assert_eq!(std::fs::read_to_string(output).unwrap(), "--a=2 --b=text\n");
    assert_eq!(desk.json(&["best", &id, "--json"])["number"], 4);
    assert_eq!(desk.json(&["status", &id, "--json"])["sweep"]["state"], "finished");
    let shown = desk.json(&["show", &id, "2", "--json"]);
    assert_eq!(shown["curve"], json!([2.0, 4.0, 6.0]));
    let csv = desk.call(&["runs", &id, "--csv", "--sort", "best"]).out;
    assert!(csv.lines().nth(1).unwrap().starts_with("4,finished,,3,12,12,"), "{csv}");
}

#[test]
fn a_sweep_learns_from_runs_of_another_and_of_a_file() {
    let desk = desk(GRID);
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let first = only_sweep(&desk);
    let bayes = GRID
        .replace("method: grid", "method: {name: bayes, initial_points: 4}\nrun_cap: 6")
        .replace("{values: [1, 2, 3, 4]}", "{min: 1, max: 40}");
    desk.file("bayes.yaml", &bayes);
    let file = json!([{
        "name": "old", "state": "finished", "config": {"a": {"value": 9}},
        "history": [{"loss": 9}, {"loss": 27}],
    }]);
    desk.file("old.json", &file.to_string());
    let answer = desk.call(&["run", "bayes.yaml", "--prior-runs", &first, "--prior-runs", "old.json"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.out.contains("runs 6 of 6: 6 finished"), "{answer:?}");
    let sweeps = desk.json(&["list", "--json"]);
    let mut ids = sweeps.as_array().unwrap().iter().map(|sweep| sweep["id"].as_str().unwrap());
    let second = ids.find(|id| *id != first).unwrap();
    let runs = runs(&desk, second);
    let best: Vec<f64> = runs[..5].iter().map(|run| run["best"].as_f64().unwrap()).collect();
    assert_eq!(best, [3.0, 6.0, 9.0, 12.0, 27.0]);
    assert_eq!(runs[4]["note"]["why"], "learned from: run old");
    assert_eq!(runs[5]["note"]["kind"], "model", "{}", runs[5]);

    desk.file("open.json", &json!([{"name": "now", "state": "running"}]).to_string());
    for (name, found) in [
        ("open.json", "open.json: run now is running: only runs that have ended can be learned from"),
        ("old.jsn", "old.jsn"),
    ] {
        let answer = desk.call(&["sweep", "bayes.yaml", "--prior-runs", name]);
        assert_eq!(answer.code, Some(2), "{answer:?}");
        assert!(answer.err.contains(found), "{answer:?}");
    }
    let many = ["sweep", "bayes.yaml", "--prior-runs", &first, "--prior-runs", &first];
    let answer = desk.call(&many);
    assert!(
        answer.err.contains("there are 8 prior runs, but they count toward run_cap, which is 6"),
        "{answer:?}"
    );
    assert_eq!(
        desk.json(&["list", "--json"]).as_array().unwrap().len(),
        2,
        "nothing is stored of what is refused"
    );
}

#[test]
fn besom_log_works_in_programs_when_besom_is_in_no_directory_of_path() {
    let desk = desk(GRID);
    let answer = command::Answer::from(
        desk.command(&["run", "sweep.yaml"]).env("PATH", "/usr/bin:/bin").output().unwrap(),
    );
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.out.contains("best loss 12 in run 4"), "{answer:?}");
}

#[test]
fn a_sweep_can_be_made_first_and_worked_on_by_agents_later() {
    let desk = desk(GRID);
    let id = desk.json(&["sweep", "sweep.yaml", "--json"])["id"].as_str().unwrap().to_owned();
    let answer = desk.call(&["agent", &format!("entity/project/{id}"), "--count", "3"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let header = format!("sweep {id}: grid search, 4 runs, ");
    assert!(answer.out.starts_with(&header), "as besom run prints it: {answer:?}");
    assert!(answer.out.contains("\nruns 3 of 4: 3 finished\n"), "as besom status prints it: {answer:?}");
    assert!(desk.call(&["status", &id]).out.contains(" 3 of 4: 3 finished\n"));
    assert_eq!(runs(&desk, &id).len(), 3);
    assert_eq!(desk.json(&["status", &id, "--json"])["sweep"]["state"], "running");
    let answer = desk.call(&["run", "sweep.yaml", "--resume"]);
    assert!(answer.out.contains(&id), "{answer:?}");
    assert_eq!(only_sweep(&desk), id);
    assert_eq!(runs(&desk, &id).len(), 4);
    let again = desk.call(&["agent", &id]);
    assert!(again.out.contains("already finished"), "{again:?}");
}

#[test]
fn the_same_seed_gives_the_same_sweep() {
    let sweep = "method: random\nseed: 11\nrun_cap: 3\nmetric: {name: loss}\nprogram: train.sh\n\
                 command: [sh, '${program}', '--a=1']\nparameters: {x: {min: 0.0, max: 1.0}}\n";
    let points = || {
        let desk = desk(sweep);
        assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
        runs(&desk, &only_sweep(&desk)).into_iter().map(|run| run["params"].clone()).collect::<Vec<_>>()
    };
    let first = points();
    assert_eq!(first.len(), 3);
    assert_eq!(first, points());

    let desk = desk(&sweep.replace("seed: 11\n", ""));
    let plan = desk.json(&["plan", "sweep.yaml", "-n", "3", "--seed", "11", "--json"]);
    let planned: Vec<Value> =
        plan["runs"].as_array().unwrap().iter().map(|run| run["params"].clone()).collect();
    assert_eq!(planned, first, "plan shows what a sweep of this seed does");
    assert!(!desk.call(&["plan", "sweep.yaml", "--seed", "11"]).out.contains("no seed given"));
    assert_eq!(desk.call(&["sweep", "sweep.yaml", "--seed", "11"]).code, Some(0));
    let id = only_sweep(&desk);
    assert_eq!(desk.call(&["agent", &id]).code, Some(0));
    let made: Vec<Value> = runs(&desk, &id).into_iter().map(|run| run["params"].clone()).collect();
    assert_eq!(made, first);
}

#[test]
fn a_bad_run_is_stopped_early_and_the_reason_is_kept() {
    // The first two runs set the bands; the third one is worse and never ends by itself.
    let program = r#"
case "$1" in
--a=1|--a=2) besom log loss=1; besom log loss=1;;
*) besom log loss=9; besom log loss=9; while :; do sleep 1; done;;
esac
"#;
    let sweep = "method: grid\nmetric: {name: loss}\nprogram: train.sh\ncommand: [sh, '${program}', '${args}']\n\
                 early_terminate: {type: hyperband, min_iter: 1, eta: 2}\nparameters: {a: {values: [1, 2, 3]}}\n";
    let desk = Desk::new();
    desk.file("train.sh", program);
    desk.file("sweep.yaml", sweep);
    let answer = desk.call(&["run", "sweep.yaml"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.out.contains("run 3 stopped"), "{answer:?}");
    let id = only_sweep(&desk);
    let run = desk.json(&["show", &id, "3", "--json"])["run"].clone();
    assert_eq!((&run["state"], &run["stop_kind"]), (&json!("finished"), &json!("early")));
    assert!(run["stop_reason"].as_str().unwrap().contains("of 3"), "{run}");
}

#[test]
fn a_broken_program_pauses_the_sweep_and_is_quoted() {
    let desk = desk(&GRID.replace("train.sh", "broken.sh"));
    desk.file("broken.sh", "echo 'no module named torch' >&2; exit 3");
    let answer = desk.call(&["run", "sweep.yaml"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.out.contains("no module named torch"), "{answer:?}");
    let id = only_sweep(&desk);
    assert_eq!(desk.json(&["status", &id, "--json"])["sweep"]["state"], "paused");
    assert_eq!(runs(&desk, &id).len(), 3, "the fourth point is not burnt");
    let mend = format!("besom retry {id} --failed; besom resume {id}; besom agent {id}");
    assert!(answer.out.contains(&mend), "what to type is said: {answer:?}");

    desk.file("broken.sh", PROGRAM);
    assert_eq!(desk.call(&["retry", &id, "--failed"]).code, Some(0));
    assert_eq!(desk.call(&["resume", &id]).code, Some(0));
    assert_eq!(desk.call(&["agent", &id]).code, Some(0));
    assert!(runs(&desk, &id).iter().all(|run| run["state"] == "finished"));
}

#[test]
fn a_failed_run_is_not_the_best_and_is_named_beside_it() {
    let desk = desk(GRID);
    desk.file("train.sh", &format!("{PROGRAM}\n[ $1 = --a=4 ] && exit 1; exit 0"));
    let answer = desk.call(&["run", "sweep.yaml"]);
    assert!(answer.out.contains("best loss 9 in run 3"), "{answer:?}");
    let beside = "run 4 (failed) had 12, which does not count";
    assert!(answer.out.contains(beside), "{answer:?}");
    let id = only_sweep(&desk);
    assert_eq!(desk.json(&["best", &id, "--json"])["number"], 3);
    assert!(desk.call(&["best", &id]).out.contains(beside));
    assert!(desk.call(&["status", &id]).out.contains(beside));
    let status = desk.json(&["status", &id, "--json"])["status"].clone();
    assert_eq!(status["best"], json!({"run": 3, "state": "finished", "value": 9.0}));
    assert_eq!(status["better_uncounted"]["run"], 4);
    let csv = desk.call(&["runs", &id, "--csv", "--sort", "best"]).out;
    assert!(csv.lines().nth(4).unwrap().starts_with("4,failed,"), "{csv}");
}

#[test]
fn a_store_of_the_first_version_is_upgraded_by_whatever_command_comes_first() {
    let old = concat!(env!("CARGO_MANIFEST_DIR"), "/../besom-store/tests/data/version-1.db");
    for command in [&["status", "mjeefmsj"][..], &["show", "mjeefmsj", "4"], &["resume", "mjeefmsj"]] {
        let desk = Desk::new();
        std::fs::create_dir(desk.path().join(".besom")).unwrap();
        std::fs::copy(old, desk.path().join(".besom/besom.db")).unwrap();
        let answer = desk.call(command);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        assert!(desk.path().join(".besom/besom.db.v1").exists());
        let status = desk.json(&["status", "mjeefmsj", "--json"]);
        assert_eq!(status["status"]["better_uncounted"]["run"], 2, "{status}");
        assert!(desk.call(&["show", "mjeefmsj", "4"]).out.contains("attempt=2"));
    }
}

#[test]
fn a_target_ends_the_sweep() {
    let desk = desk(&GRID.replace("goal: maximize", "goal: maximize, target: 6"));
    let answer = desk.call(&["run", "sweep.yaml"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.out.contains("target"), "{answer:?}");
    assert_eq!(runs(&desk, &only_sweep(&desk)).len(), 2);
}

#[test]
fn stopping_pausing_and_canceling_say_what_they_did() {
    let desk = desk(GRID);
    let id = desk.json(&["sweep", "sweep.yaml", "--json"])["id"].as_str().unwrap().to_owned();
    assert_eq!(desk.call(&["agent", &id, "--count", "1"]).code, Some(0));
    assert!(desk.call(&["pause", &id]).out.contains("paused"));
    assert!(desk.call(&["pause", &id]).out.contains("already"));
    assert!(desk.call(&["resume", &id]).out.contains("resumed"));
    assert!(desk.call(&["stop", &id]).out.contains("stopped"));
    let refused = desk.call(&["resume", &id]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("finished"), "{refused:?}");
}

#[test]
fn a_pause_of_the_owners_is_told_and_waited_for() {
    let desk = desk(GRID);
    desk.file("train.sh", &format!("{PROGRAM}\n[ $1 = --a=2 ] && besom pause $BESOM_SWEEP_ID; exit 0"));
    let mut child = desk.command(&["run", "sweep.yaml"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let told =
        lines.find(|line| line.contains("is paused by its owner; resume with: besom resume ")).unwrap();
    let id = only_sweep(&desk);
    assert!(told.contains(&id), "{told}");
    assert_eq!(child.try_wait().unwrap(), None, "it waits");
    assert_eq!(desk.call(&["resume", &id]).code, Some(0));
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest:?}");
    assert_eq!(runs(&desk, &id).len(), 4);
}

#[test]
fn pictures_of_a_sweep_are_written_and_bad_wishes_are_refused() {
    let desk = desk(GRID);
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let id = only_sweep(&desk);
    let answer = desk.call(&["plot", &id, "history"]);
    assert_eq!((answer.code, answer.out.as_str()), (Some(0), "history.svg\n"), "{answer:?}");
    let picture = std::fs::read_to_string(desk.path().join("history.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("best so far"));
    assert_eq!(desk.call(&["plot", &id, "slice", "-o", "s.png"]).code, Some(0));
    assert!(std::fs::read(desk.path().join("s.png")).unwrap().starts_with(b"\x89PNG"));

    let refused = |arguments: &[&str], message: &str| {
        let answer = desk.call(&[&["plot", &id], arguments].concat());
        assert_eq!(answer.code, Some(2), "{answer:?}");
        assert!(answer.err.contains(message), "{answer:?}");
    };
    refused(&["histroy"], "did you mean 'history'?");
    refused(&["history", "-o", "picture.jpg"], "must end in .svg or .png");
    refused(&["slice", "-p", "c"], "no parameter 'c' that is not constant, did you mean 'a'?; known: a");
    refused(&["contour", "-p", "a,a"], "a contour takes two different parameters, not a, a");
    refused(&["history", "--size", "9x9"], "expected WIDTHxHEIGHT in pixels, each from 100 to 10000");
    refused(&["history", "--scale", "11"], "expected a factor from 0.1 to 10");
    assert!(!desk.path().join("picture.jpg").exists());
}

#[test]
fn runs_of_a_sweep_that_somebody_else_drives_are_executed_and_drawn() {
    use besom::store::{NewRun, NewSweep, SqliteStore, Store, SweepId};
    let desk = desk("");
    let text = "method: theirs\ncontroller: {type: local}\nprogram: train.sh\ncommand: [sh, '${program}', '${args}']\n\
                metric: {name: loss}\nparameters: {a: {min: 1, max: 9}}\n";
    let id = SweepId::new("theirs01");
    std::fs::create_dir(desk.path().join(".besom")).unwrap();
    let clock: besom::store::Clock = std::sync::Arc::new(|| 1);
    let mut store = SqliteStore::open(&desk.path().join(".besom/besom.db"), clock).unwrap();
    let goal = besom::core::Goal::Minimize;
    let mut sweep = NewSweep::new("theirs01").text(text).seed(7).metric("loss", goal);
    sweep.directory = Some(desk.path().display().to_string());
    store.create_sweep(&sweep).unwrap();
    let point = json!({"a": 2}).as_object().unwrap().clone();
    let run = NewRun::new(point);
    store.add_runs(&id, besom::core::RunNumber::FIRST, &[run], None).unwrap();
    drop(store);
    let answer = desk.call(&["agent", "theirs01", "--count", "1"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(runs(&desk, "theirs01")[0]["best"], 2.0);
    assert_eq!(desk.call(&["plot", "theirs01", "history"]).code, Some(0));
    let answer = desk.call(&["controller", "theirs01"]);
    assert!(answer.err.contains("unknown search method 'theirs'"), "{answer:?}");
}

#[test]
fn a_run_that_takes_longer_than_its_timeout_has_failed_and_says_so() {
    let desk = Desk::new();
    desk.file(
        "sweep.yaml",
        "method: grid\nmetric: {name: loss}\ncommand: [sleep, '600']\ntimeout: 0.2\nparameters: {a: {values: [1]}}\n",
    );
    let answer = desk.call(&["run", "sweep.yaml"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    let run = desk.json(&["show", "1", "--json"]);
    assert!(run.to_string().contains("timeout after 200ms"), "{run}");
    assert_eq!(run["run"]["failure"], "time_limit");
    let shown = desk.call(&["show", "1"]).out;
    assert!(shown.contains("timeout after 200ms"), "{shown}");
    assert!(shown.contains("\nfailed because: it reached its time limit\n"), "{shown}");
    assert_eq!(runs(&desk, &desk.newest())[0]["failure"], "time_limit");
    assert!(desk.call(&["runs", "--columns", "state,message"]).out.contains("timeout after 200ms"));
}

#[test]
fn runs_say_what_kind_of_failure_they_had_and_how_it_counts() {
    let desk = Desk::new();
    desk.file(
        "train.sh",
        r#"case $BESOM_RUN_NUMBER in
            1) echo '{"loss": 1}' >> "$BESOM_METRICS";;
            2) kill -KILL $$;;
            3) echo 'MemoryError: no room' >&2; exit 1;;
            4) exit 3;;
        esac
        "#,
    );
    desk.file(
        "sweep.yaml",
        "method: bayes\nmetric: {name: loss}\ncommand: [sh, train.sh]\nrun_cap: 4\nparameters: {a: {min: 0.0, max: 1.0}}\n",
    );
    desk.call(&["run", "sweep.yaml"]);
    let kinds: Vec<_> = runs(&desk, &desk.newest())
        .iter()
        .map(|run| run["failure"].as_str().map(ToOwned::to_owned))
        .collect();
    let expected = [None, Some("signal"), Some("out_of_memory"), Some("error")];
    assert_eq!(kinds, expected.map(|kind| kind.map(ToOwned::to_owned)));

    for (run, why, left_out, counts) in [
        ("2", "it was killed from outside", true, "left out: it was killed from outside, which says nothing"),
        ("3", "it ran out of memory", false, "counts as the worst value: it ran out of memory"),
    ] {
        let shown = desk.call(&["show", run]).out;
        assert!(shown.contains(&format!("\nfailed because: {why}\nin the search: {counts}")), "{shown}");
        assert_eq!(desk.json(&["show", run, "--json"])["counts"]["left_out"], left_out);
    }
    let killed = desk.call(&["runs", "--where", "failure == signal", "--columns", "run,failure"]);
    assert!(killed.out.contains("signal") && !killed.out.contains("out_of_memory"), "{killed:?}");
    assert!(!desk.call(&["show", "1"]).out.contains("failed because"));
}

//! Wrong input gets one clear error, exit code 2, and leaves nothing behind.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use command::{Answer, Desk};
use serde_json::{Value, json};

const GOOD: &str = "method: random\nrun_cap: 1\nprogram: train.sh\nparameters: {x: {min: 0.0, max: 1.0}}\n";

/// The error of a call that must be refused as wrong input, with nothing stored.
fn refused(desk: &Desk, arguments: &[&str]) -> String {
    let answer = desk.call(arguments);
    assert_eq!(answer.code, Some(2), "{arguments:?}: {answer:?}");
    assert!(!desk.path().join(".besom").exists(), "nothing is stored: {answer:?}");
    assert!(!answer.err.trim().is_empty());
    answer.err
}

#[test]
fn a_file_that_is_none_is_named() {
    let desk = Desk::new();
    desk.file("directory/x", "");
    desk.file("empty.yaml", "");
    desk.file("tabs.yaml", "method:\trandom\n\tparameters:\n");
    desk.file("large.yaml", &"a".repeat(2 << 20));
    std::fs::write(desk.path().join("bytes.yaml"), b"method: \xff\xfe").unwrap();
    for file in
        ["missing.yaml", "directory", "empty.yaml", "tabs.yaml", "large.yaml", "bytes.yaml", "/dev/zero"]
    {
        let error = refused(&desk, &["run", file]);
        assert!(error.contains(file), "{file}: {error}");
        assert!(error.len() < 2000, "{error}");
    }
}

#[test]
fn all_problems_of_a_file_come_at_once_with_their_places() {
    let desk = Desk::new();
    desk.file(
        "sweep.yaml",
        "method: bayse\nparameters:\n  lr: {min: 0.1, max: 0.01}\n  bs: {valeus: [1, 2]}\n",
    );
    let error = refused(&desk, &["run", "sweep.yaml"]);
    for part in ["sweep.yaml:1:", "bayes", "sweep.yaml:3:", "parameters.lr", "sweep.yaml:4:", "values"] {
        assert!(error.contains(part), "{part} is in: {error}");
    }
}

#[test]
fn a_program_that_is_not_there_is_said_before_anything_is_stored() {
    let desk = Desk::new();
    desk.file("sweep.yaml", GOOD);
    assert!(refused(&desk, &["run", "sweep.yaml"]).contains("train.sh"));
    desk.file("sweep.yaml", &GOOD.replace("program: train.sh\n", ""));
    assert!(refused(&desk, &["run", "sweep.yaml"]).contains("program"));
}

#[test]
fn names_near_the_typed_one_are_offered() {
    let desk = Desk::new();
    desk.file("sweep.yaml", GOOD);
    assert!(refused(&desk, &["rnu", "sweep.yaml"]).contains("run"));
    assert!(refused(&desk, &["run", "sweep.yaml", "--resum"]).contains("--resume"));
    assert!(refused(&desk, &["runs", "abc", "--state", "finishd"]).contains("finished"));
}

#[test]
fn a_store_that_is_none_is_left_alone() {
    let desk = Desk::new();
    let missing = desk.call(&["list"]);
    assert_ne!(missing.code, Some(0));
    assert!(!desk.path().join(".besom").exists());
    let file = desk.file(".besom/besom.db", "this is a letter, not a database; please keep it as it is");
    desk.file("sweep.yaml", GOOD);
    desk.file("train.sh", "");
    for arguments in [&["list"][..], &["run", "sweep.yaml"], &["sweep", "sweep.yaml"]] {
        let answer = desk.call(arguments);
        assert_eq!(answer.code, Some(1), "{answer:?}");
        assert!(answer.err.contains("not a besom store"), "{answer:?}");
    }
    assert!(std::fs::read_to_string(file).unwrap().starts_with("this is a letter"));
}

#[test]
fn an_unknown_sweep_or_run_is_wrong_input() {
    let desk = Desk::new();
    desk.file("sweep.yaml", GOOD);
    desk.file("train.sh", "");
    let id = desk.json(&["sweep", "sweep.yaml", "--json"])["id"].as_str().unwrap().to_owned();
    let near = format!("{}!", &id[..7]);
    let is_input = |answer: &Answer| answer.code == Some(2);
    let unknown = desk.call(&["status", &near]);
    assert!(is_input(&unknown) && unknown.err.contains(&id), "the near id is offered: {unknown:?}");
    assert!(is_input(&desk.call(&["show", &id, "7"])));
    assert!(is_input(&desk.call(&["show", &id, "0"])));
    assert!(is_input(&desk.call(&["agent", "zzzzzzzz"])));
}

#[test]
fn log_outside_a_run_says_where_it_works() {
    let desk = Desk::new();
    assert!(refused(&desk, &["log", "loss=1"]).contains("BESOM_METRICS"));
    assert!(refused(&desk, &["log"]).contains("NAME=VALUE"));
}

#[test]
fn a_file_that_is_missing_is_said_once_and_the_nearest_name_offered() {
    let desk = Desk::new();
    let error = refused(&desk, &["run", "sweeep.yaml"]);
    assert_eq!(error.matches("No such file").count(), 1, "{error}");
    desk.file("sweep.yaml", GOOD);
    assert!(refused(&desk, &["run", "sweeep.yaml"]).contains("did you mean 'sweep.yaml'?"));
}

#[test]
fn a_command_that_finds_no_store_says_where_it_looked_and_how_to_name_another() {
    let desk = Desk::new();
    for arguments in [&["list"][..], &["status"], &["runs", "abc"], &["agent", "abc"], &["stop", "abc"]] {
        let error = refused(&desk, arguments);
        assert!(error.contains("there is no store in") && error.contains("--store"), "{error}");
    }
}

#[test]
fn stopping_a_file_asks_for_its_runs() {
    let desk = Desk::new();
    desk.file("sweep.yaml", GOOD);
    assert!(refused(&desk, &["stop", "sweep.yaml"]).contains("--runs"));
}

#[test]
fn a_misspelled_key_of_the_controller_is_told_with_the_right_one() {
    let desk = Desk::new();
    desk.file("sweep.yaml", &format!("{GOOD}controller: {{typ: local}}\n"));
    let error = refused(&desk, &["run", "sweep.yaml"]);
    assert!(error.contains("controller.typ") && error.contains("did you mean \"type\"?"), "{error}");
    assert!(!error.contains("missing"), "it is told once: {error}");
}

#[test]
fn early_stop_prints_what_stop_prints_for_a_file_with_runs() {
    let desk = Desk::new();
    let text = "method: random\nmetric: {name: loss}\nparameters: {x: {min: 0.0, max: 1.0}}\n\
                early_terminate: {type: threshold, upper: 1.0}\n";
    desk.file("sweep.yaml", text);
    let run = |name: &str, loss: f64| json!({"name": name, "state": "running", "config": {}, "history": [{"loss": loss}]});
    desk.file("runs.json", &json!([run("good", 0.5), run("bad", 5.0)]).to_string());
    let answers = ["early-stop", "stop"].map(|name| {
        let answer = desk.call(&[name, "sweep.yaml", "--runs", "runs.json", "--json"]);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        serde_json::from_str::<Value>(&answer.out).unwrap()["stop"].clone()
    });
    assert_eq!(answers, [json!(["bad"]), json!(["bad"])]);
    for hidden in ["--silence", "early_terminate"] {
        let help = desk.call(&["run", "--help"]).out + &desk.call(&["stop", "--help"]).out;
        assert!(!help.contains(hidden), "{help}");
    }
}

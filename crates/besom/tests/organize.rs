//! Finding sweeps and runs, what they printed, and what their owner says of them.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use command::{Answer, Desk};
use serde_json::json;

const SWEEP: &str = "\
method: grid
name: first
metric: {name: loss, goal: maximize}
program: train.sh
command: [sh, '${program}', '${args}']
parameters:
  a: {values: [1, 2, 3]}
  b: {value: text}
";

/// A desk with a sweep of three runs, and its id. The third run fails.
fn desk() -> (Desk, String) {
    let desk = Desk::new();
    desk.file("train.sh", "echo \"training $1\"; [ $1 = --a=3 ] && exit 3; besom log loss=${1#--a=}");
    desk.file("sweep.yaml", SWEEP);
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let id = desk.newest();
    (desk, id)
}

fn refused(answer: &Answer, message: &str) {
    assert!(answer.code == Some(2) && answer.err.contains(message), "{message}: {answer:?}");
}

#[test]
fn a_sweep_is_found_by_the_beginning_of_its_id_and_the_newest_by_none() {
    let (desk, id) = desk();
    let best = desk.json(&["best", &id, "--json"]);
    assert_eq!(desk.json(&["best", &id[..4], "--json"]), best);
    assert_eq!(desk.json(&["best", &format!("me/project/{}", &id[..4]), "--json"]), best);
    for arguments in
        [&["runs"][..], &["best"], &["show", "best"], &["show", "2"], &["logs", "2"], &["plot", "history"]]
    {
        let answer = desk.call(arguments);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        assert!(answer.err.contains(&format!("sweep {id} (first), the newest")), "{answer:?}");
    }
    let store = desk.path().canonicalize().unwrap().join(".besom");
    refused(
        &desk.call(&["runs", "!"]),
        &format!("no sweep has the id '!' (in the store {})", store.display()),
    );
    refused(&desk.call(&["pause", ""]), "no sweep has the id ''");
    // Ids begin with one of 36 letters: of 40 sweeps, two begin alike.
    for _ in 0..40 {
        assert_eq!(desk.call(&["sweep", "sweep.yaml"]).code, Some(0));
    }
    let ids: Vec<String> = (b'0'..=b'9').chain(b'a'..=b'z').map(|c| char::from(c).to_string()).collect();
    let several =
        ids.iter().map(|id| desk.call(&["best", id])).find(|a| a.err.contains("several sweeps have ids"));
    refused(&several.unwrap(), "that begin with");
}

#[test]
fn runs_are_named_by_number_best_or_last() {
    let (desk, id) = desk();
    assert_eq!(desk.json(&["show", &id, "best", "--json"])["run"]["number"], 2);
    assert_eq!(desk.json(&["show", &id, "last", "--json"])["run"]["number"], 3);
    refused(&desk.call(&["show", &id, "9"]), &format!("sweep {id} has no run 9: it has runs 1 to 3"));
    refused(&desk.call(&["show", &id, "bets"]), "expected a run number, best or last");
    refused(&desk.call(&["show", &id, "0"]), "run numbers start at 1");
}

#[test]
fn the_store_of_a_directory_above_is_used() {
    let (desk, id) = desk();
    let below = desk.path().join("some/where");
    std::fs::create_dir_all(&below).unwrap();
    let answer = Answer::from(desk.command(&["list"]).current_dir(&below).output().unwrap());
    assert!(answer.code == Some(0) && answer.out.contains(&id), "{answer:?}");
    let answer =
        Answer::from(desk.command(&["sweep", "../../sweep.yaml"]).current_dir(&below).output().unwrap());
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(!below.join(".besom").exists());
    assert_eq!(desk.json(&["list", "--json"]).as_array().unwrap().len(), 2);
}

#[test]
fn logs_print_what_a_run_has_printed_without_what_a_terminal_would_obey() {
    let (desk, id) = desk();
    assert_eq!(desk.call(&["logs", &id, "1"]).out, "training --a=1\n");
    desk.file("train.sh", "printf 'one\\n\\033[31mtwo\\033[0m\\033[2J\\033]0;title\\007\\nthree\\n'");
    assert_eq!(desk.call(&["run", "sweep.yaml", "--count", "1"]).code, Some(0));
    assert_eq!(desk.call(&["logs", "last"]).out, "one\ntwo\nthree\n");
    assert_eq!(desk.call(&["logs", "last", "-n", "1"]).out, "three\n");
    let colored = desk.call(&["logs", "last", "--color", "always"]).out;
    assert_eq!(colored, "one\n\x1b[31mtwo\x1b[0m\nthree\n");
    refused(&desk.call(&["logs", &id, "7"]), "has no run 7");
}

#[test]
fn logs_follow_a_run_to_its_end() {
    let desk = Desk::new();
    desk.file(
        "train.sh",
        "echo begun; while ! test -e go; do sleep 0.01; done; echo ended; besom log loss=1",
    );
    desk.file("sweep.yaml", &SWEEP.replace("[1, 2, 3]", "[1]"));
    let mut run = desk.command(&["run", "sweep.yaml"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(run.stdout.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().starts_with("sweep "));
    // Until the run has begun, there is nothing to follow.
    let follow =
        || desk.command(&["logs", "last", "-f"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let (mut logs, mut lines) = loop {
        let mut logs = follow().unwrap();
        let mut lines = BufReader::new(logs.stdout.take().unwrap()).lines().map(Result::unwrap);
        match lines.next() {
            Some(line) => {
                assert_eq!(line, "begun");
                break (logs, lines);
            }
            None => assert!(logs.wait().unwrap().code().is_some()),
        }
    };
    desk.file("go", "");
    assert_eq!(lines.next().as_deref(), Some("ended"));
    assert_eq!(logs.wait().unwrap().code(), Some(0));
    assert!(said.any(|line| line.unwrap().contains("is finished")));
    assert_eq!(run.wait().unwrap().code(), Some(0));
}

#[test]
fn show_has_the_end_of_the_output_of_a_failed_run() {
    let (desk, id) = desk();
    assert!(desk.call(&["show", &id, "3"]).out.contains("\nlast output\n  training --a=3\n"));
    assert!(!desk.call(&["show", &id, "2"]).out.contains("last output"));
}

#[test]
fn names_tags_and_notes_are_kept_and_shown() {
    let (desk, id) = desk();
    let done = |arguments: &[&str]| {
        let answer = desk.call(arguments);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        answer.out
    };
    done(&["rename", &id, "wider layers"]);
    assert_eq!(done(&["tag", &id, "paper", "baseline"]), format!("tags of sweep {id}: paper, baseline\n"));
    assert_eq!(done(&["tag", &id, "paper", "--remove"]), format!("tags of sweep {id}: baseline\n"));
    assert_eq!(done(&["tag", &id, "odd", "--run", "best"]), format!("tags of run 2 of sweep {id}: odd\n"));
    done(&["note", &id, "diverged late", "--run", "2"]);
    let run = done(&["show", &id, "2"]);
    assert!(run.contains("\nfacts\n  tags   odd\n  notes  diverged late\n"), "{run}");
    assert_eq!(desk.json(&["show", &id, "2", "--json"])["facts"]["tags"], json!(["odd"]));
    done(&["note", &id, "data of May"]);
    let status = done(&["status", &id]);
    for part in ["(wider layers)", "baseline", "data of May"] {
        assert!(status.contains(part), "{part}: {status}");
    }
    assert_eq!(desk.json(&["list", "--json"])[0]["name"], "wider layers");
    assert!(done(&["list"]).contains("wider layers"));
}

#[test]
fn a_new_name_is_that_of_a_resumed_sweep_and_of_what_a_shell_completes() {
    let desk = Desk::new();
    desk.file("train.sh", "besom log loss=1");
    desk.file("sweep.yaml", SWEEP);
    let id = desk.json(&["sweep", "sweep.yaml", "--json"])["id"].as_str().unwrap().to_owned();
    assert_eq!(desk.call(&["rename", &id, "wider layers"]).code, Some(0));
    let mut command = desk.command(&["--", "besom", "best", ""]);
    let completed = Answer::from(command.env("BESOM_COMPLETE", "fish").output().unwrap()).out;
    assert!(completed.contains(&format!("{id}\tpending wider layers")), "{completed}");
    let resumed = desk.call(&["run", "sweep.yaml", "--resume"]);
    assert!(resumed.out.starts_with(&format!("sweep {id} (wider layers): grid search")), "{resumed:?}");
}

#[test]
fn a_point_of_ones_own_is_run_and_must_be_one_of_the_space() {
    let desk = Desk::new();
    desk.file("train.sh", "besom log loss=1");
    let sweep = "method: random\nrun_cap: 2\nprogram: train.sh\ncommand: [sh, '${program}']\nmetric: {name: loss}\n\
                 parameters: {x: {min: 0.0, max: 1.0}, o: {parameters: {n: {values: [adam, sgd]}}}, c: {value: 3}}\n";
    desk.file("sweep.yaml", sweep);
    assert_eq!(desk.call(&["sweep", "sweep.yaml"]).code, Some(0));
    let id = desk.newest();
    let wrong = desk.call(&["enqueue", &id, "x=7", "o.m=adam"]);
    for part in ["no parameter 'o.m', did you mean 'o.n'?", "x: 7", "o.n has no value"] {
        refused(&wrong, part);
    }
    refused(
        &desk.call(&["enqueue", &id, "x=0.25", "o.n=sgd", "fast"]),
        "'fast' is not of the form NAME=VALUE",
    );
    assert_eq!(desk.json(&["runs", &id, "--json"]), json!([]));
    assert_eq!(desk.call(&["enqueue", &id, "x=0.25", "o.n=sgd"]).code, Some(0));
    let runs = desk.json(&["runs", &id, "--json"]);
    assert_eq!(runs[0]["params"], json!({"c": 3, "x": 0.25, "o": {"n": "sgd"}}));
    assert_eq!(desk.call(&["agent", &id]).code, Some(0));
    assert_eq!(desk.json(&["runs", &id, "--json"]).as_array().unwrap().len(), 2);
    let more = format!("is finished and takes no runs; allow one more with: besom extend {id} 1");
    refused(&desk.call(&["enqueue", &id, "x=0.25", "o.n=sgd"]), &more);
}

#[test]
fn what_cannot_be_done_names_the_way_out() {
    let (desk, id) = desk();
    refused(&desk.call(&["resume", &id]), &format!("besom retry {id} --failed"));
    refused(&desk.call(&["pause", &id]), &format!("allow more runs with: besom extend {id} N"));
    assert!(desk.call(&["run", "sweep.yaml"]).out.contains("run the failed ones again with: besom retry "));
}

#[test]
fn help_has_examples_and_a_store_only_where_there_is_one() {
    let desk = Desk::new();
    for arguments in [&["help"][..], &["help", "run"], &["runs", "--help"]] {
        assert_eq!(desk.call(arguments).code, Some(0), "{arguments:?}");
    }
    assert!(
        desk.call(&["help", "runs"]).out.contains("besom runs uhj --where \"lr < 1e-3 and state = failed\"")
    );
    for with_store in ["run", "runs", "agent", "list", "enqueue"] {
        assert!(desk.call(&[with_store, "--help"]).out.contains("--store <STORE>"), "{with_store}");
    }
    for without in ["validate", "plan", "log", "ask-tell", "completion", "methods"] {
        assert!(!desk.call(&[without, "--help"]).out.contains("--store"), "{without}");
    }
    refused(&desk.call(&["methods", "--store", "x"]), "this command uses no store");
}

#[test]
fn a_shell_completes_ids_plots_states_and_files() {
    let (desk, id) = desk();
    let script = desk.call(&["completion", "bash"]);
    assert!(script.code == Some(0) && script.out.contains("BESOM_COMPLETE"), "{script:?}");
    let completed = |words: &[&str]| {
        let mut command = desk.command(&[&["--", "besom"], words].concat());
        let last = words.len().to_string();
        command.env("BESOM_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", last).env("_CLAP_IFS", "\n");
        Answer::from(command.output().unwrap()).out
    };
    assert!(completed(&["best", ""]).contains(&id));
    let other = desk.json(&["--store", "other", "sweep", "sweep.yaml", "--json"])["id"].to_string();
    let of_other = completed(&["--store=other", "best", ""]);
    assert!(of_other.contains(other.trim_matches('"')) && !of_other.contains(&id), "{of_other}");
    assert!(completed(&["plot", &id, "hi"]).contains("history"));
    assert!(completed(&["runs", "--state", "st"]).contains("stopped"));
    let files = completed(&["run", ""]);
    assert!(files.contains("sweep.yaml") && !files.contains("train.sh"), "{files}");
}

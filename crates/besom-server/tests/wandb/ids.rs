//! The id of a run that comes again: while it is running, after it has ended, and of a sweep.

use besom_core::{RunNumber, RunState};
use besom_store::StopKind;
use serde_json::json;

use super::GRID;
use super::client::Client;

#[test]
fn another_history_under_the_id_of_a_run_that_is_running_follows_the_first() {
    let client = Client::new();
    client.init("one");
    client.log("one", 0, &[r#"{"loss":1,"_timestamp":1}"#, r#"{"loss":2,"_timestamp":2}"#]);
    client.init("one");
    client.log("one", 0, &[r#"{"loss":3,"_timestamp":3}"#]);
    client.log("one", 0, &[r#"{"loss":3,"_timestamp":3}"#, r#"{"loss":4,"_timestamp":4}"#]);
    assert_eq!(client.losses(&client.alone(), 1), [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn what_another_program_prints_under_the_id_of_a_run_that_is_running_is_kept() {
    let client = Client::new();
    for lines in [&["one", "two", "three"][..], &["four", "five"]] {
        client.init("run");
        client.print("run", 0, lines);
        client.print("run", 0, lines);
    }
    client.print("run", 2, &["six"]);
    assert_eq!(client.output(&client.alone(), 1), "one\ntwo\nthree\nfour\nfive\nsix\n");
}

#[test]
fn the_id_of_a_run_that_has_ended_begins_it_anew() {
    let client = Client::new();
    for (code, loss) in [(0, "1"), (1, "2"), (0, "3")] {
        client.init("one");
        client.log("one", 0, &[&format!("{{\"loss\":{loss}}}")]);
        client.end("one", code);
        client.end("one", code);
    }
    let sweep = client.alone();
    let run = client.run(&sweep, 1);
    assert_eq!((run.attempt, run.state, client.losses(&sweep, 1)), (3, RunState::Finished, vec![3.0]));
    let before = client.store().rows(&sweep, RunNumber::FIRST, Some(2)).unwrap();
    assert_eq!(before[0].values["loss"], json!(2), "nothing is lost");
    client.store().retry_runs(&sweep, &[RunNumber::FIRST]).unwrap();
    client.init("two");
    assert_eq!(client.run(&sweep, 2).state, RunState::Running);
    assert_eq!(client.losses(&sweep, 1), [3.0], "who waits for its program keeps its rows");
}

#[test]
fn a_program_that_resumes_a_run_that_has_ended_goes_on_from_its_rows() {
    let client = Client::new();
    client.init("one");
    client.log("one", 0, &["{\"loss\":1,\"_step\":4}"]);
    client.stream("one", &json!({ "preempting": true }));
    client.end("one", 1);
    let variables = json!({ "name": "one", "project": "p", "entity": "local" });
    let bucket = client.data("query RunResumeStatus", &variables)["model"]["bucket"].clone();
    assert_eq!(bucket["historyLineCount"], json!(0), "lines of an attempt are counted from 0");
    assert!(bucket["historyTail"].as_str().unwrap().contains("4"), "{bucket}");
    client.init("one");
    client.log("one", 0, &["{\"loss\":2,\"_step\":5}"]);
    client.end("one", 0);
    let sweep = client.alone();
    assert_eq!(client.run(&sweep, 1).state, RunState::Finished);
    assert_eq!(client.losses(&sweep, 1), [1.0, 2.0]);
    client.init("one");
    client.log("one", 0, &["{\"loss\":3,\"_step\":0}"]);
    let runs = client.store().sweep(&sweep).unwrap().runs;
    assert_eq!((client.losses(&sweep, 1), runs), (vec![3.0], 1), "who does not resume begins anew");
}

#[test]
fn a_run_that_its_owner_has_killed_begins_again_by_its_program_and_by_nothing_that_still_runs() {
    let client = Client::new();
    client.init("one");
    let sweep = client.alone();
    let stop = (RunNumber::FIRST, "enough".to_owned());
    client.store().request_stops(&sweep, &[stop], StopKind::Cancel).unwrap();
    assert!(client.log("one", 0, &["{\"loss\":1}"]));
    client.end("one", 255);
    assert_eq!(client.run(&sweep, 1).state, RunState::Killed);
    let own = json!({ "_wandb": { "value": { "e": { "writer": {} } } } }).to_string();
    let later = json!({ "name": "one", "project": "p", "entity": "local", "config": own });
    client.data("mutation UpsertBucket", &later);
    assert_eq!(
        client.run(&sweep, 1).state,
        RunState::Killed,
        "its program says where it runs, and is to end"
    );
    client.init("one");
    assert!(!client.log("one", 0, &["{\"loss\":2}"]));
    client.end("one", 0);
    let run = client.run(&sweep, 1);
    assert_eq!((run.attempt, run.state, client.losses(&sweep, 1)), (2, RunState::Finished, vec![2.0]));
}

#[test]
fn what_is_logged_under_the_id_of_a_sweeps_run_that_has_ended_is_a_run_of_the_project() {
    let client = Client::new();
    let sweep = client.sweep(GRID);
    let name = client.given(&client.agent(&sweep));
    client.init(&name);
    client.log(&name, 0, &["{\"loss\":1}"]);
    client.end(&name, 0);
    assert!(!client.log(&name, 0, &["{\"loss\":1}"]), "it is repeated after a lost answer");
    assert_eq!(client.store().sweeps().unwrap().len(), 1);
    // With a second `init`, and then of a process that has been there before.
    client.init(&name);
    client.log(&name, 0, &["{\"loss\":0.5}"]);
    client.end(&name, 0);
    client.log(&name, 7, &["{\"loss\":0.25}"]);
    let ended = client.run(&sweep, 1);
    assert_eq!(
        (ended.rows, ended.best, ended.state),
        (1, Some(1.0), RunState::Finished),
        "its search has seen it"
    );
    let project = client.alone();
    assert_eq!(client.losses(&project, 1), [0.25]);
    let before = client.store().rows(&project, RunNumber::FIRST, Some(1)).unwrap();
    assert_eq!(before[0].values["loss"], json!(0.5));
    let variables = json!({ "name": name, "project": "p", "entity": "local" });
    let found = client.data("query Run", &variables)["project"]["run"]["sweepName"].clone();
    assert_eq!(found, json!(sweep.as_str()), "its name means the run of the sweep to who reads");
}

#[test]
fn what_follows_under_the_id_of_a_failed_run_that_waits_to_be_tried_again_is_kept_and_not_stopped() {
    let client = Client::new();
    let sweep = client.sweep(&format!("{GRID}retry: {{failed: 1}}\n"));
    let agent = client.agent(&sweep);
    let name = client.given(&agent);
    client.init(&name);
    client.log(&name, 0, &["{\"loss\":1}"]);
    client.end(&name, 1);
    assert_eq!(client.run(&sweep, 1).state, RunState::Pending);
    assert!(!client.log(&name, 0, &["{\"loss\":1}"]), "it is repeated after a lost answer");
    client.init(&name);
    assert!(!client.log(&name, 0, &["{\"loss\":2}"]), "nobody asks it to stop");
    assert_eq!(client.losses(&client.alone(), 1), [2.0]);
    client.end(&name, 0);
    let again = client.given(&agent);
    assert_eq!(again, name, "the next attempt has the same name, and is the run of the sweep");
    client.init(&again);
    client.log(&again, 0, &["{\"loss\":3}"]);
    assert_eq!((client.run(&sweep, 1).attempt, client.losses(&sweep, 1)), (2, vec![3.0]));
}

#[test]
fn who_was_given_up_changes_nothing_under_the_old_name() {
    let client = Client::new();
    let sweep = client.sweep(GRID);
    let (one, other) = (client.agent(&sweep), client.agent(&sweep));
    let old = client.given(&one);
    client.init(&old);
    let held = client.store().running(&sweep).unwrap().remove(0);
    assert!(client.store().give_up(&held.lease, held.beat).unwrap());
    let new = [client.given(&other), client.given(&client.agent(&sweep))];
    assert!(new.contains(&format!("{sweep}-1-2")), "{new:?}");
    assert!(client.log(&old, 0, &["{\"loss\":1}"]), "it is asked to stop");
    assert_eq!(client.run(&sweep, 1).rows, 0);
    assert!(!client.log(&format!("{sweep}-1-2"), 0, &["{\"loss\":2}"]));
    assert_eq!(client.run(&sweep, 1).rows, 1);
}

#[test]
fn a_preempted_run_keeps_its_name_and_a_program_that_resumes_it_goes_on() {
    let client = Client::new();
    let sweep = client.sweep(GRID);
    let agent = client.agent(&sweep);
    let name = client.given(&agent);
    client.init(&name);
    client.log(&name, 0, &["{\"loss\":1,\"_step\":4}"]);
    client.stream(&name, &json!({ "preempting": true }));
    client.end(&name, 1);
    assert_eq!(client.run(&sweep, 1).state, RunState::Preempted);
    assert_eq!(client.given(&agent), name);
    let variables = json!({ "name": name, "project": "p", "entity": "local" });
    let model = client.data("query RunResumeStatus", &variables)["model"].clone();
    assert_eq!(model["bucket"]["historyLineCount"], json!(0));
    assert!(model["bucket"]["historyTail"].as_str().unwrap().contains("\\\"_step\\\":4"), "{model}");
}

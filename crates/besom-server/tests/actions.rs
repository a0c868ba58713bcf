//! What the owner does on the page is what the store does, and what it forbids is a conflict with its sentence.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sample;
mod stage;

use besom_core::{RunNumber, RunState};
use besom_store::{Store, StoreError, SweepId, SweepState};
use serde_json::{Value, json};
use stage::{Answer, Stage};

fn staged() -> (Stage, SweepId) {
    Stage::prepared(|store| sample::worked(store, 6))
}

fn act(stage: &Stage, id: &SweepId, what: &str, body: Value) -> Answer {
    stage.post(&format!("/v1/sweeps/{id}/{what}"), &body)
}

#[test]
fn states_change_and_the_answer_is_the_new_summary() {
    let (stage, id) = staged();
    let paused = act(&stage, &id, "state", json!({ "to": "paused" })).json();
    assert_eq!(
        (&paused["state"], &paused["reason"], &paused["paused_by"]),
        (&json!("paused"), &json!("by its owner"), &json!("owner"))
    );
    let running = act(&stage, &id, "state", json!({ "to": "running" })).json();
    assert_eq!((&running["state"], &running["reason"]), (&json!("running"), &Value::Null));
    let canceled = act(&stage, &id, "state", json!({ "to": "canceled", "reason": "enough" })).json();
    assert_eq!((&canceled["state"], &canceled["reason"]), (&json!("canceled"), &json!("enough")));
    assert_eq!(stage.store().sweep(&id).unwrap().state, SweepState::Canceled);
}

#[test]
fn what_a_state_forbids_is_a_conflict_with_the_sentence_of_the_store() {
    let (stage, id) = staged();
    let mut store = stage.store();
    store.set_state(&id, SweepState::Canceled, None).unwrap();
    let refused = act(&stage, &id, "state", json!({ "to": "running" }));
    let Err(error @ StoreError::Transition { .. }) = store.set_state(&id, SweepState::Running, None) else {
        panic!()
    };
    assert_eq!(
        (refused.status, refused.json()["error"]["message"].as_str()),
        (409, Some(error.to_string().as_str()))
    );
    for (what, body) in [("retry", json!({ "states": ["failed"] })), ("cap", json!({ "run_cap": 99 }))] {
        assert_eq!(act(&stage, &id, what, body).status, 409, "{what}");
    }
    let params = json!({ "lr": 0.1, "momentum": 0.5, "layers": 2, "optimizer": "adam", "noise": 0.0 });
    let refused = act(&stage, &id, "enqueue", json!({ "params": params }));
    assert_eq!((refused.status, refused.code().as_str()), (409, "refused"));
}

#[test]
fn a_body_that_means_nothing_is_told_what_is_wrong() {
    let (stage, id) = staged();
    for (what, body, said) in [
        ("state", json!({ "to": "sleeping" }), "sleeping"),
        ("state", json!({ "to": "pending" }), "pending"),
        ("state", json!({ "too": "paused" }), "too"),
        ("retry", json!({ "states": ["fail"] }), "fail"),
        ("stops", json!({ "runs": [0] }), "0"),
    ] {
        let refused = act(&stage, &id, what, body);
        let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(refused.status == 422 && message.contains(said), "{what}: {} {message}", refused.status);
    }
}

#[test]
fn runs_are_stopped_tried_again_and_annotated_one_by_one() {
    let (stage, id) = staged();
    let mut store = stage.store();
    let (running, failed) = (RunNumber::from_index(6), RunNumber::from_index(4));
    let answer = act(&stage, &id, "stops", json!({ "runs": [running] }));
    assert_eq!((answer.status, &answer.json()["counts"]["running"]), (200, &json!(1)));
    assert_eq!(store.run(&id, running).unwrap().stop_reason.as_deref(), Some("stopped by its owner"));
    assert_eq!(act(&stage, &id, "stops", json!({ "runs": [99] })).code(), "no_run");
    let answer = act(&stage, &id, &format!("runs/{failed}/retry"), json!({})).json();
    assert_eq!(answer["counts"]["failed"], 0);
    assert_eq!(store.run(&id, failed).unwrap().state, RunState::Pending);
    act(&stage, &id, "runs/1/annotate", json!({ "facts": { "tags": ["odd"], "notes": "look here" } }));
    assert_eq!(stage.get(&format!("/v1/sweeps/{id}/runs/1")).json()["facts"]["tags"], json!(["odd"]));
}

#[test]
fn failed_runs_are_tried_again_by_their_state() {
    let (stage, id) = staged();
    let answer = act(&stage, &id, "retry", json!({ "states": ["failed", "crashed"] })).json();
    assert_eq!((&answer["counts"]["failed"], &answer["counts"]["pending"]), (&json!(0), &json!(1)));
}

#[test]
fn a_run_of_chosen_parameters_is_added_or_all_that_is_wrong_with_them_is_said() {
    let (stage, id) = staged();
    let params = json!({ "lr": 0.1, "momentum": 0.5, "layers": 2, "optimizer": "adam", "noise": 0.0 });
    let answer = act(&stage, &id, "enqueue", json!({ "params": params })).json();
    assert_eq!(answer["counts"]["pending"], 1);
    let run = stage.store().run(&id, RunNumber::from_index(7)).unwrap();
    assert_eq!((&run.point["lr"], &run.point["api_key"]), (&json!(0.1), &json!("sk-9-secret")));
    let wrong = json!({ "lrr": 0.1, "momentum": 5.0, "layers": 2, "optimizer": "adam", "noise": 0.0 });
    let refused = act(&stage, &id, "enqueue", json!({ "params": wrong }));
    let problems = refused.json()["error"]["problems"].as_array().unwrap().len();
    assert_eq!((refused.status, problems), (422, 3), "{:?}", refused.json());
}

#[test]
fn agents_are_drained_by_their_names_and_the_log_says_who_asked() {
    let (stage, id) = staged();
    let agents = || stage.get(&format!("/v1/sweeps/{id}/agents")).json()["agents"].clone();
    let name = agents()[0]["name"].as_str().unwrap().to_owned();
    assert_eq!(agents()[0]["draining"], false);
    let answer = act(&stage, &id, "drain", json!({ "agents": [name] }));
    assert_eq!((answer.status, &answer.json()["id"]), (200, &json!(id)));
    assert_eq!(agents()[0]["draining"], true);
    let events = stage.store().events(&id, None, 0, 1000).unwrap();
    let event = events.iter().find(|event| event.kind == "drain_requested").unwrap();
    assert_eq!((&event.detail["agent"], &event.detail["by"]), (&json!(name), &json!("owner/owner")));
    let refused = act(&stage, &id, "drain", json!({ "agents": ["nobody", "no one"] }));
    let problems = refused.json()["error"]["problems"].as_array().unwrap().len();
    assert_eq!((refused.status, refused.code().as_str(), problems), (404, "no_agent", 2));
}

#[test]
fn a_cap_is_set_and_lifted() {
    let (stage, id) = staged();
    assert_eq!(act(&stage, &id, "cap", json!({ "run_cap": 60 })).json()["run_cap"], 60);
    assert_eq!(act(&stage, &id, "cap", json!({ "run_cap": null })).json()["run_cap"], Value::Null);
}

#[test]
fn a_sweep_is_created_from_a_file_or_all_its_problems_are_named() {
    let stage = Stage::new();
    let created = stage.post(
        "/v1/sweeps",
        &json!({ "text": sample::TEXT, "file": "sweep.yaml", "seed": "18446744073709551615" }),
    );
    assert_eq!(created.status, 201);
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let sweep = stage.store().sweep(&SweepId::new(&id)).unwrap();
    assert_eq!(
        (sweep.new.seed, sweep.new.text.as_str(), sweep.new.source.as_deref()),
        (u64::MAX, sample::TEXT, Some("sweep.yaml"))
    );
    let text = "method: baes\nparameters:\n  lr: {min: 1}\n";
    let refused = stage.post("/v1/sweeps", &json!({ "text": text }));
    let problems = refused.json()["problems"].as_array().unwrap().clone();
    assert_eq!((refused.status, problems.len()), (422, 2), "{problems:?}");
    assert_eq!((&problems[0]["line"], &problems[0]["key"]), (&json!(1), &json!("method")));
    assert!(problems[0]["suggestion"].as_str().unwrap().contains("bayes"), "{problems:?}");
    assert_eq!(stage.post("/v1/sweeps", &json!({ "text": "x", "seed": -1 })).status, 400);
}

#[test]
fn whoever_may_only_look_changes_nothing() {
    let (stage, id) = staged();
    let token = stage.tokens().add(besom_server::Scope::Read, Some("viewer")).unwrap().1;
    for path in ["state", "retry", "stops", "enqueue", "cap", "runs/1/retry", "runs/1/annotate"] {
        let answer = stage.ask("POST", &format!("/v1/sweeps/{id}/{path}"), Some(&token), Some(&json!({})));
        assert_eq!(answer.status, 403, "{path}");
    }
    assert_eq!(stage.ask("GET", &format!("/v1/sweeps/{id}"), Some(&token), None).status, 200);
}

/// Kind and asker of the events of a sweep that somebody asked for.
fn asked(stage: &Stage, id: &SweepId) -> Vec<(String, String)> {
    let events = stage.get(&format!("/v1/sweeps/{id}/events")).json()["events"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    events.iter().filter_map(|event| Some((text(&event["kind"])?, text(&event["by"])?))).collect()
}

#[test]
fn the_log_says_by_whose_token_something_was_asked() {
    let stage = Stage::new();
    let created = stage.post("/v1/sweeps", &json!({ "text": sample::TEXT })).json();
    let id = SweepId::new(created["id"].as_str().unwrap());
    sample::controller(&mut *stage.store(), &id).step(&mut *stage.store(), 2).unwrap();
    act(&stage, &id, "state", json!({ "to": "paused" }));
    act(&stage, &id, "cap", json!({ "run_cap": 50 }));
    act(&stage, &id, "stops", json!({ "runs": [1] }));
    act(&stage, &id, "runs/1/retry", json!({}));
    act(&stage, &id, "state", json!({ "to": "running" }));
    let params = json!({ "lr": 0.1, "momentum": 0.5, "layers": 2, "optimizer": "adam", "noise": 0.0 });
    act(&stage, &id, "enqueue", json!({ "params": params }));
    let kinds: Vec<String> =
        asked(&stage, &id).into_iter().map(|(kind, by)| format!("{kind} {by}")).collect();
    let expected = ["created", "paused", "run_cap_set", "killed", "retried", "resumed", "added"]
        .map(|kind| format!("{kind} owner/owner"));
    assert_eq!(kinds, expected, "and runs that a search has suggested were asked for by nobody");
}

#[test]
fn what_a_command_elsewhere_asks_for_is_in_the_log_and_what_its_controller_does_is_not() {
    let (stage, id) = staged();
    let seen = json!({ "upto": "1", "runs": 7, "rows": [] });
    let call = |operation: &str, body: Value| {
        let answer = stage.post(&format!("/v1/store/{operation}"), &body);
        assert_eq!(answer.status, 200, "{operation}: {:?}", answer.json());
    };
    call("add_runs", json!({ "id": id, "first": 8, "runs": [{ "point": {}, "note": {} }], "seen": seen }));
    call("request_stops", json!({ "id": id, "stops": [[7, "too slow"]], "kind": "early" }));
    assert_eq!(asked(&stage, &id), []);
    call("pause", json!({ "id": id, "by": "owner", "reason": "lunch" }));
    call("set_state", json!({ "id": id, "to": "canceled", "reason": null }));
    let by = |kind: &str| (kind.to_owned(), "owner/owner".to_owned());
    let asked = asked(&stage, &id);
    assert_eq!(asked[..2], [by("paused"), by("canceled")]);
    assert!(
        asked[2..].iter().all(|(kind, _)| ["killed", "stop_requested"].contains(&kind.as_str())),
        "{asked:?}"
    );
}

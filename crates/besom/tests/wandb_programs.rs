//! Programs that speak the protocol of W&B's client log into their runs: here a shell that says what the client was heard to say.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use std::process::Command;

use command::{Answer, Desk};
use serde_json::json;

/// Says what W&B's client says to the address that it finds in its environment.
const PROGRAM: &str = r#"
say() {
  exec 3<>"/dev/tcp/127.0.0.1/${WANDB_BASE_URL##*:}"
  printf 'POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\n\r\n%s' \
    "$1" "$(printf 'api:%s' "$WANDB_API_KEY" | base64 -w0)" "${#2}" "$2" >&3
  cat <&3
}
say /graphql '{"query": "mutation UpsertBucket($name: String) { upsertBucket(input: {name: $name}) { bucket { id } } }",
  "variables": {"name": "'"$WANDB_RUN_ID"'", "config": "{\"depth\": {\"value\": 2}}", "tags": ["big"]}}'
say "/files/local/p/$WANDB_RUN_ID/file_stream" '{"files": {"wandb-history.jsonl":
  {"offset": 0, "content": ["{\"loss\": NaN, \"_step\": 0}", "{\"loss\": 3, \"_step\": 1}"]}}, "complete": true, "exitcode": 0}'
"#;

const SWEEP: &str = "command: [bash, train.sh, '${args}']\nmethod: grid\nmetric: {name: loss}\nparameters: {x: {values: [1, 2]}}\n";

/// A desk of somebody who is logged in nowhere.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("train.sh", PROGRAM);
    desk.file("sweep.yaml", SWEEP);
    desk
}

/// `besom ARGUMENTS` of somebody with these variables.
fn call(desk: &Desk, arguments: &[&str], variables: &[(&str, &str)]) -> Answer {
    let mut command: Command = desk.command(arguments);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WANDB_") || name == "NETRC") {
        command.env_remove(name);
    }
    command.env("HOME", desk.path()).envs(variables.iter().copied());
    Answer::from(command.output().unwrap())
}

#[test]
fn what_the_client_says_is_in_its_run() {
    let desk = desk();
    let answer = call(&desk, &["run", "sweep.yaml", "-j", "2"], &[]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(!answer.err.contains("wandb"), "{answer:?}");
    for run in ["1", "2"] {
        let shown = desk.json(&["show", run, "--json"]);
        assert_eq!(shown["curve"], json!([null, 3.0]), "{shown}");
        assert_eq!(shown["run"]["state"], "finished");
    }
    assert_eq!(call(&desk, &["agent", &desk.newest()], &[]).code, Some(0), "it has ended");
}

#[test]
fn who_logs_elsewhere_is_left_alone_and_told_once() {
    let desk = desk();
    desk.file("train.sh", "test \"${WANDB_BASE_URL-none}\" = none # wandb\n");
    let told = call(&desk, &["run", "sweep.yaml"], &[("WANDB_MODE", "offline")]);
    assert_eq!(told.err.matches("WANDB_MODE is set").count(), 1, "{told:?}");
    assert!(told.err.contains("--wandb local"), "{told:?}");
    desk.file(".netrc", "machine api.wandb.ai login user password secret\n");
    let told = call(&desk, &["run", "sweep.yaml"], &[]);
    assert!(told.err.contains(".netrc has a login for api.wandb.ai"), "{told:?}");
    let silent = call(&desk, &["run", "sweep.yaml", "--wandb", "off"], &[]);
    assert!(!silent.err.contains("wandb"), "{silent:?}");
    for answer in [told, silent] {
        assert!(answer.out.contains("2 finished"), "the program has found no address: {answer:?}");
    }
}

#[test]
fn a_sweep_within_a_run_does_not_log_into_that_run_with_wandb_off() {
    let desk = desk();
    desk.file(
        "train.sh",
        "test \"${WANDB_BASE_URL-no} ${WANDB_RUN_ID-no} ${WANDB_DIR-no}\" = 'no no no' # wandb\n",
    );
    let outer = [
        ("WANDB_BASE_URL", "http://127.0.0.1:1"),
        ("WANDB_API_KEY", "key"),
        ("WANDB_SWEEP_ID", "abc"),
        ("WANDB_RUN_ID", "abc-1"),
        ("WANDB_DIR", "/outer/attempt-1"),
        ("BESOM_ATTEMPT_DIR", "/outer/attempt-1"),
    ];
    let answer = call(&desk, &["run", "sweep.yaml", "--wandb", "off"], &outer);
    assert!(answer.out.contains("2 finished") && !answer.err.contains("wandb"), "{answer:?}");
}

#[test]
fn who_insists_logs_here_whatever_he_has_set() {
    let desk = desk();
    let variables =
        [("WANDB_MODE", "disabled"), ("WANDB_API_KEY", "mine"), ("WANDB_BASE_URL", "https://w.corp")];
    let answer = call(&desk, &["run", "sweep.yaml", "--wandb", "local"], &variables);
    assert_eq!((answer.code, answer.err.contains("wandb")), (Some(0), false), "{answer:?}");
    assert_eq!(desk.json(&["show", "1", "--json"])["curve"], json!([null, 3.0]));
}

#[test]
fn who_does_not_use_the_client_hears_nothing_of_it() {
    let desk = desk();
    desk.file("train.sh", "echo '{\"loss\": 1}' >>\"$BESOM_METRICS\"\n");
    desk.file(".netrc", "machine api.wandb.ai login user password secret\n");
    let answer = call(&desk, &["run", "sweep.yaml"], &[]);
    assert!(answer.code == Some(0) && !format!("{answer:?}").contains("wandb"), "{answer:?}");
}

#[test]
fn a_wrong_place_is_refused_with_those_that_there_are() {
    let answer = call(&desk(), &["run", "sweep.yaml", "--wandb", "here"], &[]);
    assert_eq!(answer.code, Some(2));
    assert!(["auto", "local", "off"].iter().all(|place| answer.err.contains(place)), "{answer:?}");
}

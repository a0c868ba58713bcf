//! `besom store copy`.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use std::process::Stdio;

use command::Desk;
use serde_json::json;

const SWEEP: &str = "\
method: grid
program: train.sh
command: [sh, '${program}']
metric: {name: loss}
parameters: {x: {values: [1, 2, 3]}}
";

/// A desk with a sweep that has ended.
fn desk() -> (Desk, String) {
    let desk = Desk::new();
    desk.file("train.sh", "besom log loss=$BESOM_RUN_NUMBER; touch $BESOM_RUN_DIR/checkpoint");
    desk.file("sweep.yaml", SWEEP);
    assert_eq!(desk.call(&["run", "sweep.yaml", "--seed", "1"]).code, Some(0));
    let id = desk.newest();
    (desk, id)
}

#[test]
fn sweeps_are_copied_to_a_directory_or_file_and_back() {
    let (desk, id) = desk();
    assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
    let copied = desk.call(&["store", "copy", ".besom", "copy", "--sweep", &id[..6]]);
    assert_eq!(copied.out, format!("copied sweep {id}: 3 runs, 3 attempts, 12 events\n"), "{copied:?}");
    assert!(copied.err.contains("files of runs (checkpoints) are not copied"), "{copied:?}");
    let runs = |store: &str| desk.json(&["--store", store, "runs", &id, "--json"]);
    assert_eq!(runs("copy"), runs(".besom"));
    assert_eq!(desk.json(&["--store", "copy", "list", "--json"]).as_array().unwrap().len(), 1);
    let all = desk.json(&["store", "copy", ".besom", "copy", "--json"]);
    let first = json!({"id": id, "copied": false, "runs": 3, "attempts": 3, "events": 12});
    assert_eq!((&all[0], &all[1]["copied"], all.as_array().unwrap().len()), (&first, &json!(true), 2));
    let file = desk.call(&["store", "copy", "copy", "one.db"]);
    assert_eq!((file.code, file.out.lines().count()), (Some(0), 2), "{file:?}");
    assert_eq!(desk.call(&["store", "copy", "one.db", "last"]).code, Some(0));
    assert_eq!(runs("last"), runs(".besom"));
    let doctor = desk.call(&["--store", "last", "doctor"]);
    assert!(doctor.out.contains("2 sweeps and 6 runs readable\nno problems found"), "{doctor:?}");
}

#[test]
fn a_sweep_with_other_content_is_not_overwritten() {
    let (desk, id) = desk();
    assert_eq!(desk.call(&["store", "copy", ".besom", "copy"]).code, Some(0));
    assert_eq!(desk.call(&["--store", "copy", "tag", &id, "mine"]).code, Some(0));
    let refused = desk.call(&["store", "copy", ".besom", "copy"]);
    let copy = desk.path().canonicalize().unwrap().join("copy");
    let sentence = format!(
        "besom: {0} has a sweep {id} with other content; remove it there first with: besom --store {0} rm {id}\n",
        copy.display()
    );
    assert_eq!((refused.code, refused.err), (Some(2), sentence));
    assert_eq!(desk.json(&["--store", "copy", "list", "--json"])[0]["labels"]["tags"], "[\"mine\"]");
    let absent = desk.call(&["store", "copy", "nowhere", "copy"]);
    assert_eq!(absent.code, Some(2), "{absent:?}");
    let served = desk.call(&["store", "copy", "http://127.0.0.1:1", "copy"]);
    assert!(served.code == Some(2) && served.err.contains("is a server: run this command"), "{served:?}");
}

#[test]
fn a_sweep_that_agents_work_on_is_copied_when_it_is_paused_or_by_force() {
    let desk = Desk::new();
    desk.file("train.sh", "touch began; while [ ! -e go ]; do sleep 0.02; done; besom log loss=1");
    desk.file("sweep.yaml", SWEEP);
    let mut run = desk.command(&["run", "sweep.yaml"]);
    let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    desk.await_file("began", &mut run);
    let id = desk.newest();
    let refused = desk.call(&["store", "copy", ".besom", "copy"]);
    let sentence = format!("sweep {id} has 1 agent at work, which would not know of the copy; pause it");
    assert!(refused.code == Some(2) && refused.err.contains(&sentence), "{refused:?}");
    assert_eq!(desk.call(&["store", "copy", ".besom", "forced", "--force"]).code, Some(0));
    assert_eq!(desk.call(&["pause", &id]).code, Some(0));
    assert_eq!(desk.call(&["store", "copy", ".besom", "copy"]).code, Some(2), "its run has not ended");
    desk.file("go", "");
    let is_at_work = || desk.json(&["status", &id, "--json"])["status"]["counts"]["running"] != 0;
    while is_at_work() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(desk.call(&["store", "copy", ".besom", "copy"]).code, Some(0));
    assert_eq!(desk.call(&["--store", "copy", "resume", &id]).code, Some(0));
    let mut agent = desk.command(&["--store", "copy", "agent", &id]);
    assert!(agent.output().unwrap().status.success());
    assert_eq!(desk.json(&["--store", "copy", "status", &id, "--json"])["status"]["counts"]["finished"], 3);
    run.kill().unwrap();
    run.wait().unwrap();
}

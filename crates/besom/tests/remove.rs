//! `besom rm`: what it removes, what it refuses, and what an interrupted one leaves to the next.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use std::process::Stdio;

use command::{Answer, Desk};

const SWEEP: &str = "\
method: grid
program: train.sh
command: [sh, '${program}']
metric: {name: loss}
parameters: {x: {values: [1, 2]}}
";

/// A desk with this many finished sweeps, and their ids.
fn desk(sweeps: usize) -> (Desk, Vec<String>) {
    let desk = Desk::new();
    desk.file("train.sh", "besom log loss=1");
    desk.file("sweep.yaml", SWEEP);
    let run = |_| {
        assert_eq!(desk.call(&["run", "sweep.yaml"]).code, Some(0));
        desk.newest()
    };
    let ids = (0..sweeps).map(run).collect();
    (desk, ids)
}

fn files(desk: &Desk) -> Vec<String> {
    let entries = std::fs::read_dir(desk.path().join(".besom/runs")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn stored(desk: &Desk) -> Vec<String> {
    let sweeps = desk.json(&["list", "--json"]);
    sweeps.as_array().unwrap().iter().map(|sweep| sweep["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn removed_sweeps_are_gone_with_their_files_and_others_stay() {
    let (desk, ids) = desk(3);
    let answer = desk.call(&["rm", &ids[0], &ids[2]]);
    assert!(answer.code == Some(2) && answer.err.contains("confirm it with --yes"), "{answer:?}");
    assert!(answer.err.contains(&format!("sweep {} (2 runs, finished)", ids[0])), "{answer:?}");
    assert_eq!(stored(&desk), ids);
    let answer = desk.call(&["rm", &ids[0], &ids[2], &ids[0], "-y"]);
    let said = format!("removed sweep {}\nremoved sweep {}\n", ids[0], ids[2]);
    assert_eq!((answer.code, &answer.out), (Some(0), &said), "{answer:?}");
    assert_eq!((stored(&desk), files(&desk)), (vec![ids[1].clone()], vec![ids[1].clone()]));
    assert_eq!(desk.json(&["runs", &ids[1], "--json"]).as_array().unwrap().len(), 2);
    let unknown = desk.call(&["rm", &ids[1], &ids[0], "--yes"]);
    assert!(unknown.code == Some(2) && unknown.err.contains("no sweep has the id"), "{unknown:?}");
    assert_eq!(stored(&desk), [ids[1].clone()], "nothing is removed unless all can be");
}

#[test]
fn a_sweep_at_work_is_removed_by_force_only_and_its_agent_says_why_it_ends() {
    let (desk, _) = desk(0);
    // It makes its directory anew whenever that is missing.
    desk.file("train.sh", "touch began; while :; do mkdir -p $BESOM_RUN_DIR/new; sleep 0.01; done");
    assert_eq!(desk.call(&["sweep", "sweep.yaml"]).code, Some(0));
    let id = desk.newest();
    let mut agent = desk.command(&["agent", &id, "--heartbeat-timeout", "1"]);
    let mut agent = agent.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    desk.await_file("began", &mut agent);
    let refused = desk.call(&["rm", &id, "--yes"]);
    assert!(refused.code == Some(2) && refused.err.contains("has 1 agent at work"), "{refused:?}");
    let removed = desk.call(&["rm", &id, "--yes", "--force"]);
    assert_eq!((removed.code, removed.err.as_str()), (Some(0), ""));
    assert_eq!(files(&desk), [""; 0], "its agent has ended before");
    assert_eq!(std::fs::read_dir(desk.path().join(".besom/agents")).unwrap().count(), 0);
    let ended = Answer::from(agent.wait_with_output().unwrap());
    assert_ne!(ended.code, Some(0), "{ended:?}");
    assert!(ended.err.contains(&format!("no sweep has the id '{id}'")), "{ended:?}");
    assert!(!ended.err.contains("early stopping failed"), "the sweep has none: {ended:?}");
    assert!(stored(&desk).is_empty());
}

#[test]
fn an_interrupted_removal_is_finished_by_the_next() {
    let (desk, ids) = desk(2);
    let runs = desk.path().join(".besom/runs");
    // As if besom had been killed after it had removed the sweep from the store.
    std::fs::create_dir_all(runs.join("goneooo1/1")).unwrap();
    std::fs::write(runs.join("goneooo1.removed"), "").unwrap();
    // And as if it had been killed before: this sweep is still there.
    std::fs::write(runs.join(format!("{}.removed", ids[1])), "").unwrap();
    // Nobody has ever removed this one.
    std::fs::create_dir_all(runs.join("otheroo2/1")).unwrap();
    assert_eq!(desk.call(&["rm", &ids[0], "--yes"]).code, Some(0));
    let mut left = vec![ids[1].clone(), format!("{}.removed", ids[1]), "otheroo2".to_owned()];
    left.sort();
    assert_eq!(files(&desk), left);
}

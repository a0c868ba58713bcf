//! A store kept: backed up while it is used, examined, private, on a local disk.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use command::Desk;
use serde_json::json;

const SWEEP: &str = "method: grid\nmetric: {name: loss}\nparameters: {x: {values: [1, 2, 3]}}\n\
    command: [sh, -c, 'echo out; besom log loss=${1#--x=}', sh, '${args}']\n";

/// A desk with a finished sweep of three runs, and its id.
fn with_sweep() -> (Desk, String) {
    let desk = Desk::new();
    desk.file("s.yaml", SWEEP);
    let answer = desk.call(&["run", "s.yaml"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let id = desk.json(&["list", "--json"])[0]["id"].as_str().unwrap().to_owned();
    (desk, id)
}

fn mode(path: &Path) -> String {
    format!("{:o}", fs::metadata(path).unwrap().mode() & 0o7777)
}

/// Damages a page of the database.
fn damage(desk: &Desk, page: usize) {
    let path = desk.path().join(".besom/besom.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[page * 4096..(page + 1) * 4096].fill(0xA5);
    fs::write(&path, bytes).unwrap();
}

#[test]
fn a_backup_is_a_store_itself() {
    let (desk, id) = with_sweep();
    for (to, store) in [("saved", "saved"), ("deep/er/saved", "deep/er/saved")] {
        let answer = desk.call(&["backup", to]);
        assert_eq!(
            (answer.code, answer.out.as_str()),
            (Some(0), format!("copied the store to {to}\n").as_str())
        );
        let best = desk.json(&["--store", store, "best", &id, "--json"]);
        assert_eq!(best, desk.json(&["best", &id, "--json"]));
        assert!(!desk.path().join(to).join("runs").exists());
    }
    assert_eq!(desk.call(&["backup", "copy.db"]).code, Some(0));
    assert!(desk.path().join("copy.db").is_file());
    let answer = desk.call(&["backup", "--runs", "whole"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let output = format!("whole/runs/{id}/1/attempt-1/output.log");
    assert_eq!(fs::read_to_string(desk.path().join(output)).unwrap(), "out\n");
    let left: Vec<_> = fs::read_dir(desk.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".part")), "{left:?}");
}

#[test]
fn a_backup_overwrites_nothing() {
    let (desk, _) = with_sweep();
    desk.file("mine.db", "mine");
    fs::create_dir(desk.path().join("there")).unwrap();
    for to in ["mine.db", "there"] {
        let answer = desk.call(&["backup", to]);
        assert_eq!(answer.code, Some(2), "{answer:?}");
        assert!(answer.err.contains(&format!("cannot copy the store to {to}")), "{answer:?}");
    }
    assert_eq!(fs::read_to_string(desk.path().join("mine.db")).unwrap(), "mine");
    assert_eq!(desk.call(&["backup", "--runs", "copy.db"]).code, Some(2));
}

#[test]
fn doctor_finds_a_store_well_or_says_what_is_wrong_and_saves_the_rest() {
    let (desk, id) = with_sweep();
    let answer = desk.call(&["doctor"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.out.ends_with(": 1 sweep and 3 runs readable\nno problems found\n"), "{answer:?}");
    assert_eq!(desk.json(&["doctor", "--json"])["problems"], json!([]));

    damage(&desk, 8);
    let answer = desk.call(&["doctor"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.out.contains("copy what can be read to a new store with: besom doctor --salvage DIR"));
    let answer = desk.call(&["doctor", "--salvage", "saved"]);
    assert!(answer.out.starts_with("store saved: "), "{answer:?}");
    let _ = desk.call(&["--store", "saved", "runs", &id]);
}

#[test]
fn a_damaged_store_is_an_error_that_says_what_helps() {
    let (desk, _) = with_sweep();
    damage(&desk, 0);
    let bytes = fs::read(desk.path().join(".besom/besom.db")).unwrap();
    assert_eq!(bytes[0], 0xA5);
    // The first page still says what the file is.
    let mut header = b"SQLite format 3\0".to_vec();
    header.extend(&bytes[16..]);
    fs::write(desk.path().join(".besom/besom.db"), header).unwrap();
    let answer = desk.call(&["list"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.err.contains("besom doctor") || answer.err.contains("not a besom store"), "{answer:?}");
}

#[test]
fn a_new_store_is_private_and_hidden_from_git() {
    let (desk, id) = with_sweep();
    let store = desk.path().join(".besom");
    assert_eq!(mode(&store), "700");
    assert_eq!(mode(&store.join("besom.db")), "600");
    assert!(fs::read_to_string(store.join(".gitignore")).unwrap().lines().any(|line| line == "*"));
    assert_eq!(mode(&store.join("runs").join(&id)), "700");
    if Command::new("git").args(["init", "-q"]).current_dir(desk.path()).status().is_ok_and(|s| s.success()) {
        let status =
            Command::new("git").args(["status", "--short"]).current_dir(desk.path()).output().unwrap();
        assert!(!String::from_utf8_lossy(&status.stdout).contains(".besom"), "{status:?}");
    }
}

#[test]
fn a_directory_that_exists_keeps_its_files_and_its_groups_rights() {
    let desk = Desk::new();
    desk.file("s.yaml", SWEEP);
    let store = desk.path().join("ours");
    fs::create_dir(&store).unwrap();
    fs::set_permissions(&store, Permissions::from_mode(0o775)).unwrap();
    assert_eq!(desk.call(&["--store", "ours", "run", "s.yaml"]).code, Some(0));
    assert!(!store.join(".gitignore").exists());
    assert_eq!([mode(&store), mode(&store.join("besom.db"))], ["775", "660"]);
    assert_eq!(mode(&store.join("runs")), "770");

    let answer = desk.call(&["--store", "new", "--shared", "sweep", "s.yaml"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!([mode(&desk.path().join("new")), mode(&desk.path().join("new/besom.db"))], ["2770", "660"]);
}

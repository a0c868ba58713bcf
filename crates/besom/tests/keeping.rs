//! A store kept: private, on a local disk.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use command::Desk;
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

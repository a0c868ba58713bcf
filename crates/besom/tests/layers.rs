//! The crate graph is decided: a crate uses only crates of lower layers, and some arrows are absent on purpose.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Layer of each crate; an arrow goes from a higher layer to a lower one.
const LAYERS: &[(&str, u32)] = &[
    ("besom-core", 1),
    ("besom-gp", 1),
    ("besom-config", 2),
    ("besom-search", 2),
    ("besom-stop", 2),
    ("besom-store", 2),
    ("besom-insight", 2),
    ("besom-plot", 3),
    ("besom-controller", 3),
    ("besom-agent", 3),
    ("besom-remote", 3),
    ("besom-postgres", 3),
    ("besom-bench", 4),
    ("besom-engine", 4),
    ("besom-server", 5),
    ("besom", 6),
    ("besom-python", 7),
    ("besom-benches", 7),
];

/// Arrows that the layers would allow and the design does not.
const ABSENT: &[(&str, &str)] = &[
    ("besom-controller", "besom-search"),
    ("besom-controller", "besom-stop"),
    ("besom-controller", "besom-config"),
    ("besom-plot", "besom-store"),
    ("besom-agent", "besom-config"),
    ("besom-agent", "besom-search"),
    ("besom-agent", "besom-stop"),
];

/// Asynchronous run times, which only the server needs.
const FOREIGN: &[&str] = &["tokio", "async-std", "smol"];

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Every arrow between crates, without those of tests.
fn arrows() -> Vec<(String, String)> {
    let mut arrows = Vec::new();
    for package in packages() {
        let from = package["name"].as_str().unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["kind"].as_str() != Some("dev") || from == "besom-benches" {
                arrows.push((from.to_owned(), dependency["name"].as_str().unwrap().to_owned()));
            }
        }
    }
    arrows
}

fn layer(name: &str) -> Option<u32> {
    LAYERS.iter().find(|(crate_name, _)| *crate_name == name).map(|(_, layer)| *layer)
}

#[test]
fn every_crate_has_a_layer_and_lives_in_the_folder_of_its_name() {
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        assert!(
            layer(name).is_some(),
            "{name} has no layer; add it to this test and to docs/ARCHITECTURE.md"
        );
        let manifest = package["manifest_path"].as_str().unwrap();
        let folder = if name == "besom-benches" { "benches" } else { name };
        assert!(manifest.ends_with(&format!("{folder}/Cargo.toml")), "{name} lives in {manifest}");
    }
}

#[test]
fn arrows_point_down() {
    for (from, to) in arrows() {
        if let Some(below) = layer(&to) {
            let above = layer(&from).unwrap();
            assert!(above > below, "{from} (layer {above}) must not use {to} (layer {below})");
        }
    }
}

#[test]
fn arrows_that_are_absent_on_purpose_stay_absent() {
    for (from, to) in arrows() {
        assert!(!ABSENT.contains(&(from.as_str(), to.as_str())), "{from} must not use {to}");
        // The driver of PostgreSQL asks for a stream by traits of tokio.
        let may = ["besom-server", "besom-postgres"];
        let foreign = FOREIGN.contains(&to.as_str()) && !may.contains(&from.as_str());
        assert!(!foreign, "{from} must not use {to}: only the server is asynchronous");
    }
}

/// The files below a folder that name a type.
fn files_that_name(word: &str, folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| match path.is_dir() {
        true => files_that_name(word, &path),
        false => vec![path],
    });
    let names = |path: &PathBuf| std::fs::read_to_string(path).is_ok_and(|text| text.contains(word));
    found.filter(names).collect()
}

#[test]
fn one_module_outside_the_store_knows_which_store_it_is() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let others = LAYERS.iter().map(|(name, _)| crates.join(name).join("src"));
    let sources = others.filter(|folder| folder.is_dir() && !folder.starts_with(crates.join("besom-store")));
    let mut named: Vec<_> = sources.flat_map(|folder| files_that_name("SqliteStore", &folder)).collect();
    // What loses replies in the kill test wraps that store and no other.
    named.retain(|path| !path.ends_with("besom-engine/src/lossy.rs"));
    let module = crates.join("besom-engine/src/place");
    named.retain(|path| !path.starts_with(&module));
    assert_eq!(named, [module.with_extension("rs")]);
}

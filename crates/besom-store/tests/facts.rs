//! Facts, output and labels: rules that one would ask about, each by itself.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use besom_core::{RunNumber, RunState};
use besom_store::{Lease, Output, Queue, Reply, SqliteStore, Store, StoreError};
use serde_json::json;
use stage::{claim, end, id, join, new_sweep, object, store};

const FIRST: RunNumber = RunNumber::FIRST;

fn with_a_running_run() -> (SqliteStore, Lease) {
    let (mut store, _) = store(&new_sweep(), 1);
    let agent = join(&mut store);
    let lease = claim(&mut store, agent, 1).lease;
    (store, lease)
}

#[test]
fn facts_are_merged_as_a_json_merge_patch() {
    let (mut store, lease) = with_a_running_run();
    let mut describe = |facts| store.describe(&lease, &object(facts)).unwrap();
    describe(json!({"tags": ["a", "b"], "config": {"seed": 1, "size": {"w": 1, "h": 2}}, "notes": "x"}));
    let patch = json!({"tags": ["c"], "config": {"size": {"h": null, "d": {"e": null}}}, "notes": null, "none": null});
    assert_eq!(describe(patch), Reply::Continue);
    let expected = json!({"tags": ["c"], "config": {"seed": 1, "size": {"w": 1, "d": {}}}});
    assert_eq!(store.facts(&id(), FIRST, None).unwrap(), object(expected));
}

#[test]
fn facts_that_are_too_large_change_nothing() {
    let (mut store, lease) = with_a_running_run();
    let half = "x".repeat(200_000);
    store.describe(&lease, &object(json!({"summary": {"a": half}}))).unwrap();
    let refused = store.describe(&lease, &object(json!({"summary": {"b": half}}))).unwrap_err();
    assert!(matches!(&refused, StoreError::TooLarge { bytes: 400_027, limit: 262_144, .. }), "{refused}");
    assert!(!refused.is_transient());
    assert_eq!(store.facts(&id(), FIRST, None).unwrap()["summary"].as_object().unwrap().len(), 1);
}

#[test]
fn an_attempt_begins_without_facts_and_output_but_with_what_the_owner_said() {
    let (mut store, lease) = with_a_running_run();
    store.annotate(&id(), FIRST, &object(json!({"notes": "promising", "tags": ["keep"]}))).unwrap();
    store.describe(&lease, &object(json!({"host": "ada", "tags": ["mine"]}))).unwrap();
    store.print(&lease, 0, "first").unwrap();
    let facts = store.facts(&id(), FIRST, None).unwrap();
    assert_eq!(facts, object(json!({"host": "ada", "tags": ["keep"], "notes": "promising"})));
    store.finish(&lease, &end(RunState::Crashed)).unwrap();
    assert_eq!(store.describe(&lease, &object(json!({"host": "bob"}))).unwrap(), Reply::Lost);
    assert_eq!(store.print(&lease, 5, "late").unwrap(), Reply::Lost);
    let agent = join(&mut store);
    claim(&mut store, agent, 1);
    let owners = object(json!({"notes": "promising", "tags": ["keep"]}));
    assert_eq!(store.facts(&id(), FIRST, None).unwrap(), owners);
    assert_eq!(store.facts(&id(), FIRST, Some(1)).unwrap(), object(json!({"host": "ada", "tags": ["mine"]})));
    assert_eq!(store.output(&id(), FIRST, None).unwrap(), Output::default());
    assert_eq!(store.output(&id(), FIRST, Some(1)).unwrap().to_string(), "first");
}

#[test]
fn output_is_stored_once_and_its_gaps_are_stated() {
    let (mut store, lease) = with_a_running_run();
    for (from, text) in [(0, "one\n"), (0, "one\n"), (2, "e\ntwo\n"), (18, "four\n"), (8, "three\n"), (9, "")]
    {
        assert_eq!(store.print(&lease, from, text).unwrap(), Reply::Continue);
    }
    let output = store.output(&id(), FIRST, None).unwrap();
    assert_eq!(output.to_string(), "one\ntwo\n[10 bytes of output are not kept]\nfour\n");
    assert_eq!(output.total, 23);
}

#[test]
fn head_and_tail_of_a_long_output_are_kept() {
    let (mut store, lease) = with_a_running_run();
    let line = |number: u64| format!("{number:07}\n");
    let mut all = String::new();
    for chunk in 0..1000 {
        let text: String = (0..100).map(|place| line(chunk * 100 + place)).collect();
        store.print(&lease, all.len() as u64, &text).unwrap();
        all.push_str(&text);
    }
    let output = store.output(&id(), FIRST, None).unwrap();
    assert_eq!((output.total, output.parts.len()), (800_000, 2));
    assert_eq!(output.parts[0].text, all[..65_536]);
    assert_eq!(output.parts[1].text, all[800_000 - 262_144..]);
    // One print of the same size keeps the same.
    let (mut other, lease) = with_a_running_run();
    other.print(&lease, 0, &all).unwrap();
    assert_eq!(other.output(&id(), FIRST, None).unwrap(), output);
}

#[test]
fn labels_are_set_and_removed() {
    let (mut store, _) = store(&new_sweep().label("project", "birds"), 0);
    store.set_label(&id(), "tags", Some("old")).unwrap();
    store.set_label(&id(), "tags", Some("new")).unwrap();
    assert_eq!(store.sweeps().unwrap()[0].new.labels.len(), 2);
    store.set_label(&id(), "project", None).unwrap();
    store.set_label(&id(), "never", None).unwrap();
    let labels = store.sweep(&id()).unwrap().new.labels;
    assert_eq!(labels.into_iter().collect::<Vec<_>>(), [("tags".to_owned(), "new".to_owned())]);
    assert!(matches!(store.set_label(&"nowhere".into(), "a", None), Err(StoreError::NoSweep { .. })));
}

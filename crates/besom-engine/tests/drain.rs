//! Whom names of agents mean.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use besom_engine::drain;
use besom_store::{MemoryStore, NewAgent, NewSweep, Queue, Store, SweepId};

fn store(names: &[&str]) -> (MemoryStore, SweepId) {
    let (mut store, new) = (MemoryStore::default(), NewSweep::new("one"));
    store.create_sweep(&new).unwrap();
    for name in names {
        store.join(&new.id, &NewAgent::new(*name, Duration::from_secs(60))).unwrap();
    }
    (store, new.id)
}

/// The agents that are drained when these names are.
fn check(names: &[&str], expected: &[&str]) {
    let (mut store, id) = store(&["ada/12/1", "ada/12/2", "ada/123/1", "adam/12/1"]);
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let meant = drain(&mut store, &id, &names).unwrap();
    assert_eq!(meant.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), expected);
    let drained = store.agents(&id).unwrap().into_iter().filter(|row| row.draining);
    assert_eq!(drained.map(|row| row.name).collect::<Vec<_>>(), expected);
}

#[test]
fn a_name_means_an_agent_or_all_of_a_process_or_host() {
    check(&["ada/12/2"], &["ada/12/2"]);
    check(&["ada/12"], &["ada/12/1", "ada/12/2"]);
    check(&["ada"], &["ada/12/1", "ada/12/2", "ada/123/1"]);
    check(&["adam", "ada/123", "ada/123/1"], &["ada/123/1", "adam/12/1"]);
    check(&[], &[]);
}

#[test]
fn all_names_that_mean_nothing_are_said_and_nothing_is_drained() {
    let (mut store, id) = store(&["ada/12/1", "bob/7/1"]);
    let names = ["ada/12/1", "bob/7/2", "ad"].map(str::to_owned);
    let error = drain(&mut store, &id, &names).unwrap_err();
    let expected = "sweep one has no agent 'bob/7/2', did you mean 'bob/7/1'?; sweep one has no agent 'ad', did you mean 'ada/12/1'?; \
                    its agents: ada/12/1, bob/7/1";
    assert_eq!(error.to_string(), expected);
    assert!(store.agents(&id).unwrap().iter().all(|row| !row.draining));
}

#[test]
fn agents_that_have_left_are_meant_only_if_no_other_is() {
    let (mut store, id) = store(&["ada/12/1", "ada/13/1"]);
    let gone = store.agents(&id).unwrap()[0].id;
    store.leave(gone).unwrap();
    let named = |store: &mut MemoryStore, name: &str| {
        let meant = drain(store, &id, &[name.to_owned()]).unwrap();
        meant.iter().map(|row| (row.name.clone(), row.left)).collect::<Vec<_>>()
    };
    assert_eq!(named(&mut store, "ada"), [("ada/13/1".to_owned(), false)]);
    assert_eq!(named(&mut store, "ada/12"), [("ada/12/1".to_owned(), true)]);
    let drained: Vec<bool> = store.agents(&id).unwrap().iter().map(|row| row.draining).collect();
    assert_eq!(drained, [false, true]);
}

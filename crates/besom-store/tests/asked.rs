//! Who has asked for something is in the events of what was done, and in no others.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use besom_core::RunNumber;
use besom_store::{
    Claim, MemoryStore, NewAgent, NewRun, NewSweep, Queue, SqliteStore, StopKind, Store, SweepId, SweepState,
    system_clock,
};
use serde_json::{Map, Value};

fn stores() -> [Box<dyn Store>; 2] {
    [Box::new(MemoryStore::default()), Box::new(SqliteStore::in_memory(system_clock()).unwrap())]
}

/// Kind and asker of all events.
fn askers(store: &mut dyn Store, id: &SweepId) -> Vec<(String, Option<String>)> {
    let events = store.events(id, None, 0, 100).unwrap().into_iter();
    let asker = |detail: &Map<String, Value>| detail.get("by")?.as_str().map(str::to_owned);
    events.map(|event| (event.kind, asker(&event.detail))).collect()
}

#[test]
fn events_say_who_asked_for_what_was_done_and_only_for_that() {
    for mut store in stores() {
        let new = NewSweep::new("one");
        let id = &new.id;
        store.asked_by("owner/ada", &mut |store| store.create_sweep(&new).unwrap()).unwrap();
        store.add_runs(id, RunNumber::FIRST, &[NewRun::new(Map::new())], None).unwrap();
        let agent = store.join(id, &NewAgent::new("a", Duration::from_secs(60))).unwrap();
        assert!(matches!(store.claim(agent, 1).unwrap(), Claim::Run(_)));
        store
            .asked_by("owner/bob", &mut |store| {
                store.group(&mut |store| store.set_state(id, SweepState::Paused, None).unwrap()).unwrap();
                let stops = [(RunNumber::FIRST, "enough".to_owned())];
                store.request_stops(id, &stops, StopKind::Cancel).unwrap();
                store.drain(id, &[agent]).unwrap();
            })
            .unwrap();
        store.set_state(id, SweepState::Running, None).unwrap();
        let found = askers(&mut *store, id);
        let found: Vec<_> = found.iter().map(|(kind, by)| (kind.as_str(), by.as_deref())).collect();
        let (ada, bob) = (Some("owner/ada"), Some("owner/bob"));
        assert_eq!(
            found,
            [
                ("created", ada),
                ("added", None),
                ("started", None),
                ("claimed", None),
                ("paused", bob),
                ("stop_requested", bob),
                ("drain_requested", bob),
                ("resumed", None)
            ]
        );
    }
}

#[test]
fn what_is_done_after_a_panic_was_asked_for_by_nobody() {
    for mut store in stores() {
        let panics = || store.asked_by("owner/ada", &mut |_| panic!("in the middle"));
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        let new = NewSweep::new("one");
        store.create_sweep(&new).unwrap();
        assert_eq!(askers(&mut *store, &new.id), [("created".to_owned(), None)]);
    }
}

//! Sweeps copied from one file to another.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod whole;

use std::collections::BTreeSet;

use besom_core::RunState;
use besom_store::transfer::{Digest, Source, TABLES, Table, Take, Transfer, copy, digest_of};
use besom_store::{Claim, End, NewAgent, Queue, SqliteStore, Store, StoreError, SweepState};
use whole::{Time, all_of, fill};

/// Two stores of the same time.
fn stores() -> (SqliteStore, SqliteStore, Time) {
    let time = Time::default();
    let store = || SqliteStore::in_memory(time.clock()).unwrap();
    (store(), store(), time)
}

#[test]
fn a_copied_sweep_says_the_same_and_goes_on() {
    let (mut from, mut to, time) = stores();
    fill(&mut to, &time, "other");
    let id = fill(&mut from, &time, "one");
    let copied = copy(&mut from, &mut to, &id).unwrap();
    assert!(!copied.was_there);
    assert_eq!(copied.digest.count("runs"), 7);
    assert_eq!(all_of(&mut to, &id), all_of(&mut from, &id));
    // Who follows the copy from its end misses nothing.
    let before = to.changes(&id, 0).unwrap().upto;
    to.set_state(&id, SweepState::Running, None).unwrap();
    let agent = to.join(&id, &NewAgent::new("new", std::time::Duration::from_secs(60))).unwrap();
    let Claim::Run(run) = to.claim(agent, 1).unwrap() else { panic!("nothing to claim") };
    to.finish(&run.lease, &End::new(RunState::Finished)).unwrap();
    assert_eq!(to.changes(&id, before).unwrap().runs.len(), 1);
    assert_eq!(to.events(&id, None, before, 9).unwrap().len(), 3);
}

#[test]
fn a_copy_that_is_there_stays_and_another_sweep_is_not_overwritten() {
    let (mut from, mut to, time) = stores();
    let id = fill(&mut from, &time, "one");
    copy(&mut from, &mut to, &id).unwrap();
    assert!(copy(&mut from, &mut to, &id).unwrap().was_there);
    to.set_label(&id, "tags", Some("another")).unwrap();
    let before = all_of(&mut to, &id);
    assert!(matches!(copy(&mut from, &mut to, &id), Err(StoreError::SweepExists(_))));
    assert_eq!(all_of(&mut to, &id), before);
    assert!(matches!(copy(&mut from, &mut to, &"none".into()), Err(StoreError::NoSweep { .. })));
}

/// Gives the rows of another until it breaks.
struct Breaking<'a>(&'a mut dyn Source, &'static str);

impl Source for Breaking<'_> {
    fn rows(&mut self, table: &Table, take: &mut Take<'_>) -> Result<(), StoreError> {
        self.0.rows(table, take)?;
        if table.name == self.1 { Err(StoreError::transient("the cable was pulled")) } else { Ok(()) }
    }
}

#[test]
fn a_copy_that_breaks_off_anywhere_leaves_nothing_and_can_be_repeated() {
    let (mut from, mut to, time) = stores();
    let id = fill(&mut from, &time, "one");
    for table in TABLES {
        let broken =
            from.read_sweep(&id, &mut |source| to.write_sweep(&mut Breaking(source, table.name)).map(drop));
        assert!(broken.unwrap_err().is_transient(), "{}", table.name);
        assert_eq!((to.sweeps().unwrap().len(), digest_of(&mut to, &id).unwrap()), (0, None));
    }
    assert!(!copy(&mut from, &mut to, &id).unwrap().was_there);
}

#[test]
fn each_column_that_a_sweep_has_is_copied() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("besom.db");
    let time = Time::default();
    let mut file = SqliteStore::open(&path, time.clock()).unwrap();
    let id = fill(&mut file, &time, "one");
    let mut digest = Digest::default();
    file.read_sweep(&id, &mut |source| {
        digest = Digest::of(source)?;
        Ok(())
    })
    .unwrap();
    for table in TABLES {
        assert!(digest.count(table.name) > 0, "the sweep of this test has nothing in {}", table.name);
    }
    let schema = include_str!("../src/sqlite/schema.sql");
    let tables: BTreeSet<&str> = TABLES.iter().map(|table| table.name).collect();
    for part in schema.split("CREATE TABLE ").skip(1) {
        let (name, rest) = part.split_once(" (").unwrap();
        if name == "tallies" {
            continue;
        }
        assert!(tables.contains(name), "{name} is not copied");
        let table = TABLES.iter().find(|table| table.name == name).unwrap();
        let body = rest.split_once("\n) STRICT").unwrap().0;
        let names = body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("--"));
        let names = names.filter_map(|line| line.split_whitespace().next());
        for column in names.filter(|name| !["PRIMARY", "UNIQUE", "sweep"].contains(name)) {
            let own = column == "key" && table.name != "labels";
            let is_copied = own || table.columns.iter().any(|(known, _)| *known == column);
            assert!(is_copied, "{name}.{column} is not copied");
        }
    }
}

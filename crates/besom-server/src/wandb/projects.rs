//! Which runs outside of sweeps have which names.
//!
//! A name is in the note of its run, where the store does not look for it, and a program that begins has a new one, so that all names of
//! its project would be read to find that none is the same. Runs are numbered without a gap and keep their names: what was read once need
//! not be read again. Of each name only a hash is kept, which is compared with the run that it leads to.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;

use besom_core::RunNumber;
use besom_store::{RunQuery, RunRow, Store, StoreError, SweepId};

use super::found::own_name;
use super::lock;
use crate::recent::Recent;

/// Of how many sweeps the names are kept at least.
const SWEEPS: usize = 16;
/// How many names of a sweep are kept, in 24 bytes each. Those of later runs are read each time.
const NAMES: usize = 1 << 18;
/// How many runs are read at a time.
const PART: u64 = 1000;

/// The names of the sweeps of runs outside of sweeps in which names were looked for last.
#[derive(Debug)]
pub(super) struct Projects {
    all: Mutex<Recent<SweepId, Names>>,
    hashes: RandomState,
}

/// The names of the runs of one sweep up to a number.
#[derive(Debug, Default)]
struct Names {
    upto: Option<RunNumber>,
    /// The newest run of each name.
    runs: HashMap<u64, RunNumber>,
}

impl Default for Projects {
    fn default() -> Self {
        Self { all: Mutex::new(Recent::new(SWEEPS)), hashes: RandomState::new() }
    }
}

impl Projects {
    /// Reads the names that are new. The store must show what is committed and nothing else: a number may be another run's in the end.
    pub(super) fn learn(&self, store: &mut dyn Store, sweep: &SweepId) -> Result<(), StoreError> {
        let (upto, count) = self.known(sweep, |names| (names.upto, names.runs.len()));
        if count >= NAMES {
            return Ok(());
        }
        let mut read = Vec::new();
        let last = each_run(store, sweep, (upto, None), |run| {
            let name = own_name(run).map(|name| self.hashes.hash_one(name));
            read.extend(name.map(|name| (name, run.number)));
        })?;
        let mut all = lock(&self.all);
        if all.get(sweep).is_none() {
            all.insert(sweep.clone(), Names::default());
        }
        // Somebody else may have read the same meanwhile.
        if let Some(names) = all.get(sweep).filter(|names| names.upto == upto) {
            names.upto = last;
            names.runs.extend(read);
        }
        Ok(())
    }

    /// The newest run of this name in a sweep.
    pub(super) fn find(
        &self,
        store: &mut dyn Store,
        sweep: &SweepId,
        name: &str,
    ) -> Result<Option<RunNumber>, StoreError> {
        let hash = self.hashes.hash_one(name);
        let (upto, known) = self.known(sweep, |names| (names.upto, names.runs.get(&hash).copied()));
        if let Some(newest) = newest(store, sweep, (upto, None), name)? {
            return Ok(Some(newest));
        }
        match known {
            Some(number) if own_name(&store.run(sweep, number)?) != Some(name) => {
                newest(store, sweep, (None, upto), name)
            }
            known => Ok(known),
        }
    }

    fn known<T: Default>(&self, sweep: &SweepId, look: impl FnOnce(&Names) -> T) -> T {
        lock(&self.all).get(sweep).map(|names| look(names)).unwrap_or_default()
    }
}

/// The newest of the runs after a number, up to another one, that has this name.
fn newest(
    store: &mut dyn Store,
    sweep: &SweepId,
    between: (Option<RunNumber>, Option<RunNumber>),
    name: &str,
) -> Result<Option<RunNumber>, StoreError> {
    let mut found = None;
    each_run(store, sweep, between, |run| {
        if own_name(run) == Some(name) {
            found = Some(run.number);
        }
    })?;
    Ok(found)
}

/// Looks at each of the runs after a number, up to another one. Returns the last number.
fn each_run(
    store: &mut dyn Store,
    sweep: &SweepId,
    (mut after, upto): (Option<RunNumber>, Option<RunNumber>),
    mut look: impl FnMut(&RunRow),
) -> Result<Option<RunNumber>, StoreError> {
    loop {
        let runs = store.runs(sweep, &RunQuery::default().after(after).limit(PART))?;
        let within = runs.iter().take_while(|run| upto.is_none_or(|upto| run.number <= upto));
        let mut seen = 0;
        for run in within {
            look(run);
            (after, seen) = (Some(run.number), seen + 1);
        }
        if seen < PART {
            return Ok(after);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use besom_store::{MemoryStore, NewRun, NewSweep};
    use serde_json::json;

    use super::*;
    use crate::wandb::found::NAME_NOTE;

    fn add(store: &mut MemoryStore, sweep: &SweepId, name: &str) -> RunNumber {
        let note = json!({ NAME_NOTE: { "name": name } }).as_object().cloned().unwrap();
        let number = RunNumber::from_index(usize::try_from(store.sweep(sweep).unwrap().runs).unwrap());
        store.add_runs(sweep, number, &[NewRun::new(serde_json::Map::new()).note(note)], None).unwrap();
        number
    }

    #[test]
    fn a_name_means_its_newest_run_whether_it_was_read_before_or_not() {
        let (mut store, sweep, projects) = (MemoryStore::default(), SweepId::new("one"), Projects::default());
        store.create_sweep(&NewSweep::new(sweep.clone())).unwrap();
        for round in 0..2 * PART {
            add(&mut store, &sweep, &format!("name-{}", round % (PART + 3)));
        }
        let check = |store: &mut MemoryStore, name: &str, expected: Option<RunNumber>| {
            assert_eq!(projects.find(store, &sweep, name).unwrap(), expected, "{name}");
        };
        let newest = RunNumber::new(PART + 4);
        check(&mut store, "name-0", newest);
        for _ in 0..2 {
            projects.learn(&mut store, &sweep).unwrap();
            check(&mut store, "name-0", newest);
            check(&mut store, "other", None);
        }
        let later = add(&mut store, &sweep, "name-0");
        check(&mut store, "name-0", Some(later));
        projects.learn(&mut store, &sweep).unwrap();
        check(&mut store, "name-0", Some(later));
        assert_eq!(projects.known(&sweep, |names| names.upto), Some(later));
    }

    #[test]
    fn a_name_with_the_hash_of_another_one_is_found_as_well() {
        let (mut store, sweep, projects) = (MemoryStore::default(), SweepId::new("one"), Projects::default());
        store.create_sweep(&NewSweep::new(sweep.clone())).unwrap();
        let (one, other) = (add(&mut store, &sweep, "one"), add(&mut store, &sweep, "other"));
        projects.learn(&mut store, &sweep).unwrap();
        lock(&projects.all).get(&sweep).unwrap().runs.insert(projects.hashes.hash_one("one"), other);
        assert_eq!(projects.find(&mut store, &sweep, "one").unwrap(), Some(one));
    }
}

//! Copies of a store, each damaged in another way: no panic, and no answer that differs from the original's unless the store or
//! its examination says that it is damaged.
//!
//! Two things cannot be noticed, and are counted apart: another letter in what is stored once only, such as a parameter; and a
//! log that ends early, after which the store is one that it was before.
//!
//! Seeds are fixed; `BESOM_LAWS_SEED` draws others, `BESOM_DAMAGES` says how many.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod damage;
mod stage;

use std::fs;
use std::path::Path;

use besom_core::{RunState, error_chain};
use besom_store::{Queue, RunQuery, SqliteStore, Store, StoreError};
use damage::{Dice, Files};
use serde_json::json;
use stage::{Time, claim, end, id, join, row};

/// Everything that a store says about its sweep.
#[derive(Clone, PartialEq, Eq, Default)]
struct Answers {
    /// What is stored twice or follows from each other.
    checked: String,
    /// What is stored once: parameters, times, texts.
    once: String,
}

fn answers(path: &Path) -> Result<Answers, StoreError> {
    let mut store = SqliteStore::open_existing(path, Time::default().clock())?;
    let mut all = Answers::default();
    for sweep in store.sweeps()? {
        all.checked += &format!("{} {} {}\n", sweep.new.id, sweep.state, sweep.runs);
        all.once += &format!("{sweep:?}\n");
    }
    let status = store.status(&id())?;
    all.checked += &format!("{:?} {:?} {:?}\n", status.counts, status.best, status.stopped);
    all.once += &format!("{:?}\n{:?}\n", store.agents(&id())?, store.events(&id(), None, 0, u64::MAX)?);
    for run in store.runs(&id(), &RunQuery::default())? {
        let number = run.number;
        let (rows, curve) = (store.rows(&id(), number, None)?, store.curve(&id(), number, 0)?);
        let (values, logged) = ((run.best, run.last), store.logged(&id(), number, None)?);
        all.checked += &format!("{number} {} {} {values:?} {rows:?} {curve:?}", run.state, run.attempt);
        all.checked += &format!("{:?}\n", logged.keys());
        let (facts, output) = (store.facts(&id(), number, None)?, store.output(&id(), number, None)?);
        let (seen, attempts) = (store.seen(&id(), number)?, store.attempts(&id(), number)?);
        all.once += &format!("{run:?} {facts:?} {output:?} {seen:?} {attempts:?}\n");
    }
    Ok(all)
}

/// What became of damaged copies.
#[derive(Debug, Default)]
struct Count {
    /// An error names the damage as soon as all is read.
    refused: u32,
    /// What is read is wrong or cannot be found, and the examination says why.
    examined: u32,
    /// The answers are right.
    right: u32,
    /// The store is one that it was before.
    earlier: u32,
    /// Something differs that is stored once.
    once: u32,
    /// Anything else, and how it was damaged.
    silent: Vec<String>,
}

impl Count {
    /// Reads and examines the store, whose answers were the last of `states` before it was damaged.
    fn add(&mut self, path: &Path, states: &[Answers], how: String) {
        let is_known = match SqliteStore::examine(path) {
            Ok(health) => !health.problems.is_empty(),
            Err(error) => names_damage(&error),
        };
        let newest = states.last().unwrap();
        match answers(path) {
            Err(error) if names_damage(&error) => self.refused += 1,
            // As of a sweep that an index does not find any more; but never one that agents would wait for.
            Err(error) if is_known && !error.is_transient() => self.examined += 1,
            Err(error) => self.silent.push(format!("{how}: {}", error_chain(&error))),
            Ok(found) if found == *newest => self.right += 1,
            Ok(_) if is_known => self.examined += 1,
            Ok(found) if states.contains(&found) => self.earlier += 1,
            Ok(found) if found.checked == newest.checked => self.once += 1,
            Ok(_) => self.silent.push(how),
        }
    }
}

/// Whether the error says that the store is damaged, or what else its file seems to be.
fn names_damage(error: &StoreError) -> bool {
    let text = error_chain(error);
    ["is damaged", "not a besom store", "newer besom", "its version"].iter().any(|it| text.contains(it))
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Damages copies: one for each `share` of those that are asked for.
fn storm(directory: &Path, files: &Files, states: &[Answers], share: u64) -> Count {
    let (seed, count) = (number("BESOM_LAWS_SEED", 1), number("BESOM_DAMAGES", 200) / share);
    let mut counted = Count::default();
    for case in 0..count {
        let mut dice = Dice(seed.wrapping_mul(1_000_003) ^ case);
        let mut damaged = Files { database: files.database.clone(), log: files.log.clone() };
        let how = format!("case {case} of seed {seed}, {}", damaged.damage(&mut dice));
        let place = directory.join(case.to_string());
        fs::create_dir(&place).unwrap();
        damaged.write(&place.join("runs.db"));
        counted.add(&place.join("runs.db"), states, how);
        fs::remove_dir_all(&place).unwrap();
    }
    eprintln!("{count} damaged stores: {counted:?}");
    assert_eq!(counted.silent, Vec::<String>::new(), "other data, in silence");
    counted
}

#[test]
fn a_damaged_store_never_answers_wrongly_in_silence() {
    let dir = tempfile::tempdir().unwrap();
    let path = stage::small_store(dir.path());
    let counted = storm(dir.path(), &Files::of(&path), &[answers(&path).unwrap()], 1);
    assert!(counted.refused > 0 && counted.right > 0 && counted.earlier == 0, "{counted:?}");
}

/// A store whose user was killed, and what it answered after each of the commits in its log.
fn with_log(directory: &Path) -> (Files, Vec<Answers>) {
    let path = stage::small_store(directory);
    let copy = directory.join("copy.db");
    let look = || {
        let files = Files::of(&path);
        files.write(&copy);
        (answers(&copy).unwrap(), files)
    };
    let mut states = vec![look().0];
    let mut store = SqliteStore::open(&path, Time::default().clock()).unwrap();
    let agent = join(&mut store);
    states.push(look().0);
    for request in 1..=4 {
        let lease = claim(&mut store, agent, request).lease;
        states.push(look().0);
        store.report(&lease, &[row(1, json!({"loss": request}))]).unwrap();
        states.push(look().0);
        store.finish(&lease, &end(RunState::Finished)).unwrap();
        states.push(look().0);
    }
    (look().1, states)
}

#[test]
fn a_damaged_log_gives_back_a_state_that_the_store_was_in() {
    let dir = tempfile::tempdir().unwrap();
    let (files, states) = with_log(dir.path());
    let counted = storm(dir.path(), &files, &states, 2);
    assert!(counted.earlier > 0 && counted.once == 0, "{counted:?}");
}

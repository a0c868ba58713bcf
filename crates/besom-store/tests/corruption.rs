//! Copies of a store, each damaged in another way: no panic, and no answer that differs from the original's unless the store or
//! its examination says that it is damaged.
//!
//! Seeds are fixed; `BESOM_LAWS_SEED` draws others, `BESOM_DAMAGES` says how many.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::fs;
use std::path::Path;

use besom_store::{RunQuery, SqliteStore, Store, StoreError};
use stage::{Time, id};

/// A small generator of numbers (splitmix64), so that a seed is a damage on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap()
    }
}

/// Damages bytes in one of five ways, and says how.
fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) -> String {
    let at = dice.roll(bytes.len());
    let page = at / 4096 * 4096;
    let length = (1 + dice.roll(64)).min(bytes.len() - at);
    match dice.roll(6) {
        0 => {
            bytes[at] ^= 1 << dice.roll(8);
            format!("a bit at {at}")
        }
        1 => {
            bytes[at..at + length].fill(0);
            format!("{length} zeros at {at}")
        }
        2 => {
            bytes[at..at + length].iter_mut().for_each(|byte| *byte = u8::try_from(dice.roll(256)).unwrap());
            format!("{length} random bytes at {at}")
        }
        3 => {
            bytes[page..page + 4096].fill(0);
            format!("an empty page at {page}")
        }
        4 => {
            bytes.truncate(at);
            format!("cut at {at}")
        }
        _ => {
            let other = dice.roll(bytes.len() / 4096) * 4096;
            bytes.copy_within(other..other + 4096, page);
            format!("the page at {other} again at {page}")
        }
    }
}

/// Everything that a store answers about its sweep, with what is stored once only left out.
fn answers(path: &Path) -> Result<String, StoreError> {
    let mut store = SqliteStore::open_existing(path, Time::default().clock())?;
    let sweeps: Vec<_> =
        store.sweeps()?.into_iter().map(|sweep| (sweep.new.id, sweep.state, sweep.runs)).collect();
    let status = store.status(&id())?;
    let mut all = format!("{sweeps:?} {:?} {:?} {}\n", status.counts, status.best, status.stopped);
    for run in store.runs(&id(), &RunQuery::default())? {
        let (number, rows) = (run.number, store.rows(&id(), run.number, None)?);
        let curve = store.curve(&id(), number, 0)?;
        all += &format!(
            "{number} {} {} {:?} {:?} {rows:?} {curve:?}\n",
            run.state, run.attempt, run.best, run.last
        );
    }
    Ok(all)
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn a_damaged_store_never_answers_wrongly_in_silence() {
    let dir = tempfile::tempdir().unwrap();
    let path = stage::small_store(dir.path());
    let (whole, expected) = (fs::read(&path).unwrap(), answers(&path).unwrap());
    let (seed, count) = (number("BESOM_LAWS_SEED", 1), number("BESOM_DAMAGES", 200));
    let (mut told, mut without_effect, mut silent) = (0, 0, Vec::new());
    for case in 0..count {
        let mut dice = Dice(seed.wrapping_mul(1_000_003) ^ case);
        let damaged = dir.path().join(format!("{case}.db"));
        let mut bytes = whole.clone();
        let how = damage(&mut bytes, &mut dice);
        fs::write(&damaged, bytes).unwrap();
        let is_known = SqliteStore::examine(&damaged).map_or(true, |health| !health.problems.is_empty());
        match answers(&damaged) {
            Ok(found) if found == expected => without_effect += 1,
            Ok(_) if !is_known => silent.push(format!("case {case}: {how}")),
            _ => told += 1,
        }
        fs::remove_file(&damaged).unwrap();
    }
    assert!(told > 0 && without_effect > 0, "{told} were noticed, {without_effect} were without effect");
    assert!(
        silent.is_empty(),
        "{} of {count} (seed {seed}) are silently other data: {silent:#?}",
        silent.len()
    );
}

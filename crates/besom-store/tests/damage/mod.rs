//! Ways in which a disk, a copy or a crash damages the files of a store.

use std::fs;
use std::path::{Path, PathBuf};

const PAGE: usize = 4096;

/// A small generator of numbers (splitmix64), so that a seed is a damage on every machine.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap()
    }
}

/// The files of a store that nobody has open: with a log, as a kill leaves it.
pub(crate) struct Files {
    pub(crate) database: Vec<u8>,
    pub(crate) log: Vec<u8>,
}

impl Files {
    pub(crate) fn of(path: &Path) -> Self {
        Self { database: fs::read(path).unwrap(), log: fs::read(log_of(path)).unwrap_or_default() }
    }

    pub(crate) fn write(&self, path: &Path) {
        fs::write(path, &self.database).unwrap();
        if !self.log.is_empty() {
            fs::write(log_of(path), &self.log).unwrap();
        }
    }

    /// Damages the log if there is one, else the database, and says how.
    pub(crate) fn damage(&mut self, dice: &mut Dice) -> String {
        match self.log.is_empty() {
            true => format!("the database: {}", damage(&mut self.database, dice, 7)),
            // A log has no pages that another could be put in the place of.
            false => format!("the log: {}", damage(&mut self.log, dice, 4)),
        }
    }
}

fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// Damages bytes in one of the first `ways`.
fn damage(bytes: &mut Vec<u8>, dice: &mut Dice, ways: usize) -> String {
    let at = dice.roll(bytes.len());
    let page = at / PAGE * PAGE;
    let length = (1 + dice.roll(64)).min(bytes.len() - at);
    match dice.roll(ways) {
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
            bytes.truncate(at);
            format!("cut at {at}")
        }
        4 => {
            bytes[page..page + PAGE].fill(0);
            format!("an empty page at {page}")
        }
        5 => {
            let other = dice.roll(bytes.len() / PAGE) * PAGE;
            bytes.copy_within(other..other + PAGE, page);
            format!("the page at {other} again at {page}")
        }
        _ => {
            let other = dice.roll(bytes.len() / PAGE) * PAGE;
            let moved = bytes[other..other + PAGE].to_vec();
            bytes.copy_within(page..page + PAGE, other);
            bytes[page..page + PAGE].copy_from_slice(&moved);
            format!("the pages at {page} and {other} in each other's place")
        }
    }
}

//! Whether a store is well: first the database's own structure, then what its rows must have in common ([`laws`]), then
//! everything read once and what is stored twice compared ([`content`]).

mod content;
mod cut;
mod laws;
mod salvage;
mod unreadable;

use std::path::Path;

use rusqlite::Connection;

use self::unreadable::Unreadable;
use super::SqliteStore;
use super::fault::{Fault, Outcome};
use super::open::{cannot, create_private, open_to_read};
use super::schema::{self, VERSION};
use crate::{FileFault, StoreError, system_clock};
pub(super) use salvage::count_runs;

/// How many findings of one kind are listed.
const LISTED: usize = 10;

/// What an examination of a store has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// How many sweeps can be read.
    pub sweeps: u64,
    /// How many of their runs can be read.
    pub runs: u64,
    /// What is wrong, a sentence each, without full stop; empty if nothing is.
    pub problems: Vec<String>,
}

impl Health {
    fn list(&mut self, found: Vec<String>) {
        let more = found.len().saturating_sub(LISTED);
        self.problems.extend(found.into_iter().take(LISTED));
        if more > 0 {
            self.problems.push(format!("... and {more} more of this kind"));
        }
    }
}

impl SqliteStore {
    /// Examines the store in the file `path`, without writing: the structure of the database, numbers, counts and states of
    /// its rows, and whether what is stored in two ways agrees. A changed letter in a text that is stored once, such as a
    /// parameter's value, cannot be seen.
    ///
    /// # Errors
    /// [`StoreError::Open`], [`StoreError::NotAStore`] and [`StoreError::TooNew`], as [`Self::open_read_only`]; never for
    /// damage, which is what the answer is about.
    pub fn examine(path: &Path) -> Result<Health, StoreError> {
        let mut health = Health::default();
        let (version, conn) = match open_to_read(path) {
            Err(StoreError::Damaged(cause)) => {
                health.problems.push(format!("the database cannot be opened: {cause}"));
                health.problems.extend(cut::size(path).map(|size| size.to_string()));
                return Ok(health);
            }
            opened => opened?,
        };
        // One state of a store that others may be changing.
        conn.execute_batch("BEGIN").map_err(Fault::from)?;
        let mut unreadable = Unreadable::default();
        health.list(unreadable.or_list("the structure of the database", structure(&conn)));
        if version == VERSION {
            Self::on(conn, system_clock()).examine_rows(&mut health, &mut unreadable);
        }
        health.problems.extend(unreadable.sentences());
        Ok(health)
    }

    fn examine_rows(&mut self, health: &mut Health, unreadable: &mut Unreadable) {
        for (what, law) in laws::LAWS {
            health.list(unreadable.or_list(what, laws::broken(&self.conn, law)));
        }
        if let Err(error) = content::read_all(self, health) {
            unreadable.add("the sweeps", error);
        }
    }

    /// Saves what can be read of a damaged store, row by row, in a new store in the file `to`, and examines that. Rows
    /// between two that can be read may be missing, which its examination says. Of a file that was cut, what is left of it
    /// is saved.
    ///
    /// # Errors
    /// As [`Self::examine`] and [`Self::back_up`]; [`StoreError::Open`] for a version before the present one.
    pub fn salvage(path: &Path, to: &Path) -> Result<Health, StoreError> {
        let (version, source) = match open_to_read(path) {
            Err(StoreError::Damaged(cause)) => match cut::size(path) {
                Some(size) => cut::open(path, to, &size)?,
                None => return Err(StoreError::Damaged(cause)),
            },
            opened => opened?,
        };
        if version < VERSION {
            return Err(cannot(path, FileFault::Old(version)));
        }
        create_private(to).map_err(|error| cannot(to, error))?;
        let target = Connection::open(to).map_err(Fault::from)?;
        schema::create(&target)?;
        salvage::save_rows(&source, &target)?;
        target.close().map_err(|(_, error)| Fault::from(error))?;
        Self::examine(to)
    }
}

/// What SQLite finds wrong with the structure of the file.
fn structure(conn: &Connection) -> Outcome<Vec<String>> {
    let mut statement = conn.prepare("PRAGMA integrity_check(20)")?;
    let found: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let problems = found.into_iter().filter(|line| line != "ok");
    Ok(problems.map(|line| format!("the database: {}", line.replace('\n', " "))).collect())
}

#[cfg(all(test, feature = "laws"))]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use besom_core::{LoggedKeys, RunNumber, RunState};
    use serde_json::{Map, Value};

    use super::*;
    use crate::forward::forward_store;
    use crate::laws::find_violation;
    use crate::{
        Added, AgentId, AgentRow, Attempt, Bucket, Changes, Event, NewRun, NewSweep, Outlines, Output,
        PastRun, PausedBy, Queue, Row, RunQuery, RunRow, Seen, Status, StopKind, Store, SweepId, SweepRow,
        SweepState, forward_queue,
    };

    /// A store that is examined in the end.
    struct Examined(SqliteStore);

    impl Queue for Examined {
        forward_queue!(|self, call| call(&mut self.0));
    }

    impl Store for Examined {
        forward_store!(|self, call| call(&mut self.0));
    }

    impl Drop for Examined {
        fn drop(&mut self) {
            let mut health = Health::default();
            let mut unreadable = Unreadable::default();
            self.0.examine_rows(&mut health, &mut unreadable);
            assert_eq!([health.problems, unreadable.sentences()].concat(), Vec::<String>::new());
        }
    }

    #[test]
    fn whatever_happens_to_a_store_it_is_found_well() {
        let make = |clock| Examined(SqliteStore::in_memory(clock).unwrap());
        assert_eq!(find_violation(make, 64), None);
    }
}

//! Whether a store is well: first the database's own structure, then what its rows must have in common ([`laws`]), then
//! everything read once and what is stored twice compared ([`content`]).

mod content;
mod laws;
mod salvage;

use std::path::Path;

use rusqlite::Connection;

use super::SqliteStore;
use super::fault::{Fault, Outcome};
use super::open::{cannot, create_private, open_to_read};
use super::schema::{self, VERSION};
use crate::{FileFault, StoreError, system_clock};

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
                return Ok(health);
            }
            opened => opened?,
        };
        // One state of a store that others may be changing.
        conn.execute_batch("BEGIN").map_err(Fault::from)?;
        health.list(structure(&conn).unwrap_or_else(|fault| vec![unreadable("the database", fault)]));
        if version < VERSION {
            return Ok(health);
        }
        for (what, law) in laws::LAWS {
            health.list(laws::broken(&conn, law).unwrap_or_else(|fault| vec![unreadable(what, fault)]));
        }
        content::read_all(&mut Self::on(conn, system_clock()), &mut health);
        Ok(health)
    }

    /// Saves what can be read of a damaged store, row by row, in a new store in the file `to`, and examines that. Rows
    /// between two that can be read may be missing, which its examination says.
    ///
    /// # Errors
    /// As [`Self::examine`] and [`Self::back_up`]; [`StoreError::Open`] for a version before the present one.
    pub fn salvage(path: &Path, to: &Path) -> Result<Health, StoreError> {
        let (version, source) = open_to_read(path)?;
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

fn unreadable(what: &str, fault: Fault) -> String {
    format!("{what} cannot be read: {}", besom_core::error_chain(&StoreError::from(fault)))
}

/// What SQLite finds wrong with the structure of the file.
fn structure(conn: &Connection) -> Outcome<Vec<String>> {
    let mut statement = conn.prepare("PRAGMA integrity_check(20)")?;
    let found: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let problems = found.into_iter().filter(|line| line != "ok");
    Ok(problems.map(|line| format!("the database: {}", line.replace('\n', " "))).collect())
}

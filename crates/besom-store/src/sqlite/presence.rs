//! Who has a store open, so that the first one after an unclean end examines it.
//!
//! SQLite removes its log when the last user closes the file. A log that is there while nobody has the store open was left by a
//! kill or a power failure, after which the file may be damaged if the disk did not keep its word.
//! Each user that writes holds a shared lock on a side file; the kernel frees those of the dead.

use std::fs::File;
use std::path::Path;

use rusqlite::Connection;

use super::fault::Outcome;
use super::open::log_is_empty;
use super::turn::side_file;
use crate::StoreError;

/// That this program has a store open.
#[derive(Debug)]
pub(super) struct Presence {
    file: File,
    /// Whether nobody else has it open, and there is a log.
    ended_badly: bool,
}

impl Presence {
    /// Looks for others, before this one writes. Where files cannot be locked there is nothing to be known.
    pub(super) fn at(store: &Path) -> std::io::Result<Self> {
        let file = side_file(store, "open")?;
        let ended_badly = file.try_lock().is_ok() && !log_is_empty(store);
        Ok(Self { file, ended_badly })
    }

    /// Examines the structure of the database if its last users ended badly, and then says that this one has it open. Who
    /// opens it meanwhile waits.
    pub(super) fn begin(&mut self, conn: &Connection) -> Outcome<()> {
        if std::mem::take(&mut self.ended_badly) {
            check(conn)?;
        }
        // Where it cannot be locked, others may examine the store once more than needed.
        let _ = self.file.lock_shared();
        Ok(())
    }
}

fn check(conn: &Connection) -> Outcome<()> {
    let found: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    match found.as_str() {
        "ok" => Ok(()),
        _ => Err(StoreError::Damaged(found.replace('\n', " ").into()).into()),
    }
}

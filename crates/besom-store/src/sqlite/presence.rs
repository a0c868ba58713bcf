//! Who has a store open, so that the first one after an unclean end examines it.
//!
//! SQLite removes its log when the last user closes the file. A log that is there while nobody has the store open was left by a
//! kill or a power failure, after which the file may be damaged if the disk did not keep its word.
//! Each user holds a shared lock on a side file; the kernel frees those of the dead. One that only reads counts too, since it
//! keeps the log.

use std::fs::File;
use std::path::Path;

use rusqlite::Connection;

use super::fault::Outcome;
use super::open::log_is_empty;
use super::schema::beside;
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

    /// Says that this one has the store open to read, for which it needs no right to write. Without the file, or a lock, the
    /// next writer may examine the store once more than needed.
    pub(super) fn reading(store: &Path) -> Option<Self> {
        let file = File::open(beside(store, ".open")).ok()?;
        // A log that a dead user has left must be examined, so the next writer has to find nobody.
        let ended_badly = file.try_lock().is_ok() && !log_is_empty(store);
        (!ended_badly && file.try_lock_shared().is_ok()).then_some(Self { file, ended_badly })
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{NewSweep, SqliteStore, Store};

    #[test]
    fn a_log_that_a_reader_keeps_was_not_left_by_the_dead() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("runs.db");
        let mut writer = SqliteStore::open(&path, Arc::new(|| 0)).unwrap();
        let reader = SqliteStore::open_read_only(&path, Arc::new(|| 0)).unwrap();
        writer.create_sweep(&NewSweep::new("a")).unwrap();
        drop(writer);
        assert!(!log_is_empty(&path));
        assert!(!Presence::at(&path).unwrap().ended_badly);
        drop(reader);
        assert!(Presence::at(&path).unwrap().ended_badly);
        assert!(Presence::reading(&path).is_none(), "it must not hide the dead from the next writer");
    }
}

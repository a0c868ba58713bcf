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

/// That this program has a store open: a file that it holds a lock on.
#[derive(Debug)]
pub(super) struct Presence {
    _file: File,
}

impl Presence {
    /// Examines the structure of the database if its last users ended badly, and then says that this one has it open. Who
    /// opens it meanwhile waits. Without the file there is nothing to be known; where it cannot be locked, others may examine
    /// the store once more than needed.
    pub(super) fn begin(store: &Path, conn: &Connection) -> Outcome<Option<Self>> {
        let Ok(file) = side_file(store, ".open") else { return Ok(None) };
        if ended_badly(&file, store) {
            check(conn)?;
        }
        let _ = file.lock_shared();
        Ok(Some(Self { _file: file }))
    }

    /// Says that this one has the store open to read, for which it needs no right to write. Without the file, or a lock, the
    /// next writer may examine the store once more than needed.
    pub(super) fn reading(store: &Path) -> Option<Self> {
        let file = File::open(beside(store, ".open")).ok()?;
        // A log that a dead user has left must be examined, so the next writer has to find nobody.
        (!ended_badly(&file, store) && file.try_lock_shared().is_ok()).then_some(Self { _file: file })
    }
}

/// Whether nobody else has the store open, and there is a log. If nobody has, the side file is locked.
fn ended_badly(file: &File, store: &Path) -> bool {
    file.try_lock().is_ok() && !log_is_empty(store)
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
        let ended_badly = || ended_badly(&side_file(&path, ".open").unwrap(), &path);
        assert!(!ended_badly());
        drop(reader);
        assert!(ended_badly());
        assert!(Presence::reading(&path).is_none(), "it must not hide the dead from the next writer");
    }
}

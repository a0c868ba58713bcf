//! Several operations in one transaction, so that they share one wait for the disk.

use rusqlite::Connection;

use super::fault::{Fault, Outcome};
use super::{SqliteStore, Tx, schema};
use crate::{FileFault, Store, StoreError};

/// What a group says whose transaction SQLite has ended, as it does when the disk is full.
const UNDONE: &str = "an operation of the same group failed, and undid it";

impl SqliteStore {
    /// Does operations in one durable transaction; each of them is done or not by itself, in a savepoint.
    pub(super) fn group_commit(&mut self, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError> {
        if self.grouped {
            work(self);
            return Ok(());
        }
        self.in_turn(|store| store.transact_group(work))
    }

    fn transact_group(&mut self, work: &mut dyn FnMut(&mut dyn Store)) -> Outcome<()> {
        self.conn.execute_batch("BEGIN IMMEDIATE")?;
        let group = Group::of(self);
        schema::still_ours(&group.0.conn)?;
        work(&mut *group.0);
        group.commit()
    }

    /// An operation of a group, which leaves nothing behind if it fails or panics.
    pub(super) fn savepoint<T>(&self, work: impl FnOnce(&Tx<'_>) -> Outcome<T>) -> Outcome<T> {
        let savepoint = Savepoint::begin(&self.conn)?;
        let done = work(&self.tx())?;
        savepoint.keep()?;
        Ok(done)
    }
}

/// What has been done since is undone, unless it is kept.
struct Savepoint<'a>(Option<&'a Connection>);

impl<'a> Savepoint<'a> {
    fn begin(conn: &'a Connection) -> Outcome<Self> {
        if conn.is_autocommit() {
            return Err(undone());
        }
        conn.execute_batch("SAVEPOINT operation")?;
        Ok(Self(Some(conn)))
    }

    fn keep(mut self) -> Outcome<()> {
        if let Some(conn) = self.0 {
            conn.execute_batch("RELEASE operation")?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        // Where the whole transaction was undone, there is nothing to go back to.
        if let Some(conn) = self.0.filter(|conn| !conn.is_autocommit()) {
            let _ = conn.execute_batch("ROLLBACK TO operation; RELEASE operation");
        }
    }
}

fn undone() -> Fault {
    StoreError::Write(FileFault::Other(UNDONE.into())).into()
}

/// A store whose operations are savepoints of one transaction.
struct Group<'a>(&'a mut SqliteStore);

impl<'a> Group<'a> {
    fn of(store: &'a mut SqliteStore) -> Self {
        store.grouped = true;
        Self(store)
    }

    fn commit(self) -> Outcome<()> {
        if self.0.conn.is_autocommit() {
            return Err(undone());
        }
        Ok(self.0.conn.execute_batch("COMMIT")?)
    }
}

impl Drop for Group<'_> {
    fn drop(&mut self) {
        self.0.grouped = false;
        if !self.0.conn.is_autocommit() {
            // The work has panicked, or the commit has failed: what was not acknowledged is undone.
            let _ = self.0.conn.execute_batch("ROLLBACK");
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::{NewSweep, system_clock};

    #[test]
    fn an_operation_that_panics_leaves_nothing_in_its_group() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("besom.db"), system_clock()).unwrap();
        store.conn.execute_batch("BEGIN IMMEDIATE").unwrap();
        let group = Group::of(&mut store);
        let half = |tx: &Tx<'_>| -> Outcome<()> {
            tx.conn.execute_batch("CREATE TABLE half (x)")?;
            panic!("in the middle of an operation");
        };
        assert!(catch_unwind(AssertUnwindSafe(|| group.0.savepoint(half))).is_err());
        group.0.create_sweep(&NewSweep::new("whole")).unwrap();
        group.commit().unwrap();
        assert_eq!(store.sweeps().unwrap().len(), 1);
        let tables = "SELECT count(*) FROM sqlite_master WHERE name = 'half'";
        assert_eq!(store.conn.query_row(tables, [], |row| row.get::<_, u32>(0)).unwrap(), 0);
    }
}

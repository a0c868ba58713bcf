//! Several operations in one transaction, so that they share one wait for the disk.

use super::fault::{Fault, LOCK_TIMEOUT, Outcome};
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
        if self.read_only {
            return Err(StoreError::Write(FileFault::ReadOnly));
        }
        let turn = self.turns.as_mut().map(|turns| turns.wait(LOCK_TIMEOUT)).transpose();
        let turn = turn.map_err(|error| self.with_holder(error))?;
        self.check_original()?;
        let result = self.transact_group(work);
        drop(turn);
        result.map_err(|fault| self.with_holder(fault.into()))
    }

    fn transact_group(&mut self, work: &mut dyn FnMut(&mut dyn Store)) -> Outcome<()> {
        self.conn.execute_batch("BEGIN IMMEDIATE")?;
        let group = Group::of(self);
        schema::still_ours(&group.0.conn)?;
        work(&mut *group.0);
        group.commit()
    }

    /// An operation of a group, which leaves nothing behind if it fails.
    pub(super) fn savepoint<T>(&self, work: impl FnOnce(&Tx<'_>) -> Outcome<T>) -> Outcome<T> {
        if self.conn.is_autocommit() {
            return Err(undone());
        }
        self.conn.execute_batch("SAVEPOINT operation")?;
        let done = work(&self.tx());
        match &done {
            Ok(_) => self.conn.execute_batch("RELEASE operation")?,
            // Where the whole transaction was undone, there is nothing to go back to.
            Err(_) if self.conn.is_autocommit() => {}
            Err(_) => self.conn.execute_batch("ROLLBACK TO operation; RELEASE operation")?,
        }
        done
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

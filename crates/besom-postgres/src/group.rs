//! Several operations in one transaction, so that they share one wait for the disk.

use besom_store::{Store, StoreError};

use crate::PostgresStore;
use crate::fault::{Fault, Outcome};
use crate::tx::{Progress, Tx};

/// What a group says in which the database has ended the transaction.
const UNDONE: &str = "an operation of the same group failed, and undid it";

/// A transaction that several operations share.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) progress: Progress,
    /// Whether the transaction has ended before its time.
    pub(crate) is_broken: bool,
}

impl PostgresStore {
    /// Does operations in one durable transaction; each of them is done or not by itself, in a savepoint.
    pub(crate) fn group_commit(&mut self, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError> {
        if self.group.is_some() {
            work(self);
            return Ok(());
        }
        self.begin("BEGIN; EXECUTE besom_now").map_err(|fault| self.fail(fault))?;
        self.group = Some(Group::default());
        let guard = Guard(self);
        work(&mut *guard.0);
        guard.commit()
    }

    /// An operation of a group, which leaves nothing behind if it fails.
    pub(crate) fn grouped<T>(
        &mut self,
        work: impl FnOnce(&mut Tx<'_>) -> Outcome<T>,
    ) -> Result<T, StoreError> {
        let done = self.try_grouped(work);
        done.map_err(|fault| self.fail(fault))
    }

    fn try_grouped<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Outcome<T>) -> Outcome<T> {
        let clock = self.now_of_clock();
        let (session, group, asker) = self.parts()?;
        if group.is_broken {
            return Err(undone());
        }
        // A panic in between leaves the group broken.
        group.is_broken = true;
        let row = session.client.simple_query(
            "SAVEPOINT operation; SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint",
        )?;
        let rows = row.into_iter().filter_map(|message| match message {
            postgres::SimpleQueryMessage::Row(row) => row.get(0).and_then(|text| text.parse::<u64>().ok()),
            _ => None,
        });
        let now = clock.or(rows.last()).unwrap_or_default();
        let locked = group.progress.locked.clone();
        let done = work(&mut session.tx(&mut group.progress, now, asker));
        let end = match done {
            Ok(_) => "RELEASE operation",
            Err(_) => "ROLLBACK TO operation; RELEASE operation",
        };
        session.client.batch_execute(end)?;
        if done.is_err() {
            // Locks that were taken since the savepoint went with it.
            group.progress.locked = locked;
        }
        group.is_broken = false;
        done
    }
}

fn undone() -> Fault {
    StoreError::transient(UNDONE).into()
}

/// A group at work, which is undone unless it is committed.
struct Guard<'a>(&'a mut PostgresStore);

impl Guard<'_> {
    fn commit(self) -> Result<(), StoreError> {
        let is_broken = self.0.group.as_ref().is_none_or(|group| group.is_broken);
        if is_broken {
            return Err(self.0.fail(undone()));
        }
        let committed =
            self.0.existing_session().and_then(|session| Ok(session.client.batch_execute("COMMIT")?));
        self.0.group = None;
        committed.map_err(|fault| self.0.fail(fault))
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let undone = match self.0.group.take() {
            // It was committed, or the commit has failed.
            None => return,
            Some(_) => {
                self.0.existing_session().and_then(|session| Ok(session.client.batch_execute("ROLLBACK")?))
            }
        };
        if undone.is_err() {
            self.0.disconnect();
        }
    }
}

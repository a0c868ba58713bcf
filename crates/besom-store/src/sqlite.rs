//! A store in one SQLite file.
//!
//! One connection per [`SqliteStore`]; every thread and process opens its own. Readers see the last commit and wait for
//! no one (write-ahead log); writers take turns ([`turn`]) and commit to the disk before they answer. Each operation
//! of the traits is one transaction, written as a method of [`Tx`] in the file of the noun that it is about.

mod agents;
mod asked;
mod attempts;
mod backup;
mod changes;
mod claims;
mod columns;
mod curves;
mod events;
mod facts;
mod fault;
mod group;
mod health;
mod holder;
mod listing;
mod logged;
mod open;
mod original;
mod outlines;
mod output;
mod past;
mod presence;
mod queue;
mod reports;
mod rows;
mod runs;
mod schema;
mod status;
mod store;
mod sweeps;
mod transfer;
mod turn;
mod wait;

use std::fmt;
use std::path::Path;

use rusqlite::{CachedStatement, Connection, Transaction, TransactionBehavior};

use self::fault::{Fault, LOCK_TIMEOUT, Outcome};
use self::original::Original;
use self::presence::Presence;
use self::turn::Turns;
use crate::{Clock, FileFault, StoreError};

pub use self::health::Health;

/// A store in one SQLite file, which several threads and processes may use at once, each by a `SqliteStore` of its
/// own.
///
/// ```
/// use std::sync::Arc;
/// use besom_store::{NewSweep, SqliteStore, Store, SweepId};
///
/// let mut store = SqliteStore::in_memory(Arc::new(|| 0))?;
/// assert!(store.sweeps()?.is_empty());
/// # Ok::<(), besom_store::StoreError>(())
/// ```
pub struct SqliteStore {
    conn: Connection,
    clock: Clock,
    /// `None` for a store that no one else can write.
    turns: Option<Turns>,
    /// Held for as long as the connection, which is dropped before it. `None` for one that others need not know of.
    _presence: Option<Presence>,
    /// `None` for a store that is in memory, or is read from one snapshot.
    original: Option<Original>,
    read_only: bool,
    /// Whether the last claim was answered with nothing, so that the next one probably will be.
    expects_nothing: bool,
    /// Whether operations are part of a group, which has begun the transaction.
    grouped: bool,
    /// Who has asked for what is done, if that is known.
    asker: Option<Box<str>>,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.conn.path())
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}

/// How certainly a write must survive a power failure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// Before the answer: everything that is acknowledged.
    Durable,
    /// With the next durable write: signs of life, which time would have forgotten anyway.
    Soft,
}

/// One transaction at work.
struct Tx<'a> {
    conn: &'a Connection,
    /// The time, in milliseconds since 1970; one for the whole transaction.
    now: u64,
    /// Who has asked for it, if that is known.
    asker: Option<&'a str>,
}

impl SqliteStore {
    /// Does work on one state of the store, which others may be changing meanwhile.
    fn read<T>(&mut self, work: impl FnOnce(&Tx<'_>) -> Outcome<T>) -> Result<T, StoreError> {
        self.check_original()?;
        let read = || {
            // An examination reads everything on one snapshot, which it has begun; a group in its transaction.
            let begin = || Transaction::new_unchecked(&self.conn, TransactionBehavior::Deferred);
            let snapshot = self.conn.is_autocommit().then(begin).transpose()?;
            work(&self.tx())
                // Nothing was written; ending the snapshot cannot fail.
                .inspect(|_| drop(snapshot))
        };
        read().map_err(|fault| self.too_new().unwrap_or_else(|| fault.into()))
    }

    /// That a newer program has upgraded the file while this one had it open, which explains any fault.
    fn too_new(&self) -> Option<StoreError> {
        self.original.as_ref()?;
        match schema::still_ours(&self.conn) {
            Err(Fault::Store(newer)) => Some(newer),
            _ => None,
        }
    }

    /// Does work that is committed as a whole, or has never been.
    fn write<T>(&mut self, work: impl FnOnce(&Tx<'_>) -> Outcome<T>) -> Result<T, StoreError> {
        self.commit(Durability::Durable, work)
    }

    /// As [`Self::write`], for signs of life.
    fn write_soft<T>(&mut self, work: impl FnOnce(&Tx<'_>) -> Outcome<T>) -> Result<T, StoreError> {
        self.commit(Durability::Soft, work)
    }

    fn commit<T>(
        &mut self,
        durability: Durability,
        work: impl FnOnce(&Tx<'_>) -> Outcome<T>,
    ) -> Result<T, StoreError> {
        if self.grouped {
            return Ok(self.savepoint(work)?);
        }
        self.in_turn(|store| match durability {
            Durability::Durable => store.transact(work),
            Durability::Soft => store.transact_softly(work),
        })
    }

    /// Does work that writes, when it is this connection's turn.
    fn in_turn<T>(&mut self, work: impl FnOnce(&mut Self) -> Outcome<T>) -> Result<T, StoreError> {
        if self.read_only {
            return Err(StoreError::Write(FileFault::ReadOnly));
        }
        let turn = self.turns.as_mut().map(|turns| turns.wait(LOCK_TIMEOUT)).transpose();
        let turn = turn.map_err(|error| self.with_holder(error))?;
        self.check_original()?;
        let result = work(self);
        drop(turn);
        result.map_err(|fault| self.with_holder(fault.into()))
    }

    fn check_original(&self) -> Result<(), StoreError> {
        self.original.as_ref().map_or(Ok(()), Original::check)
    }

    /// The error, naming who kept the store busy if that is known.
    fn with_holder(&self, error: StoreError) -> StoreError {
        let StoreError::Busy(seconds) = error else { return error };
        let holder = self.conn.path().and_then(|path| holder::holder(Path::new(path)));
        holder.map_or(error, |holder| StoreError::Locked { seconds, holder })
    }

    fn transact<T>(&self, work: impl FnOnce(&Tx<'_>) -> Outcome<T>) -> Outcome<T> {
        let transaction = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate)?;
        schema::still_ours(&self.conn)?;
        let done = work(&self.tx())?;
        transaction.commit()?;
        Ok(done)
    }

    fn transact_softly<T>(&self, work: impl FnOnce(&Tx<'_>) -> Outcome<T>) -> Outcome<T> {
        self.conn.execute_batch("PRAGMA synchronous = NORMAL")?;
        let result = self.transact(work);
        self.conn.execute_batch("PRAGMA synchronous = FULL")?;
        result
    }

    fn tx(&self) -> Tx<'_> {
        Tx { conn: &self.conn, now: (self.clock)(), asker: self.asker.as_deref() }
    }
}

impl Tx<'_> {
    /// The statement of this text, which is prepared once for a connection.
    fn sql(&self, text: &str) -> Outcome<CachedStatement<'_>> {
        Ok(self.conn.prepare_cached(text)?)
    }

    /// Executes a statement that must change exactly one row.
    fn change_one(&self, text: &str, parameters: impl rusqlite::Params) -> Outcome<()> {
        match self.sql(text)?.execute(parameters)? {
            1 => Ok(()),
            count => Err(fault::damaged("the number of rows that one write changed", count)),
        }
    }
}

/// A number as SQLite holds it, which has 63 bits: what is larger is beyond everything that is stored.
fn bounded(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{NewSweep, Queue, Store};

    fn sweep(id: &str) -> NewSweep {
        NewSweep::new(id).text("x".repeat(20_000))
    }

    #[test]
    fn a_full_disk_is_reported_and_costs_nothing_that_was_stored() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&dir.path().join("runs.db"), Arc::new(|| 0)).unwrap();
        store.create_sweep(&sweep("a")).unwrap();
        let pages: u32 = store.conn.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        store.conn.query_row(&format!("PRAGMA max_page_count = {}", pages + 2), [], |_| Ok(())).unwrap();
        let full = store.create_sweep(&sweep("b")).unwrap_err();
        assert_eq!(besom_core::error_chain(&full), "cannot write the store: the disk is full");
        assert_eq!(store.sweeps().unwrap().len(), 1);
        store.conn.query_row("PRAGMA max_page_count = 100000", [], |_| Ok(())).unwrap();
        store.create_sweep(&sweep("b")).unwrap();
    }

    #[test]
    fn every_connection_that_writes_waits_for_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&dir.path().join("runs.db"), Arc::new(|| 0)).unwrap();
        let mode = |store: &SqliteStore| {
            let ask = |name| {
                store
                    .conn
                    .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, rusqlite::types::Value>(0))
            };
            (ask("journal_mode").unwrap(), ask("synchronous").unwrap())
        };
        let durable = (rusqlite::types::Value::Text("wal".to_owned()), rusqlite::types::Value::Integer(2));
        assert_eq!(mode(&store), durable);
        assert!(store.idle(crate::AgentId(1)).is_err());
        assert_eq!(mode(&store), durable);
    }
}

//! One transaction at work.

use std::collections::{BTreeMap, HashMap};

use besom_store::StoreError;
use postgres::types::ToSql;
use postgres::{Client, Row, Statement};

use crate::columns::{unsigned, value};
use crate::fault::{Fault, Outcome, damaged};

/// How many bits of the number of a change are its place in its transaction; the others are the transaction's.
pub(crate) const PLACE_BITS: u32 = 20;

/// How a sweep is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lock {
    /// Together with others who change single runs.
    Shared,
    /// Alone.
    Exclusive,
}

/// Statements that a connection has prepared, by their text.
#[derive(Default)]
pub(crate) struct Prepared(HashMap<String, Statement>);

/// What a transaction remembers between its operations, of which a group has several.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// Its number, once it has one.
    id: Option<u64>,
    /// How many changes it has made.
    place: u64,
    /// The sweeps that it has locked, by their keys.
    pub(crate) locked: BTreeMap<i64, Lock>,
}

impl Progress {
    /// The beginning of a transaction that locks a sweep first.
    pub(crate) fn locking(sweep: i64, lock: Lock) -> Self {
        Self { locked: [(sweep, lock)].into(), ..Self::default() }
    }
}

/// What statements are executed by.
pub(crate) struct Tx<'a> {
    pub(crate) client: &'a mut Client,
    pub(crate) prepared: &'a mut Prepared,
    pub(crate) progress: &'a mut Progress,
    /// The time, in milliseconds since 1970; one for the whole operation.
    pub(crate) now: u64,
    /// Who has asked for it, if that is known.
    pub(crate) asker: Option<&'a str>,
    /// What is added to the numbers of transactions.
    pub(crate) offset: u64,
    /// By which the advisory locks of this store differ from those of others in the database.
    pub(crate) lock_base: i64,
    /// Whether it need not survive a power failure: signs of life, which time would have forgotten anyway.
    pub(crate) is_soft: bool,
}

/// The parameters of a statement.
pub(crate) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

impl Tx<'_> {
    /// The statement of this text, which is prepared once for a connection.
    pub(crate) fn prepare(&mut self, text: &str) -> Outcome<Statement> {
        if let Some(statement) = self.prepared.0.get(text) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(text)?;
        self.prepared.0.insert(text.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(crate) fn query(&mut self, text: &str, parameters: Parameters<'_>) -> Outcome<Vec<Row>> {
        let statement = self.prepare(text)?;
        Ok(self.client.query(&statement, parameters)?)
    }

    pub(crate) fn query_opt(&mut self, text: &str, parameters: Parameters<'_>) -> Outcome<Option<Row>> {
        Ok(self.query(text, parameters)?.into_iter().next())
    }

    pub(crate) fn query_one(&mut self, text: &str, parameters: Parameters<'_>) -> Outcome<Row> {
        self.query_opt(text, parameters)?.ok_or_else(|| damaged("the number of rows of an answer", 0))
    }

    pub(crate) fn execute(&mut self, text: &str, parameters: Parameters<'_>) -> Outcome<u64> {
        let statement = self.prepare(text)?;
        Ok(self.client.execute(&statement, parameters)?)
    }

    /// Executes a statement that must change exactly one row.
    pub(crate) fn change_one(&mut self, text: &str, parameters: Parameters<'_>) -> Outcome<()> {
        match self.execute(text, parameters)? {
            1 => Ok(()),
            count => Err(damaged("the number of rows that one write changed", count)),
        }
    }

    /// The lock under which a sweep is held.
    pub(crate) fn lock_of(&self, sweep: i64) -> Option<Lock> {
        self.progress.locked.get(&sweep).copied()
    }

    /// Locks a sweep in the middle of a group. Others may have made changes with larger numbers since the group got its own; then
    /// it cannot add to them any more.
    pub(crate) fn lock_in_group(&mut self, sweep: i64) -> Outcome<()> {
        if self.lock_of(sweep) == Some(Lock::Exclusive) {
            return Ok(());
        }
        self.query("SELECT pg_advisory_xact_lock($1)", &[&(self.lock_base | sweep)])?;
        if let Some(id) = self.progress.id
            && self.latest(sweep)? >> PLACE_BITS > id
        {
            return Err(StoreError::transient("others have changed the sweep meanwhile").into());
        }
        self.progress.locked.insert(sweep, Lock::Exclusive);
        Ok(())
    }

    /// The number of the next change.
    pub(crate) fn next_change(&mut self) -> Outcome<i64> {
        self.next_changes(1)
    }

    /// The number of the first of the next changes, which follow each other.
    pub(crate) fn next_changes(&mut self, count: u64) -> Outcome<i64> {
        let id = match self.progress.id {
            Some(id) => id,
            None => {
                // Not in one statement with the lock of a row: it would have its number before the row is its own.
                let row = self.query_one("SELECT pg_current_xact_id()::text::bigint", &[])?;
                unsigned(value(&row, 0)?) + self.offset
            }
        };
        self.progress.id = Some(id);
        let first = self.progress.place;
        self.progress.place += count;
        if self.progress.place >= 1 << PLACE_BITS {
            return Err(too_many_changes());
        }
        i64::try_from(id << PLACE_BITS | first).map_err(|_| damaged("the number of a transaction", id))
    }

    /// The first number of this transaction, if it has its id, and the place of its next change in it.
    pub(crate) fn next_place(&self) -> Outcome<(Option<i64>, i64)> {
        if self.changes_left() == 0 {
            return Err(too_many_changes());
        }
        let first = self.progress.id.map(|id| {
            i64::try_from(id << PLACE_BITS).map_err(|_| damaged("the number of a transaction", id))
        });
        Ok((first.transpose()?, i64::try_from(self.progress.place).unwrap_or(i64::MAX)))
    }

    /// The next change was made, with this number.
    pub(crate) fn made(&mut self, change: u64) {
        self.progress.id = Some(change >> PLACE_BITS);
        self.progress.place += 1;
    }

    /// Whether this transaction has made any change.
    pub(crate) fn has_changed(&self) -> bool {
        self.progress.place > 0
    }

    /// How many changes this transaction can still make.
    pub(crate) fn changes_left(&self) -> u64 {
        (1 << PLACE_BITS) - 1 - self.progress.place
    }
}

fn too_many_changes() -> Fault {
    let error = format!("one transaction cannot make more than {} changes", 1 << PLACE_BITS);
    Fault::Store(StoreError::permanent(error))
}

//! Whole sweeps as rows, by which a sweep is copied from one store with tables to another.
//!
//! Such stores have nearly the same tables ([`TABLES`]). What differs is translated on the way: keys of runs and agents, which each
//! store gives itself, and the numbers of changes, of which only the order matters. A copy has them numbered from 1 without gaps, so
//! that they are below all that its store will give later. A store implements [`Tables`]; everything else is here.

mod read;
mod write;

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::{StoreError, SweepId};

pub use read::Reader;
pub use write::write;

/// A value in a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// None.
    Null,
    /// A number, or a truth value as 0 or 1.
    Integer(i64),
    /// A real number.
    Real(f64),
    /// A text, without NUL, which not every store can hold.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Cell {
    /// The number in it.
    pub fn integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }
}

impl Hash for Cell {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Null => 0.hash(state),
            Self::Integer(number) => (1, number).hash(state),
            Self::Real(number) => (2, number.to_bits()).hash(state),
            Self::Text(text) => (3, text).hash(state),
            Self::Bytes(bytes) => (4, bytes).hash(state),
        }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Integer,
    /// A truth value.
    Flag,
    /// A real number.
    Real,
    /// A text.
    Text,
    /// Bytes.
    Bytes,
    /// Whether the rows of an attempt count: 1 now, 2 before, else 0.
    Kept,
    /// The number of a change.
    Change,
    /// The largest number of a change of the sweep.
    Latest,
    /// A cursor, in the JSON of what a run was suggested from.
    Seen,
    /// The key of a run, as its number.
    Run,
    /// The key of an agent, as its place among those of the sweep, from 1.
    Agent,
}

/// A table of which a sweep has rows: by the key of the sweep in the column `sweep`, or of its runs where the first column is `run`.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns that are copied.
    pub columns: &'static [(&'static str, Kind)],
}

impl Table {
    /// Whether its rows belong to runs.
    pub fn is_of_runs(&self) -> bool {
        self.columns[0].1 == Kind::Run
    }
}

/// All tables that hold something of a sweep, each after those that it refers to.
pub const TABLES: &[Table] = {
    use Kind::{Agent, Bytes, Change, Flag, Integer, Kept, Latest, Real, Run, Seen, Text};
    &[
        Table {
            name: "sweeps",
            columns: &[
                ("id", Text),
                ("seed", Integer),
                ("metrics", Text),
                ("run_cap", Integer),
                ("retry_crashed", Integer),
                ("retry_failed", Integer),
                ("created_ms", Integer),
                ("name", Text),
                ("source", Text),
                ("directory", Text),
                ("text", Text),
            ],
        },
        Table {
            name: "progress",
            columns: &[
                ("state", Text),
                ("runs", Integer),
                ("change", Latest),
                ("ended_ms", Integer),
                ("reason", Text),
                ("paused_by", Text),
            ],
        },
        Table { name: "labels", columns: &[("key", Text), ("value", Text)] },
        Table {
            name: "agents",
            columns: &[
                ("name", Text),
                ("heartbeat_timeout_ms", Integer),
                ("seen_ms", Integer),
                ("gone", Flag),
                ("draining", Flag),
                ("request", Integer),
                ("answer_run", Integer),
                ("answer_attempt", Integer),
            ],
        },
        Table {
            name: "runs",
            columns: &[
                ("number", Integer),
                ("state", Text),
                ("attempt", Integer),
                ("agent", Agent),
                ("given_up", Flag),
                ("beat", Integer),
                ("heartbeat_timeout_ms", Integer),
                ("rows", Integer),
                ("kept", Integer),
                ("loss", Real),
                ("last", Real),
                ("stop_kind", Text),
                ("stop_reason", Text),
                ("message", Text),
                ("exit_code", Integer),
                ("failure", Text),
                ("crashes", Integer),
                ("failures", Integer),
                ("fruitless", Integer),
                ("due_ms", Integer),
                ("created_ms", Integer),
                ("started_ms", Integer),
                ("ended_ms", Integer),
                ("added", Change),
                ("attempted", Change),
                ("change", Change),
                ("rank", Integer),
            ],
        },
        Table { name: "points", columns: &[("run", Run), ("point", Text), ("note", Text), ("seen", Seen)] },
        Table {
            name: "attempts",
            columns: &[
                ("run", Run),
                ("attempt", Integer),
                ("agent", Agent),
                ("started_ms", Integer),
                ("ended_ms", Integer),
                ("state", Text),
                ("rows", Integer),
                ("end_state", Text),
                ("end_code", Integer),
                ("end_message", Text),
                ("end_keeps", Flag),
                ("end_failure", Text),
                ("kept", Kept),
            ],
        },
        Table {
            name: "chunks",
            columns: &[
                ("run", Run),
                ("attempt", Integer),
                ("first", Integer),
                ("rows", Integer),
                ("lines", Text),
            ],
        },
        Table {
            name: "curves",
            columns: &[
                ("run", Run),
                ("attempt", Integer),
                ("metric", Integer),
                ("start", Integer),
                ("change", Change),
                ("vals", Bytes),
            ],
        },
        Table { name: "facts", columns: &[("run", Run), ("attempt", Integer), ("facts", Text)] },
        Table {
            name: "outputs",
            columns: &[("run", Run), ("attempt", Integer), ("start", Integer), ("text", Bytes)],
        },
        Table { name: "logged", columns: &[("run", Run), ("attempt", Integer), ("keys", Text)] },
        Table {
            name: "events",
            columns: &[
                ("seq", Change),
                ("at_ms", Integer),
                ("run", Integer),
                ("kind", Text),
                ("detail", Text),
            ],
        },
    ]
};

/// Takes a row; whoever gives rows ends with the error that this answers.
pub type Take<'a> = dyn FnMut(Vec<Cell>) -> Result<(), StoreError> + 'a;

/// What a store with these tables can do in a transaction.
pub trait Tables {
    /// Gives each row that a query selects. Its parameters are `$1`, `$2`, ...
    fn select(&mut self, sql: &str, parameters: &[Cell], take: &mut Take<'_>) -> Result<(), StoreError>;

    /// Inserts the rows that `give` gives, with these columns, of which the store has its own for some [`Kind`]s.
    fn insert(
        &mut self,
        table: &str,
        columns: &[(&str, Kind)],
        give: &mut dyn FnMut(&mut Take<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// What to select for a column of the table `t`.
    fn expression(&self, column: &str, kind: Kind) -> String;

    /// Makes what the store keeps besides of a sweep whose rows are all there.
    fn complete(&mut self, sweep: i64) -> Result<(), StoreError>;
}

/// The rows of one sweep.
pub trait Source {
    /// Gives each row of a table, with the cells that [`Kind`] says.
    fn rows(&mut self, table: &Table, take: &mut Take<'_>) -> Result<(), StoreError>;
}

/// A store whose sweeps can be copied.
pub trait Transfer {
    /// Does work with the rows of one state of a sweep.
    ///
    /// # Errors
    /// [`StoreError::NoSweep`]; those of the work.
    fn read_sweep(
        &mut self,
        id: &SweepId,
        work: &mut dyn FnMut(&mut dyn Source) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Adds a sweep in one transaction, and compares what was written before the end of that.
    ///
    /// # Errors
    /// [`StoreError::SweepExists`] if there is a sweep of this id; [`StoreError::Contradiction`] if something else is read than was written.
    fn write_sweep(&mut self, source: &mut dyn Source) -> Result<Digest, StoreError>;
}

/// How many rows of each table a sweep has, and what they hold: the same for the same content, in whatever order and store. It is not
/// the same in every version of this crate, nor meant against somebody who wants two sweeps to look alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest(Vec<(u64, u64)>);

impl Digest {
    /// That of a sweep.
    ///
    /// # Errors
    /// Those of the source.
    pub fn of(source: &mut dyn Source) -> Result<Self, StoreError> {
        let mut digest = Self::default();
        for table in TABLES {
            digest.begin();
            source.rows(table, &mut |row| {
                digest.add(&row);
                Ok(())
            })?;
        }
        Ok(digest)
    }

    /// How many rows there are in a table.
    pub fn count(&self, table: &str) -> u64 {
        let place = TABLES.iter().position(|known| known.name == table);
        place.and_then(|place| self.0.get(place)).map_or(0, |(count, _)| *count)
    }

    /// What follows is of the next table.
    fn begin(&mut self) {
        self.0.push((0, 0));
    }

    fn add(&mut self, row: &[Cell]) {
        let mut hasher = DefaultHasher::new();
        row.hash(&mut hasher);
        let (count, sum) = self.0.last_mut().expect("a table was begun");
        (*count, *sum) = (*count + 1, sum.wrapping_add(hasher.finish()));
    }
}

/// What came of [`copy`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// What the sweep has in both stores.
    pub digest: Digest,
    /// Whether it was there before.
    pub was_there: bool,
}

/// Copies a sweep to another store, completely or not at all. One that is there already, with the same content, stays.
///
/// # Errors
/// [`StoreError::NoSweep`]; [`StoreError::SweepExists`] if there is a sweep of this id with other content; those of both stores.
pub fn copy(
    from: &mut (impl Transfer + ?Sized),
    to: &mut (impl Transfer + ?Sized),
    id: &SweepId,
) -> Result<Copied, StoreError> {
    if let Some(there) = digest_of(to, id)? {
        return match digest_of(from, id)? {
            Some(here) if here == there => Ok(Copied { digest: here, was_there: true }),
            Some(_) => Err(StoreError::SweepExists(id.clone())),
            None => Err(StoreError::NoSweep { id: id.as_str().to_owned(), nearest: None }),
        };
    }
    let mut digest = Digest::default();
    from.read_sweep(id, &mut |source| {
        digest = to.write_sweep(source)?;
        Ok(())
    })?;
    Ok(Copied { digest, was_there: false })
}

/// The digest of a sweep, if there is one of this id.
///
/// # Errors
/// Those of the store.
pub fn digest_of(store: &mut (impl Transfer + ?Sized), id: &SweepId) -> Result<Option<Digest>, StoreError> {
    let mut digest = Digest::default();
    let read = store.read_sweep(id, &mut |source| {
        digest = Digest::of(source)?;
        Ok(())
    });
    match read {
        Ok(()) => Ok(Some(digest)),
        Err(StoreError::NoSweep { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

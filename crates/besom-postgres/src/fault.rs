//! What goes wrong inside the store, until the caller gets it as a [`StoreError`].
//!
//! The driver's error stays inside this crate, so that no foreign type is part of its interface.

use besom_store::{FileFault, StoreError};
use postgres::error::SqlState;

use crate::PostgresError;
use crate::tx::Lock;

/// For how many seconds a caller waits for the locks of others: some hundred times what a transaction takes.
pub(crate) const LOCK_TIMEOUT_S: u64 = 30;

/// Why a piece of work failed.
#[derive(Debug)]
pub(crate) enum Fault {
    Sql(postgres::Error),
    Store(StoreError),
    /// It must be done once more from the beginning, under this lock.
    Again(Lock),
}

/// The result of a piece of work inside a transaction.
pub(crate) type Outcome<T> = Result<T, Fault>;

impl From<postgres::Error> for Fault {
    fn from(error: postgres::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Fault {
    /// Whether the database has undone the transaction because of others, so that it may be done again at once.
    pub(crate) fn is_conflict(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        matches!(error.code(), Some(&SqlState::T_R_DEADLOCK_DETECTED | &SqlState::T_R_SERIALIZATION_FAILURE))
    }

    /// Whether the connection has ended: it broke, or the server says that it closes it.
    pub(crate) fn is_end_of_connection(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        let ends = |code: &SqlState| ["08", "57"].contains(&code.code().get(..2).unwrap_or_default());
        error.code().is_none_or(ends)
    }

    /// The error for the caller of the store at this URL.
    pub(crate) fn at(self, url: &str) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Sql(error) => store_error(url, error),
            Self::Again(_) => StoreError::transient("others were faster each time"),
        }
    }
}

/// A stored value that cannot be what was written.
pub(crate) fn damaged(what: &'static str, found: impl std::fmt::Debug) -> Fault {
    Fault::Store(StoreError::Contradiction { what, found: format!("{found:?}") })
}

/// That the store at this URL cannot be used.
pub(crate) fn server(url: &str, error: PostgresError) -> StoreError {
    let is_transient = error.is_transient();
    StoreError::Server { url: url.to_owned(), source: error.into(), is_transient }
}

/// The error of a statement.
fn store_error(url: &str, error: postgres::Error) -> StoreError {
    let Some(code) = error.code() else {
        // A column that holds another type, or nothing, where there must be a value.
        return match error.to_string().contains("deserializing") {
            true => StoreError::Damaged(error.into()),
            false => server(url, PostgresError::of(error)),
        };
    };
    match code.code() {
        // A lock was not to be had.
        "55P03" => StoreError::Busy(LOCK_TIMEOUT_S),
        "53100" => StoreError::Write(FileFault::Full),
        "25006" => StoreError::Write(FileFault::ReadOnly),
        "42501" => server(url, PostgresError::of(error)),
        // What is written was checked before: only damage breaks a constraint or finds no table.
        code if ["22", "23", "42"].contains(&code.get(..2).unwrap_or_default()) => {
            StoreError::Damaged(PostgresError::of(error).into())
        }
        _ => server(url, PostgresError::of(error)),
    }
}

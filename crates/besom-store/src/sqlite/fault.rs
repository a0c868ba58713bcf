//! What goes wrong inside the store, until it is told to the caller as a [`StoreError`].
//!
//! `rusqlite`'s error stays inside this folder, so that no foreign type is part of the crate's interface.

use std::time::Duration;

use rusqlite::ErrorCode;

use crate::StoreError;

/// How long a caller waits for others before [`StoreError::Busy`].
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Why a piece of work failed.
#[derive(Debug)]
pub(super) enum Fault {
    Sql(rusqlite::Error),
    Store(StoreError),
}

/// The result of a piece of work inside a transaction.
pub(super) type Outcome<T> = Result<T, Fault>;

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Sql(error) => tell(&error),
            Fault::Store(error) => error,
        }
    }
}

/// A stored text that cannot be what was written.
pub(super) fn damaged(what: &str, found: impl std::fmt::Debug) -> Fault {
    Fault::Store(StoreError::Damaged(format!("{what} is {found:?}")))
}

fn tell(error: &rusqlite::Error) -> StoreError {
    use rusqlite::Error as E;
    match error {
        E::SqliteFailure(cause, _) => match cause.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy(PATIENCE.as_secs()),
            ErrorCode::DiskFull => StoreError::Write("the disk is full".to_owned()),
            ErrorCode::ReadOnly => StoreError::Write("it may only be read".to_owned()),
            ErrorCode::SystemIoFailure => StoreError::Write(format!("the disk failed (SQLite says {error})")),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Damaged(error.to_string()),
            _ => StoreError::Database(error.to_string()),
        },
        E::FromSqlConversionFailure(..)
        | E::IntegralValueOutOfRange(..)
        | E::InvalidColumnType(..)
        | E::QueryReturnedNoRows => StoreError::Damaged(error.to_string()),
        _ => StoreError::Database(error.to_string()),
    }
}

//! What goes wrong inside the store, until the caller gets it as a [`StoreError`].
//!
//! `rusqlite`'s error stays inside this folder, so that no foreign type is part of the crate's interface.

use std::ffi::c_int;
use std::time::Duration;

use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

use crate::{FileFault, StoreError};

/// How long a caller waits for others before [`StoreError::Busy`]: some hundred times what a transaction takes on a slow
/// disk, with a dozen agents before it.
pub(super) const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

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
            Fault::Sql(error) => store_error(error),
            Fault::Store(error) => error,
        }
    }
}

/// A stored value that cannot be what was written.
pub(super) fn damaged(what: &'static str, found: impl std::fmt::Debug) -> Fault {
    Fault::Store(StoreError::Contradiction { what, found: format!("{found:?}") })
}

/// What an error of the database says of the file.
pub(super) fn file_fault(error: rusqlite::Error) -> FileFault {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => FileFault::Full,
        // The index of the log, a file of shared memory, could not be made larger: SQLite has no better word for that.
        Some(ErrorCode::SystemIoFailure) if extended(&error) == Some(SQLITE_IOERR_SHMSIZE) => FileFault::Full,
        Some(ErrorCode::ReadOnly) => FileFault::ReadOnly,
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => FileFault::Denied,
        _ => FileFault::Other(error.into()),
    }
}

fn extended(error: &rusqlite::Error) -> Option<c_int> {
    error.sqlite_error().map(|error| error.extended_code)
}

fn store_error(error: rusqlite::Error) -> StoreError {
    use rusqlite::Error as E;
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            return StoreError::Busy(LOCK_TIMEOUT.as_secs());
        }
        Some(ErrorCode::SystemIoFailure | ErrorCode::DiskFull | ErrorCode::ReadOnly) => {
            return StoreError::Write(file_fault(error));
        }
        // What is written was checked before, and read by the same statements: only damage breaks a constraint or a limit.
        Some(
            ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch
            | ErrorCode::TooBig,
        ) => {
            // Its own cause says the same again, with a number.
            return StoreError::Damaged(error.to_string().into());
        }
        _ => {}
    }
    match error {
        // As of a table whose name has changed.
        E::SqlInputError { .. }
        | E::Utf8Error(..)
        | E::FromSqlConversionFailure(..)
        | E::IntegralValueOutOfRange(..)
        | E::InvalidColumnType(..)
        | E::QueryReturnedNoRows => StoreError::Damaged(error.into()),
        _ => StoreError::transient(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_whose_index_finds_no_room_means_a_full_disk() {
        let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(SQLITE_IOERR_SHMSIZE), None);
        assert_eq!(besom_core::error_chain(&store_error(error)), "cannot write the store: the disk is full");
    }
}

//! Stores from and to which whole sweeps are copied.

use std::ffi::OsStr;
use std::path::Path;

use besom_store::transfer::Transfer;
use besom_store::{FileFault, SqliteStore, Store, StoreError, system_clock};

use super::{Kind, Place, file};
use crate::EngineError;

/// A store whose sweeps can be copied: in a file or in a database.
pub trait WholeStore: Store + Transfer {}

impl<S: Store + Transfer> WholeStore for S {}

/// What is to be done with a store that is opened by [`open_whole`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WholeAccess {
    /// It must be there, and is only read.
    Read,
    /// It is created if there is none.
    Write,
}

/// Opens the store with this name for copying sweeps: a directory, the URL of a database, or the file of a backup.
///
/// # Errors
/// As [`Place::new`], [`Place::open_to_read`] and [`Place::open_or_create`]; [`EngineError::AtServer`] and [`EngineError::NotADirectory`] for
/// a store of another kind.
pub fn open_whole(name: &OsStr, access: WholeAccess) -> Result<Box<dyn WholeStore>, EngineError> {
    let path = Path::new(name);
    let is_file = path.is_file()
        || access == WholeAccess::Write
            && !path.exists()
            && path.extension().is_some_and(|extension| extension == "db");
    if is_file {
        return Ok(Box::new(open_file(path, access)?));
    }
    let place = Place::new(name)?;
    match &place.kind {
        Kind::Directory(directory) => match access {
            WholeAccess::Read => Ok(Box::new(open_file(&place.database(directory)?, access)?)),
            WholeAccess::Write => {
                // Makes the directory as for any other use.
                drop(place.open_or_create()?);
                Ok(Box::new(open_file(&file(directory), access)?))
            }
        },
        #[cfg(feature = "postgres")]
        Kind::Opened(_, Some(super::Elsewhere { database: Some(database), .. })) => {
            Ok(Box::new(database.open()?))
        }
        Kind::Opened(_, Some(elsewhere)) if elsewhere.is_server => {
            Err(EngineError::AtServer { url: elsewhere.url.clone() })
        }
        Kind::Opened(..) => Err(EngineError::NotADirectory),
    }
}

/// An older file is upgraded first, if it can be written.
fn open_file(path: &Path, access: WholeAccess) -> Result<SqliteStore, StoreError> {
    if access == WholeAccess::Write {
        return SqliteStore::open(path, system_clock());
    }
    match SqliteStore::open_read_only(path, system_clock()) {
        Err(StoreError::Open { source: FileFault::Old(_), .. }) => {
            SqliteStore::open_existing(path, system_clock())
        }
        opened => opened,
    }
}

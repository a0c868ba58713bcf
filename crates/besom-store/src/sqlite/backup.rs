//! A copy of a store that others may be writing.
//!
//! Copying the file byte by byte is wrong while it is in use: part of the data is in the log beside it, and pages change
//! while they are read. SQLite copies one state of it, and nobody waits.

use std::path::Path;

use super::SqliteStore;
use super::fault::Fault;
use super::open::{cannot, create_private, open_to_read};
use crate::{FileFault, StoreError};

impl SqliteStore {
    /// Copies the store in the file `path`, as it is after the last commit, to the new file `to`, which is on the disk
    /// when this returns. Agents keep working meanwhile; the copy has the store's version, and needs no other file.
    ///
    /// # Errors
    /// As [`Self::open_read_only`], but for older versions, which are copied too; [`StoreError::Open`] if `to` exists or
    /// cannot be written, [`StoreError::Damaged`] if the store cannot be read. What was written of `to` stays.
    pub fn back_up(path: &Path, to: &Path) -> Result<(), StoreError> {
        let (_, conn) = open_to_read(path)?;
        // SQLite would take a name that begins with `file:` for something else.
        let place = std::path::absolute(to).map_err(|error| cannot(to, error))?;
        let name = place.to_str().ok_or_else(|| cannot(to, FileFault::Path))?;
        create_private(to).map_err(|error| cannot(to, error))?;
        conn.execute("VACUUM INTO ?1", [name]).map_err(|error| {
            match StoreError::from(Fault::from(error)) {
                StoreError::Write(source) => cannot(to, source),
                other => other,
            }
        })?;
        std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(|error| cannot(to, error))
    }
}

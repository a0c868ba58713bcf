//! That a store is being served, and where: one server at a time.
//!
//! Two servers of one store would be correct, but the second would take the link of the first away, and people would look at a page
//! that ends with the wrong command. A lock says whether the one that wrote the link is still there, however it ended.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use besom_store::files;

/// The file whose lock a server holds.
const LOCK: &str = "server.lock";

/// Takes the place of the server of a store for as long as the file is held; `None` if there is one.
pub(crate) fn begin(directory: &Path) -> io::Result<Option<File>> {
    let file = files::open(OpenOptions::new().write(true), &directory.join(LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether a server holds the lock.
pub(crate) fn is_running(directory: &Path) -> bool {
    let Ok(file) = File::open(directory.join(LOCK)) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

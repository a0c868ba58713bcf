//! Whether the file of an open store is still where it was.
//!
//! SQLite does not notice that its file was deleted: it would write on into a file that nobody can find any more.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::StoreError;

/// The file that was opened, which another may have replaced since.
#[derive(Debug)]
pub(super) struct Original {
    path: PathBuf,
    /// Its device and number there.
    id: (u64, u64),
}

impl Original {
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), id: id(path)? })
    }

    /// Fails if the file was deleted, moved or replaced. What cannot be looked at for another reason may well be there.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let is_there = match id(&self.path) {
            Ok(found) => found == self.id,
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        if is_there { Ok(()) } else { Err(StoreError::Gone { path: self.path.clone() }) }
    }
}

fn id(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

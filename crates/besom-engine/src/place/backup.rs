//! A store copied while it is in use, examined and saved.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use besom_store::files::{PRIVATE, create_directory, parent};
use besom_store::{Health, SqliteStore};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{Place, file as database};
use crate::EngineError;

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupContent {
    /// The database: sweeps, runs, metrics, what is kept of their output.
    Store,
    /// Also the directories of runs, with checkpoints and whatever else programs have left there. Each file is copied as it is
    /// when its turn comes.
    WithRuns,
}

impl Place {
    /// Copies the store, as it is after its last commit, while others may use it: to a file if `to` ends in `.db`, else to
    /// a directory, which is a store itself. It is there whole or not at all.
    ///
    /// # Errors
    /// [`EngineError::NoStore`]; [`EngineError::Backup`] if `to` exists, is a file or among the runs where runs are to be copied,
    /// or cannot be written; what [`SqliteStore::back_up`] fails with; [`EngineError::NotADirectory`] for a store that is not in a directory.
    pub fn back_up(&self, to: &Path, content: BackupContent) -> Result<(), EngineError> {
        let (file, directory) = self.file()?;
        let is_file = to.extension().is_some_and(|extension| extension == "db");
        if is_file && content == BackupContent::WithRuns {
            let message = "runs are copied to a directory, and a name that ends in .db means a file";
            return Err(cannot(to, io::Error::new(io::ErrorKind::InvalidInput, message)));
        }
        made(to, |part| match is_file {
            true => Ok(SqliteStore::back_up(&file, part)?),
            false => {
                if content == BackupContent::WithRuns && lies_in(to, &directory.join("runs")) {
                    let message = "it lies in the directory of runs that is to be copied";
                    return Err(cannot(to, io::Error::new(io::ErrorKind::InvalidInput, message)));
                }
                copy_directory(directory, part, content)
            }
        })
    }
}

impl Place {
    /// Examines the store without writing: see [`SqliteStore::examine`].
    ///
    /// # Errors
    /// As [`SqliteStore::examine`], [`EngineError::NoStore`] and [`EngineError::NotADirectory`].
    pub fn examine(&self) -> Result<Health, EngineError> {
        Ok(SqliteStore::examine(&self.file()?.0)?)
    }

    /// Saves what can be read of a damaged store in a new one, a directory: see [`SqliteStore::salvage`].
    ///
    /// # Errors
    /// As [`Self::back_up`] and [`Self::examine`].
    pub fn salvage(&self, to: &Path) -> Result<Health, EngineError> {
        let (file, _) = self.file()?;
        made(to, |part| {
            create_directory(part, PRIVATE).map_err(|source| cannot(to, source))?;
            Ok(SqliteStore::salvage(&file, &database(part))?)
        })
    }
}

fn cannot(to: &Path, source: io::Error) -> EngineError {
    EngineError::Backup { to: to.to_owned(), source }
}

/// Makes a file or directory under another name and renames it when it is complete; nothing is overwritten.
fn made<T>(to: &Path, make: impl FnOnce(&Path) -> Result<T, EngineError>) -> Result<T, EngineError> {
    if fs::symlink_metadata(to).is_ok() {
        let message = "it exists already, and nothing is overwritten";
        return Err(cannot(to, io::Error::new(io::ErrorKind::AlreadyExists, message)));
    }
    let part = part_of(to).map_err(|source| cannot(to, source))?;
    let placed = make(&part).and_then(|made| match place(&part, to) {
        Ok(()) => Ok(made),
        Err(source) => Err(cannot(to, source)),
    });
    if placed.is_err() {
        // The error that matters is the first one.
        let _ = if part.is_dir() { fs::remove_dir_all(&part) } else { fs::remove_file(&part) };
    }
    placed
}

/// Whether what is to be made, in a directory that exists, would be below another directory.
fn lies_in(to: &Path, directory: &Path) -> bool {
    match (parent(to).canonicalize(), directory.canonicalize()) {
        (Ok(parent), Ok(directory)) => parent.starts_with(directory),
        _ => false,
    }
}

/// The name under which a backup is made.
fn part_of(to: &Path) -> io::Result<PathBuf> {
    let name = to.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let part = to.with_file_name(format!(".{name}.{}.part", std::process::id()));
    fs::create_dir_all(parent(&part)).map(|()| part)
}

fn copy_directory(from: &Path, part: &Path, content: BackupContent) -> Result<(), EngineError> {
    let failed = |source| cannot(part, source);
    create_directory(part, PRIVATE).map_err(failed)?;
    // The database first: files of runs have at least what it knows of.
    SqliteStore::back_up(&database(from), &database(part))?;
    if content == BackupContent::WithRuns && from.join("runs").is_dir() {
        copy_tree(&from.join("runs"), &part.join("runs")).map_err(failed)?;
    }
    Ok(())
}

/// Copies files, directories and links, the latter as links; what is none of these (pipes, sockets) is left out, and so is what a
/// program deletes meanwhile.
fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    create_directory(to, PRIVATE)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        let copied = if kind.is_dir() {
            copy_tree(&path, &copy)
        } else if kind.is_symlink() {
            fs::read_link(&path).and_then(|target| std::os::unix::fs::symlink(target, &copy))
        } else if kind.is_file() {
            fs::copy(&path, &copy).map(drop)
        } else {
            Ok(())
        };
        match copied {
            Err(_) if fs::symlink_metadata(&path).is_err() => {}
            other => other?,
        }
    }
    Ok(())
}

/// Gives a finished backup its name, and overwrites nothing.
fn place(part: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, part, CWD, to, RenameFlags::NOREPLACE) {
        // File systems that cannot promise it.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) if fs::symlink_metadata(to).is_err() => {
            fs::rename(part, to)?;
        }
        other => other?,
    }
    fs::File::open(parent(to))?.sync_all()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_backup_with_runs_does_not_lie_among_the_runs() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let place = Place::new(&store).unwrap();
        drop(place.open_or_create().unwrap());
        fs::create_dir_all(store.join("runs/a/1")).unwrap();
        std::os::unix::fs::symlink(store.join("runs"), dir.path().join("link")).unwrap();
        for to in [store.join("runs/save"), store.join("runs/a/new/save"), dir.path().join("link/save")] {
            let refused = place.back_up(&to, BackupContent::WithRuns).unwrap_err();
            let why = besom_core::error_chain(&refused);
            assert!(why.ends_with(": it lies in the directory of runs that is to be copied"), "{why}");
            assert!(!to.exists());
        }
        place.back_up(&store.join("runs-saved"), BackupContent::WithRuns).unwrap();
        assert!(store.join("runs-saved/runs/a/1").is_dir());
    }
}

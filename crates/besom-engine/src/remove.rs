//! Removing a sweep with all that is stored of it, and the directories of its runs.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use besom_agent::await_departure;
use besom_store::{Store, SweepId};

use crate::{EngineError, Place};

/// What is appended to the name of a sweep's directory to name the file that stands beside it while it is being removed: whoever
/// finds that file, and no such sweep, may finish the work.
const MARK: &str = "removed";

/// How long agents of a removed sweep may take to end: a heartbeat, and the end of their programs.
const DEPARTURE: Duration = Duration::from_secs(30);

/// Removes a sweep from the store, then the directory of its runs, whoever works on it: its agents on this machine are waited for.
/// Returns whether they have ended; what others leave, the next call removes, as it does if this one is interrupted.
///
/// # Errors
/// If the store fails, or [`EngineError::Files`].
pub fn remove(place: &Place, store: &mut dyn Store, id: &SweepId) -> Result<bool, EngineError> {
    let Some(files) = place.directory() else {
        store.remove_sweep(id)?;
        return Ok(true);
    };
    sweep_up(store, &files.join("runs"))?;
    let directory = directory_of(files, id).filter(|directory| directory.is_dir());
    if let Some(directory) = &directory {
        leave_mark(directory)?;
    }
    store.remove_sweep(id)?;
    let is_deserted = await_departure(files, id, DEPARTURE);
    if let Some(directory) = &directory {
        remove_directory(directory)?;
        if !is_deserted {
            leave_mark(directory)?;
        }
    }
    Ok(is_deserted)
}

fn leave_mark(directory: &Path) -> Result<(), EngineError> {
    fs::write(mark(directory), "").map_err(|error| cannot_remove(directory, error))
}

fn mark(directory: &Path) -> PathBuf {
    let mut name = directory.as_os_str().to_owned();
    name.push(".");
    name.push(MARK);
    name.into()
}

/// Where the files of a sweep's runs are; nowhere if its id, which may be anything, is no name of a directory.
fn directory_of(store: &Path, id: &SweepId) -> Option<PathBuf> {
    let mut parts = Path::new(id.as_str()).components();
    let is_name = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    is_name.then(|| besom_agent::sweep_directory(store, id))
}

/// Removes the directories that an interrupted call has left.
fn sweep_up(store: &mut dyn Store, runs: &Path) -> Result<(), EngineError> {
    let entries = fs::read_dir(runs).into_iter().flatten().flatten().map(|entry| entry.path());
    let marks: Vec<PathBuf> =
        entries.filter(|path| path.extension() == Some(MARK.as_ref()) && path.is_file()).collect();
    let sweeps = if marks.is_empty() { Vec::new() } else { store.sweeps()? };
    let is_stored =
        |mark: &&PathBuf| sweeps.iter().any(|sweep| mark.file_stem() == Some(sweep.id().as_str().as_ref()));
    let left = marks.iter().filter(|mark| !is_stored(mark));
    left.map(|mark| mark.with_extension("")).try_for_each(|directory| remove_directory(&directory))
}

/// Removes a directory, and then the mark beside it.
fn remove_directory(path: &Path) -> Result<(), EngineError> {
    let is_gone = |removed: io::Result<()>| match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    is_gone(fs::remove_dir_all(path))
        .and_then(|()| is_gone(fs::remove_file(mark(path))))
        .map_err(|error| cannot_remove(path, error))
}

fn cannot_remove(path: &Path, source: io::Error) -> EngineError {
    EngineError::Files { path: path.to_owned(), source }
}

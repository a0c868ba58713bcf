//! Whose turn it is to write: a fair lock over processes and threads.
//!
//! SQLite lets one connection write at a time, but those who wait only sleep and try again, so that the file often
//! lies unused and some wait for ever. Writers therefore take turns by two advisory locks on side files: one waits in
//! the *queue* lock until it is first, keeps it while it waits for the *turn* lock, and lets the next one be first when
//! it has got it. Who has just had its turn must queue behind those who wait. The kernel frees the locks of a killed
//! process. SQLite's own locks still guard the data: the turn is a matter of speed and fairness only.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::StoreError;

/// One connection's way to its turn.
#[derive(Debug)]
pub(super) struct Turns {
    store: PathBuf,
    files: Option<Arc<Files>>,
}

#[derive(Debug)]
struct Files {
    queue: File,
    turn: File,
}

/// A turn; it ends when dropped.
#[derive(Debug)]
pub(super) struct Turn(Option<Arc<Files>>);

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(files) = &self.0 {
            // Cannot fail on a file that is open and locked.
            let _ = files.turn.unlock();
        }
    }
}

impl Turns {
    /// Turns at the store in this file, with the side files `<store>.lock` and `<store>.queue`.
    pub(super) fn at(store: &Path) -> io::Result<Self> {
        let files = Files { queue: side_file(store, "queue")?, turn: side_file(store, "lock")? };
        Ok(Self { store: store.to_owned(), files: Some(Arc::new(files)) })
    }

    /// Waits for a turn. A file system that knows no locks gives it at once.
    pub(super) fn wait(&mut self, patience: Duration) -> Result<Turn, StoreError> {
        let files = match &self.files {
            Some(files) => Arc::clone(files),
            None => Arc::clone(self.reopened()?),
        };
        let place = match files.enter() {
            Ok(Place::Turn) => return Ok(Turn(Some(files))),
            Ok(place) => place,
            Err(_) => return Ok(Turn(None)),
        };
        // The lock has no time limit of its own: a thread waits for it.
        let (tell, told) = mpsc::sync_channel(1);
        let waiting = Arc::clone(&files);
        thread::spawn(move || {
            let got = waiting.take(place);
            drop(waiting);
            // Nobody listens any more if the time was over; then the last owner of the files frees the locks.
            let _ = tell.send(got);
        });
        match told.recv_timeout(patience) {
            Ok(Ok(())) => Ok(Turn(Some(files))),
            Ok(Err(_)) => Ok(Turn(None)),
            Err(_) => {
                self.files = None;
                Err(StoreError::Busy(patience.as_secs()))
            }
        }
    }

    fn reopened(&mut self) -> Result<&Arc<Files>, StoreError> {
        let fresh = Self::at(&self.store).map_err(|error| StoreError::Write(error.to_string()))?;
        Ok(self.files.insert(fresh.files.expect("files are open at first")))
    }
}

/// How far one has come without waiting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Others are first.
    Outside,
    /// First in the queue, which is locked.
    First,
    /// At work; only the turn is locked.
    Turn,
}

impl Files {
    fn enter(&self) -> io::Result<Place> {
        if !at_once(&self.queue)? {
            return Ok(Place::Outside);
        }
        match at_once(&self.turn) {
            Ok(false) => Ok(Place::First),
            turn => self.queue.unlock().and(turn).map(|_| Place::Turn),
        }
    }

    fn take(&self, place: Place) -> io::Result<()> {
        if place == Place::Outside {
            uninterrupted(|| self.queue.lock())?;
        }
        let turn = uninterrupted(|| self.turn.lock());
        self.queue.unlock().and(turn)
    }
}

fn at_once(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn uninterrupted(mut lock: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    loop {
        match lock() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn side_file(store: &Path, suffix: &str) -> io::Result<File> {
    let mut path = store.as_os_str().to_owned();
    path.push(".");
    path.push(suffix);
    OpenOptions::new().create(true).truncate(false).write(true).open(path)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(1);

    #[test]
    fn one_has_the_turn_and_others_are_told_when_they_have_waited_enough() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let (mut one, mut other) = (Turns::at(&store).unwrap(), Turns::at(&store).unwrap());
        let turn = one.wait(SHORT).unwrap();
        assert!(matches!(other.wait(SHORT), Err(StoreError::Busy(_))));
        assert!(matches!(other.wait(SHORT), Err(StoreError::Busy(_))));
        drop(turn);
        // Those who gave up still stand in the queue until the kernel has seen to them.
        drop(other.wait(Duration::from_secs(20)).unwrap());
        drop(one.wait(Duration::from_secs(20)).unwrap());
    }

    #[test]
    fn who_had_the_turn_queues_behind_those_who_wait() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let mut one = Turns::at(&store).unwrap();
        let turn = one.wait(SHORT).unwrap();
        let (tell, told) = mpsc::channel();
        let waiting = thread::spawn({
            let (store, tell) = (store.clone(), tell.clone());
            move || {
                let _turn = Turns::at(&store).unwrap().wait(Duration::from_secs(20)).unwrap();
                tell.send("the other").unwrap();
            }
        });
        // The other one waits as soon as the queue is taken.
        let queue = side_file(&store, "queue").unwrap();
        while queue.try_lock().is_ok() {
            queue.unlock().unwrap();
            thread::yield_now();
        }
        drop(turn);
        let again = one.wait(Duration::from_secs(20)).unwrap();
        tell.send("the one").unwrap();
        drop(again);
        waiting.join().unwrap();
        assert_eq!([told.recv().unwrap(), told.recv().unwrap()], ["the other", "the one"]);
    }
}

//! Whose turn it is to write: a fair lock over processes and threads.
//!
//! SQLite lets one connection write at a time, but the others only sleep and try again, so that the file often
//! lies unused and some wait for ever. Writers therefore take turns by two advisory locks on side files: one waits in
//! the *queue* lock until it is first, keeps it while it waits for the *turn* lock, and lets the next one be first when
//! it has got it. The first asks for its turn again and again for a moment before it sleeps; the others sleep. Who has
//! just had its turn must queue behind those who wait. The kernel frees the locks of a killed process. SQLite's own
//! locks still guard the data: the turn is a matter of speed and fairness only.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::schema::beside;
use crate::StoreError;
use crate::files;

/// How long the first in the queue asks for its turn again and again before it sleeps: longer than a fast disk needs
/// for a transaction, since being woken would take about as long.
const POLLING: Duration = Duration::from_millis(1);

/// One connection's way to its turn.
#[derive(Debug)]
pub(super) struct Turns {
    store: PathBuf,
    files: Option<Arc<Files>>,
    waiter: Option<Waiter>,
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
        let files = Files { queue: side_file(store, ".queue")?, turn: side_file(store, ".lock")? };
        Ok(Self { store: store.to_owned(), files: Some(Arc::new(files)), waiter: None })
    }

    /// Waits for a turn. A file system that knows no locks gives it at once.
    pub(super) fn wait(&mut self, timeout: Duration) -> Result<Turn, StoreError> {
        let files = match &self.files {
            Some(files) => Arc::clone(files),
            None => Arc::clone(self.reopened()?),
        };
        let waited = match files.enter() {
            Ok(Place::Turn) => Ok(()),
            Ok(place) => self.stand(&files, place, Instant::now() + timeout),
            Err(error) => Err(error.into()),
        };
        match waited {
            Ok(()) => Ok(Turn(Some(files))),
            Err(Missed::Lock) => Ok(Turn(None)),
            Err(Missed::Time) => {
                // The thread still waits; when it wakes, the last owner of the files is gone, which frees the locks.
                (self.files, self.waiter) = (None, None);
                Err(StoreError::Busy(timeout.as_secs()))
            }
        }
    }

    fn stand(&mut self, files: &Arc<Files>, place: Place, until: Instant) -> Result<(), Missed> {
        if place == Place::Outside {
            self.block(files, |files| &files.queue, until)?;
        }
        let turn = match polled(&files.turn, until) {
            Ok(false) => self.block(files, |files| &files.turn, until),
            other => other.map(drop).map_err(Missed::from),
        };
        if !matches!(turn, Err(Missed::Time)) {
            files.queue.unlock()?;
        }
        turn
    }

    /// Sleeps until one of the locks is there. A lock has no time limit of its own: a thread waits for it.
    fn block(&mut self, files: &Arc<Files>, which: Which, until: Instant) -> Result<(), Missed> {
        let waiter = match self.waiter.take() {
            Some(waiter) => waiter,
            None => Waiter::of(Arc::clone(files))?,
        };
        let got = waiter.wait(which, until);
        self.waiter = Some(waiter);
        got
    }

    fn reopened(&mut self) -> Result<&Arc<Files>, StoreError> {
        let fresh = Self::at(&self.store).map_err(|error| StoreError::Write(error.into()))?;
        Ok(self.files.insert(fresh.files.expect("files are open at first")))
    }
}

/// Why there is no lock.
#[derive(Debug)]
enum Missed {
    /// The file system does not do it.
    Lock,
    /// The timeout passed.
    Time,
}

impl From<io::Error> for Missed {
    fn from(_: io::Error) -> Self {
        Self::Lock
    }
}

/// One of the two locks.
type Which = fn(&Files) -> &File;

/// A thread that waits for locks, for as long as its owner lives.
#[derive(Debug)]
struct Waiter {
    ask: mpsc::Sender<Which>,
    done: mpsc::Receiver<io::Result<()>>,
}

impl Waiter {
    fn of(files: Arc<Files>) -> io::Result<Self> {
        let (ask, asked) = mpsc::channel::<Which>();
        let (tell, done) = mpsc::channel();
        thread::Builder::new().name("besom-turn".to_owned()).spawn(move || {
            while let Ok(which) = asked.recv() {
                if tell.send(uninterrupted(|| which(&files).lock())).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { ask, done })
    }

    fn wait(&self, which: Which, until: Instant) -> Result<(), Missed> {
        self.ask.send(which).map_err(|_| Missed::Time)?;
        match self.done.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(got) => got.map_err(Missed::from),
            Err(_) => Err(Missed::Time),
        }
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
}

/// Asks for a lock for a short while. Returns whether it got it.
fn polled(file: &File, until: Instant) -> io::Result<bool> {
    let until = until.min(Instant::now() + POLLING);
    while !at_once(file)? {
        if Instant::now() >= until {
            return Ok(false);
        }
        thread::yield_now();
    }
    Ok(true)
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

/// The file beside a store by whose locks its users know of each other. Whoever can open it can hold a lock on it, so only those
/// who may use the store can.
pub(super) fn side_file(store: &Path, suffix: &str) -> io::Result<File> {
    files::open(File::options().write(true), &beside(store, suffix))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(1);

    #[test]
    fn one_has_the_turn_and_others_time_out() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let (mut one, mut other) = (Turns::at(&store).unwrap(), Turns::at(&store).unwrap());
        let turn = one.wait(SHORT).unwrap();
        assert!(matches!(other.wait(SHORT), Err(StoreError::Busy(_))));
        assert!(matches!(other.wait(SHORT), Err(StoreError::Busy(_))));
        drop(turn);
        // Waiters that timed out stay in the queue until the kernel has woken their threads.
        drop(other.wait(Duration::from_secs(20)).unwrap());
        drop(one.wait(Duration::from_secs(20)).unwrap());
    }

    #[test]
    fn a_writer_queues_behind_those_that_wait() {
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
        let queue = side_file(&store, ".queue").unwrap();
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

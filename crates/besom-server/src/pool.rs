//! The connections to the store: one writer, which commits in groups, and a few readers.
//!
//! A durable transaction costs a wait for the disk, however little it writes. So one thread takes all that waits, does it in one
//! transaction, and answers after the commit: what is acknowledged is on the disk, as the store promises, at a fraction of the waits
//! (decision 69). Readers see the last commit and wait for no one.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use besom_engine::{EngineError, Place};
use besom_store::{Store, StoreError};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::spawn_blocking;

use crate::lock::lock;
use crate::refusal::Refusal;

/// How many operations are committed together at most: one that takes long delays no more than the rest of its group, and writers
/// of other processes get their turn between groups.
const GROUP: usize = 64;
/// How many of a group are kept for what is less urgent while it waits, so that it is never left for good.
const OTHERS: usize = GROUP / 4;
/// How long a group waits to become full. A commit takes longer on most disks.
const MOMENT: Duration = Duration::from_millis(1);
/// How many operations may wait. At the slowest that was measured this is a few seconds' work.
const WAITING: usize = 1024;
/// How many connections read at the same time.
const READERS: usize = 4;

/// What comes first when there is more than one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Claims, ends, heartbeats, and what people ask for.
    First,
    /// Rows and output, which are large and can wait for a moment.
    Later,
}

/// An operation, which is answered once its group is committed or has failed.
trait Job: Send {
    fn work(&mut self, store: &mut dyn Store);
    fn answer(self: Box<Self>, committed: Result<(), &StoreError>);
}

/// An operation that somebody waits for.
struct Asked<T, W> {
    work: Option<W>,
    /// What it has answered; `None` if it was not done, or panicked.
    done: Option<Result<T, Refusal>>,
    tell: oneshot::Sender<Result<T, Refusal>>,
}

impl<T, E, W> Job for Asked<T, W>
where
    T: Send,
    E: Into<Refusal>,
    W: FnOnce(&mut dyn Store) -> Result<T, E> + Send,
{
    fn work(&mut self, store: &mut dyn Store) {
        self.done = self.work.take().map(|work| work(store).map_err(Into::into));
    }

    fn answer(self: Box<Self>, committed: Result<(), &StoreError>) {
        let done = self.done.unwrap_or_else(|| Err(Refusal::broken()));
        // Whoever asked may be gone.
        drop(self.tell.send(committed.map_err(Refusal::from).and(done)));
    }
}

/// The connections of a server.
pub(crate) struct Pool {
    place: Place,
    line: Arc<Line>,
    writer: Mutex<Option<JoinHandle<()>>>,
    idle: Arc<Mutex<Vec<Box<dyn Store>>>>,
    readers: Semaphore,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Pool {
    /// Opens the store to write; readers are opened when they are needed. `committed` is called after each group.
    pub(crate) fn open(place: &Place, committed: impl Fn() + Send + 'static) -> Result<Self, EngineError> {
        let mut store = place.open_or_create()?;
        let line = Arc::new(Line::default());
        let jobs = Arc::clone(&line);
        let work = move || {
            while let Some(group) = jobs.next() {
                commit(&mut *store, group);
                committed();
            }
        };
        let writer = thread::Builder::new().name("besom-writer".into()).spawn(work);
        let writer = writer.map_err(|error| EngineError::Store(StoreError::transient(error)))?;
        let (idle, readers) = (Arc::default(), Semaphore::new(READERS));
        Ok(Self { place: place.clone(), line, writer: Mutex::new(Some(writer)), idle, readers })
    }

    /// Does work that writes; it has been committed when the answer comes.
    pub(crate) async fn write<T, E>(
        &self,
        urgency: Urgency,
        work: impl FnOnce(&mut dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Refusal>
    where
        T: Send + 'static,
        E: Into<Refusal> + 'static,
    {
        let (tell, told) = oneshot::channel();
        self.line.join(urgency, Box::new(Asked { work: Some(work), done: None, tell }))?;
        told.await.unwrap_or_else(|_| Err(Refusal::broken()))
    }

    /// Does work that only reads, on one state of the store per operation.
    pub(crate) async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Refusal>
    where
        T: Send + 'static,
        E: Into<Refusal> + 'static,
    {
        // The semaphore is never closed.
        let _turn = self.readers.acquire().await.map_err(|_| Refusal::broken())?;
        let (idle, place) = (Arc::clone(&self.idle), self.place.clone());
        let read = move || {
            let known = lock(&idle).pop();
            let mut store = match known {
                Some(store) => store,
                None => place.open_to_read().map_err(|error| Refusal::from(&error))?,
            };
            let done = work(&mut *store).map_err(Into::into);
            // A connection may be the reason for an error: a store that was moved, a machine that was suspended.
            if done.as_ref().err().is_none_or(|refusal: &Refusal| !refusal.is_fault()) {
                lock(&idle).push(store);
            }
            done
        };
        spawn_blocking(read).await.unwrap_or_else(|_| Err(Refusal::broken()))
    }

    /// Commits what waits and takes no more. Blocks until that is done.
    pub(crate) fn close(&self) {
        self.line.close();
        if let Some(writer) = lock(&self.writer).take() {
            // A panic there has been answered for.
            drop(writer.join());
        }
    }
}

/// Does the jobs of a group and answers them when they are durable, or have failed together.
fn commit(store: &mut dyn Store, mut group: Vec<Box<dyn Job>>) {
    let committed = store.group(&mut |store| {
        for job in &mut group {
            // A panic costs its own operation only.
            drop(catch_unwind(AssertUnwindSafe(|| job.work(store))));
        }
    });
    for job in group {
        job.answer(committed.as_ref().copied());
    }
}

/// What waits for the writer.
#[derive(Default)]
struct Line {
    waiting: Mutex<Waiting>,
    news: Condvar,
}

#[derive(Default)]
struct Waiting {
    first: VecDeque<Box<dyn Job>>,
    later: VecDeque<Box<dyn Job>>,
    is_closed: bool,
}

impl Line {
    fn join(&self, urgency: Urgency, job: Box<dyn Job>) -> Result<(), Refusal> {
        let mut waiting = lock(&self.waiting);
        if waiting.is_closed {
            return Err(Refusal::unavailable("the server is shutting down"));
        }
        if waiting.len() >= WAITING {
            return Err(Refusal::unavailable("the server is busy: too many operations wait"));
        }
        match urgency {
            Urgency::First => waiting.first.push_back(job),
            Urgency::Later => waiting.later.push_back(job),
        }
        self.news.notify_one();
        Ok(())
    }

    /// The next group; `None` if nothing waits and nothing will.
    fn next(&self) -> Option<Vec<Box<dyn Job>>> {
        let waiting = lock(&self.waiting);
        let nothing = |waiting: &mut Waiting| waiting.len() == 0 && !waiting.is_closed;
        let waiting = self.news.wait_while(waiting, nothing).unwrap_or_else(PoisonError::into_inner);
        let few = |waiting: &mut Waiting| waiting.len() < GROUP && !waiting.is_closed;
        let full = self.news.wait_timeout_while(waiting, MOMENT, few);
        let (mut waiting, _) = full.unwrap_or_else(PoisonError::into_inner);
        Some(waiting.group()).filter(|group| !group.is_empty())
    }

    fn close(&self) {
        lock(&self.waiting).is_closed = true;
        self.news.notify_one();
    }
}

impl Waiting {
    fn len(&self) -> usize {
        self.first.len() + self.later.len()
    }

    fn group(&mut self) -> Vec<Box<dyn Job>> {
        let first = self.first.len().min(GROUP - self.later.len().min(OTHERS));
        let later = self.later.len().min(GROUP - first);
        self.first.drain(..first).chain(self.later.drain(..later)).collect()
    }
}

//! Who wants to know that something has changed: one reader for all that watch a sweep.
//!
//! A thread looks at the watched sweeps after each commit of this server, and often enough to notice the commits of other
//! processes. It reads a number per sweep; what has changed is read by those who are called.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use besom_engine::Place;
use besom_store::{Store, StoreError, SweepId};
use tokio::sync::watch;

use crate::lock::lock;

/// How often the commits of others are looked for. People see no delay; a look costs a query.
const PACE: Duration = Duration::from_millis(100);

/// What is known of a watched sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It has not been looked at yet.
    Unknown,
    /// It has changes up to this cursor.
    At(u64),
    /// It was removed.
    Gone,
    /// The server is shutting down: nothing more will be seen.
    Ended,
}

/// The watched sweeps. A clone is the same hub.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    watched: BTreeMap<SweepId, watch::Sender<Seen>>,
    is_rung: bool,
    is_closed: bool,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

impl Hub {
    /// A hub whose thread opens the store when the first sweep is watched.
    pub(crate) fn start(place: Place) -> std::io::Result<Self> {
        let hub = Self(Arc::new(Inner { state: Mutex::default(), bell: Condvar::new() }));
        let inner = Arc::clone(&hub.0);
        thread::Builder::new().name("besom-hub".into()).spawn(move || inner.look_on(&place))?;
        Ok(hub)
    }

    /// Watches a sweep from now on.
    pub(crate) fn watch(&self, id: &SweepId) -> Watch {
        let mut state = lock(&self.0.state);
        if state.is_closed {
            return Watch(watch::Sender::new(Seen::Ended).subscribe());
        }
        let sender = state.watched.entry(id.clone()).or_insert_with(|| watch::Sender::new(Seen::Unknown));
        let watch = Watch(sender.subscribe());
        drop(state);
        self.ring();
        watch
    }

    /// Has the thread look now: something was committed.
    pub(crate) fn ring(&self) {
        lock(&self.0.state).is_rung = true;
        self.0.bell.notify_one();
    }

    /// Ends all watching.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.0.state);
        state.is_closed = true;
        for sender in std::mem::take(&mut state.watched).into_values() {
            sender.send_replace(Seen::Ended);
        }
        self.0.bell.notify_one();
    }
}

/// One who watches a sweep.
#[derive(Debug)]
pub(crate) struct Watch(watch::Receiver<Seen>);

impl Watch {
    /// What is known when something has changed since the last call, or since the watch began. Nothing follows an end.
    pub(crate) async fn changed(&mut self) -> Seen {
        while self.0.changed().await.is_ok() {
            match *self.0.borrow_and_update() {
                Seen::Unknown => {}
                seen => return seen,
            }
        }
        Seen::Ended
    }
}

impl Inner {
    /// Looks at what is watched until the hub is closed.
    fn look_on(&self, place: &Place) {
        let mut store = None;
        while self.wait() {
            let watched: Vec<_> = {
                let mut state = lock(&self.state);
                state.watched.retain(|_, sender| sender.receiver_count() > 0);
                state.watched.iter().map(|(id, sender)| (id.clone(), *sender.borrow())).collect()
            };
            if watched.is_empty() {
                // Nobody watches: the connection need not be held.
                store = None;
                continue;
            }
            if store.is_none() {
                // A store that cannot be opened now is looked at again; whoever reads it learns why.
                store = place.open_to_read().ok();
            }
            let Some(open) = store.as_deref_mut() else { continue };
            if watched.iter().any(|(id, seen)| self.look(open, id, *seen).is_err()) {
                store = None;
            }
        }
    }

    /// Waits for the bell, or for a while if anything is watched; whether to look.
    fn wait(&self) -> bool {
        let quiet = |state: &mut State| !state.is_rung && !state.is_closed;
        let mut state = lock(&self.state);
        if state.watched.is_empty() {
            state = self.bell.wait_while(state, quiet).unwrap_or_else(PoisonError::into_inner);
        } else {
            let waited = self.bell.wait_timeout_while(state, PACE, quiet);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.is_rung = false;
        !state.is_closed
    }

    fn look(&self, store: &mut dyn Store, id: &SweepId, seen: Seen) -> Result<(), StoreError> {
        let since = if let Seen::At(cursor) = seen { cursor } else { 0 };
        let now = match store.wait(id, since, Duration::ZERO) {
            Ok(cursor) => Seen::At(cursor),
            Err(StoreError::NoSweep { .. }) => Seen::Gone,
            Err(error) => return Err(error),
        };
        let mut state = lock(&self.state);
        if let Some(sender) = state.watched.get(id) {
            sender.send_if_modified(|seen| std::mem::replace(seen, now) != now);
        }
        if now == Seen::Gone {
            state.watched.remove(id);
        }
        Ok(())
    }
}

//! Whether something of a sweep has changed, for those who show it or look after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use besom_store::{Store, SweepId};

use crate::{EngineError, Place};

/// How long one request waits for a change.
const WAIT: Duration = Duration::from_secs(25);
/// The least time between two requests: what changes all the time is looked at twice a second.
const PACE: Duration = Duration::from_millis(500);
/// The same where there was no change yet, or the store fails.
const SLOW_PACE: Duration = Duration::from_secs(5);

/// Says whether something of a sweep may have changed. On this machine a look at the store costs little, so it always may have; behind
/// a server, where hundreds of idle agents would ask again and again, a thread waits for changes. Each clone says it once.
#[derive(Debug)]
pub struct News {
    bell: Option<Arc<Bell>>,
    heard: AtomicU64,
}

/// A clone has heard nothing yet.
impl Clone for News {
    fn clone(&self) -> Self {
        Self { bell: self.bell.clone(), heard: AtomicU64::new(0) }
    }
}

#[derive(Debug, Default)]
struct Bell {
    rung: AtomicU64,
    /// Whether the store does not say any more what changes.
    is_broken: AtomicBool,
}

impl News {
    /// The news of a sweep at this place. The thread, if one is needed, ends within half a minute after all clones are gone.
    ///
    /// # Errors
    /// If the store cannot be opened.
    pub fn of(place: &Place, id: &SweepId) -> Result<Self, EngineError> {
        let bell = match place.is_elsewhere() {
            true => Some(listen(place.open()?, id.clone())),
            false => None,
        };
        Ok(Self { bell, heard: AtomicU64::new(0) })
    }

    /// Says again what was said last, to somebody who could not look: the next [`Self::may_have_changed`] is true.
    pub fn look_again(&self) {
        // Below what any bell was ever rung.
        self.heard.store(0, Ordering::SeqCst);
    }

    /// Whether something may have changed since this was asked last; true the first time.
    pub fn may_have_changed(&self) -> bool {
        let Some(bell) = &self.bell else { return true };
        let rung = bell.rung.load(Ordering::SeqCst);
        bell.is_broken.load(Ordering::SeqCst) || self.heard.swap(rung, Ordering::SeqCst) != rung
    }
}

fn listen(mut store: Box<dyn Store>, id: SweepId) -> Arc<Bell> {
    let bell = Arc::new(Bell { rung: AtomicU64::new(1), ..Bell::default() });
    let weak = Arc::downgrade(&bell);
    thread::spawn(move || {
        let mut cursor = 0;
        loop {
            let now = store.wait(&id, cursor, WAIT);
            let Some(bell) = weak.upgrade() else { return };
            match now {
                Ok(now) if now == cursor => {}
                Ok(now) => {
                    cursor = now;
                    bell.rung.fetch_add(1, Ordering::SeqCst);
                }
                // Nothing is known while it lasts, and all is asked anew afterward.
                Err(error) if error.is_transient() => cursor = 0,
                Err(_) => return bell.is_broken.store(true, Ordering::SeqCst),
            }
            drop(bell);
            // A wait from the very beginning waits for nothing.
            thread::sleep(if cursor == 0 { SLOW_PACE } else { PACE });
        }
    });
    bell
}

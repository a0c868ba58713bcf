//! How much memory bodies of requests may take, all of them together.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::refusal::Refusal;

/// The bytes of all bodies that are read, or are being answered. A thousand connections could send eight megabytes each.
const BYTES: usize = 256 << 20;

/// Room for bodies. A clone is the same room.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self::of(BYTES)
    }
}

impl Room {
    pub(super) fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes)))
    }

    /// A share of it, empty at first.
    pub(super) fn share(&self) -> Share {
        Share { room: self.clone(), held: None }
    }
}

/// What one request takes of the room, until it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    room: Room,
    held: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// Takes this many bytes more.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Refusal> {
        let full = || Refusal::unavailable("the server is busy: requests with much data are being answered");
        let more = u32::try_from(bytes).ok();
        let more = more.and_then(|bytes| Arc::clone(&self.room.0).try_acquire_many_owned(bytes).ok());
        let more = more.ok_or_else(full)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }

    /// Gives back what is more than this.
    pub(super) fn keep(&mut self, bytes: usize) {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if let Some(permit) = &mut self.held {
            drop(permit.split(held.saturating_sub(bytes)));
        }
    }
}

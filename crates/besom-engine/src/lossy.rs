//! A store whose replies to agents are sometimes lost, as if the connection to it broke. For tests of tests.

use std::fmt;

use besom_store::{Queue, Store, StoreError, forward_queue};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How many replies there are for each one that is lost.
const REPLIES_PER_LOSS: u32 = 4;

/// Does what is asked, always; but the answer to an agent that claims, reports or finishes may be an error.
pub struct Lossy {
    store: Box<dyn Store>,
    chance: ChaCha8Rng,
}

impl Lossy {
    /// Which replies are lost is a function of `seed` and of how many there were before.
    pub fn new(store: Box<dyn Store>, seed: u64) -> Self {
        Self { store, chance: ChaCha8Rng::seed_from_u64(seed) }
    }

    fn answer<T>(&mut self, reply: T) -> Result<T, StoreError> {
        match self.chance.random_ratio(1, REPLIES_PER_LOSS) {
            true => Err(StoreError::transient("the reply was lost")),
            false => Ok(reply),
        }
    }
}

impl fmt::Debug for Lossy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lossy").finish_non_exhaustive()
    }
}

impl Queue for Lossy {
    forward_queue!(
        [claim, report, finish] | self,
        call | {
            let reply = call(&mut self.store)?;
            self.answer(reply)
        }
    );
    forward_queue!(
        [describe, print, resume, join, idle, leave, held, running, give_up, give_back, quarantine, wait]
            | self,
        call | call(&mut self.store)
    );
}

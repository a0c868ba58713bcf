//! Waiting until others have written.
//!
//! The newest change is asked for in short steps, which grow, so that an answer to something that happens at once is quick, and a long
//! wait costs little. `LISTEN` would save the questions, but whoever notifies takes a lock that all notifiers of a database share.

use std::thread;
use std::time::{Duration, Instant};

use besom_store::{StoreError, SweepId};

use crate::PostgresStore;

const FIRST_STEP: Duration = Duration::from_millis(10);
const LAST_STEP: Duration = Duration::from_millis(250);

/// A wait without an end ends after this time.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl PostgresStore {
    pub(crate) fn wait_after(
        &mut self,
        id: &SweepId,
        since: u64,
        at_most: Duration,
    ) -> Result<u64, StoreError> {
        // In a group nobody else can write.
        let at_most = if self.group.is_some() { Duration::ZERO } else { at_most.min(A_DAY) };
        let until = Instant::now() + at_most;
        let mut step = FIRST_STEP;
        loop {
            let horizon = self.read(|tx| {
                let sweep = tx.sweep(id)?.key;
                tx.horizon(sweep)
            })?;
            let news = horizon.news(since);
            if news > since || Instant::now() >= until {
                return Ok(news);
            }
            thread::sleep(step.min(until.saturating_duration_since(Instant::now())));
            step = (step * 2).min(LAST_STEP);
        }
    }
}

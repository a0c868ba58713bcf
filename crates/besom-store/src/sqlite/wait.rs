//! Waiting until others have written.
//!
//! SQLite has no word for "tell me": it counts the commits of others, which costs a look at the index of the log. That is asked
//! in short steps, which grow, so that an answer to something that happens at once is quick, and a long wait costs little.

use std::thread;
use std::time::{Duration, Instant};

use super::SqliteStore;
use super::fault::Fault;
use crate::{StoreError, SweepId};

const FIRST_STEP: Duration = Duration::from_millis(5);
const LAST_STEP: Duration = Duration::from_millis(100);

/// A wait without an end ends after this time.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl SqliteStore {
    pub(super) fn wait_after(
        &mut self,
        sweep: &SweepId,
        since: u64,
        at_most: Duration,
    ) -> Result<u64, StoreError> {
        // In a group nobody else can write.
        let at_most = if self.grouped { Duration::ZERO } else { at_most.min(A_DAY) };
        let until = Instant::now() + at_most;
        let mut step = FIRST_STEP;
        loop {
            // Before the cursor, so that a commit between the two is seen as the next one.
            let version = self.data_version()?;
            let cursor = self.read(|tx| Ok(tx.sweep(sweep)?.change))?;
            if cursor > since || Instant::now() >= until {
                return Ok(cursor);
            }
            while Instant::now() < until && self.data_version()? == version {
                thread::sleep(step.min(until.saturating_duration_since(Instant::now())));
                step = (step * 2).min(LAST_STEP);
            }
        }
    }

    /// A number that is another one after a commit of another connection.
    fn data_version(&self) -> Result<i64, StoreError> {
        let ask = || self.conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0));
        ask().map_err(|error| Fault::from(error).into())
    }
}

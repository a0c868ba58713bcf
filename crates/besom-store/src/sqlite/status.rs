//! A sweep at a glance, from what is maintained: nothing here reads all runs.

use besom_core::{RunNumber, RunState};
use rusqlite::{OptionalExtension, params};

use super::Tx;
use super::fault::Outcome;
use super::sweeps::Sweep;
use crate::Status;

impl Tx<'_> {
    /// A sweep at a glance.
    pub(super) fn status(&self, sweep: &Sweep) -> Outcome<Status> {
        let counts = RunState::ALL
            .into_iter()
            .map(|state| Ok((state, self.tally(sweep, state.as_str())?)))
            .collect::<Outcome<_>>()?;
        let best = self
            .sql(
                "SELECT number, loss FROM runs WHERE sweep = ?1 AND loss IS NOT NULL
                 AND state NOT IN ('pending', 'preempted') ORDER BY loss, number LIMIT 1",
            )?
            .query_row([sweep.key], |row| Ok((row.get::<_, u64>(0)?, row.get::<_, f64>(1)?)))
            .optional()?
            .and_then(|(number, loss)| {
                Some((RunNumber::new(number)?, sweep.record.goal().to_loss(loss) + 0.0))
            });
        let agents = self
            .sql("SELECT count(*) FROM agents WHERE sweep = ?1 AND gone = 0 AND max(?2 - seen_ms, 0) <= silence_ms")?
            .query_row(params![sweep.key, super::bounded(self.now)], |row| row.get(0))?;
        let mean_run_ms = self
            .sql(
                "SELECT avg(took) FROM (SELECT max(ended_ms - started_ms, 0) AS took FROM runs
                 WHERE sweep = ?1 AND ended_ms IS NOT NULL AND started_ms IS NOT NULL
                 ORDER BY ended_ms DESC LIMIT 100)",
            )?
            .query_row([sweep.key], |row| row.get(0))?;
        Ok(Status { counts, stopped: self.tally(sweep, "stopped")?, best, agents, mean_run_ms })
    }

    /// How many runs are counted under this name.
    pub(super) fn tally(&self, sweep: &Sweep, what: &str) -> Outcome<u64> {
        Ok(self
            .sql("SELECT runs FROM tallies WHERE sweep = ?1 AND what = ?2")?
            .query_row(params![sweep.key, what], |row| row.get(0))?)
    }
}

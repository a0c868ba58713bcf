//! A sweep at a glance, from what is maintained: nothing here reads all runs.

use besom_core::{Best, RunNumber, RunState};
use rusqlite::params;

use super::Tx;
use super::columns::text;
use super::fault::{Outcome, damaged};
use super::runs::state;
use super::sweeps::Sweep;
use crate::Status;

/// The value of `runs.rank` of the runs that can be the best.
const CAN_BE_BEST: u32 = 0;

/// The value of `runs.rank` of the runs that ended otherwise.
const UNCOUNTED: u32 = 1;

impl Tx<'_> {
    /// A sweep at a glance.
    pub(super) fn status(&self, sweep: &Sweep) -> Outcome<Status> {
        let counts = RunState::ALL
            .into_iter()
            .map(|state| Ok((state, self.tally(sweep, state.as_str())?)))
            .collect::<Outcome<_>>()?;
        let best = self.first(sweep, CAN_BE_BEST)?;
        let loss = |best: &Best| sweep.record.goal().to_loss(best.value);
        let better_uncounted = self
            .first(sweep, UNCOUNTED)?
            .filter(|uncounted| best.is_none_or(|best| loss(uncounted) < loss(&best)));
        let agents = self
            .sql("SELECT count(*) FROM agents WHERE sweep = ?1 AND gone = 0 AND max(?2 - seen_ms, 0) <= heartbeat_timeout_ms")?
            .query_row(params![sweep.key, super::bounded(self.now)], |row| row.get(0))?;
        let mean_run_ms = self
            .sql(
                "SELECT avg(took) FROM (SELECT max(ended_ms - started_ms, 0) AS took FROM runs
                 WHERE sweep = ?1 AND ended_ms IS NOT NULL AND started_ms IS NOT NULL
                 ORDER BY ended_ms DESC LIMIT 100)",
            )?
            .query_row([sweep.key], |row| row.get(0))?;
        let stopped = self.tally(sweep, "stopped")?;
        Ok(Status { counts, stopped, best, better_uncounted, agents, mean_run_ms })
    }

    /// The first run of a rank.
    fn first(&self, sweep: &Sweep, rank: u32) -> Outcome<Option<Best>> {
        let mut statement = self.sql(
            "SELECT number, state, loss FROM runs WHERE sweep = ?1 AND rank = ?2 ORDER BY loss, number LIMIT 1",
        )?;
        let mut rows = statement.query(params![sweep.key, rank])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let number = row.get("number")?;
        let run = RunNumber::new(number).ok_or_else(|| damaged("the number of a run", number))?;
        let value = sweep.record.goal().to_loss(row.get("loss")?) + 0.0;
        Ok(Some(Best::new(run, state(text(row, "state")?)?, value)))
    }

    /// How many runs are in a state, or `stopped`.
    pub(super) fn tally(&self, sweep: &Sweep, what: &str) -> Outcome<u64> {
        Ok(self
            .sql("SELECT runs FROM tallies WHERE sweep = ?1 AND what = ?2")?
            .query_row(params![sweep.key, what], |row| row.get(0))?)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;

    use crate::SqliteStore;

    /// How SQLite finds what a query asks for.
    fn plan(query: &str) -> String {
        let store = SqliteStore::in_memory(Arc::new(|| 0)).unwrap();
        let mut statement = store.conn.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let lines = statement.query_map([], |row| row.get::<_, String>("detail")).unwrap();
        lines.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn the_best_runs_are_found_by_an_index_without_sorting() {
        let status =
            plan("SELECT number FROM runs WHERE sweep = 1 AND rank = 0 ORDER BY loss, number LIMIT 1");
        assert_eq!(status, "SEARCH runs USING COVERING INDEX runs_rank (sweep=? AND rank=?)");
        let listing = plan("SELECT state FROM runs r WHERE sweep = 1 ORDER BY r.rank, r.loss, r.number");
        assert_eq!(listing, "SEARCH r USING INDEX runs_rank (sweep=?)");
    }
}

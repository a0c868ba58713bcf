//! A sweep at a glance.

use std::collections::BTreeMap;

use besom_core::{Best, RunState};
use besom_store::Status;

use crate::columns::{bounded, number, value};
use crate::fault::Outcome;
use crate::runs::{run_number, state};
use crate::sweeps::Sweep;
use crate::tx::Tx;

/// The value of `runs.rank` of the runs that can be the best.
const CAN_BE_BEST: i64 = 0;

/// The value of `runs.rank` of the runs that ended otherwise.
const UNCOUNTED: i64 = 1;

impl Tx<'_> {
    /// A sweep at a glance. Runs are counted: a counter would be a row that everybody writes.
    pub(crate) fn status(&mut self, sweep: &Sweep) -> Outcome<Status> {
        let rows = self.query(
            "SELECT state, count(*), count(*) FILTER (WHERE state = 'finished' AND stop_kind = 'early')
             FROM runs WHERE sweep = $1 GROUP BY state",
            &[&sweep.key],
        )?;
        let (mut counts, mut stopped) = (BTreeMap::new(), 0);
        for row in &rows {
            counts.insert(value::<&str>(row, 0)?, number(row, 1)?);
            stopped += number(row, 2)?;
        }
        let mut status = Status::default();
        status.counts = RunState::ALL
            .map(|state| (state, counts.get(state.as_str()).copied().unwrap_or_default()))
            .to_vec();
        status.stopped = stopped;
        let best = self.first(sweep, CAN_BE_BEST)?;
        let loss = |best: &Best| sweep.record.goal().to_loss(best.value);
        status.better_uncounted = self
            .first(sweep, UNCOUNTED)?
            .filter(|uncounted| best.is_none_or(|best| loss(uncounted) < loss(&best)));
        status.best = best;
        let row = self.query_one(
            "SELECT (SELECT count(*) FROM agents
                WHERE sweep = $1 AND NOT gone AND greatest($2 - seen_ms, 0) <= heartbeat_timeout_ms),
              (SELECT avg(took::float8) FROM (SELECT greatest(ended_ms - started_ms, 0) AS took FROM runs
                WHERE sweep = $1 AND ended_ms IS NOT NULL AND started_ms IS NOT NULL
                ORDER BY ended_ms DESC LIMIT 100) newest)",
            &[&sweep.key, &bounded(self.now)],
        )?;
        status.agents = number(&row, 0)?;
        status.mean_run_ms = value(&row, 1)?;
        Ok(status)
    }

    /// The first run of a rank.
    fn first(&mut self, sweep: &Sweep, rank: i64) -> Outcome<Option<Best>> {
        let row = self.query_opt(
            "SELECT number, state, loss FROM runs WHERE sweep = $1 AND rank = $2 ORDER BY loss, number LIMIT 1",
            &[&sweep.key, &rank],
        )?;
        let Some(row) = row else { return Ok(None) };
        let value = sweep.record.goal().to_loss(value(&row, 2)?) + 0.0;
        Ok(Some(Best::new(
            run_number(crate::columns::value(&row, 0)?)?,
            state(crate::columns::value(&row, 1)?)?,
            value,
        )))
    }
}

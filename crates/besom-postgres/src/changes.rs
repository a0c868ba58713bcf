//! What has changed since a cursor, for keeping a history up to date.

use besom_store::rules::RunRecord;
use besom_store::{Changes, CurvePart, RunChange, StopKind};

use crate::columns::{bounded, number, size, value};
use crate::curves::pull;
use crate::fault::Outcome;
use crate::runs::{Run, RunColumn, point_and_note, run};
use crate::sweeps::Sweep;
use crate::tx::{Lock, PLACE_BITS, Tx};

/// The largest number of a change of a sweep.
const LATEST: &str = "coalesce(greatest((SELECT max(seq) FROM events WHERE sweep = $1), (SELECT max(change) FROM runs WHERE sweep = $1)), 0)";

/// How far the changes of a sweep can be seen, by the transactions that still run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Horizon {
    /// The largest number of a change that can be seen.
    latest: u64,
    /// The number up to which nothing can be added any more.
    certain: u64,
    /// How many transactions have ended that are younger than the oldest one that runs.
    ended: u64,
}

impl Horizon {
    /// The cursor: see [`Tx::cursor`].
    pub(crate) fn cursor(&self) -> u64 {
        self.latest.min(self.certain)
    }

    /// A number that grows with each change that can be seen anew, for one who waited at `since`. Where a transaction that stays open
    /// holds the cursor back, changes above it do not move it. Each of them has come with the end of a transaction; those are counted,
    /// in the gap that the open one leaves below the next cursor.
    pub(crate) fn news(&self, since: u64) -> u64 {
        let cursor = self.cursor();
        if cursor == self.latest {
            return cursor;
        }
        // The next cursor is not below this.
        let room = (1 << PLACE_BITS) - 1;
        if self.ended < room { cursor + self.ended } else { (cursor + room).max(since + 1).min(self.latest) }
    }
}

impl Tx<'_> {
    /// The largest number of a change of a sweep that can be seen.
    pub(crate) fn latest(&mut self, sweep: i64) -> Outcome<u64> {
        let row = self.query_one(&format!("SELECT {LATEST}"), &[&sweep])?;
        number(&row, 0)
    }

    /// The cursor up to which nothing of a sweep can be added any more: its latest change, but nothing of a transaction that is not
    /// older than all that still run. Whatever they make will have larger numbers.
    pub(crate) fn cursor(&mut self, sweep: i64) -> Outcome<u64> {
        Ok(self.horizon(sweep)?.cursor())
    }

    /// How far the changes of a sweep can be seen.
    pub(crate) fn horizon(&mut self, sweep: i64) -> Outcome<Horizon> {
        let sql = format!(
            "SELECT {LATEST}, pg_snapshot_xmin(now)::text::bigint, pg_snapshot_xmax(now)::text::bigint,
               (SELECT count(*) FROM pg_snapshot_xip(now)) FROM pg_current_snapshot() now"
        );
        let row = self.query_one(&sql, &[&sweep])?;
        let latest = number(&row, 0)?;
        if self.lock_of(sweep) == Some(Lock::Exclusive) {
            // Nobody else is at work on it.
            return Ok(Horizon { latest, certain: u64::MAX, ended: 0 });
        }
        let (oldest, next) = (number(&row, 1)?, number(&row, 2)?);
        let ended = next.saturating_sub(oldest).saturating_sub(number(&row, 3)?);
        Ok(Horizon { latest, certain: ((oldest + self.offset) << PLACE_BITS) - 1, ended })
    }

    /// Everything that changed after `since`.
    pub(crate) fn changes(&mut self, sweep: &Sweep, since: u64) -> Outcome<Changes> {
        let upto = self.cursor(sweep.key)?;
        // Over everything, the order of the numbers is the cheaper way; over news, the index of changes.
        let condition = if since == 0 { "$2 = 0" } else { "r.change > $2" };
        let sql = format!(
            "SELECT {}, CASE WHEN r.added > $2 THEN p.point END, CASE WHEN r.added > $2 THEN p.note END
             FROM runs r JOIN points p ON p.run = r.key WHERE r.sweep = $1 AND {condition} ORDER BY r.number",
            RunColumn::SQL
        );
        let mut runs = Vec::new();
        for row in self.query(&sql, &[&sweep.key, &bounded(since)])? {
            let run = run(&row)?;
            let added = if run.added > since { Some(point_and_note(&row)?) } else { None };
            let curves = self.curve_parts(sweep, &run, since)?;
            let RunRecord { number, state, stop, failure, rows, kept, .. } = run.record;
            let mut change = RunChange::new(number, state);
            change.added = added;
            change.stopped = stop.filter(|stop| stop.kind == StopKind::Early).map(|stop| stop.reason);
            change.failure = failure;
            change.rows = kept + rows;
            change.curves = curves;
            runs.push(change);
        }
        let held_back = self.held_back(sweep)?;
        let changes = Changes::new(upto, sweep.record.state, runs);
        Ok(changes.run_cap(sweep.record.run_cap).held_back(held_back))
    }

    fn curve_parts(&mut self, sweep: &Sweep, run: &Run, since: u64) -> Outcome<Vec<CurvePart>> {
        let anew = run.attempted > since;
        // Also of a run that was added after `since`: what is above a cursor is given more than once.
        let outdated = anew && run.record.attempt > 1;
        let mut parts = Vec::new();
        if run.record.rows == 0 && !anew || run.record.attempt == 0 {
            return Ok(parts);
        }
        for metric in 0..sweep.record.metrics.len() {
            let part = self.curve_part(run, metric, if anew { 0 } else { since })?;
            // A new attempt without values must still cut away those of the one before.
            if !part.values.is_empty() || outdated {
                parts.push(part);
            }
        }
        Ok(parts)
    }

    /// The part of a curve that is new after `since`, with what earlier attempts have kept before it.
    fn curve_part(&mut self, run: &Run, metric: usize, since: u64) -> Outcome<CurvePart> {
        let mut part = self.newest_part(run, metric, since)?;
        if since == 0 {
            part.values.splice(..0, self.kept_curve(run, metric)?);
        } else if run.record.kept > 0 {
            part.from += self.kept_length(run, metric)?;
        }
        Ok(part)
    }

    /// The segments of the newest attempt that grew after `since`: the last ones, because curves grow at their end.
    fn newest_part(&mut self, run: &Run, metric: usize, since: u64) -> Outcome<CurvePart> {
        let rows = self.query(
            "SELECT start, vals FROM curves WHERE run = $1 AND attempt = $2 AND metric = $3 AND change > $4 ORDER BY start",
            &[&run.key, &bounded(run.record.attempt), &size(metric), &bounded(since)],
        )?;
        let mut values = Vec::new();
        for row in &rows {
            pull(&mut values, value(row, 1)?)?;
        }
        let from = rows.first().map_or(Ok(0), |row| number(row, 0))?;
        Ok(CurvePart::new(metric, usize::try_from(from).unwrap_or(usize::MAX), values))
    }
}

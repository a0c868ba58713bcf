//! What has changed since a cursor, for keeping a history up to date.

use rusqlite::params;

use super::curves::{blob, pull};
use super::fault::Outcome;
use super::runs::{Run, RunColumn, point_and_note, run};
use super::sweeps::Sweep;
use super::{Tx, bounded};
use crate::rules::RunRecord;
use crate::{Changes, CurvePart, RunChange, StopKind};

impl Tx<'_> {
    /// Everything that changed after `since`.
    pub(super) fn changes(&self, sweep: &Sweep, since: u64) -> Outcome<Changes> {
        // Over everything, the order of the numbers is the cheaper way; over news, the index of changes.
        let condition = if since == 0 { "?2 = 0" } else { "r.change > ?2" };
        let columns = RunColumn::SQL;
        let mut statement = self.sql(&format!(
            "SELECT {columns}, iif(r.added > ?2, p.point, NULL), iif(r.added > ?2, p.note, NULL)
             FROM runs r JOIN points p ON p.run = r.key WHERE r.sweep = ?1 AND {condition} ORDER BY r.number"
        ))?;
        let mut rows = statement.query(params![sweep.key, bounded(since)])?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next()? {
            let run = run(row)?;
            let added = if run.added > since { Some(point_and_note(row)?) } else { None };
            let curves = self.curve_parts(sweep, &run, since)?;
            let RunRecord { number, state, stop, failure, rows, kept, .. } = run.record;
            let stopped = stop.filter(|stop| stop.kind == StopKind::Early).map(|stop| stop.reason);
            runs.push(RunChange { number, added, state, stopped, failure, rows: kept + rows, curves });
        }
        let held_back = self.held_back(sweep)?;
        Ok(Changes {
            upto: sweep.change,
            state: sweep.record.state,
            run_cap: sweep.record.run_cap,
            runs,
            held_back,
        })
    }

    fn curve_parts(&self, sweep: &Sweep, run: &Run, since: u64) -> Outcome<Vec<CurvePart>> {
        let anew = run.attempted > since;
        let outdated = anew && run.record.attempt > 1 && run.added <= since;
        let mut parts = Vec::new();
        if run.record.rows == 0 && !anew {
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
    fn curve_part(&self, run: &Run, metric: usize, since: u64) -> Outcome<CurvePart> {
        let mut part = self.newest_part(run, metric, since)?;
        if since == 0 {
            part.values.splice(..0, self.kept_curve(run, metric)?);
        } else if run.record.kept > 0 {
            part.from += self.kept_length(run, metric)?;
        }
        Ok(part)
    }

    /// The segments of the newest attempt that grew after `since`: the last ones, because curves grow at their end.
    fn newest_part(&self, run: &Run, metric: usize, since: u64) -> Outcome<CurvePart> {
        let mut statement = self.sql(
            "SELECT start, change, vals FROM curves WHERE run = ?1 AND attempt = ?2 AND metric = ?3
             ORDER BY start DESC",
        )?;
        let mut rows = statement.query(params![run.key, run.record.attempt, metric])?;
        let mut segments: Vec<(usize, Vec<f64>)> = Vec::new();
        while let Some(row) = rows.next()? {
            if row.get::<_, u64>(1)? <= since {
                break;
            }
            let mut values = Vec::new();
            pull(&mut values, blob(row, 2)?)?;
            segments.push((row.get(0)?, values));
        }
        let from = segments.last().map_or(0, |&(start, _)| start);
        let mut values = Vec::new();
        for (_, segment) in segments.into_iter().rev() {
            values.extend(segment);
        }
        Ok(CurvePart { metric, from, values })
    }
}

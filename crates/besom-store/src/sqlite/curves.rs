//! Curves of watched metrics: their values apart from the rows, so that drawing and ranking parse no JSON.
//!
//! A curve is cut into segments of some hundred values. Segments know the change that made them grow last, which is
//! how [`super::changes`] finds the new part of a curve without reading the old one.

use besom_core::{RunNumber, logged_value};
use rusqlite::{OptionalExtension, params};
use serde_json::Value;

use super::fault::{Fault, Outcome, damaged};
use super::runs::Run;
use super::sweeps::Sweep;
use super::{Tx, bounded};
use crate::buckets::Buckets;
use crate::{Bucket, Row};

/// How many values small reports are put together up to: a kilobyte, of which a page of the file holds three, and which is
/// rewritten with each row that is reported alone.
const SEGMENT: usize = 128;

/// The size of a value in bytes.
const SIZE: usize = size_of::<f64>();

impl Tx<'_> {
    /// Appends the watched values of new rows. Returns those of the first metric.
    pub(super) fn extend_curves(&self, sweep: &Sweep, run: &Run, rows: &[Row]) -> Outcome<Vec<f64>> {
        let mut first = Vec::new();
        for (metric, watched) in sweep.record.metrics.iter().enumerate() {
            let values: Vec<f64> =
                rows.iter().filter_map(|row| logged_value(&row.values, &watched.name)).map(number).collect();
            if !values.is_empty() {
                self.extend_curve(sweep, run, metric, &values)?;
            }
            if metric == 0 {
                first = values;
            }
        }
        Ok(first)
    }

    fn extend_curve(&self, sweep: &Sweep, run: &Run, metric: usize, values: &[f64]) -> Outcome<()> {
        let tail: Option<(i64, usize, usize)> = self
            .sql(
                "SELECT key, start, length(vals) / 8 FROM curves WHERE run = ?1 AND attempt = ?2 AND metric = ?3
                 ORDER BY start DESC LIMIT 1",
            )?
            .query_row(params![run.key, run.record.attempt, metric], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        if let Some((key, _, len)) = tail
            && len + values.len() <= SEGMENT
        {
            let mut bytes: Vec<u8> =
                self.sql("SELECT vals FROM curves WHERE key = ?1")?.query_row([key], |row| row.get(0))?;
            push(&mut bytes, values);
            return self.change_one(
                "UPDATE curves SET vals = ?2, change = ?3 WHERE key = ?1",
                params![key, bytes, sweep.change],
            );
        }
        let start = tail.map_or(0, |(_, start, len)| start + len);
        let mut bytes = Vec::with_capacity(values.len() * SIZE);
        push(&mut bytes, values);
        self.sql(
            "INSERT INTO curves (run, attempt, metric, start, change, vals) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![run.key, run.record.attempt, metric, start, sweep.change, bytes])?;
        Ok(())
    }

    /// The whole curve of a run.
    pub(super) fn curve(&self, sweep: &Sweep, number: RunNumber, metric: usize) -> Outcome<Vec<f64>> {
        self.whole_curve(&self.run(sweep, number)?, metric)
    }

    /// The curve of all rows that count.
    pub(super) fn whole_curve(&self, run: &Run, metric: usize) -> Outcome<Vec<f64>> {
        let mut curve = self.kept_curve(run, metric)?;
        let mut statement = self
            .sql("SELECT vals FROM curves WHERE run = ?1 AND attempt = ?2 AND metric = ?3 ORDER BY start")?;
        let mut rows = statement.query(params![run.key, run.record.attempt, bounded(metric as u64)])?;
        while let Some(row) = rows.next()? {
            pull(&mut curve, blob(row, 0)?)?;
        }
        Ok(curve)
    }

    /// A part of the whole curve in a few buckets, for which only the segments are read that it touches.
    pub(super) fn curve_view(
        &self,
        run: &Run,
        metric: usize,
        (from, to): (usize, usize),
        buckets: usize,
    ) -> Outcome<Vec<Bucket>> {
        let segments = self.segments(run, metric)?;
        let length: usize = segments.iter().map(|(_, len)| len).sum();
        let mut view = Buckets::new(from, to.min(length), buckets);
        let mut statement = self.sql("SELECT vals FROM curves WHERE key = ?1")?;
        let (mut place, mut values) = (0, Vec::new());
        for (key, len) in segments {
            if view.needs(place, len) {
                values.clear();
                let mut rows = statement.query([key])?;
                rows.next()?.map_or(Ok(()), |row| pull(&mut values, blob(row, 0)?))?;
                view.extend(place, &values);
            }
            place += len;
        }
        Ok(view.finish())
    }

    /// Keys and lengths of the segments of the whole curve, in order, without their values.
    fn segments(&self, run: &Run, metric: usize) -> Outcome<Vec<(i64, usize)>> {
        let mut statement = self.sql(
            "SELECT c.key, length(c.vals) / 8 FROM attempts a JOIN curves c ON c.run = a.run AND c.attempt = a.attempt
             WHERE a.run = ?1 AND (a.attempt = ?2 OR a.kept = 1 AND a.attempt < ?2) AND c.metric = ?3
             ORDER BY a.attempt, c.start",
        )?;
        let counted = params![run.key, run.record.attempt, bounded(metric as u64)];
        let segments = statement.query_map(counted, |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(segments.collect::<Result<_, _>>()?)
    }

    /// The curve of the earlier attempts that count.
    pub(super) fn kept_curve(&self, run: &Run, metric: usize) -> Outcome<Vec<f64>> {
        let mut curve = Vec::new();
        if run.record.kept == 0 {
            return Ok(curve);
        }
        let mut statement = self.sql(
            "SELECT c.vals FROM attempts a JOIN curves c ON c.run = a.run AND c.attempt = a.attempt
             WHERE a.run = ?1 AND a.kept = 1 AND a.attempt < ?2 AND c.metric = ?3 ORDER BY a.attempt, c.start",
        )?;
        let mut rows = statement.query(params![run.key, run.record.attempt, bounded(metric as u64)])?;
        while let Some(row) = rows.next()? {
            pull(&mut curve, blob(row, 0)?)?;
        }
        Ok(curve)
    }

    /// How many values [`Self::kept_curve`] has, without reading them.
    pub(super) fn kept_length(&self, run: &Run, metric: usize) -> Outcome<usize> {
        let mut statement = self.sql(
            "SELECT coalesce(sum(length(c.vals)), 0) / 8
             FROM attempts a JOIN curves c ON c.run = a.run AND c.attempt = a.attempt
             WHERE a.run = ?1 AND a.kept = 1 AND a.attempt < ?2 AND c.metric = ?3",
        )?;
        let kept = params![run.key, run.record.attempt, bounded(metric as u64)];
        Ok(statement.query_row(kept, |row| row.get(0))?)
    }
}

/// The value of a metric in a row, NaN if it is not a finite number.
fn number(value: &Value) -> f64 {
    value.as_f64().filter(|value| value.is_finite()).unwrap_or(f64::NAN)
}

fn push(bytes: &mut Vec<u8>, values: &[f64]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// Appends stored values.
pub(super) fn pull(values: &mut Vec<f64>, bytes: &[u8]) -> Outcome<()> {
    let (whole, rest) = bytes.as_chunks::<SIZE>();
    if !rest.is_empty() {
        return Err(damaged("the size of a part of a curve", bytes.len()));
    }
    values.extend(whole.iter().map(|value| f64::from_le_bytes(*value)));
    Ok(())
}

/// The bytes in a column.
pub(super) fn blob<'a>(row: &'a rusqlite::Row<'_>, column: usize) -> Outcome<&'a [u8]> {
    row.get_ref(column)?.as_blob().map_err(|error| Fault::from(rusqlite::Error::from(error)))
}

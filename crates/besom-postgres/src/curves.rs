//! Curves of watched metrics: their values apart from the rows, so that drawing and ranking parse no JSON.
//!
//! A curve is cut into segments of some hundred values. Segments know the change that made them grow last, which is
//! how [`crate::changes`] finds the new part of a curve without reading the old one.

use besom_core::{RunNumber, logged_value};
use besom_store::{Bucket, Buckets, Row};
use serde_json::Value;

use crate::columns::{bounded, number, size, value};
use crate::fault::{Outcome, damaged};
use crate::runs::Run;
use crate::sweeps::Sweep;
use crate::tx::Tx;

/// How many values small reports are put together up to: a kilobyte, which is rewritten with each row that is reported alone.
const SEGMENT: i64 = 128;

/// The size of a value in bytes.
const SIZE: usize = size_of::<f64>();

impl Tx<'_> {
    /// Appends the watched values of new rows. Returns those of the first metric.
    pub(crate) fn extend_curves(
        &mut self,
        sweep: &Sweep,
        run: &Run,
        rows: &[Row],
        change: i64,
    ) -> Outcome<Vec<f64>> {
        let mut first = Vec::new();
        for (metric, watched) in sweep.record.metrics.iter().enumerate() {
            let values: Vec<f64> =
                rows.iter().filter_map(|row| logged_value(&row.values, &watched.name)).map(finite).collect();
            if !values.is_empty() {
                self.extend_curve(run, metric, &values, change)?;
            }
            if metric == 0 {
                first = values;
            }
        }
        Ok(first)
    }

    fn extend_curve(&mut self, run: &Run, metric: usize, values: &[f64], change: i64) -> Outcome<()> {
        let (attempt, metric) = (bounded(run.record.attempt), size(metric));
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let tail = self.query_opt(
            "SELECT start, length(vals) / 8 FROM curves WHERE run = $1 AND attempt = $2 AND metric = $3
             ORDER BY start DESC LIMIT 1",
            &[&run.key, &attempt, &metric],
        )?;
        let tail = tail
            .map(|row| Ok::<_, crate::fault::Fault>((value(&row, 0)?, i64::from(value::<i32>(&row, 1)?))));
        let tail: Option<(i64, i64)> = tail.transpose()?;
        if let Some((start, len)) = tail
            && len + size(values.len()) <= SEGMENT
        {
            return self.change_one(
                "UPDATE curves SET vals = vals || $5, change = $6 WHERE run = $1 AND attempt = $2 AND metric = $3 AND start = $4",
                &[&run.key, &attempt, &metric, &start, &bytes, &change],
            );
        }
        let start = tail.map_or(0, |(start, len)| start + len);
        self.execute(
            "INSERT INTO curves (run, attempt, metric, start, change, vals) VALUES ($1, $2, $3, $4, $5, $6)",
            &[&run.key, &attempt, &metric, &start, &change, &bytes],
        )?;
        Ok(())
    }

    /// The whole curve of a run.
    pub(crate) fn curve(&mut self, sweep: &Sweep, number: RunNumber, metric: usize) -> Outcome<Vec<f64>> {
        let run = self.run(sweep, number)?;
        self.whole_curve(&run, metric)
    }

    /// The curve of all rows that count.
    pub(crate) fn whole_curve(&mut self, run: &Run, metric: usize) -> Outcome<Vec<f64>> {
        self.values(
            run,
            metric,
            "SELECT c.vals FROM attempts a JOIN curves c ON c.run = a.run AND c.attempt = a.attempt
             WHERE a.run = $1 AND (a.attempt = $2 OR a.kept AND a.attempt < $2) AND c.metric = $3
             ORDER BY a.attempt, c.start",
        )
    }

    /// The curve of the earlier attempts that count.
    pub(crate) fn kept_curve(&mut self, run: &Run, metric: usize) -> Outcome<Vec<f64>> {
        if run.record.kept == 0 {
            return Ok(Vec::new());
        }
        self.values(
            run,
            metric,
            "SELECT c.vals FROM attempts a JOIN curves c ON c.run = a.run AND c.attempt = a.attempt
             WHERE a.run = $1 AND a.kept AND a.attempt < $2 AND c.metric = $3 ORDER BY a.attempt, c.start",
        )
    }

    fn values(&mut self, run: &Run, metric: usize, sql: &str) -> Outcome<Vec<f64>> {
        let mut curve = Vec::new();
        for row in self.query(sql, &[&run.key, &bounded(run.record.attempt), &size(metric)])? {
            pull(&mut curve, value(&row, 0)?)?;
        }
        Ok(curve)
    }

    /// How many values [`Self::kept_curve`] has, without reading them.
    pub(crate) fn kept_length(&mut self, run: &Run, metric: usize) -> Outcome<usize> {
        let row = self.query_one(
            "SELECT (coalesce(sum(length(c.vals)), 0) / 8)::bigint
             FROM attempts a JOIN curves c ON c.run = a.run AND c.attempt = a.attempt
             WHERE a.run = $1 AND a.kept AND a.attempt < $2 AND c.metric = $3",
            &[&run.key, &bounded(run.record.attempt), &size(metric)],
        )?;
        Ok(usize::try_from(number(&row, 0)?).unwrap_or(usize::MAX))
    }

    /// A part of the whole curve in a few buckets.
    pub(crate) fn curve_view(
        &mut self,
        run: &Run,
        metric: usize,
        (from, to): (usize, usize),
        buckets: usize,
    ) -> Outcome<Vec<Bucket>> {
        let curve = self.whole_curve(run, metric)?;
        let mut view = Buckets::new(from, to.min(curve.len()), buckets);
        view.extend(0, &curve);
        Ok(view.finish())
    }
}

/// The value of a metric in a row, NaN if it is not a finite number.
fn finite(value: &Value) -> f64 {
    value.as_f64().filter(|value| value.is_finite()).unwrap_or(f64::NAN)
}

/// Appends stored values.
pub(crate) fn pull(values: &mut Vec<f64>, bytes: &[u8]) -> Outcome<()> {
    let (whole, rest) = bytes.as_chunks::<SIZE>();
    if !rest.is_empty() {
        return Err(damaged("the size of a part of a curve", bytes.len()));
    }
    values.extend(whole.iter().map(|value| f64::from_le_bytes(*value)));
    Ok(())
}

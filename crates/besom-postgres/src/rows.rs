//! Metric rows, as JSON lines with many rows in one chunk.
//!
//! A report is one chunk; small reports are put together until a chunk fills about half a page, so that a program that
//! reports row by row leaves neither a million chunks nor a row that grows without end. What is larger than two kilobytes is
//! compressed by the database.

use besom_core::RunNumber;
use besom_store::Row;

use crate::columns::{bounded, number, size, value};
use crate::events::object;
use crate::fault::{Outcome, damaged};
use crate::runs::Run;
use crate::sweeps::Sweep;
use crate::tx::Tx;

/// The size in bytes that small reports are put together up to.
const CHUNK: usize = 3500;

impl Tx<'_> {
    /// Appends rows, which follow those of the run without a gap.
    pub(crate) fn append_rows(&mut self, run: &Run, rows: &[Row]) -> Outcome<()> {
        let mut lines = String::with_capacity(rows.len() * 64);
        for row in rows {
            lines += &serde_json::to_string(&row.values).map_err(|error| damaged("a row", error))?;
            lines.push('\n');
        }
        let (attempt, count) = (bounded(run.record.attempt), size(rows.len()));
        if run.record.rows > 0 && lines.len() < CHUNK {
            let room = size(CHUNK - lines.len());
            let extended = self.execute(
                "UPDATE chunks SET rows = rows + $3, lines = lines || $4 WHERE run = $1 AND attempt = $2
                   AND first = (SELECT max(first) FROM chunks WHERE run = $1 AND attempt = $2) AND octet_length(lines) <= $5::bigint",
                &[&run.key, &attempt, &count, &lines, &room],
            )?;
            if extended == 1 {
                return Ok(());
            }
        }
        self.execute(
            "INSERT INTO chunks (run, attempt, first, rows, lines) VALUES ($1, $2, $3, $4, $5)",
            &[&run.key, &attempt, &bounded(run.record.rows + 1), &count, &lines],
        )?;
        Ok(())
    }

    /// At most `limit` rows of an attempt with a seq above `after`.
    pub(crate) fn rows(
        &mut self,
        sweep: &Sweep,
        number: RunNumber,
        attempt: Option<u64>,
        after: u64,
        limit: u64,
    ) -> Outcome<Vec<Row>> {
        let run = self.run(sweep, number)?;
        match attempt {
            None if run.record.kept > 0 => self.counted_rows(&run, after, limit),
            _ => self.rows_of(&run, attempt.unwrap_or(run.record.attempt), after, limit),
        }
    }

    /// Rows of one attempt.
    pub(crate) fn rows_of(&mut self, run: &Run, attempt: u64, after: u64, limit: u64) -> Outcome<Vec<Row>> {
        let chunks = self.query(
            "SELECT first, lines FROM chunks WHERE run = $1 AND attempt = $2 AND first + rows - 1 > $3 AND first <= $4
             ORDER BY first",
            &[&run.key, &bounded(attempt), &bounded(after), &bounded(after.saturating_add(limit))],
        )?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        for chunk in &chunks {
            let left = limit - found.len();
            found.extend(rows_in(value(chunk, 1)?, number(chunk, 0)?, after, left)?);
        }
        Ok(found)
    }

    /// The rows of all attempts that count, numbered through: at most `limit` with a number above `after`.
    pub(crate) fn counted_rows(&mut self, run: &Run, after: u64, limit: u64) -> Outcome<Vec<Row>> {
        let chunks = self.query(
            "SELECT c.rows, c.lines FROM attempts a JOIN chunks c ON c.run = a.run AND c.attempt = a.attempt
             WHERE a.run = $1 AND (a.kept OR a.attempt = $2) ORDER BY a.attempt, c.first",
            &[&run.key, &bounded(run.record.attempt)],
        )?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut found, mut first) = (Vec::new(), 1);
        for chunk in &chunks {
            let next = first + number(chunk, 0)?;
            if next > after {
                let left = limit - found.len();
                found.extend(rows_in(value(chunk, 1)?, first, after, left)?);
            }
            first = next;
        }
        Ok(found)
    }
}

/// The rows of a chunk whose first has the number `first`: at most `limit` with a number above `after`.
fn rows_in(lines: &str, first: u64, after: u64, limit: usize) -> Outcome<Vec<Row>> {
    let numbered = lines.lines().zip(first..).filter(|&(_, seq)| seq > after);
    numbered.take(limit).map(|(line, seq)| Ok(Row::new(seq, object(line)?))).collect()
}

//! Metric rows, as JSON lines with many rows in one chunk.
//!
//! A report is one chunk; small reports are put together until a chunk fills about a page, so that a program that
//! reports row by row leaves neither a million chunks nor a row that grows without end.

use std::io::Write;

use besom_core::RunNumber;
use rusqlite::{OptionalExtension, params};

use super::columns::text;
use super::events::object;
use super::fault::{Outcome, damaged};
use super::runs::Run;
use super::sweeps::Sweep;
use super::{Tx, bounded};
use crate::Row;

/// The size in bytes that small reports are put together up to: with it, the chunk stays within one page.
const CHUNK: usize = 3500;

impl Tx<'_> {
    /// Appends rows, which follow those of the run without a gap.
    pub(super) fn append_rows(&self, run: &Run, rows: &[Row]) -> Outcome<()> {
        let mut lines = Vec::with_capacity(rows.len() * 64);
        for row in rows {
            serde_json::to_writer(&mut lines, &row.values).map_err(|error| damaged("a row", error))?;
            lines.write_all(b"\n").map_err(|error| damaged("a row", error))?;
        }
        let lines = String::from_utf8(lines).map_err(|error| damaged("a row", error))?;
        if let Some(key) = self.chunk_to_extend(run, lines.len())? {
            return self.change_one(
                "UPDATE chunks SET rows = rows + ?2, lines = lines || ?3 WHERE key = ?1",
                params![key, rows.len(), lines],
            );
        }
        self.sql("INSERT INTO chunks (run, attempt, first, rows, lines) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![run.key, run.record.attempt, run.record.rows + 1, rows.len(), lines])?;
        Ok(())
    }

    /// The last chunk, if `more` bytes have room in it.
    fn chunk_to_extend(&self, run: &Run, more: usize) -> Outcome<Option<i64>> {
        if run.record.rows == 0 || more >= CHUNK {
            return Ok(None);
        }
        let last: Option<(i64, usize)> = self
            .sql(
                "SELECT key, octet_length(lines) FROM chunks WHERE run = ?1 AND attempt = ?2
                 ORDER BY first DESC LIMIT 1",
            )?
            .query_row(params![run.key, run.record.attempt], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(last.filter(|(_, size)| size + more <= CHUNK).map(|(key, _)| key))
    }

    /// At most `limit` rows of an attempt with a seq above `after`.
    pub(super) fn rows(
        &self,
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
    pub(super) fn rows_of(&self, run: &Run, attempt: u64, after: u64, limit: u64) -> Outcome<Vec<Row>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut statement = self.sql(
            "SELECT first, lines FROM chunks WHERE run = ?1 AND attempt = ?2 AND first >= coalesce(
               (SELECT max(first) FROM chunks WHERE run = ?1 AND attempt = ?2 AND first <= ?3 + 1), 0) ORDER BY first",
        )?;
        let mut chunks = statement.query(params![run.key, bounded(attempt), bounded(after)])?;
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(chunk) = chunks.next()?
        {
            let left = limit - found.len();
            found.extend(rows_in(text(chunk, "lines")?, chunk.get("first")?, after, left)?);
        }
        Ok(found)
    }

    /// The rows of all attempts that count, numbered through: at most `limit` with a number above `after`.
    pub(super) fn counted_rows(&self, run: &Run, after: u64, limit: u64) -> Outcome<Vec<Row>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut statement = self.sql(
            "SELECT c.rows, c.lines FROM attempts a JOIN chunks c ON c.run = a.run AND c.attempt = a.attempt
             WHERE a.run = ?1 AND (a.kept = 1 OR a.attempt = ?2) ORDER BY a.attempt, c.first",
        )?;
        let mut chunks = statement.query(params![run.key, run.record.attempt])?;
        let (mut found, mut first) = (Vec::new(), 1);
        while found.len() < limit
            && let Some(chunk) = chunks.next()?
        {
            let next = first + chunk.get::<_, u64>("rows")?;
            if next > after {
                let left = limit - found.len();
                found.extend(rows_in(text(chunk, "lines")?, first, after, left)?);
            }
            first = next;
        }
        Ok(found)
    }
}

/// The rows of a chunk whose first has the number `first`: at most `limit` with a number above `after`.
fn rows_in(lines: &str, first: u64, after: u64, limit: usize) -> Outcome<Vec<Row>> {
    let numbered = lines.lines().zip(first..).filter(|&(_, seq)| seq > after);
    numbered.take(limit).map(|(line, seq)| Ok(Row { seq, values: object(line)? })).collect()
}

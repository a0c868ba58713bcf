//! Output of runs, in pieces of about a page.
//!
//! A piece is extended until it fills about a page, and dropped when nothing of it is to be kept; so a program that prints
//! without end rewrites little and leaves no more than a bounded number of pieces.

use besom_core::RunNumber;
use rusqlite::{OptionalExtension, params};

use super::columns::text;
use super::fault::Outcome;
use super::runs::Run;
use super::sweeps::Sweep;
use super::{Tx, bounded};
use crate::rules::{kept, unprinted};
use crate::{Lease, Output, Reply};

/// The size in bytes that pieces are extended up to.
const PIECE: u64 = 3500;

/// Where the last piece of an output begins, and its size.
type Last = Option<(i64, u64, u64)>;

impl Tx<'_> {
    /// Stores output, also of a run that comes back by it.
    pub(super) fn print(&self, sweep: &mut Sweep, lease: &Lease, from: u64, text: &str) -> Outcome<Reply> {
        let Some(run) = self.revived(sweep, lease)? else { return Ok(Reply::Lost) };
        self.append_output(&run, from, text)?;
        Ok(run.record.reply())
    }

    /// Appends output of the newest attempt of a run.
    pub(super) fn append_output(&self, run: &Run, from: u64, text: &str) -> Outcome<()> {
        let last = self.last_piece(run)?;
        let known = last.map_or(0, |(_, start, size)| start + size);
        let (from, fresh) = unprinted(known, from, text);
        if fresh.is_empty() {
            return Ok(());
        }
        let total = from + fresh.len() as u64;
        for (from, part) in kept(from, fresh, total) {
            if !part.is_empty() {
                self.append_piece(run, last, from, part)?;
            }
        }
        self.drop_pieces(run, total)
    }

    fn last_piece(&self, run: &Run) -> Outcome<Last> {
        Ok(self
            .sql(
                "SELECT key, start, octet_length(text) FROM outputs WHERE run = ?1 AND attempt = ?2
                 ORDER BY start DESC LIMIT 1",
            )?
            .query_row(params![run.key, run.record.attempt], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?)
    }

    fn append_piece(&self, run: &Run, last: Last, from: u64, part: &str) -> Outcome<()> {
        if let Some((key, start, size)) = last
            && start + size == from
            && size + part.len() as u64 <= PIECE
        {
            return self
                .change_one("UPDATE outputs SET text = text || ?2 WHERE key = ?1", params![key, part]);
        }
        self.sql("INSERT INTO outputs (run, attempt, start, text) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![run.key, run.record.attempt, bounded(from), part])?;
        Ok(())
    }

    /// Drops the pieces of which nothing is kept.
    fn drop_pieces(&self, run: &Run, total: u64) -> Outcome<()> {
        let tail = total.saturating_sub(Output::TAIL);
        if tail > Output::HEAD {
            self.sql(
                "DELETE FROM outputs WHERE run = ?1 AND attempt = ?2 AND start >= ?3 AND start + octet_length(text) <= ?4",
            )?
            .execute(params![run.key, run.record.attempt, bounded(Output::HEAD), bounded(tail)])?;
        }
        Ok(())
    }

    /// What is kept of the output of an attempt.
    pub(super) fn output(&self, sweep: &Sweep, number: RunNumber, attempt: Option<u64>) -> Outcome<Output> {
        let run = self.run(sweep, number)?;
        let attempt = bounded(attempt.unwrap_or(run.record.attempt));
        let mut statement =
            self.sql("SELECT start, text FROM outputs WHERE run = ?1 AND attempt = ?2 ORDER BY start")?;
        let mut found = statement.query(params![run.key, attempt])?;
        let mut pieces: Vec<(u64, String)> = Vec::new();
        while let Some(piece) = found.next()? {
            pieces.push((piece.get("start")?, text(piece, "text")?.to_owned()));
        }
        let total = pieces.last().map_or(0, |(start, text)| start + text.len() as u64);
        let mut output = Output::default();
        for (start, text) in &pieces {
            kept(*start, text, total).into_iter().for_each(|(from, part)| output.push(from, part));
        }
        Ok(output)
    }
}

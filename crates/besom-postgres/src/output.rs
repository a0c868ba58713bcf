//! Output of runs, in pieces of about half a page.
//!
//! A piece is extended until it is full, and dropped when nothing of it is to be kept; so a program that prints
//! without end rewrites little and leaves no more than a bounded number of pieces.

use besom_core::RunNumber;
use besom_store::rules::{kept, unprinted};
use besom_store::{Lease, Output, Reply};

use crate::columns::{bounded, number, unsigned, value};
use crate::fault::{Outcome, damaged};
use crate::runs::Run;
use crate::sweeps::Sweep;
use crate::tx::Tx;

/// The size in bytes that pieces are extended up to.
const PIECE: u64 = 3500;

/// Where the last piece of an output begins, and its size.
type Last = Option<(u64, u64)>;

impl Tx<'_> {
    /// Stores output, also of a run that comes back by it.
    pub(crate) fn print(&mut self, sweep: &Sweep, lease: &Lease, from: u64, text: &str) -> Outcome<Reply> {
        let Some(run) = self.revived(sweep, lease)? else { return Ok(Reply::Lost) };
        // A run that came back has made a change, which must be durable.
        self.is_soft = !self.has_changed();
        self.append_output(&run, from, text)?;
        Ok(run.record.reply())
    }

    /// Appends output of the newest attempt of a run.
    fn append_output(&mut self, run: &Run, from: u64, text: &str) -> Outcome<()> {
        let last = self.last_piece(run)?;
        let known = last.map_or(0, |(start, size)| start + size);
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

    fn last_piece(&mut self, run: &Run) -> Outcome<Last> {
        let row = self.query_opt(
            "SELECT start, length(text)::bigint FROM outputs WHERE run = $1 AND attempt = $2 ORDER BY start DESC LIMIT 1",
            &[&run.key, &bounded(run.record.attempt)],
        )?;
        row.map(|row| Ok((number(&row, 0)?, number(&row, 1)?))).transpose()
    }

    fn append_piece(&mut self, run: &Run, last: Last, from: u64, part: &str) -> Outcome<()> {
        let (attempt, bytes) = (bounded(run.record.attempt), part.as_bytes());
        if let Some((start, size)) = last
            && start + size == from
            && size + part.len() as u64 <= PIECE
        {
            return self.change_one(
                "UPDATE outputs SET text = text || $4 WHERE run = $1 AND attempt = $2 AND start = $3",
                &[&run.key, &attempt, &bounded(start), &bytes],
            );
        }
        self.execute(
            "INSERT INTO outputs (run, attempt, start, text) VALUES ($1, $2, $3, $4)",
            &[&run.key, &attempt, &bounded(from), &bytes],
        )?;
        Ok(())
    }

    /// Drops the pieces of which nothing is kept.
    fn drop_pieces(&mut self, run: &Run, total: u64) -> Outcome<()> {
        let tail = total.saturating_sub(Output::TAIL);
        if tail > Output::HEAD {
            self.execute(
                "DELETE FROM outputs WHERE run = $1 AND attempt = $2 AND start >= $3 AND start + length(text) <= $4",
                &[&run.key, &bounded(run.record.attempt), &bounded(Output::HEAD), &bounded(tail)],
            )?;
        }
        Ok(())
    }

    /// What is kept of the output of an attempt.
    pub(crate) fn output(
        &mut self,
        sweep: &Sweep,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Outcome<Output> {
        let run = self.run(sweep, number)?;
        let attempt = bounded(attempt.unwrap_or(run.record.attempt));
        let rows = self.query(
            "SELECT start, text FROM outputs WHERE run = $1 AND attempt = $2 ORDER BY start",
            &[&run.key, &attempt],
        )?;
        let piece = |row: &postgres::Row| {
            let text = String::from_utf8(value(row, 1)?).map_err(|error| damaged("output", error))?;
            Ok((unsigned(value(row, 0)?), text))
        };
        let pieces = rows.iter().map(piece).collect::<Outcome<Vec<(u64, String)>>>()?;
        let total = pieces.last().map_or(0, |(start, text)| start + text.len() as u64);
        let mut output = Output::default();
        for (start, text) in &pieces {
            kept(*start, text, total).into_iter().for_each(|(from, part)| output.push(from, part));
        }
        Ok(output)
    }
}

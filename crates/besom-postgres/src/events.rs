//! The log of a sweep. Its numbers are those of changes, so that cursors and events agree.

use std::borrow::Cow;

use besom_core::RunNumber;
use besom_store::Event;
use besom_store::rules::LogEntry;
use serde_json::{Map, Value};

use crate::columns::{bounded, number, unsigned, value};
use crate::fault::{Outcome, damaged};
use crate::sweeps::Sweep;
use crate::tx::Tx;

impl Tx<'_> {
    /// Writes an event, which is a change. Returns its number.
    pub(crate) fn log_change(
        &mut self,
        sweep: &Sweep,
        run: Option<RunNumber>,
        entry: &LogEntry,
    ) -> Outcome<i64> {
        let change = self.next_change()?;
        let detail = self.detail(entry)?;
        self.execute(
            "INSERT INTO events (sweep, seq, at_ms, run, kind, detail) VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                &sweep.key,
                &change,
                &bounded(self.now),
                &run.map(|run| bounded(run.get())),
                &entry.kind,
                &detail,
            ],
        )?;
        Ok(change)
    }

    /// As [`Self::log_change`], of the sweep as a whole.
    pub(crate) fn log(&mut self, sweep: &Sweep, run: Option<RunNumber>, entry: &LogEntry) -> Outcome<()> {
        self.log_change(sweep, run, entry).map(drop)
    }

    /// The detail of an event, which says who has asked for it.
    pub(crate) fn detail(&self, entry: &LogEntry) -> Outcome<String> {
        let mut detail = Cow::Borrowed(&entry.detail);
        if let Some(asker) = self.asker {
            detail.to_mut().insert("by".to_owned(), asker.into());
        }
        serde_json::to_string(&*detail).map_err(|error| damaged("an event", error))
    }

    /// The log after a seq. What others may still add to in between is left out until then, so that whoever asks with the last seq
    /// misses nothing.
    pub(crate) fn events(
        &mut self,
        sweep: &Sweep,
        run: Option<RunNumber>,
        after: u64,
        limit: u64,
    ) -> Outcome<Vec<Event>> {
        let upto = bounded(self.cursor(sweep.key)?);
        let columns =
            "SELECT seq, at_ms, run, kind, detail FROM events WHERE sweep = $1 AND seq > $2 AND seq <= $3";
        let (after, limit) = (bounded(after), bounded(limit));
        let rows = match run.map(|run| bounded(run.get())) {
            Some(run) => self.query(
                &format!("{columns} AND run = $5 ORDER BY seq LIMIT $4"),
                &[&sweep.key, &after, &upto, &limit, &run],
            )?,
            None => {
                self.query(&format!("{columns} ORDER BY seq LIMIT $4"), &[&sweep.key, &after, &upto, &limit])?
            }
        };
        let event = |row: &postgres::Row| {
            let run = value::<Option<i64>>(row, 2)?.and_then(|run| RunNumber::new(unsigned(run)));
            let (kind, detail): (String, &str) = (value(row, 3)?, value(row, 4)?);
            Ok(Event::new(number(row, 0)?, number(row, 1)?, run, kind, object(detail)?))
        };
        rows.iter().map(event).collect()
    }
}

/// A stored JSON object.
pub(crate) fn object(text: &str) -> Outcome<Map<String, Value>> {
    serde_json::from_str(text).map_err(|_| damaged("a stored JSON object", text))
}

//! The log of a sweep. Its numbers are the values of the counter of changes, so that cursors and events agree.

use std::borrow::Cow;

use besom_core::RunNumber;
use rusqlite::params;
use serde_json::{Map, Value};

use super::columns::text;
use super::fault::{Outcome, damaged};
use super::sweeps::Sweep;
use super::{Tx, bounded};
use crate::Event;
use crate::rules::LogEntry;

impl Tx<'_> {
    /// Writes an event, which is a change.
    pub(super) fn log(&self, sweep: &mut Sweep, run: Option<RunNumber>, entry: &LogEntry) -> Outcome<()> {
        sweep.change += 1;
        let mut detail = Cow::Borrowed(&entry.detail);
        if let Some(asker) = self.asker {
            detail.to_mut().insert("by".to_owned(), asker.into());
        }
        let detail = serde_json::to_string(&*detail).map_err(|error| damaged("an event", error))?;
        let run = run.map(RunNumber::get);
        self.sql(
            "INSERT INTO events (sweep, seq, at_ms, run, kind, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![sweep.key, sweep.change, self.now, run, entry.kind, detail])?;
        Ok(())
    }

    /// The log after a seq.
    pub(super) fn events(
        &self,
        sweep: &Sweep,
        run: Option<RunNumber>,
        after: u64,
        limit: u64,
    ) -> Outcome<Vec<Event>> {
        let condition = if run.is_some() { "AND run = ?4" } else { "AND ?4 IS NULL" };
        let mut statement = self.sql(&format!(
            "SELECT seq, at_ms, run, kind, detail FROM events WHERE sweep = ?1 AND seq > ?2 {condition}
             ORDER BY seq LIMIT ?3"
        ))?;
        let parameters = params![sweep.key, bounded(after), bounded(limit), run.map(RunNumber::get)];
        let mut rows = statement.query(parameters)?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            events.push(Event {
                seq: row.get("seq")?,
                at_ms: row.get("at_ms")?,
                run: row.get::<_, Option<u64>>("run")?.and_then(RunNumber::new),
                kind: row.get("kind")?,
                detail: object(text(row, "detail")?)?,
            });
        }
        Ok(events)
    }
}

/// A stored JSON object.
pub(super) fn object(text: &str) -> Outcome<Map<String, Value>> {
    serde_json::from_str(text).map_err(|_| damaged("a stored JSON object", text))
}

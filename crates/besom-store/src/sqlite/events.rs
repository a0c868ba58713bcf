//! The log of a sweep. Its numbers are the values of the counter of changes, so that cursors and events agree.

use besom_core::RunNumber;
use rusqlite::params;
use serde_json::{Map, Value};

use super::fault::{Outcome, damaged};
use super::sweeps::Sweep;
use super::{Tx, bounded};
use crate::Event;

impl Tx<'_> {
    /// Writes an event, which is a change.
    pub(super) fn log(
        &self,
        sweep: &mut Sweep,
        run: Option<RunNumber>,
        kind: &str,
        detail: Map<String, Value>,
    ) -> Outcome<()> {
        sweep.change += 1;
        let (run, detail) = (run.map(RunNumber::get), Value::Object(detail).to_string());
        self.sql(
            "INSERT INTO events (sweep, seq, at_ms, run, kind, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![sweep.key, sweep.change, self.now, run, kind, detail])?;
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
                seq: row.get(0)?,
                at_ms: row.get(1)?,
                run: row.get::<_, Option<u64>>(2)?.and_then(RunNumber::new),
                kind: row.get(3)?,
                detail: object(row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?)?,
            });
        }
        Ok(events)
    }
}

/// A stored JSON object.
pub(super) fn object(text: &str) -> Outcome<Map<String, Value>> {
    serde_json::from_str(text).map_err(|_| damaged("a stored JSON object", text))
}

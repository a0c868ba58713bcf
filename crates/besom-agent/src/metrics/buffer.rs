//! The rows of an attempt whose agent has no directory.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use besom_store::Row;
use serde_json::{Map, Value};

use super::line::{Line, message};
use super::{Said, check_length};

/// How many rows are read at once: what is reported in one transaction must not block other writers for long.
const PIECE: usize = 1000;

/// Rows on their way from a run to its agent, shared by clones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffer(Arc<Mutex<Logged>>);

#[derive(Debug, Default)]
struct Logged {
    rows: VecDeque<Map<String, Value>>,
    /// The seq of the last row that was read; 0 if none was.
    seq: u64,
    said: Said,
}

impl Buffer {
    /// Appends a row, within the limits of a line in a file, or what the run says besides.
    pub(crate) fn append(&self, row: &Map<String, Value>) -> io::Result<()> {
        check_length(serde_json::to_string(row)?.len())?;
        let mut logged = self.lock();
        let line = message(row).unwrap_or_else(|| Line::Row(row.clone()));
        if logged.said.note(line).is_some() {
            logged.rows.push_back(row.clone());
        }
        Ok(())
    }

    /// Takes the next rows, at least one if there is any.
    pub(crate) fn read(&self) -> Vec<Row> {
        let mut logged = self.lock();
        let count = logged.rows.len().min(PIECE);
        let first = logged.seq + 1;
        logged.seq += count as u64;
        (first..).zip(logged.rows.drain(..count)).map(|(seq, values)| Row::new(seq, values)).collect()
    }

    /// The seq of the last row that was read; 0 if none was.
    pub(crate) fn seq(&self) -> u64 {
        self.lock().seq
    }

    /// What the run has said besides its rows since this was last asked.
    pub(crate) fn take_said(&self) -> Said {
        std::mem::take(&mut self.lock().said)
    }

    fn lock(&self) -> MutexGuard<'_, Logged> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::super::preempting;
    use super::*;

    fn row(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn rows_are_numbered_as_in_a_file() {
        let buffer = Buffer::default();
        for i in 0..PIECE + 2 {
            buffer.clone().append(&row(json!({ "i": i }))).unwrap();
            buffer.append(&preempting()).unwrap();
        }
        assert!(buffer.take_said().preempting);
        let (first, rest) = (buffer.read(), buffer.read());
        assert_eq!((first[0].seq, first.len(), rest.len()), (1, PIECE, 2));
        assert_eq!(rest[1], Row::new(PIECE as u64 + 2, row(json!({ "i": PIECE + 1 }))));
        assert!(buffer.read().is_empty());
        assert!(buffer.append(&row(json!({ "a": "x".repeat(2 << 20) }))).is_err(), "as in a file");
    }
}

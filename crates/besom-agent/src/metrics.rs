//! The metrics file of an attempt: how it is written, and how it is read while it grows; and its stand-in in memory.
//!
//! The seq of a row is its place among the valid lines of the file. That is a function of the file alone:
//! every reader, in whatever pieces it reads, finds the same numbers, so every row counts exactly once.

mod buffer;
mod line;
mod said;
mod tail;

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

pub(crate) use buffer::Buffer;
pub use line::quote_not_finite;
pub(crate) use line::{describing, preempting, resumed};
pub(crate) use said::Said;
pub(crate) use tail::Tail;

use crate::AgentError;

/// The longest line that is read, in bytes: a row of scalars has a few hundred, and a line without end must
/// not fill the memory.
pub(crate) const MAX_LINE: usize = 1 << 20;

/// Appends one row to a metrics file, in a single write, so that several processes may log to one file. When
/// this returns the row is acknowledged: no death of any process loses it.
///
/// # Errors
/// If the file cannot be written, or the row is longer than 1 MiB.
pub fn append_metrics(path: &Path, row: &Map<String, Value>) -> Result<(), AgentError> {
    open(path).and_then(|file| append(&file, row)).map_err(AgentError::io(path))
}

/// Where a run logs: its metrics file, open for appending, or the memory of its agent where that has no directory. For
/// programs that log often, and for runners whose runs log from another thread ([`Link::writer`](crate::Link::writer)).
#[derive(Clone, Debug)]
pub struct MetricsWriter(Target);

#[derive(Clone, Debug)]
enum Target {
    File { file: Arc<File>, path: PathBuf },
    Memory(Buffer),
}

impl MetricsWriter {
    /// Opens a metrics file, creating it if needed.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, AgentError> {
        let file = Arc::new(open(path).map_err(AgentError::io(path))?);
        Ok(Self(Target::File { file, path: path.to_owned() }))
    }

    /// Logs into memory.
    pub(crate) fn to(buffer: Buffer) -> Self {
        Self(Target::Memory(buffer))
    }

    /// Appends one row. In a file it is acknowledged when this returns, as [`append_metrics`] says; in memory it
    /// is lost if this process dies before its agent has reported it.
    ///
    /// # Errors
    /// If the file cannot be written, or the row is longer than 1 MiB.
    pub fn append(&self, row: &Map<String, Value>) -> Result<(), AgentError> {
        self.write(row).map_err(|error| match &self.0 {
            Target::File { path, .. } => AgentError::io(path)(error),
            Target::Memory(_) => AgentError::Row(error),
        })
    }

    /// Announces that the run is about to be preempted: if it fails from now on, it is handed out again.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn mark_preempting(&self) -> Result<(), AgentError> {
        self.append(&preempting())
    }

    /// Says something about the run besides its metrics: facts as in [`Queue::describe`](besom_store::Queue::describe), such as
    /// `{"config": {"layers": 3}, "tags": ["big"]}`.
    ///
    /// # Errors
    /// If the file cannot be written, or the facts are longer than 1 MiB.
    pub fn describe(&self, facts: &Map<String, Value>) -> Result<(), AgentError> {
        self.append(&describing(facts))
    }

    /// Says that the run goes on from the checkpoint of an earlier attempt: what that one logged counts before its own rows.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn mark_resumed(&self) -> Result<(), AgentError> {
        self.append(&resumed())
    }

    pub(crate) fn write(&self, row: &Map<String, Value>) -> io::Result<()> {
        match &self.0 {
            Target::File { file, .. } => append(file, row),
            Target::Memory(buffer) => buffer.append(row),
        }
    }
}

/// Opens a metrics file for appending.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // For reading as well: `append` looks at the last byte. A pipe or /dev/null can only be written.
    let readable = fs::metadata(path).map_or(true, |metadata| metadata.is_file());
    File::options().append(true).create(true).read(readable).open(path)
}

/// Appends one row to an open file.
pub(crate) fn append(mut file: &File, row: &Map<String, Value>) -> io::Result<()> {
    let mut line = Vec::new();
    // Somebody's write was cut short, by a full disk for example: start a line of our own.
    if ends_within_a_line(file)? {
        line.push(b'\n');
    }
    serde_json::to_writer(&mut line, row)?;
    check_length(line.len())?;
    line.push(b'\n');
    // One write(2), unless the system accepts only a part of it.
    file.write_all(&line)
}

/// Refuses rows that no reader would take.
fn check_length(length: usize) -> io::Result<()> {
    match length > MAX_LINE {
        true => Err(io::Error::new(io::ErrorKind::InvalidInput, "a row of metrics must have at most 1 MiB")),
        false => Ok(()),
    }
}

fn ends_within_a_line(file: &File) -> io::Result<bool> {
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Ok(false);
    }
    let mut last = [b'\n'];
    file.read_at(&mut last, metadata.len() - 1)?;
    Ok(last != [b'\n'])
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::thread;

    use serde_json::json;

    use super::*;

    fn row(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn read_all(path: &Path) -> Vec<Map<String, Value>> {
        let mut tail = Tail::new(path.to_owned());
        let mut rows = Vec::new();
        loop {
            let more = tail.read().unwrap();
            if more.is_empty() {
                return rows;
            }
            rows.extend(more.into_iter().map(|row| row.values));
        }
    }

    #[test]
    fn rows_of_several_writers_never_mix() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        let long = "x".repeat(3000);
        thread::scope(|scope| {
            for writer in 0..4 {
                let (path, long) = (&path, &long);
                scope.spawn(move || {
                    for i in 0..100 {
                        append_metrics(path, &row(json!({"writer": writer, "i": i, "text": long}))).unwrap();
                    }
                });
            }
        });
        let rows = read_all(&path);
        assert_eq!(rows.len(), 400);
        for writer in 0..4 {
            let own: Vec<_> =
                rows.iter().filter(|row| row["writer"] == writer).map(|row| &row["i"]).collect();
            assert!((0..100).eq(own.iter().map(|i| i.as_i64().unwrap())), "writer {writer} in order");
        }
    }

    #[test]
    fn a_fragment_spoils_only_its_own_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        fs::write(&path, "{\"a\": 1}\n{\"a\": 2, \"b").unwrap();
        append_metrics(&path, &row(json!({"a": 3}))).unwrap();
        append_metrics(&path, &row(json!({"a": 4}))).unwrap();
        let values: Vec<_> = read_all(&path).iter().map(|row| row["a"].clone()).collect();
        assert_eq!(values, [1, 3, 4]);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 4);
    }

    #[test]
    fn a_row_too_long_to_be_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        let error = append_metrics(&path, &row(json!({"a": "x".repeat(MAX_LINE)}))).unwrap_err();
        assert!(besom_core::error_chain(&error).contains("1 MiB"), "{error:?}");
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    }
}

//! How the program of an attempt ended, written beside its metrics.
//!
//! The store may not be there at that moment, and neither may the agent later: whoever recovers the attempt reads the record
//! and reports the end in its place (decision 50). The file has its full size from the beginning and is overwritten in place, so that a
//! disk that has become full does not matter.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::private;
use crate::process::Exit;

/// The name of the supervisor's lock in the directory of an attempt.
pub(crate) const LOCK: &str = "lock";
/// The name of the record there.
const NAME: &str = "end";
/// The size of the record in bytes: more than any of its lines.
const SIZE: usize = 64;
/// The words for an attempt whose agent has begun to end it because it shuts down.
const PREEMPTING: &str = "preempting";

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// The program ended by itself.
    Exit(Exit),
    /// Its agent was ending it because the agent had to shut down.
    Preempting,
}

/// The record of an attempt, open for writing.
#[derive(Debug)]
pub(crate) struct Record(File);

impl Record {
    /// Begins the record of the attempt in this directory.
    pub(crate) fn create(directory: &Path) -> io::Result<Self> {
        let file = private::open(File::options().write(true), &directory.join(NAME))?;
        let record = Self(file);
        record.write("running")?;
        Ok(record)
    }

    /// Notes how the program ended.
    pub(crate) fn exit(&self, exit: Exit) -> io::Result<()> {
        self.write(&format!("exit {}", exit.words()))
    }

    /// Notes that the agent is ending the program because it shuts down itself.
    pub(crate) fn preempting(directory: &Path) -> io::Result<()> {
        Self(File::options().write(true).open(directory.join(NAME))?).write(PREEMPTING)
    }

    fn write(&self, words: &str) -> io::Result<()> {
        self.0.write_all_at(format!("{words:<width$}\n", width = SIZE - 1).as_bytes(), 0)
    }
}

/// What the record of the attempt in this directory says; `None` if its program was still running, or there is no record.
pub(crate) fn read(directory: &Path) -> Option<Recorded> {
    let text = std::fs::read_to_string(directory.join(NAME)).ok()?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    match words[..] {
        ["exit", ref words @ ..] => Exit::parse(words).map(Recorded::Exit),
        [PREEMPTING] => Some(Recorded::Preempting),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_record_says_what_was_written_last_and_never_grows() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()), None);
        let record = Record::create(dir.path()).unwrap();
        assert_eq!(read(dir.path()), None);
        let size = || dir.path().join(NAME).metadata().unwrap().len();
        let before = size();
        Record::preempting(dir.path()).unwrap();
        assert_eq!(read(dir.path()), Some(Recorded::Preempting));
        for exit in [Exit::Signal(11), Exit::Code(-2_147_483_648), Exit::Code(0)] {
            record.exit(exit).unwrap();
            assert_eq!(read(dir.path()), Some(Recorded::Exit(exit)));
        }
        assert_eq!(size(), before);
    }
}

//! Reads a metrics file while it grows.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use besom_store::Row;

use super::line::{Line, parse};
use super::{MAX_LINE, Said};

/// How much is read at once, in bytes; also about the maximum that is reported in one transaction, which must
/// not block other writers for long.
const CHUNK: usize = 256 << 10;

/// A place in a growing metrics file.
#[derive(Debug)]
pub(crate) struct Tail {
    path: PathBuf,
    file: Option<File>,
    offset: u64,
    /// The beginning of a line that is not complete yet.
    partial: Vec<u8>,
    /// Whether the current line is too long and its rest is skipped.
    skipping: bool,
    line: u64,
    seq: u64,
    bad: u64,
    first_bad: Option<String>,
    truncated: bool,
    said: Said,
}

impl Tail {
    /// At the beginning of a file, which need not exist yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            file: None,
            offset: 0,
            partial: Vec::new(),
            skipping: false,
            line: 0,
            seq: 0,
            bad: 0,
            first_bad: None,
            truncated: false,
            said: Said::default(),
        }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The seq of the last row that was read; 0 if none was.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// What the program has said besides its rows since this was last asked.
    pub(crate) fn take_said(&mut self) -> Said {
        std::mem::take(&mut self.said)
    }

    /// The next rows whose lines are complete, at least one if there is any. A missing file has none.
    pub(crate) fn read(&mut self) -> io::Result<Vec<Row>> {
        let mut rows = Vec::new();
        let mut chunk = vec![0; CHUNK];
        while rows.is_empty() {
            let count = self.fill(&mut chunk)?;
            if count == 0 {
                break;
            }
            self.offset += count as u64;
            self.split(&chunk[..count], &mut rows);
        }
        Ok(rows)
    }

    /// The row in a last line without newline, if it is one; for a file that nobody writes any more. Call it
    /// once [`Tail::read`] returns nothing.
    pub(crate) fn take_unterminated(&mut self) -> Option<Row> {
        if self.partial.is_empty() && !self.skipping {
            return None;
        }
        let mut rows = Vec::new();
        self.end_line(&mut rows);
        rows.pop()
    }

    /// What the owner should know: bad lines, a truncated file.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(first) = &self.first_bad {
            let more = if self.bad > 1 { format!(" ({} such lines)", self.bad) } else { String::new() };
            warnings.push(format!("{first}{more}"));
        }
        if self.truncated {
            warnings.push(
                "the metrics file was truncated while the run logged: open it for appending".to_owned(),
            );
        }
        warnings
    }

    fn fill(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        let file = match &self.file {
            Some(file) => file,
            None => match File::open(&self.path) {
                Ok(file) => self.file.insert(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
                Err(error) => return Err(error),
            },
        };
        let count = file.read_at(chunk, self.offset)?;
        if count > 0 || file.metadata()?.len() >= self.offset {
            return Ok(count);
        }
        // A program opened it with "w". From here on there are new rows.
        (self.offset, self.skipping, self.truncated) = (0, false, true);
        self.partial.clear();
        file.read_at(chunk, 0)
    }

    fn split(&mut self, mut bytes: &[u8], rows: &mut Vec<Row>) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.extend(&bytes[..end]);
            self.end_line(rows);
            bytes = &bytes[end + 1..];
        }
        self.extend(bytes);
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.skipping |= self.partial.len() + bytes.len() > MAX_LINE;
        if self.skipping {
            self.partial = Vec::new();
        } else {
            self.partial.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self, rows: &mut Vec<Row>) {
        self.line += 1;
        let line = if self.skipping { Line::Bad("is longer than 1 MiB") } else { parse(&self.partial) };
        match self.said.note(line) {
            Some(Line::Row(values)) => {
                self.seq += 1;
                rows.push(Row::new(self.seq, values));
            }
            Some(Line::Bad(what)) => {
                self.bad += 1;
                if self.first_bad.is_none() {
                    self.first_bad = Some(describe(self.line, what, &self.partial));
                }
            }
            _ => {}
        }
        self.partial.clear();
        self.skipping = false;
    }
}

/// "metrics line 7 is not a JSON object: 'loss = 0.3'".
fn describe(line: u64, what: &str, bytes: &[u8]) -> String {
    const SHOWN: usize = 60;
    if bytes.is_empty() {
        return format!("metrics line {line} {what}");
    }
    let text = String::from_utf8_lossy(bytes);
    let shown: String = text.trim().chars().take(SHOWN).flat_map(char::escape_debug).collect();
    let dots = if text.trim().chars().count() > SHOWN { "..." } else { "" };
    format!("metrics line {line} {what}: '{shown}{dots}'")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::fs;
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    struct Growing {
        dir: tempfile::TempDir,
        tail: Tail,
    }

    impl Growing {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let tail = Tail::new(dir.path().join("metrics"));
            Self { dir, tail }
        }

        fn append(&self, bytes: &[u8]) {
            let path = self.dir.path().join("metrics");
            File::options().append(true).create(true).open(path).unwrap().write_all(bytes).unwrap();
        }

        /// Seqs and first values of all complete rows that are new.
        fn read(&mut self) -> Vec<(u64, String)> {
            let mut all = Vec::new();
            loop {
                let rows = self.tail.read().unwrap();
                if rows.is_empty() {
                    return all;
                }
                all.extend(rows.iter().map(|row| (row.seq, row.values["a"].to_string())));
            }
        }
    }

    #[test]
    fn a_line_counts_once_its_newline_is_there() {
        let mut file = Growing::new();
        assert_eq!(file.read(), [], "no file yet");
        file.append(b"{\"a\": 1}\n{\"a\": ");
        assert_eq!(file.read(), [(1, "1".to_owned())]);
        file.append(b"2}");
        assert_eq!(file.read(), []);
        file.append(b"\n");
        assert_eq!(file.read(), [(2, "2".to_owned())]);
        file.append(b"{\"a\": 3}");
        assert_eq!(file.read(), []);
        assert_eq!(file.tail.take_unterminated().map(|row| row.seq), Some(3));
        assert_eq!(file.tail.take_unterminated(), None);
    }

    #[test]
    fn bad_lines_have_no_seq_and_the_first_is_quoted() {
        let mut file = Growing::new();
        file.append(b"{\"a\": 1}\n\n\nloss = 0.3\n\xff\xfe\n{\"a\": 2}\n{\"a\": ");
        assert_eq!(file.read(), [(1, "1".to_owned()), (2, "2".to_owned())]);
        assert_eq!(file.tail.take_unterminated(), None);
        assert_eq!(
            file.tail.warnings(),
            ["metrics line 4 is not a JSON object: 'loss = 0.3' (3 such lines)"]
        );
    }

    #[test]
    fn a_message_to_the_agent_has_no_seq() {
        let mut file = Growing::new();
        file.append(b"{\"a\": 1}\n{\"_besom\": \"preempting\"}\n{\"a\": 2}\n");
        assert_eq!(file.tail.take_said(), Said::default());
        assert_eq!(file.read(), [(1, "1".to_owned()), (2, "2".to_owned())]);
        assert!(file.tail.take_said().preempting && file.tail.warnings().is_empty());
    }

    #[test]
    fn what_a_program_says_about_its_run_has_no_seq() {
        let mut file = Growing::new();
        file.append(
            b"{\"_besom\": {\"config\": {\"a\": 1}}}\n{\"a\": 1}\n{\"_besom\": {\"config\": {\"b\": 2}}}\n",
        );
        assert_eq!(file.read(), [(1, "1".to_owned())]);
        let said = file.tail.take_said().facts;
        assert_eq!(serde_json::Value::Object(said), serde_json::json!({"config": {"a": 1, "b": 2}}));
        assert!(file.tail.take_said() == Said::default() && file.tail.warnings().is_empty());
    }

    #[test]
    fn a_line_of_ten_megabytes_is_skipped_in_little_memory() {
        let mut file = Growing::new();
        file.append(b"{\"a\": \"");
        file.append(&vec![b'x'; 10 << 20]);
        file.append(b"\"}\n{\"a\": 1}\n");
        assert_eq!(file.read(), [(1, "1".to_owned())]);
        assert!(file.tail.partial.capacity() <= 2 * MAX_LINE);
        assert_eq!(file.tail.warnings(), ["metrics line 1 is longer than 1 MiB"]);
    }

    #[test]
    fn a_truncated_file_continues_with_the_next_seq() {
        let mut file = Growing::new();
        file.append(b"{\"a\": 1}\n{\"a\": 2}\n");
        assert_eq!(file.read().len(), 2);
        fs::write(file.dir.path().join("metrics"), b"{\"a\": 3}\n").unwrap();
        assert_eq!(file.read(), [(3, "3".to_owned())]);
        assert!(file.tail.warnings()[0].contains("truncated"));
    }

    proptest! {
        /// The number of a row is a function of the file, not of the moments at which it is read.
        #[test]
        fn seqs_do_not_depend_on_the_pieces(
            lines in prop::collection::vec("(\\{\"a\": [0-9]{1,3}\\}|\\{\"_besom\": \"preempting\"\\}|\\{|x| |)", 0..30),
            cuts in prop::collection::vec(0usize..400, 0..10),
        ) {
            let text = lines.join("\n");
            let mut whole = Growing::new();
            whole.append(text.as_bytes());
            let expected = whole.read();
            let last = whole.tail.take_unterminated();

            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.push(text.len());
            cuts.sort_unstable();
            let (mut pieces, mut found, mut from) = (Growing::new(), Vec::new(), 0);
            for cut in cuts {
                pieces.append(&text.as_bytes()[from..cut]);
                found.extend(pieces.read());
                from = cut;
            }
            prop_assert_eq!(found, expected);
            prop_assert_eq!(pieces.tail.take_unterminated(), last);
            prop_assert_eq!(pieces.tail.warnings(), whole.tail.warnings());
            prop_assert_eq!(pieces.tail.take_said(), whole.tail.take_said());
        }
    }
}

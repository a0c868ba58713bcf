//! Copies a program's output to a file of bounded size, and never blocks the program.
//!
//! The file keeps the first and the last megabyte. While the program prints more than that, the end lies in
//! two further files that alternate; so nothing is held in memory, and the output survives the agent.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::fresh::Fresh;
use crate::private;

/// How much of the beginning and of the end is kept, in bytes each: enough for a traceback under a flood of
/// warnings, and 10^5 runs fit on a disk.
const KEPT: u64 = 1 << 20;
/// How much of the end of each stream is kept for messages, in bytes: five long lines.
const EXCERPT: usize = 4 << 10;
/// How long to wait for the end of the streams once the processes are gone; what is in a pipe is read within
/// milliseconds.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// A copy in progress.
#[derive(Debug)]
pub(crate) struct Output {
    shared: Arc<Mutex<Shared>>,
    ends: Receiver<()>,
    fresh: Fresh,
}

#[derive(Debug)]
struct Shared {
    /// `None` once the copy is complete.
    file: Option<Bounded>,
    /// The ends of standard output and standard error.
    ends: [Vec<u8>; 2],
    error: Option<io::Error>,
    fresh: Fresh,
}

impl Output {
    /// The file for a copy.
    pub(crate) fn create(path: &Path) -> io::Result<Bounded> {
        Bounded::create(path, KEPT)
    }

    /// Starts to copy two streams to a file.
    pub(crate) fn start(
        file: Bounded,
        stdout: impl Read + Send + 'static,
        stderr: impl Read + Send + 'static,
    ) -> io::Result<Self> {
        let fresh = Fresh::default();
        let shared = Shared { file: Some(file), ends: Default::default(), error: None, fresh: fresh.clone() };
        let shared = Arc::new(Mutex::new(shared));
        let (sender, ends) = mpsc::channel();
        for (which, stream) in [(0, Box::new(stdout) as Box<dyn Read + Send>), (1, Box::new(stderr))] {
            let (shared, sender) = (Arc::clone(&shared), sender.clone());
            thread::Builder::new().name("output".into()).spawn(move || {
                copy(stream, which, &shared);
                // Fails if the copy was completed without this stream.
                let _ = sender.send(());
            })?;
        }
        Ok(Self { shared, ends, fresh })
    }

    /// What is on its way to the store.
    pub(super) fn fresh(&self) -> Fresh {
        self.fresh.clone()
    }

    /// Completes the copy. Returns the last lines of standard error, or of standard output if there are none,
    /// and why the copy is incomplete, if it is. A stream that some process still holds open is given up.
    pub(crate) fn finish(self) -> (String, Option<io::Error>) {
        let deadline = Instant::now() + DRAIN_TIMEOUT;
        for _ in 0..2 {
            if self.ends.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_err() {
                break;
            }
        }
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let finished = shared.file.take().map_or(Ok(()), Bounded::finish);
        let error = shared.error.take().or(finished.err());
        let [stdout, stderr] = &shared.ends;
        let excerpt = Some(last_lines(stderr)).filter(|lines| !lines.is_empty());
        (excerpt.unwrap_or_else(|| last_lines(stdout)), error)
    }
}

fn copy(mut stream: Box<dyn Read + Send>, which: usize, shared: &Mutex<Shared>) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = &mut *shared;
        let Some(file) = &mut shared.file else { return };
        // A full disk costs the copy, not the program: the stream is still read.
        if shared.error.is_none() {
            shared.error = file.write(&buffer[..count]).err();
        }
        shared.fresh.push(&buffer[..count]);
        let end = &mut shared.ends[which];
        end.extend_from_slice(&buffer[count.saturating_sub(EXCERPT)..count]);
        end.drain(..end.len().saturating_sub(EXCERPT));
    }
}

/// The last five lines that are not blank, without control characters.
fn last_lines(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let clean = |line: &str| line.chars().filter(|c| !c.is_control() || *c == '\t').collect::<String>();
    let lines: Vec<String> = text.lines().map(clean).filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}

/// A file that keeps its first and last `limit` bytes.
#[derive(Debug)]
pub(crate) struct Bounded {
    path: PathBuf,
    limit: u64,
    head: File,
    written: u64,
    tail: Option<Alternating>,
}

/// The end of what was written, in two files that alternate.
#[derive(Debug)]
struct Alternating {
    current: File,
    length: u64,
    total: u64,
}

impl Bounded {
    fn create(path: &Path, limit: u64) -> io::Result<Self> {
        let file =
            Self { path: path.to_owned(), limit, head: private::create(path)?, written: 0, tail: None };
        file.remove_tail();
        Ok(file)
    }

    fn older(&self) -> PathBuf {
        self.path.with_extension("log.older")
    }

    fn newer(&self) -> PathBuf {
        self.path.with_extension("log.newer")
    }

    fn remove_tail(&self) {
        for path in [self.older(), self.newer()] {
            // They rarely exist.
            let _ = fs::remove_file(path);
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = usize::try_from(self.limit - self.written).unwrap_or(usize::MAX);
        let (head, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.write_all(head)?;
        self.written += head.len() as u64;
        if rest.is_empty() { Ok(()) } else { self.write_tail(rest) }
    }

    fn write_tail(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (older, newer) = (self.older(), self.newer());
        let tail = match &mut self.tail {
            Some(tail) => tail,
            None => self.tail.insert(Alternating { current: private::create(&newer)?, length: 0, total: 0 }),
        };
        if tail.length >= self.limit {
            fs::rename(&newer, &older)?;
            (tail.current, tail.length) = (private::create(&newer)?, 0);
        }
        tail.current.write_all(bytes)?;
        tail.length += bytes.len() as u64;
        tail.total += bytes.len() as u64;
        Ok(())
    }

    /// Puts head and tail together.
    fn finish(mut self) -> io::Result<()> {
        let Some(tail) = self.tail.take() else { return Ok(()) };
        let mut end = fs::read(self.older()).unwrap_or_default();
        end.extend(fs::read(self.newer())?);
        let kept = usize::try_from(self.limit).map_or(end.len(), |limit| limit.min(end.len()));
        let dropped = tail.total - kept as u64;
        if dropped > 0 {
            write!(self.head, "\n[besom: {dropped} bytes are left out here]\n")?;
        }
        self.head.write_all(&end[end.len() - kept..])?;
        self.remove_tail();
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn bounded(pieces: &[&[u8]]) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("output.log");
        let mut file = Bounded::create(&path, 10).unwrap();
        for piece in pieces {
            file.write(piece).unwrap();
        }
        file.finish().unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no other file is left");
        fs::read_to_string(&path).unwrap()
    }

    #[test]
    fn what_fits_is_kept_whole() {
        assert_eq!(bounded(&[]), "");
        assert_eq!(bounded(&[b"0123456789"]), "0123456789");
        assert_eq!(bounded(&[b"01234", b"56789abcde", b"fghij"]), "0123456789abcdefghij");
    }

    #[test]
    fn of_more_head_and_tail_are_kept() {
        let long: Vec<u8> = (0..100).map(|i| b'a' + i % 26).collect();
        let pieces: Vec<&[u8]> = long.chunks(7).collect();
        let expected = "abcdefghij\n[besom: 80 bytes are left out here]\nmnopqrstuv";
        assert_eq!(bounded(&pieces), expected);
        assert_eq!(bounded(&[&long]), expected);
    }

    #[test]
    fn last_lines_are_those_of_standard_error_if_there_are_any() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("output.log");
        let output =
            Output::start(Output::create(&path).unwrap(), &b"out\n"[..], &b"1\n2\n\n3\n4\x1b[0m\n5\n6"[..])
                .unwrap();
        assert_eq!(output.finish().0, "2\n3\n4[0m\n5\n6");
        let output = Output::start(Output::create(&path).unwrap(), &b"out\n"[..], &b"\n"[..]).unwrap();
        assert_eq!(output.finish().0, "out");
        assert_eq!(fs::read_to_string(&path).unwrap().len(), 5);
    }

    #[test]
    fn a_stream_that_stays_open_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let (reader, writer) = io::pipe().unwrap();
        let file = Output::create(&dir.path().join("output.log")).unwrap();
        let output = Output::start(file, reader, &b"said\n"[..]).unwrap();
        assert_eq!(output.finish().0, "said");
        drop(writer);
    }
}

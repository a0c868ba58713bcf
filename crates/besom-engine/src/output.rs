//! What the program of a run has printed: of the file beside it, where that is on this machine, else of the store.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use besom_agent::run_directory;
use besom_core::RunNumber;
use besom_core::text::whole_characters;
use besom_store::{Output, OutputPart, Store, StoreError, SweepId};

/// The file with all output of an attempt, if it lies below the directory of a store.
pub fn output_file(directory: &Path, sweep: &SweepId, run: RunNumber, attempt: u64) -> Option<PathBuf> {
    let directory = run_directory(directory, sweep, run);
    let places =
        [directory.join(format!("attempt-{attempt}")).join("output.log"), directory.join("output.log")];
    places.into_iter().find(|path| path.is_file())
}

/// The output of an attempt after its first `from` bytes: as much as the store would keep, from the file below `directory` if it is
/// there. [`Output::total`] is where to go on.
///
/// # Errors
/// If the store fails. A file that cannot be read is not there.
pub fn run_output(
    store: &mut dyn Store,
    directory: Option<&Path>,
    sweep: &SweepId,
    run: RunNumber,
    attempt: u64,
    from: u64,
) -> Result<Output, StoreError> {
    let file = directory.and_then(|directory| output_file(directory, sweep, run, attempt));
    match file.and_then(|file| read(&file, from).ok()) {
        Some(output) => Ok(output),
        None => Ok(store.output(sweep, run, Some(attempt))?.after(from)),
    }
}

fn read(path: &Path, from: u64) -> io::Result<Output> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len().max(from);
    let mut output = Output::default();
    let mut begin = from;
    if from == 0 && length > Output::HEAD + Output::TAIL {
        let (head, _) = piece(&mut file, 0, Output::HEAD)?;
        output.parts.push(OutputPart::new(0, head));
    }
    if length - from > Output::HEAD + Output::TAIL {
        begin = length - Output::TAIL;
    }
    let (text, end) = piece(&mut file, begin, length - begin)?;
    if !text.is_empty() {
        output.parts.push(OutputPart::new(begin, text));
    }
    output.total = end;
    Ok(output)
}

/// The text from a byte on, and where it ends: a character that is not there as a whole yet is left for later.
fn piece(file: &mut File, from: u64, most: u64) -> io::Result<(String, u64)> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    let cut = whole_characters(&bytes);
    Ok((String::from_utf8_lossy(&bytes[..cut]).into_owned(), from + cut as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: &[u8], from: u64) -> Output {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("output.log");
        std::fs::write(&path, bytes).expect("it can be written");
        read(&path, from).expect("it can be read")
    }

    #[test]
    fn a_character_that_is_half_written_is_left_for_later() {
        let output = written("one\u{1F9F9}".as_bytes(), 0);
        assert_eq!((output.to_string().as_str(), output.total), ("one\u{1F9F9}", 7));
        let half = written(&"one\u{1F9F9}".as_bytes()[..5], 0);
        assert_eq!((half.to_string().as_str(), half.total), ("one", 3));
        assert_eq!(written(b"one\xfftwo", 2).to_string(), "e\u{fffd}two");
        let half = written(b"one\xfftwo\xf0\x9f", 0);
        assert_eq!((half.to_string().as_str(), half.total), ("one\u{fffd}two", 7));
        assert_eq!(written(b"one", 9).total, 9);
    }

    #[test]
    fn of_long_output_the_beginning_and_the_end_are_read() {
        let bytes = [vec![b'a'; 64 << 10], vec![b'b'; 1 << 20], vec![b'c'; 256 << 10]].concat();
        let output = written(&bytes, 0);
        let kept: Vec<(u64, usize)> = output.parts.iter().map(|part| (part.from, part.text.len())).collect();
        assert_eq!(kept, [(0, 64 << 10), ((64 << 10) + (1 << 20), 256 << 10)]);
        assert!(output.parts[0].text.ends_with('a') && output.parts[1].text.starts_with('c'));
        assert_eq!(written(&bytes, 10).parts.len(), 1);
    }
}

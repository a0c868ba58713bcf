//! A folder of results: a file `METHOD.jsonl` for each method, one line a sweep, and `reference.json`.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::{BenchError, Record, Reference};

/// The file with what scores are relative to.
const REFERENCE: &str = "reference.json";

/// References by instance.
pub(crate) type References = BTreeMap<String, Reference>;

/// Everything in files and folders of results.
pub(crate) fn read_all(paths: &[PathBuf]) -> Result<(Vec<Record>, References), BenchError> {
    let (mut records, mut references) = (Vec::new(), References::new());
    for path in paths {
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new(".")) };
        references.extend(read_references(folder)?);
        let files = if path.is_dir() { files_of(path)? } else { vec![path.clone()] };
        for file in files {
            records.extend(read_file(&file)?);
        }
    }
    Ok((records, references))
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, BenchError> {
    let entries = fs::read_dir(folder).map_err(|source| io("read", folder, source))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    Ok(files)
}

/// The sweeps in a file. A last line without its end is left out: its writer was interrupted.
pub(crate) fn read_file(path: &Path) -> Result<Vec<Record>, BenchError> {
    let bytes = fs::read(path).map_err(|source| io("read", path, source))?;
    let text = String::from_utf8_lossy(&bytes);
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let (mut records, mut problems) = (Vec::new(), Vec::new());
    let lines = text[..whole].lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (place, line) in lines {
        match Record::read(line) {
            Ok(record) => records.extend(record),
            Err(error) => problems.push(format!("line {}: {error}", place + 1)),
        }
    }
    // A file that was written by hand may lack the end of its last line.
    records.extend(Record::read(&text[whole..]).ok().flatten());
    match problems.is_empty() {
        true => Ok(records),
        false => Err(BenchError::Damaged { path: path.to_owned(), problems }),
    }
}

/// What a folder's `reference.json` holds; nothing if there is none.
pub(crate) fn read_references(folder: &Path) -> Result<References, BenchError> {
    let path = folder.join(REFERENCE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(References::new()),
        Err(source) => return Err(io("read", &path, source)),
    };
    serde_json::from_str(&text)
        .map_err(|error| BenchError::Damaged { path, problems: vec![error.to_string()] })
}

/// Writes a folder's references, those of others included, one a line.
pub(crate) fn write_references(folder: &Path, references: &References) -> Result<(), BenchError> {
    let lines: Vec<String> = references
        .iter()
        .map(|(key, reference)| {
            let text = serde_json::to_string(reference).expect("numbers");
            format!("{}: {text}", serde_json::Value::from(key.as_str()))
        })
        .collect();
    let path = folder.join(REFERENCE);
    let fresh = folder.join(format!(".{REFERENCE}.{}", std::process::id()));
    let written = fs::create_dir_all(folder)
        .and_then(|()| fs::write(&fresh, format!("{{\n{}\n}}\n", lines.join(",\n"))));
    written.and_then(|()| fs::rename(&fresh, &path)).map_err(|source| io("write", &path, source))
}

/// The file of a method's sweeps, to append to.
pub(crate) struct Appender {
    path: PathBuf,
    file: File,
}

impl Appender {
    /// Opens or makes it. A half line at its end, whose writer was interrupted, is taken away.
    pub(crate) fn open(folder: &Path, method: &str) -> Result<Self, BenchError> {
        let path = path_of(folder, method);
        let opened = fs::create_dir_all(folder)
            .and_then(|()| OpenOptions::new().create(true).append(true).open(&path));
        let mut file = opened.map_err(|source| io("write", &path, source))?;
        end_last_line(&path, &mut file).map_err(|source| io("write", &path, source))?;
        Ok(Self { path, file })
    }

    /// Appends a sweep, in one piece.
    pub(crate) fn append(&mut self, record: &Record) -> Result<(), BenchError> {
        let line = serde_json::to_string(record).expect("texts and numbers") + "\n";
        self.file.write_all(line.as_bytes()).map_err(|source| io("write", &self.path, source))
    }
}

fn end_last_line(path: &Path, file: &mut File) -> std::io::Result<()> {
    let bytes = fs::read(path)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let rest = String::from_utf8_lossy(&bytes[whole..]);
    match Record::read(&rest) {
        _ if rest.is_empty() => Ok(()),
        Ok(_) => file.write_all(b"\n"),
        Err(_) => file.set_len(whole as u64),
    }
}

/// Where a method's sweeps are kept.
pub(crate) fn path_of(folder: &Path, method: &str) -> PathBuf {
    folder.join(format!("{method}.jsonl"))
}

fn io(what: &'static str, path: &Path, source: std::io::Error) -> BenchError {
    BenchError::Io { what, path: path.to_owned(), source }
}

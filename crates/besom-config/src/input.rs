//! Reading a sweep file's text without ever holding more of it than may be read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;

/// The most bytes that a sweep file may have (1 MiB).
pub const MAX_BYTES: usize = 1 << 20;

/// Why the text of a sweep file could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It cannot be opened or read.
    #[error("cannot read {name}")]
    Io {
        /// What the text is called.
        name: String,
        /// The reason.
        source: io::Error,
    },
    /// It is a directory.
    #[error("cannot read {name}: it is a directory, not a sweep file")]
    Directory {
        /// What the text is called.
        name: String,
    },
    /// It is larger than a sweep file may be.
    #[error("{name} is larger than {max} bytes, the limit for a sweep file", max = MAX_BYTES)]
    TooLarge {
        /// What the text is called.
        name: String,
    },
    /// It is not text.
    #[error("{name}:{line}:{column}: this is not UTF-8 text{}", if *utf16 { " (it looks like UTF-16; save it as UTF-8)" } else { "" })]
    NotUtf8 {
        /// What the text is called.
        name: String,
        /// Line of the first byte that is wrong, from 1.
        line: usize,
        /// Its column in characters, from 1.
        column: usize,
        /// Whether it begins as UTF-16 does.
        utf16: bool,
    },
}

/// The text of the file at `path`; refused without reading it if it is too large.
pub fn read_file(path: impl AsRef<Path>) -> Result<String, ReadError> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let io = |source| ReadError::Io { name: name.clone(), source };
    let metadata = std::fs::metadata(path).map_err(io)?;
    if metadata.is_dir() {
        return Err(ReadError::Directory { name });
    }
    if metadata.len() > MAX_BYTES as u64 {
        return Err(ReadError::TooLarge { name });
    }
    read_from(File::open(path).map_err(io)?, &name)
}

/// The text that `reader` gives, of which no more than [`MAX_BYTES`] and one byte are read; `name` is for messages.
pub fn read_from(reader: impl Read, name: &str) -> Result<String, ReadError> {
    let mut bytes = Vec::new();
    let read = reader.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|source| ReadError::Io { name: name.to_owned(), source })?;
    if bytes.len() > MAX_BYTES {
        return Err(ReadError::TooLarge { name: name.to_owned() });
    }
    String::from_utf8(bytes)
        .map_err(|error| not_utf8(name, error.as_bytes(), error.utf8_error().valid_up_to()))
}

fn not_utf8(name: &str, bytes: &[u8], valid: usize) -> ReadError {
    let before = String::from_utf8_lossy(&bytes[..valid]);
    let last_line = before.rsplit('\n').next().unwrap_or_default();
    ReadError::NotUtf8 {
        name: name.to_owned(),
        line: before.matches('\n').count() + 1,
        column: last_line.chars().count() + 1,
        utf16: bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]),
    }
}

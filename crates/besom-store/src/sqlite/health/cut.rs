//! A database file that ends too early: the most common damage, left by a copy that was interrupted or a disk that was full.
//!
//! SQLite refuses such a file as a whole. With empty pages in the place of the missing ones it reads the rest.

use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::StoreError;
use crate::sqlite::open::{cannot, connect, create_private, recognize, unchanging};
use crate::sqlite::schema::beside;

/// How long a file is and should be, in bytes.
pub(super) struct Size {
    found: u64,
    expected: u64,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database ends after {} of its {} bytes", self.found, self.expected)
    }
}

/// The size of a file that is shorter than its header says (<https://www.sqlite.org/fileformat2.html>, 1.3); `None` for others.
pub(super) fn size(path: &Path) -> Option<Size> {
    let mut file = File::open(path).ok()?;
    let mut header = [0; 32];
    file.read_exact(&mut header).ok()?;
    let page = match u64::from(u16::from_be_bytes([header[16], header[17]])) {
        1 => 65_536,
        size => size,
    };
    let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
    let (found, expected) = (file.metadata().ok()?.len(), page * u64::from(pages));
    (found < expected).then_some(Size { found, expected })
}

/// Opens a copy of a file that was cut, filled up with empty pages to its `size`, to read it; and the version of the store. The copy is
/// made beside `to`, and is gone when the connection is closed.
pub(super) fn open(path: &Path, to: &Path, size: &Size) -> Result<(u32, Connection), StoreError> {
    let copy = beside(to, ".whole");
    let fill = || -> std::io::Result<()> {
        create_private(&copy)?;
        fs::copy(path, &copy)?;
        File::options().write(true).open(&copy)?.set_len(size.expected)
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let opened = fill().map_err(|error| cannot(&copy, error)).and_then(|()| {
        let conn = connect(&copy, &unchanging(&copy), flags)?;
        Ok((recognize(path, &conn)?, conn))
    });
    // An open file can be read without its name.
    let _ = fs::remove_file(&copy);
    opened
}

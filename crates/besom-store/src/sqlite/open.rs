//! Finding, making and opening the file.
//!
//! A file is made under another name and renamed when it is complete, so that a store is there whole or not at all.
//! The database files are looked at through SQLite only: closing a file would drop the locks that other connections
//! of this process have on it.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::SqliteStore;
use super::fault::{Fault, LOCK_TIMEOUT, Outcome, file_fault};
use super::original::Original;
use super::presence::Presence;
use super::schema::{self, APPLICATION_ID, Identity, UPGRADES, VERSION, beside};
use super::turn::Turns;
use crate::files::{PRIVATE, create_directory, create_new, parent};
use crate::{Clock, FileFault, StoreError};

/// Prepared statements to keep: more than the store has, so that none is prepared twice.
const STATEMENTS: usize = 96;

impl SqliteStore {
    /// Opens the store in this file to read and write. File and directory are made if they are not there, for their owner
    /// alone; in a directory that is there, its group has the same rights to the file. Several processes may do so at once.
    ///
    /// # Errors
    /// [`StoreError::Open`] if there is a directory, or no right to write; [`StoreError::NotAStore`] for anything
    /// that besom has not made, also an empty file; [`StoreError::TooNew`]; [`StoreError::Damaged`], for which the
    /// structure of the file is examined if its last users were killed.
    pub fn open(path: &Path, clock: Clock) -> Result<Self, StoreError> {
        if !exists(path)? {
            create_directory(parent(path), PRIVATE).map_err(|error| cannot(path, error))?;
            make(path)?;
        }
        Self::open_existing(path, clock)
    }

    /// As [`Self::open`], for a store that must be there.
    ///
    /// # Errors
    /// As [`Self::open`], and [`StoreError::Open`] if there is none.
    pub fn open_existing(path: &Path, clock: Clock) -> Result<Self, StoreError> {
        let place = find(path)?;
        let original = Original::at(&place).map_err(|error| cannot(path, error))?;
        let conn = connect(path, &place, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let found = recognize(path, &conn)?;
        if conn.is_readonly("main").map_err(Fault::from)? {
            return Err(cannot(path, FileFault::ReadOnly));
        }
        let mut turns = Turns::at(&place).map_err(|error| cannot(path, error))?;
        let presence = Presence::begin(&place, &conn)?;
        prepare(&conn).map_err(|fault| match StoreError::from(fault) {
            StoreError::Write(source) => cannot(path, source),
            other => other,
        })?;
        if found < VERSION {
            let _turn = turns.wait(LOCK_TIMEOUT)?;
            let found = recognize(path, &conn)?;
            schema::upgrade(&conn, &place, found, VERSION, UPGRADES)?;
        }
        Ok(Self {
            turns: Some(turns),
            _presence: presence,
            original: Some(original),
            ..Self::on(conn, clock)
        })
    }

    /// Opens a store that must be there to read it, for which no right to write is needed. What would write answers
    /// [`StoreError::Write`].
    ///
    /// # Errors
    /// As [`Self::open_existing`], and [`StoreError::Open`] if its form is older than what this program reads.
    pub fn open_read_only(path: &Path, clock: Clock) -> Result<Self, StoreError> {
        let place = find(path)?;
        let original = Original::at(&place).map_err(|error| cannot(path, error))?;
        let presence = Presence::reading(&place);
        let (found, conn) = open_to_read(path)?;
        if found < VERSION {
            return Err(cannot(path, FileFault::Old(found)));
        }
        Ok(Self { _presence: presence, original: Some(original), read_only: true, ..Self::on(conn, clock) })
    }

    /// A store of its own in memory, which is gone when dropped.
    ///
    /// # Errors
    /// Only if SQLite itself fails.
    pub fn in_memory(clock: Clock) -> Result<Self, StoreError> {
        let conn = Connection::open_in_memory().map_err(Fault::from)?;
        schema::create(&conn)?;
        keep_statements(&conn).map_err(Fault::from)?;
        Ok(Self::on(conn, clock))
    }

    pub(super) fn on(conn: Connection, clock: Clock) -> Self {
        Self {
            conn,
            clock,
            turns: None,
            _presence: None,
            original: None,
            read_only: false,
            expects_nothing: true,
            grouped: false,
            asker: None,
        }
    }
}

/// A connection that only reads, and the version of the store.
pub(super) fn open_to_read(path: &Path) -> Result<(u32, Connection), StoreError> {
    let place = find(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    match connect(path, &place, flags).and_then(|conn| Ok((recognize(path, &conn)?, conn))) {
        // Where no file may be made, not even for reading, the log can't be used; without one there is no need.
        Err(StoreError::Open { .. } | StoreError::Write(_)) if log_is_empty(&place) => {
            let conn = connect(path, &unchanging(&place), flags | OpenFlags::SQLITE_OPEN_URI)?;
            Ok((recognize(path, &conn)?, conn))
        }
        opened => opened,
    }
}

pub(super) fn cannot(path: &Path, source: impl Into<FileFault>) -> StoreError {
    StoreError::Open { path: path.to_owned(), source: source.into() }
}

fn exists(path: &Path) -> Result<bool, StoreError> {
    path.try_exists().map_err(|error| cannot(path, error))
}

/// The one true path of a file, so that all who use it meet at the same side files; SQLite would take a path that
/// begins with `file:` for something else.
fn find(path: &Path) -> Result<PathBuf, StoreError> {
    let place = path.canonicalize().map_err(|error| cannot(path, error))?;
    if place.is_dir() {
        return Err(cannot(path, FileFault::Directory));
    }
    if !place.is_file() {
        return Err(StoreError::NotAStore { path: path.to_owned() });
    }
    Ok(place)
}

pub(super) fn connect(path: &Path, place: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let cannot_open = |error: rusqlite::Error| cannot(path, file_fault(error));
    let conn =
        Connection::open_with_flags(place, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(cannot_open)?;
    conn.busy_timeout(LOCK_TIMEOUT).map_err(cannot_open)?;
    keep_statements(&conn).map_err(cannot_open)?;
    Ok(conn)
}

/// Makes statements be prepared once: without QPSG, SQLite prepares some anew for each set of values.
fn keep_statements(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// The version of a store, or the refusal of anything else.
pub(super) fn recognize(path: &Path, conn: &Connection) -> Result<u32, StoreError> {
    let foreign = || StoreError::NotAStore { path: path.to_owned() };
    let found = Identity::of(conn).map_err(|error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => foreign(),
        Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::ReadOnly) => {
            cannot(path, file_fault(error))
        }
        _ => Fault::from(error).into(),
    })?;
    if found.application != APPLICATION_ID {
        return Err(foreign());
    }
    if found.version > VERSION {
        return Err(StoreError::TooNew { path: path.to_owned(), found: found.version, supported: VERSION });
    }
    Ok(found.version)
}

/// Settings of a connection that writes.
fn prepare(conn: &Connection) -> Outcome<()> {
    let mode: String = conn.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if mode != "wal" {
        conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    }
    // After a burst, the log shrinks to 64 MiB, so that one large report does not leave a large file for good.
    conn.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864",
    )?;
    Ok(())
}

/// Makes the store at `path`, unless another process was faster.
fn make(path: &Path) -> Result<(), StoreError> {
    let directory = parent(path).canonicalize().map_err(|error| cannot(path, error))?;
    let name = path.file_name().ok_or_else(|| cannot(path, FileFault::Directory))?;
    let place = directory.join(name);
    let _turn = Turns::at(&place).map_err(|error| cannot(path, error))?.wait(LOCK_TIMEOUT)?;
    if exists(&place)? {
        return Ok(());
    }
    let draft = beside(&place, ".new");
    remove(&draft);
    create_for_group(&draft).map_err(|error| cannot(path, error))?;
    let made = fill(&draft).map_err(|fault| match StoreError::from(fault) {
        StoreError::Write(source) => cannot(path, source),
        StoreError::Other { source, .. } => cannot(path, FileFault::Other(source)),
        other => other,
    });
    // What a deleted store has left behind would be replayed into the new one.
    let cleared = made.and_then(|()| clear_logs(&place).map_err(|error| cannot(path, error)));
    let placed = cleared.and_then(|()| fs::rename(&draft, &place).map_err(|error| cannot(path, error)));
    if placed.is_err() {
        remove(&draft);
    }
    placed?;
    fs::File::open(&directory).and_then(|dir| dir.sync_all()).map_err(|error| cannot(path, error))
}

/// Creates an empty file that only its owner may use. SQLite gives its logs the mode of the file.
pub(super) fn create_private(path: &Path) -> io::Result<fs::File> {
    fs::File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// Creates an empty file that only those may use who may use its directory.
pub(super) fn create_for_group(path: &Path) -> io::Result<()> {
    create_new(fs::File::options().write(true), path).map(drop)
}

fn fill(draft: &Path) -> Outcome<()> {
    let conn = Connection::open(draft)?;
    prepare(&conn)?;
    schema::create(&conn)?;
    // Closing would write the log back into the file as well, but not say if that fails, as on a full disk.
    let left: u32 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if left != 0 {
        return Err(StoreError::Busy(0).into());
    }
    conn.close().map_err(|(_, error)| error.into())
}

/// Removes the logs of a store that is not there any more.
fn clear_logs(place: &Path) -> std::io::Result<()> {
    for suffix in ["-wal", "-shm", "-journal"] {
        match fs::remove_file(beside(place, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn remove(draft: &Path) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        // Most of them are not there.
        let _ = fs::remove_file(beside(draft, suffix));
    }
}

pub(super) fn log_is_empty(place: &Path) -> bool {
    fs::metadata(beside(place, "-wal")).map_or(true, |log| log.len() == 0)
}

/// The address of a file that does not change, so that SQLite needs no lock and no log.
pub(super) fn unchanging(place: &Path) -> PathBuf {
    let mut address = String::from("file:");
    for &byte in place.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                address.push(char::from(byte));
            }
            _ => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address.push_str("?immutable=1");
    PathBuf::from(address)
}

//! The form of the file: how it is made, recognized and brought up to date.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::fault::{Fault, Outcome};
use super::open::create_for_group;
use crate::{FileFault, StoreError};

/// Marks an SQLite file as a store: the letters `besm`.
pub(super) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"besm");

/// The version that this program writes.
pub(super) const VERSION: u32 = 5;

/// What brings a file of one version to the next.
pub(super) struct Upgrade {
    /// The version before.
    pub(super) from: u32,
    /// The statements.
    pub(super) sql: &'static str,
}

/// All upgrades there are, oldest first.
pub(super) const UPGRADES: &[Upgrade] = &[
    Upgrade { from: 1, sql: include_str!("upgrade_1.sql") },
    Upgrade { from: 2, sql: include_str!("upgrade_2.sql") },
    Upgrade { from: 3, sql: include_str!("upgrade_3.sql") },
    Upgrade { from: 4, sql: include_str!("upgrade_4.sql") },
];

/// The numbers by which a file is recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) application: i32,
    pub(super) version: u32,
}

impl Identity {
    pub(super) fn of(conn: &Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            application: conn.query_row("PRAGMA application_id", [], |row| row.get(0))?,
            version: version(conn)?,
        })
    }
}

fn version(conn: &Connection) -> rusqlite::Result<u32> {
    conn.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))
}

/// Fills an empty database.
pub(super) fn create(conn: &Connection) -> Outcome<()> {
    let transaction = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
    conn.execute_batch(include_str!("schema.sql"))?;
    conn.pragma_update(None, "application_id", APPLICATION_ID)?;
    conn.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}

/// Refuses to write a file that a newer program has upgraded while this one had it open.
pub(super) fn still_ours(conn: &Connection) -> Outcome<()> {
    let found = version(conn)?;
    if found == VERSION {
        return Ok(());
    }
    let path = PathBuf::from(conn.path().unwrap_or_default());
    Err(StoreError::TooNew { path, found, supported: VERSION }.into())
}

/// Brings the file from `found` to `target` in one transaction, after a copy of it was made beside it. The caller has
/// the turn to write.
pub(super) fn upgrade(
    conn: &Connection,
    path: &Path,
    found: u32,
    target: u32,
    upgrades: &[Upgrade],
) -> Outcome<()> {
    let steps: Vec<&Upgrade> = upgrades.iter().filter(|step| (found..target).contains(&step.from)).collect();
    if !steps.iter().map(|step| step.from).eq(found..target) {
        return Err(StoreError::Open { path: path.to_owned(), source: FileFault::NoUpgrade(found) }.into());
    }
    copy(conn, path, found)?;
    let transaction = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
    if version(conn)? != found {
        return Ok(());
    }
    for step in steps {
        conn.execute_batch(step.sql)?;
    }
    conn.pragma_update(None, "user_version", target)?;
    Ok(transaction.commit()?)
}

/// Copies the file to `<path>.v<version>`, which is there whole or not at all.
fn copy(conn: &Connection, path: &Path, version: u32) -> Outcome<()> {
    let unwritable = |error: std::io::Error| Fault::from(StoreError::Write(error.into()));
    let (copy, part) = (beside(path, &format!(".v{version}")), beside(path, ".part"));
    let _ = fs::remove_file(&part);
    let no_text = || StoreError::Open { path: path.to_owned(), source: FileFault::Path };
    let name = part.to_str().ok_or_else(no_text)?;
    create_for_group(&part).map_err(unwritable)?;
    conn.execute("VACUUM INTO ?1", [name])?;
    fs::File::open(&part).and_then(|file| file.sync_all()).map_err(unwritable)?;
    fs::rename(&part, &copy).map_err(unwritable)
}

/// The path with something appended to its last part.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const STEPS: &[Upgrade] = &[
        Upgrade { from: 0, sql: "ALTER TABLE old ADD COLUMN b INTEGER NOT NULL DEFAULT 7" },
        Upgrade { from: 1, sql: "INSERT INTO old VALUES (2, 8)" },
    ];

    fn old_file(dir: &Path) -> (Connection, PathBuf) {
        let path = dir.join("old.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch("CREATE TABLE old (a INTEGER); INSERT INTO old VALUES (1)").unwrap();
        (conn, path)
    }

    fn content(conn: &Connection, sql: &str) -> Vec<i64> {
        conn.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn an_upgrade_goes_through_all_versions_and_leaves_a_copy() {
        let dir = tempfile::tempdir().unwrap();
        let (conn, path) = old_file(dir.path());
        upgrade(&conn, &path, 0, 2, STEPS).unwrap();
        assert_eq!(content(&conn, "SELECT b FROM old ORDER BY a"), [7, 8]);
        assert_eq!(version(&conn).unwrap(), 2);
        let copy = Connection::open(beside(&path, ".v0")).unwrap();
        assert_eq!(content(&copy, "SELECT a FROM old"), [1]);
        assert_eq!(version(&copy).unwrap(), 0);
        assert!(copy.prepare("SELECT b FROM old").is_err());
    }

    #[test]
    fn an_upgrade_that_fails_changes_nothing_and_can_be_repeated() {
        let dir = tempfile::tempdir().unwrap();
        let (conn, path) = old_file(dir.path());
        let wrong = [
            Upgrade { from: 0, sql: STEPS[0].sql },
            Upgrade { from: 1, sql: "INSERT INTO nowhere VALUES (1)" },
        ];
        assert!(upgrade(&conn, &path, 0, 2, &wrong).is_err());
        assert!(conn.is_autocommit());
        assert_eq!(version(&conn).unwrap(), 0);
        assert!(conn.prepare("SELECT b FROM old").is_err());
        upgrade(&conn, &path, 0, 2, STEPS).unwrap();
        assert_eq!(content(&conn, "SELECT b FROM old ORDER BY a"), [7, 8]);
    }

    #[test]
    fn an_upgrade_that_another_process_has_done_is_not_done_twice() {
        let dir = tempfile::tempdir().unwrap();
        let (conn, path) = old_file(dir.path());
        upgrade(&conn, &path, 0, 1, STEPS).unwrap();
        upgrade(&conn, &path, 0, 1, STEPS).unwrap();
        assert_eq!(content(&conn, "SELECT b FROM old"), [7]);
    }

    #[test]
    fn a_version_without_a_way_to_the_present_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (conn, path) = old_file(dir.path());
        let refused = upgrade(&conn, &path, 0, 2, &STEPS[1..]);
        assert!(matches!(refused, Err(Fault::Store(StoreError::Open { .. }))), "{refused:?}");
        assert!(!beside(&path, ".v0").exists());
    }
}

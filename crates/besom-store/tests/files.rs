//! The file: what is a store, what is not, and what each user may do with it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use besom_core::error_chain;
use besom_store::laws::find_violation;
use besom_store::{Queue, SqliteStore, Store, StoreError};
use rusqlite::Connection;
use stage::{Time, id, new_sweep};

fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, Time::default().clock())
}

fn open_existing(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open_existing(path, Time::default().clock())
}

fn open_read_only(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open_read_only(path, Time::default().clock())
}

/// All ways to open a file fail alike, and leave the directory as it was.
fn check_refused(path: &Path, expected: &str) {
    let before = listing(path.parent().unwrap());
    for open in [open, open_existing, open_read_only] {
        let error = error_chain(&open(path).map(drop).unwrap_err());
        assert_eq!(error.replace(path.to_str().unwrap(), "PATH"), expected);
    }
    assert_eq!(listing(path.parent().unwrap()), before);
}

fn listing(directory: &Path) -> Vec<(String, u64)> {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    let mut names: Vec<_> = entries
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().size()))
        .collect();
    names.sort();
    names
}

#[test]
fn a_store_is_made_with_its_directory_and_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b c%?#/runs.db");
    open(&path).unwrap().create_sweep(&new_sweep()).unwrap();
    for open in [open, open_existing, open_read_only] {
        assert_eq!(open(&path).unwrap().sweeps().unwrap().len(), 1);
    }
    let made = listing(path.parent().unwrap());
    assert!(made.iter().all(|(name, _)| !name.contains(".new")), "{made:?}");
}

#[test]
fn a_missing_store_is_created_by_open_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runs.db");
    for open in [open_existing, open_read_only] {
        let error = error_chain(&open(&path).map(drop).unwrap_err());
        assert_eq!(error, format!("cannot open the store {}: no such file", path.display()));
    }
    assert!(listing(dir.path()).is_empty());
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "").unwrap();
    check_refused(&path, "not a besom store: PATH");
    fs::write(&path, "some text that is longer than the header of a database file has to be".repeat(9))
        .unwrap();
    check_refused(&path, "not a besom store: PATH");
    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    check_refused(&path, "not a besom store: PATH");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    check_refused(&path, "cannot open the store PATH: it is a directory");
}

#[test]
fn a_path_below_a_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let error = open(&dir.path().join("file/runs.db")).unwrap_err();
    assert!(matches!(error, StoreError::Open { .. }), "{error}");
}

#[test]
fn a_newer_store_is_refused_also_where_it_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runs.db");
    let mut old = open(&path).unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let newer = |error: StoreError| matches!(error, StoreError::TooNew { found: 99, .. });
    assert!(newer(old.create_sweep(&new_sweep()).unwrap_err()));
    drop(old);
    for open in [open, open_existing, open_read_only] {
        assert!(newer(open(&path).unwrap_err()));
    }
}

#[test]
fn a_read_that_fails_in_a_newer_store_says_that_it_is_newer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runs.db");
    let stores = [open(&path).unwrap(), open_existing(&path).unwrap(), open_read_only(&path).unwrap()];
    let newer = "ALTER TABLE sweeps RENAME TO groups; PRAGMA user_version = 99";
    Connection::open(&path).unwrap().execute_batch(newer).unwrap();
    for mut store in stores {
        let refused = store.sweeps().unwrap_err();
        assert!(matches!(refused, StoreError::TooNew { found: 99, .. }), "{refused:?}");
    }
}

#[test]
fn a_store_opened_to_read_refuses_to_write() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runs.db");
    open(&path).unwrap().create_sweep(&new_sweep()).unwrap();
    let mut store = open_read_only(&path).unwrap();
    assert!(matches!(
        store.set_state(&id(), besom_store::SweepState::Running, None),
        Err(StoreError::Write(_))
    ));
    let agent = besom_store::NewAgent::new(String::new(), std::time::Duration::from_millis(1));
    assert!(matches!(store.join(&id(), &agent), Err(StoreError::Write(_))));
}

#[test]
fn a_reader_sees_what_is_written_while_it_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runs.db");
    let mut writer = open(&path).unwrap();
    let mut reader = open_read_only(&path).unwrap();
    assert!(reader.sweeps().unwrap().is_empty());
    writer.create_sweep(&new_sweep()).unwrap();
    assert_eq!(reader.sweeps().unwrap().len(), 1);
}

/// Runs one test of this file, `inner`, as a user who is nobody.
fn run_as_nobody(inner: &str, directory: &Path) {
    // A copy, because nobody may not be allowed to go where the test program lies.
    let program = directory.join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = Command::new(&program);
    command.args(["--exact", inner, "--ignored", "--test-threads=1"]).env("BESOM_TEST_DIR", directory);
    if fs::metadata(directory).unwrap().uid() == 0 {
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_store_that_may_only_be_read_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("fixed");
    let path = place.join("runs.db");
    open(&path).unwrap().create_sweep(&new_sweep()).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    for directory in [&place, dir.path()] {
        fs::set_permissions(directory, Permissions::from_mode(0o555)).unwrap();
    }
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    run_as_nobody("as_nobody", dir.path());
    fs::set_permissions(&place, Permissions::from_mode(0o755)).unwrap();
}

#[test]
#[ignore = "is run by `a_store_that_may_only_be_read_can_be_read`, as another user"]
fn as_nobody() {
    let place = std::env::var("BESOM_TEST_DIR").unwrap();
    let path = Path::new(&place).join("fixed/runs.db");
    assert_eq!(open_read_only(&path).unwrap().sweeps().unwrap().len(), 1);
    let cannot = format!("cannot open the store {}: ", path.display());
    assert_eq!(error_chain(&open(&path).unwrap_err()), format!("{cannot}it is read-only"));
    let other = Path::new(&place).join("fixed/other.db");
    let error = error_chain(&open(&other).unwrap_err());
    assert_eq!(error, format!("cannot open the store {}: permission denied", other.display()));
}

#[test]
fn a_store_in_a_file_keeps_the_laws() {
    let dir = tempfile::tempdir().unwrap();
    let count = std::cell::Cell::new(0);
    let make = |clock| {
        count.set(count.get() + 1);
        SqliteStore::open(&dir.path().join(format!("{}.db", count.get())), clock).unwrap()
    };
    assert_eq!(find_violation(make, 6), None);
}

#[test]
fn a_new_store_does_not_take_the_log_of_a_deleted_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runs.db");
    let mut old = open(&path).unwrap();
    old.create_sweep(&new_sweep()).unwrap();
    // The file is deleted beside a log that holds all of it, as after a kill.
    let log = fs::read(dir.path().join("runs.db-wal")).unwrap();
    assert!(!log.is_empty());
    drop(old);
    fs::remove_file(&path).unwrap();
    fs::write(dir.path().join("runs.db-wal"), log).unwrap();
    let mut store = open(&path).unwrap();
    assert!(store.sweeps().unwrap().is_empty());
    store.create_sweep(&new_sweep()).unwrap();
    drop(store);
    let sound: String =
        Connection::open(&path).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

/// Names and modes of what lies in a directory.
fn modes(directory: &Path) -> Vec<(String, String)> {
    let mode = |(name, _): (String, u64)| (name.clone(), format!("{:o}", mode(&directory.join(&name))));
    listing(directory).into_iter().map(mode).collect()
}

#[test]
fn a_new_store_is_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new/runs.db");
    let mut store = open(&path).unwrap();
    store.create_sweep(&new_sweep()).unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let found = modes(path.parent().unwrap());
    assert!(found.len() >= 5 && found.iter().all(|(_, mode)| mode == "600"), "{found:?}");
}

#[test]
fn the_group_of_a_directory_that_exists_has_the_same_rights_to_the_store() {
    let dir = tempfile::tempdir().unwrap();
    for (given, expected) in [(0o777, "660"), (0o755, "640"), (0o700, "600")] {
        let directory = dir.path().join(format!("{given:o}"));
        fs::create_dir(&directory).unwrap();
        fs::set_permissions(&directory, Permissions::from_mode(given)).unwrap();
        let mut store = open(&directory.join("runs.db")).unwrap();
        store.create_sweep(&new_sweep()).unwrap();
        assert_eq!(mode(&directory), given);
        let found = modes(&directory);
        assert!(found.iter().all(|(_, mode)| mode == expected), "{given:o}: {found:?}");
    }
}

#[test]
fn a_backup_of_a_store_in_use_is_one_state_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("runs.db"), dir.path().join("copy.db"));
    let mut store = open(&path).unwrap();
    store.create_sweep(&new_sweep()).unwrap();
    // All of it is in the log still, which a copy of the file alone would miss.
    SqliteStore::back_up(&path, &copy).unwrap();
    store.set_state(&id(), besom_store::SweepState::Running, None).unwrap();
    assert_eq!(mode(&copy) & 0o007, 0);
    let found = open_existing(&copy).unwrap().sweeps().unwrap();
    assert_eq!(found.iter().map(|sweep| sweep.state.as_str()).collect::<Vec<_>>(), ["pending"]);
}

#[test]
fn a_backup_overwrites_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("runs.db"), dir.path().join("copy.db"));
    drop(open(&path).unwrap());
    fs::write(&copy, "mine").unwrap();
    let refused = SqliteStore::back_up(&path, &copy).unwrap_err();
    assert!(matches!(refused, StoreError::Open { .. }), "{refused:?}");
    assert_eq!(fs::read(&copy).unwrap(), b"mine");
}

#[test]
fn a_store_that_was_deleted_moved_or_replaced_is_not_written_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let (path, away) = (dir.path().join("runs.db"), dir.path().join("away.db"));
    let mut store = open(&path).unwrap();
    store.create_sweep(&new_sweep()).unwrap();
    fs::rename(&path, &away).unwrap();
    let refused = store.set_state(&id(), besom_store::SweepState::Running, None).unwrap_err();
    assert!(matches!(refused, StoreError::Gone { .. }) && !refused.is_transient(), "{refused:?}");
    assert!(matches!(store.sweeps().unwrap_err(), StoreError::Gone { .. }));
    fs::copy(&away, &path).unwrap();
    assert!(matches!(store.sweeps().unwrap_err(), StoreError::Gone { .. }), "this is another file");
    fs::rename(&away, &path).unwrap();
    store.set_state(&id(), besom_store::SweepState::Running, None).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(matches!(store.sweeps().unwrap_err(), StoreError::Gone { .. }));
}

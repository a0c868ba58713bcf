//! Where the store is.

use std::path::{Path, PathBuf};

use anyhow::Result;
use besom_core::RunNumber;
use besom_engine::{id_of_path, system_clock};
use besom_store::{Queue, SqliteStore, Store, SweepId, SweepRow};

use crate::error::InputError;

/// The directory of a store: the file `besom.db` and the directories of runs.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    directory: PathBuf,
}

impl Place {
    /// The store that was named, else `$BESOM_STORE`, else `.besom` in the working directory.
    pub(crate) fn find(named: Option<PathBuf>) -> Result<Self> {
        let from_environment =
            || std::env::var_os("BESOM_STORE").filter(|v| !v.is_empty()).map(PathBuf::from);
        let directory = named.or_else(from_environment).unwrap_or_else(|| PathBuf::from(".besom"));
        Ok(Self { directory: std::path::absolute(directory)? })
    }

    /// The directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the files of a run are.
    pub(crate) fn run_directory(&self, sweep: &SweepId, run: RunNumber) -> PathBuf {
        besom_agent::run_directory(&self.directory, sweep, run)
    }

    fn file(&self) -> PathBuf {
        self.directory.join("besom.db")
    }

    /// Opens the store to write, made if it was not there.
    pub(crate) fn open(&self) -> Result<SqliteStore> {
        Ok(broken_if_told(SqliteStore::open(&self.file(), system_clock())?))
    }

    /// A command that looks for a sweep in a store that is not there was given the wrong place.
    fn must_exist(&self) -> Result<()> {
        if self.file().try_exists().is_ok_and(|exists| !exists) {
            let message = format!(
                "there is no store in {} (besom run FILE makes one; --store or BESOM_STORE names another)",
                self.directory.display()
            );
            return Err(InputError::new(message).into());
        }
        Ok(())
    }

    /// Opens a store that must be there, to write.
    pub(crate) fn open_existing(&self) -> Result<SqliteStore> {
        self.must_exist()?;
        Ok(broken_if_told(SqliteStore::open_existing(&self.file(), system_clock())?))
    }

    /// Opens a store that must be there, for the agent of this number to work with.
    pub(crate) fn open_for_agent(&self, job: u32) -> Result<Box<dyn Queue>> {
        Ok(lossy_if_told(self.open_existing()?, job))
    }

    /// Opens a store that must be there, to read.
    pub(crate) fn open_to_read(&self) -> Result<SqliteStore> {
        self.must_exist()?;
        Ok(SqliteStore::open_read_only(&self.file(), system_clock())?)
    }
}

/// The store, breaking the rule of the protocol that `BESOM_MUTANT` names, if it names one. For tests of tests.
#[cfg(feature = "mutants")]
fn broken_if_told(store: SqliteStore) -> SqliteStore {
    let named = std::env::var("BESOM_MUTANT").unwrap_or_default();
    match besom_store::Mutant::ALL.into_iter().find(|mutant| format!("{mutant:?}") == named) {
        Some(mutant) => store.with_mutant(mutant),
        None => store,
    }
}

/// The store as it is.
#[cfg(not(feature = "mutants"))]
fn broken_if_told(store: SqliteStore) -> SqliteStore {
    store
}

/// The store, losing replies by the seed `BESOM_LOSE_REPLIES`, if there is one. For tests of tests.
#[cfg(feature = "mutants")]
fn lossy_if_told(store: SqliteStore, job: u32) -> Box<dyn Queue> {
    match std::env::var("BESOM_LOSE_REPLIES").ok().and_then(|seed| seed.parse::<u64>().ok()) {
        Some(seed) => Box::new(super::lossy::Lossy::new(store, seed.rotate_left(32) ^ u64::from(job))),
        None => Box::new(store),
    }
}

/// The store as it is.
#[cfg(not(feature = "mutants"))]
fn lossy_if_told(store: SqliteStore, _: u32) -> Box<dyn Queue> {
    Box::new(store)
}

/// The sweep that a user named: its id, perhaps with `entity/project/` in front as in W&B.
pub(crate) fn find_sweep(store: &mut dyn Store, text: &str) -> Result<SweepRow> {
    Ok(store.sweep(&SweepId::new(id_of_path(text)))?)
}

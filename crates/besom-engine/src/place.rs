//! Where a store is, and how it is opened.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use besom_store::{FileFault, Queue, SqliteStore, Store, StoreError, SweepId, SweepRow, system_clock};

use crate::{EngineError, id_of_path};

/// The environment variable that names the store.
pub const STORE_VARIABLE: &str = "BESOM_STORE";

/// The store in the working directory, used where none is named.
const DEFAULT: &str = ".besom";

/// Where a store is: a directory with the file `besom.db` and the directories of runs. This is the only place outside
/// `besom-store` that knows which store that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    directory: PathBuf,
}

impl Place {
    /// The place with this name: a directory, or a URL `file:DIRECTORY`.
    ///
    /// # Errors
    /// If the URL is of an unknown kind, or the directory is relative and the working directory cannot be read.
    pub fn new(name: impl AsRef<OsStr>) -> Result<Self, EngineError> {
        let name = name.as_ref();
        let directory = match name.to_str().and_then(|text| text.split_once(':')) {
            Some(("file", path)) => path.strip_prefix("//").unwrap_or(path).into(),
            Some((_, path)) if path.starts_with("//") => {
                return Err(EngineError::UnknownKind { url: name.to_string_lossy().into_owned() });
            }
            _ => PathBuf::from(name),
        };
        let directory = std::path::absolute(directory).map_err(EngineError::WorkingDirectory)?;
        Ok(Self { directory })
    }

    /// The place that is named, else the one in `$BESOM_STORE`, else `.besom` in the working directory.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn find(named: Option<&OsStr>) -> Result<Self, EngineError> {
        let variable = std::env::var_os(STORE_VARIABLE).filter(|value| !value.is_empty());
        Self::new(named.or(variable.as_deref()).unwrap_or(OsStr::new(DEFAULT)))
    }

    /// The directory, as an absolute path.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Opens the store, created if there is none.
    pub fn open_or_create(&self) -> Result<Box<dyn Store>, EngineError> {
        Ok(Box::new(broken_on_request(SqliteStore::open(&self.file(), system_clock())?)))
    }

    /// Opens the store, which must exist.
    pub fn open(&self) -> Result<Box<dyn Store>, EngineError> {
        Ok(Box::new(self.existing()?))
    }

    /// Opens the store, which must exist, without the right to write. A store of an older version is upgraded first, if
    /// it can be written.
    pub fn open_to_read(&self) -> Result<Box<dyn Store>, EngineError> {
        self.must_exist()?;
        let read = || SqliteStore::open_read_only(&self.file(), system_clock());
        let store = match read() {
            Err(StoreError::Open { source: FileFault::Old(_), .. }) if self.existing().is_ok() => read(),
            opened => opened,
        };
        Ok(Box::new(store?))
    }

    /// Opens the store, which must exist, as the agent with this number sees it.
    pub(crate) fn open_queue(&self, job: u32) -> Result<Box<dyn Queue>, EngineError> {
        Ok(lossy_on_request(self.existing()?, job))
    }

    fn existing(&self) -> Result<SqliteStore, EngineError> {
        self.must_exist()?;
        Ok(broken_on_request(SqliteStore::open_existing(&self.file(), system_clock())?))
    }

    fn file(&self) -> PathBuf {
        self.directory.join("besom.db")
    }

    fn must_exist(&self) -> Result<(), EngineError> {
        match self.file().try_exists() {
            Ok(false) => Err(EngineError::NoStore { directory: self.directory.clone() }),
            // An error other than absence is the store's to report.
            Ok(true) | Err(_) => Ok(()),
        }
    }
}

/// Opens the store with this name (a directory, or a URL `file:DIRECTORY`), created if there is none.
///
/// # Errors
/// As [`Place::new`] and [`Place::open_or_create`].
pub fn open(name: impl AsRef<OsStr>) -> Result<Box<dyn Store>, EngineError> {
    Place::new(name)?.open_or_create()
}

/// The sweep with this id, which may have `entity/project/` in front of it.
pub fn find_sweep(store: &mut dyn Store, path: &str) -> Result<SweepRow, StoreError> {
    store.sweep(&SweepId::new(id_of_path(path)))
}

/// The store, breaking the rule of the protocol that `BESOM_MUTANT` names, if any. For tests of tests.
#[cfg(feature = "mutants")]
fn broken_on_request(store: SqliteStore) -> SqliteStore {
    let named = std::env::var("BESOM_MUTANT").unwrap_or_default();
    match besom_store::Mutant::ALL.into_iter().find(|mutant| format!("{mutant:?}") == named) {
        Some(mutant) => store.with_mutant(mutant),
        None => store,
    }
}

/// The store as it is.
#[cfg(not(feature = "mutants"))]
fn broken_on_request(store: SqliteStore) -> SqliteStore {
    store
}

/// The store, losing replies by the seed `BESOM_LOSE_REPLIES`, if it is set. For tests of tests.
#[cfg(feature = "mutants")]
fn lossy_on_request(store: SqliteStore, job: u32) -> Box<dyn Queue> {
    match std::env::var("BESOM_LOSE_REPLIES").ok().and_then(|seed| seed.parse::<u64>().ok()) {
        Some(seed) => Box::new(crate::lossy::Lossy::new(store, seed.rotate_left(32) ^ u64::from(job))),
        None => Box::new(store),
    }
}

/// The store as it is.
#[cfg(not(feature = "mutants"))]
fn lossy_on_request(store: SqliteStore, _: u32) -> Box<dyn Queue> {
    Box::new(store)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_directory_or_its_url() {
        let directory = |name: &str| Place::new(name).map(|place| place.directory);
        for name in ["/tmp/x", "file:/tmp/x", "file:///tmp/x"] {
            assert_eq!(directory(name).ok(), Some(PathBuf::from("/tmp/x")), "{name}");
        }
        let here = std::env::current_dir().map(|here| here.join("a:b")).ok();
        assert_eq!(directory("a:b").ok(), here, "a colon alone makes no URL");
        assert!(matches!(directory("http://host/x"), Err(EngineError::UnknownKind { .. })));
    }
}

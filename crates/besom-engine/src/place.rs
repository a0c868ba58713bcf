//! Where a store is, and how it is opened.

mod backup;
#[cfg(feature = "postgres")]
mod database;
#[cfg(feature = "remote")]
mod remote;
mod whole;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use besom_agent::Shutdown;
use besom_store::files::{PRIVATE, SHARED, create_directory};
use besom_store::{
    FileFault, MemoryStore, Queue, SqliteStore, Store, StoreError, SweepId, SweepRow, system_clock,
};

use crate::{EngineError, id_of_path, network};

pub use backup::BackupContent;
pub use whole::{WholeAccess, WholeStore, open_whole};

/// The environment variable that names the store.
pub const STORE_VARIABLE: &str = "BESOM_STORE";

/// The store of the working directory, used where none is named.
const DEFAULT: &str = ".besom";

/// The environment variable that allows a store on a network file system.
const NETWORK_VARIABLE: &str = "BESOM_ALLOW_NETWORK_FS";

/// The environment variable that names the directory for the files of runs of a store that is elsewhere.
#[cfg(any(feature = "remote", feature = "postgres"))]
const HOME_VARIABLE: &str = "BESOM_HOME";

/// Where these are kept if the environment does not say it: in the working directory, like the program and its data.
#[cfg(any(feature = "remote", feature = "postgres"))]
const FILES: &str = ".besom/remote";

/// What a new store's directory says to git.
const IGNORED: &str = "# Made by besom: results are not source.\n*\n";

/// Opens a store of its own for whoever calls it, whose calls may end when a shutdown wants it.
type Open = dyn Fn(Option<&Shutdown>) -> Result<Box<dyn Store>, StoreError> + Send + Sync;

/// Where a store is: a directory with the file `besom.db` and the directories of runs; behind a server (feature `remote`); in a PostgreSQL
/// database (feature `postgres`); in the memory of this process; or wherever a store of yours is. This module is the only one outside `besom-store` that knows which store
/// the first is.
#[derive(Clone)]
pub struct Place {
    kind: Kind,
    /// Below which agents keep the files of runs, as an absolute path.
    directory: Option<PathBuf>,
    /// What a new store's directory may be used for, and by whom.
    mode: u32,
    network_allowed: bool,
    /// What ends calls that hang.
    heeds: Option<Shutdown>,
}

#[derive(Clone)]
enum Kind {
    /// The file `besom.db` in this directory.
    Directory(PathBuf),
    /// What a function opens, which has a URL if it is not in this process.
    Opened(Arc<Open>, Option<Elsewhere>),
}

/// A store on another machine, as it may be.
#[derive(Clone)]
struct Elsewhere {
    /// The name by which it is found again.
    name: String,
    /// The same without what may be a secret.
    url: String,
    is_server: bool,
    /// What opens a database.
    #[cfg(feature = "postgres")]
    database: Option<Arc<database::Database>>,
}

/// The directory or URL of the store.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Directory(directory) => write!(f, "{}", directory.display()),
            Kind::Opened(_, Some(elsewhere)) => f.write_str(&elsewhere.url),
            Kind::Opened(_, None) => f.write_str("in memory"),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// A clone of the store is opened each time: all see the same runs. Agents keep no files.
impl From<MemoryStore> for Place {
    fn from(store: MemoryStore) -> Self {
        Self::opened_by(move || Ok(Box::new(store.clone())))
    }
}

impl Place {
    /// A new, empty store in memory, for sweeps of functions: nothing touches the file system, and nothing survives the
    /// process. Clones of the place are the same store.
    pub fn memory() -> Self {
        MemoryStore::default().into()
    }

    /// A place whose store is opened by a function of yours, once for each thread that uses it. Agents keep no files, unless
    /// the place is given a [directory](Self::with_directory).
    ///
    /// ```
    /// use besom_engine::Place;
    /// use besom_store::{MemoryStore, Store};
    ///
    /// let store = MemoryStore::default(); // stands for a connection to your server
    /// let place = Place::opened_by(move || Ok(Box::new(store.clone())));
    /// assert!(place.open()?.sweeps()?.is_empty() && place.directory().is_none());
    /// # Ok::<(), besom_engine::EngineError>(())
    /// ```
    pub fn opened_by(open: impl Fn() -> Result<Box<dyn Store>, StoreError> + Send + Sync + 'static) -> Self {
        Self::of(Kind::Opened(Arc::new(move |_| open()), None), None, false)
    }

    fn of(kind: Kind, directory: Option<PathBuf>, network_allowed: bool) -> Self {
        Self { kind, directory, mode: PRIVATE, network_allowed, heeds: None }
    }

    /// The same, where agents keep the files of runs below this directory; programs need them.
    ///
    /// # Errors
    /// If the directory is relative and the working directory cannot be read.
    pub fn with_directory(mut self, directory: impl AsRef<Path>) -> Result<Self, EngineError> {
        let directory = std::path::absolute(directory).map_err(EngineError::WorkingDirectory)?;
        self.directory = Some(directory);
        Ok(self)
    }

    /// The place with this name: a directory, a URL `file:DIRECTORY`, with the feature `remote` the URL of a server (`besom serve`),
    /// `https://host:7070`, or with the feature `postgres` that of a database, `postgres://user@host/database`. For a server, the environment has the token (`BESOM_TOKEN`), a file of certificates (`BESOM_CA_FILE`), and
    /// whether http without TLS is allowed to another machine (`BESOM_INSECURE_HTTP=1`); agents keep the files of runs below
    /// `$BESOM_HOME`, else `.besom/remote` in the working directory. For a database, the environment has the password and what else the
    /// programs of PostgreSQL read there: `PGPASSWORD`, `PGPASSFILE` (else `~/.pgpass`), `PGUSER`, `PGSSLMODE`, `PGSSLROOTCERT`.
    ///
    /// # Errors
    /// If the URL is of an unknown kind or cannot be used, or the directory is relative and the working directory cannot be read.
    pub fn new(name: impl AsRef<OsStr>) -> Result<Self, EngineError> {
        let name = name.as_ref();
        let directory = match name.to_str().and_then(|text| text.split_once(':')) {
            Some(("file", path)) => path.strip_prefix("//").unwrap_or(path).into(),
            #[cfg(feature = "remote")]
            Some((kind, _)) if ["http", "https"].contains(&&*kind.to_ascii_lowercase()) => {
                return remote::place(&name.to_string_lossy());
            }
            #[cfg(feature = "postgres")]
            Some((kind, _)) if ["postgres", "postgresql"].contains(&&*kind.to_ascii_lowercase()) => {
                return database::place(&name.to_string_lossy());
            }
            Some((host, rest)) if rest.starts_with("//") || is_address(host, rest) => {
                return Err(EngineError::UnknownKind { url: without_secrets(&name.to_string_lossy()) });
            }
            _ => PathBuf::from(name),
        };
        let directory = std::path::absolute(directory).map_err(EngineError::WorkingDirectory)?;
        let network_allowed = std::env::var_os(NETWORK_VARIABLE).is_some_and(|value| value == "1");
        Ok(Self::of(Kind::Directory(directory.clone()), Some(directory), network_allowed))
    }

    /// The place that is named, else the one in `$BESOM_STORE`, else the nearest `.besom` with a store, in the working directory or
    /// above, as git finds a repository; else `.besom` in the working directory.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn find(named: Option<&OsStr>) -> Result<Self, EngineError> {
        let variable = std::env::var_os(STORE_VARIABLE).filter(|value| !value.is_empty());
        match named.or(variable.as_deref()) {
            Some(name) => Self::new(name),
            None => Self::new(nearest().unwrap_or_else(|| DEFAULT.into())),
        }
    }

    /// The same place, where a new store belongs to the group of its directory, too.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.mode = SHARED;
        self
    }

    /// The same place, also if it is on a network file system, where SQLite's locks and log may fail (decision 60). The
    /// environment variable `BESOM_ALLOW_NETWORK_FS=1` does the same.
    #[must_use]
    pub fn allow_network(mut self) -> Self {
        self.network_allowed = true;
        self
    }

    /// The same place, where calls of a server that hangs are given up once the agents of this process are to terminate their runs: see
    /// [`Shutdown::gives_up`]. Other stores finish each call.
    #[must_use]
    pub fn heeding(mut self, shutdown: &Shutdown) -> Self {
        self.heeds = Some(shutdown.clone());
        self
    }

    /// The URL of the server behind which the store is, if there is one.
    pub fn url(&self) -> Option<&str> {
        self.elsewhere().filter(|elsewhere| elsewhere.is_server).map(|elsewhere| elsewhere.url.as_str())
    }

    /// Whether the store may be on another machine: behind a server, or in a database.
    pub fn is_elsewhere(&self) -> bool {
        self.elsewhere().is_some()
    }

    fn elsewhere(&self) -> Option<&Elsewhere> {
        match &self.kind {
            Kind::Opened(_, elsewhere) => elsewhere.as_ref(),
            Kind::Directory(_) => None,
        }
    }

    /// The name by which [`Self::new`] finds this place again: its directory, or its URL, with the password if that has one; none of one
    /// in memory or of yours.
    pub fn name(&self) -> Option<&OsStr> {
        match &self.kind {
            Kind::Directory(directory) => Some(directory.as_os_str()),
            Kind::Opened(..) => self.elsewhere().map(|elsewhere| OsStr::new(&elsewhere.name)),
        }
    }

    /// The name of this place for programs of runs: [`Self::name`] without a password that is in the URL.
    pub(crate) fn name_for_programs(&self) -> Option<OsString> {
        match self.elsewhere().filter(|elsewhere| !elsewhere.is_server) {
            Some(database) => Some(without_password(&database.name).into()),
            None => self.name().map(OsStr::to_owned),
        }
    }

    /// The directory below which agents keep the files of runs, as an absolute path; the store's, if the place is a directory.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// Opens the store, created if there is none: for its owner alone, unless the place is [`shared`](Self::shared) or
    /// its directory exists, whose group then has the same rights to its files.
    ///
    /// # Errors
    /// If it cannot be opened; [`EngineError::Network`] if it is on a network file system.
    pub fn open_or_create(&self) -> Result<Box<dyn Store>, EngineError> {
        match &self.kind {
            Kind::Directory(directory) => {
                self.check_network(directory)?;
                self.make_directory(directory)?;
                Ok(broken_on_request(SqliteStore::open(&file(directory), system_clock())?))
            }
            Kind::Opened(open, elsewhere) => {
                let store = open(self.heeds.as_ref())?;
                // A database has no directory; whoever serves it keeps tokens here.
                if elsewhere.as_ref().is_some_and(|elsewhere| !elsewhere.is_server) {
                    self.make_files_directory()?;
                }
                Ok(store)
            }
        }
    }

    /// Opens the store, which must exist.
    ///
    /// # Errors
    /// If it does not exist or cannot be opened.
    pub fn open(&self) -> Result<Box<dyn Store>, EngineError> {
        match &self.kind {
            Kind::Directory(directory) => self.existing(directory),
            Kind::Opened(open, _) => Ok(open(self.heeds.as_ref())?),
        }
    }

    /// Opens the store, which must exist, without the right to write. A store of an older version is upgraded first, if
    /// it can be written.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_to_read(&self) -> Result<Box<dyn Store>, EngineError> {
        let directory = match &self.kind {
            Kind::Directory(directory) => directory,
            Kind::Opened(open, _) => return Ok(open(self.heeds.as_ref())?),
        };
        let database = self.database(directory)?;
        let read = || SqliteStore::open_read_only(&database, system_clock());
        let store = match read() {
            Err(StoreError::Open { source: FileFault::Old(_), .. }) if self.existing(directory).is_ok() => {
                read()
            }
            opened => opened,
        };
        Ok(Box::new(store?))
    }

    /// Opens the store, which must exist, as the agent with this number sees it.
    pub(crate) fn open_queue(&self, job: u32) -> Result<Box<dyn Queue>, EngineError> {
        match &self.kind {
            Kind::Directory(directory) => Ok(lossy_on_request(self.existing(directory)?, job)),
            Kind::Opened(open, _) => Ok(lossy_on_request(open(self.heeds.as_ref())?, job)),
        }
    }

    fn existing(&self, directory: &Path) -> Result<Box<dyn Store>, EngineError> {
        Ok(broken_on_request(SqliteStore::open_existing(&self.database(directory)?, system_clock())?))
    }

    /// The database of a store that must be there.
    fn database(&self, directory: &Path) -> Result<PathBuf, EngineError> {
        self.check_network(directory)?;
        must_exist(directory)?;
        Ok(file(directory))
    }

    fn check_network(&self, directory: &Path) -> Result<(), EngineError> {
        match network::file_system(directory) {
            Some(kind) if !self.network_allowed => {
                Err(EngineError::Network { directory: directory.to_owned(), kind })
            }
            _ => Ok(()),
        }
    }

    /// Makes the directory of a store, unless it exists, and hides a new one from version control.
    fn make_directory(&self, directory: &Path) -> Result<(), EngineError> {
        let path = file(directory);
        let failed = |source: io::Error| StoreError::Open { path: path.clone(), source: source.into() };
        if create_directory(directory, self.mode).map_err(failed)? {
            std::fs::write(directory.join(".gitignore"), IGNORED).map_err(failed)?;
        }
        Ok(())
    }

    /// Makes the directory for files of runs of a store that is elsewhere, unless it exists, and hides it from version control. The
    /// directory of a store is made with the store.
    pub(crate) fn make_files_directory(&self) -> Result<(), EngineError> {
        match (self.elsewhere(), &self.directory) {
            (Some(_), Some(directory)) => self.make_directory(directory),
            _ => Ok(()),
        }
    }

    /// The file and the directory of a store that must be there, to do with it what needs no open store.
    ///
    /// # Errors
    /// [`EngineError::NoStore`]; [`EngineError::NotADirectory`] for a store that is in no directory; [`EngineError::Network`].
    pub(crate) fn file(&self) -> Result<(PathBuf, &Path), EngineError> {
        let Kind::Directory(directory) = &self.kind else {
            return Err(match self.elsewhere().cloned() {
                None => EngineError::NotADirectory,
                Some(Elsewhere { url, is_server: true, .. }) => EngineError::AtServer { url },
                Some(Elsewhere { url, .. }) => EngineError::InDatabase { url },
            });
        };
        Ok((self.database(directory)?, directory))
    }
}

/// Whether this is `HOST:PORT`, in which somebody has forgotten `http://`, and no directory of that name.
fn is_address(host: &str, rest: &str) -> bool {
    let port = rest.split('/').next().unwrap_or_default();
    let is_host = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    port.parse::<u16>().is_ok() && host.chars().all(is_host) && !Path::new(&format!("{host}:{port}")).exists()
}

/// Below which agents keep the files of runs of a store that is elsewhere.
#[cfg(any(feature = "remote", feature = "postgres"))]
fn files_directory() -> PathBuf {
    let set = std::env::var_os(HOME_VARIABLE).filter(|value| !value.is_empty());
    set.map_or_else(|| PathBuf::from(FILES), PathBuf::from)
}

/// The URL of a database without its password.
fn without_password(url: &str) -> String {
    let (place, parameters) = url.rsplit_once('?').unwrap_or((url, ""));
    let (kind, rest) = place.split_once("://").unwrap_or(("postgres", place));
    let rest = match rest.rsplit_once('@') {
        Some((who, host)) => format!("{}@{host}", who.split(':').next().unwrap_or_default()),
        None => rest.to_owned(),
    };
    let others: Vec<&str> = parameters
        .split('&')
        .filter(|parameter| !parameter.is_empty() && !parameter.starts_with("password="))
        .collect();
    let mark = if others.is_empty() { "" } else { "?" };
    format!("{kind}://{rest}{mark}{}", others.join("&"))
}

/// A URL, or only its kind where the rest may hold a password.
fn without_secrets(url: &str) -> String {
    match url.split_once("://") {
        Some((kind, rest)) if rest.contains(['@', '?', '#']) => format!("{kind}://..."),
        _ => url.to_owned(),
    }
}

/// The nearest store above the working directory, or in it.
fn nearest() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|directory| directory.join(DEFAULT)).find(|directory| file(directory).is_file())
}

/// The database of the store in this directory.
pub(crate) fn file(directory: &Path) -> PathBuf {
    directory.join("besom.db")
}

fn must_exist(directory: &Path) -> Result<(), EngineError> {
    match file(directory).try_exists() {
        Ok(false) => Err(EngineError::NoStore { directory: directory.to_owned() }),
        // An error other than absence is the store's to report.
        Ok(true) | Err(_) => Ok(()),
    }
}

/// Opens the store with this name (see [`Place::new`]), created if there is none.
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
fn broken_on_request(store: SqliteStore) -> Box<dyn Store> {
    let named = std::env::var("BESOM_MUTANT").unwrap_or_default();
    let mutant = besom_store::Mutant::ALL.into_iter().find(|mutant| format!("{mutant:?}") == named);
    Box::new(besom_store::Mutated::new(store, mutant))
}

/// The store as it is.
#[cfg(not(feature = "mutants"))]
fn broken_on_request(store: SqliteStore) -> Box<dyn Store> {
    Box::new(store)
}

/// The store, losing replies by the seed `BESOM_LOSE_REPLIES`, if it is set. For tests of tests.
#[cfg(feature = "mutants")]
fn lossy_on_request(store: Box<dyn Store>, job: u32) -> Box<dyn Queue> {
    match std::env::var("BESOM_LOSE_REPLIES").ok().and_then(|seed| seed.parse::<u64>().ok()) {
        Some(seed) => Box::new(crate::lossy::Lossy::new(store, seed.rotate_left(32) ^ u64::from(job))),
        None => store,
    }
}

/// The store as it is.
#[cfg(not(feature = "mutants"))]
fn lossy_on_request(store: Box<dyn Store>, _: u32) -> Box<dyn Queue> {
    store
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_directory_or_its_url() {
        let directory = |name: &str| Place::new(name).map(|place| place.directory.unwrap_or_default());
        for name in ["/tmp/x", "file:/tmp/x", "file:///tmp/x"] {
            assert_eq!(directory(name).ok(), Some(PathBuf::from("/tmp/x")), "{name}");
        }
        let here = std::env::current_dir().map(|here| here.join("a:b")).ok();
        assert_eq!(directory("a:b").ok(), here, "a colon alone makes no URL");
        for name in ["ftp://host/x", "localhost:7070", "gpu-1.example.org:7070/besom"] {
            assert!(matches!(directory(name), Err(EngineError::UnknownKind { .. })), "{name}");
        }
        for url in ["mysql://me:s@cret@host/db", "pgsql://host/db?password=s@cret"] {
            let shown = directory(url).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(shown.contains("://...'") && !shown.contains("cret"), "{shown}");
        }
    }
}

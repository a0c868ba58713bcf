//! What can go wrong when the parts work together.

use std::io;
use std::path::PathBuf;

use besom_agent::AgentError;
use besom_config::Diagnostics;
use besom_controller::ControllerError;
use besom_core::{RegistryError, RunState};
use besom_store::{Added, StoreError, SweepId, SweepState};
use thiserror::Error;

/// Why the engine could not do what was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The configuration is invalid.
    #[error(transparent)]
    Config(#[from] Diagnostics),
    /// An algorithm could not be built.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A step of the sweep failed.
    #[error(transparent)]
    Controller(#[from] ControllerError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An agent failed.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// No store is where one was expected.
    #[error("there is no store in {}", directory.display())]
    NoStore {
        /// The directory that was searched.
        directory: PathBuf,
    },
    /// The store is on a network file system.
    #[error(
        "the store {} is on a network file system ({kind}), where SQLite's locks and log may fail and damage it: use a \
         directory on a local disk of the one host on which all of its agents run, or set BESOM_ALLOW_NETWORK_FS=1 to use \
         it all the same, from one host at a time",
        directory.display()
    )]
    Network {
        /// The directory of the store.
        directory: PathBuf,
        /// What the file system is called.
        kind: String,
    },
    /// A store that lies in no directory is to be copied or examined.
    #[error("only a store in a directory can be copied and examined")]
    NotADirectory,
    /// A store that is in a database is to be copied or examined.
    #[error(
        "the store is in the database {url}: copy and examine it with the programs of PostgreSQL, such as pg_dump"
    )]
    InDatabase {
        /// The URL of the database.
        url: String,
    },
    /// A store that is behind a server is to be copied or examined.
    #[error(
        "the store is behind the server {url}: run this command on the server's machine, with --store DIRECTORY"
    )]
    AtServer {
        /// The URL of the server.
        url: String,
    },
    /// A copy of a store could not be made.
    #[error("cannot copy the store to {}", to.display())]
    Backup {
        /// Where to.
        to: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A store is named by a URL of an unknown kind.
    #[error(
        "no kind of store is named '{url}': give a directory, the URL of a server, such as http://localhost:7070, \
         or that of a database, such as postgres://user@host/database"
    )]
    UnknownKind {
        /// The URL.
        url: String,
    },
    /// Programs are to run, and the place of the store has no directory for their files.
    #[error("programs need a directory for their files, and this store has none: see Place::with_directory")]
    NoDirectory,
    /// The working directory cannot be read.
    #[error("cannot read the working directory")]
    WorkingDirectory(#[source] io::Error),
    /// The sweep was paused, and not by its owner: something must be fixed before it can be resumed.
    #[error("the sweep is paused: {reason}")]
    Paused {
        /// Why.
        reason: String,
    },
    /// Agents left because they seem unable to work, while others go on: what they failed at goes to others.
    #[error("this agent was quarantined: {reason}")]
    Quarantined {
        /// Why.
        reason: String,
    },
    /// Names mean nothing of a sweep's runs.
    #[error("{}; known: {}", problems.join("; "), known.join(", "))]
    UnknownColumns {
        /// Each of them, with the name that was probably meant.
        problems: Vec<String>,
        /// The names that there are.
        known: Vec<String>,
    },
    /// Names mean no agent of a sweep.
    #[error("{}; {}", problems.join("; "), crate::drain::known(known))]
    UnknownAgents {
        /// Each of them, with the name that was probably meant.
        problems: Vec<String>,
        /// The agents that have not left.
        known: Vec<String>,
    },
    /// What is written cannot be written.
    #[error("cannot write")]
    Output(#[source] io::Error),
    /// Values for a run are not those of a point of the sweep.
    #[error("{}", problems.join("; "))]
    Values {
        /// All that is wrong with them.
        problems: Vec<String>,
    },
    /// The store has added no run to a sweep.
    #[error("sweep {sweep} {}", crate::add::refusal(refused))]
    Refused {
        /// The sweep.
        sweep: SweepId,
        /// What the store said.
        refused: Added,
    },
    /// More runs were asked for of a sweep that may have any number of them.
    #[error("sweep {sweep} has no run_cap and is {state}")]
    Unlimited {
        /// The sweep.
        sweep: SweepId,
        /// Its state.
        state: SweepState,
    },
    /// More runs were asked for of a sweep that has none left to try.
    #[error("sweep {sweep} cannot have more runs: finished{reason}")]
    Exhausted {
        /// The sweep.
        sweep: SweepId,
        /// Why, after a colon; empty if that is unknown.
        reason: String,
    },
    /// The files of a sweep could not be removed.
    #[error("cannot remove {}", path.display())]
    Files {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A prior run has not ended.
    #[error("{origin} is {state}: only runs that have ended can be learned from")]
    OpenRun {
        /// Where the run comes from.
        origin: String,
        /// Its state.
        state: RunState,
    },
}

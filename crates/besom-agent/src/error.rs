//! What can go wrong with an agent.

use std::io;
use std::path::{Path, PathBuf};

use besom_core::BoxError;
use besom_store::StoreError;
use thiserror::Error;

/// Why an agent could not go on, or a command line could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The store failed, and went on failing for as long as the agent had patience.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the caller does while there is nothing to claim has failed.
    #[error("{0}")]
    Idle(#[source] BoxError),
    /// A file or directory of the agent could not be used.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The command asks for `${program}`, and the sweep names none.
    #[error("the command needs ${{program}}, but the sweep names no program")]
    NoProgram,
    /// The command has no words left once its macros are replaced.
    #[error("the command is empty once its macros are replaced")]
    EmptyCommand,
    /// A sweep's path has more than three parts.
    #[error("'{0}' is no path of a sweep: sweep, project/sweep and entity/project/sweep are")]
    SweepPath(String),
    /// The store asks for metric rows that are nowhere to be found any more.
    #[error("the store lacks the metric rows from {expected} on, and they are gone from {}", path.display())]
    RowsGone {
        /// The first missing row.
        expected: u64,
        /// The metrics file.
        path: PathBuf,
    },
}

impl AgentError {
    /// For `map_err`: an error of reading or writing `path`.
    pub(crate) fn io(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { path, source }
    }
}

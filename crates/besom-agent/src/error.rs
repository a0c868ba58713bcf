//! What can go wrong with an agent.

use std::io;
use std::path::{Path, PathBuf};

use besom_core::BoxError;
use besom_store::StoreError;
use thiserror::Error;

/// Why an agent stopped early, or a command line could not be built. The cause is in `source` only; see
/// [`besom_core::error_chain`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The store failed, and kept failing for
    /// [`AgentOptions::store_timeout`](crate::AgentOptions::store_timeout).
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The function that is called while there is nothing to claim failed.
    #[error(transparent)]
    Idle(BoxError),
    /// A file or directory of the agent could not be used.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The command uses `${program}`, and the sweep has no `program`.
    #[error("the command needs ${{program}}, but the sweep names no program")]
    NoProgram,
    /// The command has no words left once its macros are replaced.
    #[error("the command is empty once its macros are replaced")]
    EmptyCommand,
    /// The command is none of those that this agent may execute.
    #[error("this agent must not execute `{command}`; it may execute {} only", quoted(allowed))]
    NotAllowed {
        /// The command line.
        command: String,
        /// The patterns of those that it may execute.
        allowed: Vec<String>,
    },
    /// A row could not be logged into memory.
    #[error("cannot log")]
    Row(#[source] io::Error),
    /// The runner needs files, and the agent has no directory for them.
    #[error("programs need a directory for their files, and the agent has none")]
    NoDirectory,
    /// The store asks for metric rows that the agent does not have any more.
    #[error("the store lacks the metric rows from {expected} on, and they are no longer in {}", place(path.as_deref()))]
    RowsGone {
        /// The first missing row.
        expected: u64,
        /// The metrics file, if there is one.
        path: Option<PathBuf>,
    },
}

/// The patterns as a list.
fn quoted(patterns: &[String]) -> String {
    patterns.iter().map(|pattern| format!("`{pattern}`")).collect::<Vec<_>>().join(", ")
}

/// Where rows were.
fn place(path: Option<&Path>) -> String {
    path.map_or_else(|| "memory".to_owned(), |path| path.display().to_string())
}

impl AgentError {
    /// For `map_err`: an error of reading or writing `path`.
    pub(crate) fn io(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { path, source }
    }
}

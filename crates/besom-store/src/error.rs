//! What can go wrong with a store.

use std::path::PathBuf;

use besom_core::{BoxError, RunNumber, RunState};
use thiserror::Error;

use crate::{SweepId, SweepState};

/// Why a store could not do what was asked. The cause is in `source` only; see [`besom_core::error_chain`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file could not be opened or created.
    #[error("cannot open the store {}", path.display())]
    Open {
        /// The store's file.
        path: PathBuf,
        /// Why.
        source: FileFault,
    },
    /// The file is not a besom store.
    #[error("not a besom store: {}", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// The store was written by a newer besom.
    #[error("the store {} has version {found}, this besom reads up to {supported}: use a newer besom", path.display())]
    TooNew {
        /// The store's file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version that this program knows.
        supported: u32,
    },
    /// No sweep has this id.
    #[error("no sweep has the id '{id}'{}", besom_core::did_you_mean(nearest.as_deref()))]
    NoSweep {
        /// The id.
        id: String,
        /// The id that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
    /// A sweep with this id exists.
    #[error("sweep {0} already exists")]
    SweepExists(SweepId),
    /// The sweep has no run of this number.
    #[error("sweep {sweep} has no run {run}")]
    NoRun {
        /// The sweep.
        sweep: SweepId,
        /// The number.
        run: RunNumber,
    },
    /// No agent has this id.
    #[error("no agent has the id {0}; its sweep may have been removed")]
    NoAgent(u64),
    /// The sweep can't go from its state to that one.
    #[error("sweep {sweep} is {from} and cannot become {to}")]
    Transition {
        /// The sweep.
        sweep: SweepId,
        /// The state it is in.
        from: SweepState,
        /// The state that was asked for.
        to: SweepState,
    },
    /// An attempt cannot end in this state.
    #[error("a run cannot end as {0}")]
    NotAnEnd(RunState),
    /// Something is larger than the store takes; nothing of it was stored.
    #[error("{what} would have {bytes} bytes; at most {limit} are kept")]
    TooLarge {
        /// What.
        what: &'static str,
        /// How large it would be.
        bytes: u64,
        /// How large it may be.
        limit: u64,
    },
    /// A sweep was to begin with more runs than it may have.
    #[error("{runs} runs are more than the run_cap of {cap}")]
    TooManyRuns {
        /// How many there are.
        runs: u64,
        /// How many there may be.
        cap: u64,
    },
    /// The store could not be written.
    #[error("cannot write the store")]
    Write(#[source] FileFault),
    /// The store is not where it was opened.
    #[error("the store {} was deleted or moved while it was in use", path.display())]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// Others kept the store busy for this many seconds.
    #[error("the store was busy for {0} s; is another program stuck while using it?")]
    Busy(u64),
    /// Another process kept the store locked for long.
    #[error("the store was locked for {seconds} s by {holder}")]
    Locked {
        /// For how many seconds.
        seconds: u64,
        /// The process, as the system names it.
        holder: String,
    },
    /// What the store holds contradicts itself.
    #[error("the store is damaged: {what} is {found}")]
    Contradiction {
        /// What of it.
        what: &'static str,
        /// What it is.
        found: String,
    },
    /// The database cannot read its own file.
    #[error("the store is damaged")]
    Damaged(#[source] BoxError),
    /// The server behind which the store is could not be used.
    #[error("cannot use the store at {url}")]
    Server {
        /// The URL.
        url: String,
        /// Why, and what to do.
        source: BoxError,
        /// Whether the same call may succeed later.
        is_transient: bool,
    },
    /// Anything else: what the database below answered, or the store of another crate. Made by [`StoreError::transient`]
    /// and [`StoreError::permanent`].
    #[error("the store failed")]
    #[non_exhaustive]
    Other {
        /// What failed.
        source: BoxError,
        /// Whether the same call may succeed later.
        is_transient: bool,
    },
}

impl StoreError {
    /// An error of a store of your own after which the same call may succeed: a broken connection, a busy server.
    ///
    /// ```
    /// let error = besom_store::StoreError::transient("connection reset by peer");
    /// assert!(error.is_transient());
    /// assert_eq!(besom_core::error_chain(&error), "the store failed: connection reset by peer");
    /// ```
    pub fn transient(source: impl Into<BoxError>) -> Self {
        Self::Other { source: source.into(), is_transient: true }
    }

    /// An error of a store of your own after which no repetition helps: no permission, a damaged table.
    pub fn permanent(source: impl Into<BoxError>) -> Self {
        Self::Other { source: source.into(), is_transient: false }
    }

    /// Whether the same call may succeed later: the store was busy, the disk full, the network unreachable. Agents retry
    /// after these errors and stop at any other.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Open { .. } | Self::Write(_) | Self::Busy(_) | Self::Locked { .. } => true,
            Self::Other { is_transient, .. } | Self::Server { is_transient, .. } => *is_transient,
            Self::NotAStore { .. }
            | Self::TooNew { .. }
            | Self::Gone { .. }
            | Self::NoSweep { .. }
            | Self::SweepExists(_)
            | Self::NoRun { .. }
            | Self::NoAgent(_)
            | Self::Transition { .. }
            | Self::NotAnEnd(_)
            | Self::TooManyRuns { .. }
            | Self::TooLarge { .. }
            | Self::Contradiction { .. }
            | Self::Damaged(_) => false,
        }
    }
}

/// Why a file cannot be used as a store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileFault {
    /// It does not exist.
    #[error("no such file")]
    Missing,
    /// It is a directory.
    #[error("it is a directory")]
    Directory,
    /// There is a file where its directory should be.
    #[error("a file is in the place of its directory")]
    NotADirectory,
    /// The user has no right to use it or its directory.
    #[error("permission denied")]
    Denied,
    /// It is read-only, or was opened to be read.
    #[error("it is read-only")]
    ReadOnly,
    /// No space is left.
    #[error("the disk is full")]
    Full,
    /// Its path cannot be passed to the database.
    #[error("its path is not UTF-8, so SQLite cannot copy it")]
    Path,
    /// It has a version before the present one and was opened to be read, which does not upgrade it.
    #[error(
        "it has the old version {0}, and was opened to be read only: open it once to write, which upgrades it"
    )]
    Old(u32),
    /// It has a version that cannot be upgraded.
    #[error("no upgrade leads from its version {0} to the present one")]
    NoUpgrade(u32),
    /// Anything else.
    #[error(transparent)]
    Other(BoxError),
}

impl From<std::io::Error> for FileFault {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as K;
        match error.kind() {
            K::NotFound => Self::Missing,
            K::NotADirectory => Self::NotADirectory,
            K::PermissionDenied => Self::Denied,
            K::ReadOnlyFilesystem => Self::ReadOnly,
            K::StorageFull => Self::Full,
            K::IsADirectory => Self::Directory,
            _ => Self::Other(error.into()),
        }
    }
}

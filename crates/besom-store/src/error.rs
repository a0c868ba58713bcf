//! What can go wrong with a store.

use std::path::PathBuf;

use besom_core::{RunNumber, RunState};
use thiserror::Error;

use crate::{SweepId, SweepState};

/// Why a store could not do what was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file could not be opened or made.
    #[error("cannot open the store {}: {reason}", path.display())]
    Open {
        /// The store's file.
        path: PathBuf,
        /// Why, for people.
        reason: String,
    },
    /// The file is no besom store.
    #[error("{} is no besom store", path.display())]
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
    #[error("no sweep has the id '{id}'{}", nearest.as_ref().map(|n| format!(", did you mean '{n}'?")).unwrap_or_default())]
    NoSweep {
        /// The id.
        id: String,
        /// The id that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
    /// A sweep with this id is there already.
    #[error("a sweep with the id '{0}' is there already")]
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
    #[error("no agent has the id {0}")]
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
    /// The disk is full, or the store may not be written.
    #[error("cannot write the store: {0}")]
    Write(String),
    /// Others kept the store busy for too long.
    #[error("the store was busy for {0} s; is another program stuck while using it?")]
    Busy(u64),
    /// What the store holds contradicts itself.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// Anything else that the database said.
    #[error("the store failed: {0}")]
    Database(String),
}

//! What can go wrong in a step of a sweep.

use besom_core::{BoxError, RunNumber};
use besom_store::StoreError;
use thiserror::Error;

/// Why a step of a sweep failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ControllerError {
    /// The search method gave an error instead of an answer.
    #[error("the search method failed: {0}")]
    Search(#[source] BoxError),
    /// The search method broke its contract.
    #[error("the search method broke its contract: {0}")]
    Contract(String),
    /// The stopping rule gave an error instead of an answer.
    #[error("the stopping rule failed: {0}")]
    Stopper(#[source] BoxError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no run of this number.
    #[error("there is no run {0}")]
    NoRun(RunNumber),
    /// The run is over; nothing more can be told of it.
    #[error("run {0} is over")]
    Over(RunNumber),
}

//! What can go wrong in a step of a sweep.

use besom_core::{BoxError, RunNumber};
use besom_store::StoreError;
use thiserror::Error;

/// Why a step of a sweep failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ControllerError {
    /// The search method gave an error instead of an answer.
    #[error("the search method failed")]
    Search(#[source] BoxError),
    /// The search method answered with no suggestion, or with more than were asked for.
    #[error("the search method broke its contract: {got} suggestions where 1 to {asked} were asked for")]
    Contract {
        /// How many suggestions it returned.
        got: usize,
        /// How many were asked for at most.
        asked: usize,
    },
    /// The stopping rule gave an error instead of an answer.
    #[error("the stopping rule failed")]
    Stopper(#[source] BoxError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The run does not exist.
    #[error("run {0} does not exist")]
    NoRun(RunNumber),
    /// The run has ended and takes no more reports.
    #[error("run {0} has ended")]
    Over(RunNumber),
}

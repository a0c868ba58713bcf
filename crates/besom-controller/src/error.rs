//! What can go wrong in a step of a sweep.

use besom_core::{AlgorithmError, RunNumber};
use besom_store::StoreError;
use thiserror::Error;

/// Why a step of a sweep failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ControllerError {
    /// The search method failed, panicked or broke its contract.
    #[error(transparent)]
    Search(AlgorithmError),
    /// The stopping rule failed, panicked or broke its contract.
    #[error(transparent)]
    Stopper(AlgorithmError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The run does not exist.
    #[error("run {0} does not exist")]
    NoRun(RunNumber),
    /// The run has ended and takes no more reports.
    #[error("run {0} has ended")]
    Over(RunNumber),
    /// A run has one value per metric, and others were told.
    #[error(
        "a run has one value per metric: {expected} here, and {found} were told; use `tell_all` for several"
    )]
    Values {
        /// How many metrics there are.
        expected: usize,
        /// How many values were told.
        found: usize,
    },
    /// Nothing would ever end the sweep.
    #[error("nothing ends this sweep: give its problem a run cap or its metric a target")]
    Endless,
}

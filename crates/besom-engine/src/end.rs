//! The end of a sweep by its owner.

use std::path::Path;

use besom_agent::Shutdown;
use besom_store::{Store, SweepId, SweepState};

use crate::{EngineError, Place};

/// Ends a sweep as its owner wants, `Finished` or `Canceled`. The runs of agents that have died on this machine are ended at once,
/// with all that they logged in `directory`, that of the store; of a canceled sweep as `killed`. Those of other agents end when
/// these learn of it. Returns how many still run: where such an agent is gone without a trace, [`outlast`] ends its run. Safe to
/// repeat.
///
/// # Errors
/// If the store fails, or the sweep has ended otherwise.
pub fn end_sweep(
    store: &mut dyn Store,
    directory: Option<&Path>,
    id: &SweepId,
    to: SweepState,
    reason: Option<&str>,
) -> Result<usize, EngineError> {
    store.set_state(id, to, reason)?;
    if let Some(directory) = directory {
        besom_agent::recover(store, id, directory)?;
    }
    Ok(store.running(id)?.len())
}

/// Waits until no run of a sweep that has ended is running any more, and gives up those whose agents are gone.
///
/// # Errors
/// If the store fails.
pub fn outlast(place: &Place, id: &SweepId, shutdown: &Shutdown) -> Result<(), EngineError> {
    Ok(besom_agent::outlast(&mut *place.open()?, id, place.directory(), shutdown)?)
}

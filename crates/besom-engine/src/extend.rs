//! More runs for a sweep.

use besom_core::Registry;
use besom_store::{Store, SweepId, SweepRow, SweepState};

use crate::{EngineError, set_run_cap};

/// Allows `more` runs of a sweep than its cap, or of one that has ended than it has had; a finished sweep is running again then.
/// Returns the sweep as it is afterwards: the store may hold a smaller cap than was asked for.
///
/// ```
/// use besom_engine::{Place, Creation, create, extend, registry};
///
/// let (registry, place) = (registry(), Place::memory());
/// let text = "{method: random, run_cap: 5, metric: {name: loss}, parameters: {x: {min: 0.0, max: 1.0}}}";
/// let config = besom_config::Reader::new(&registry).read(text, "sweep.yaml")?.config;
/// let mut store = place.open_or_create()?;
/// let id = create(&mut *store, Creation::new(&config, 7).text(text))?;
/// assert_eq!(extend(&registry, &mut *store, &id, 3)?.new.run_cap, Some(8));
/// # Ok::<(), besom_engine::EngineError>(())
/// ```
///
/// # Errors
/// [`EngineError::Unlimited`] if the sweep has no cap and has not ended, [`EngineError::Exhausted`] if its search method has no
/// point left or its target is reached, or if the store fails or the sweep was canceled.
pub fn extend(
    registry: &Registry,
    store: &mut dyn Store,
    id: &SweepId,
    more: u64,
) -> Result<SweepRow, EngineError> {
    let sweep = store.sweep(id)?;
    // A finished sweep may have ended before its cap: what counts then is how many runs it has.
    let from = match sweep.new.run_cap.filter(|_| !sweep.state.is_over()) {
        Some(cap) => cap.max(sweep.runs),
        None if sweep.state.is_over() => sweep.runs,
        None => return Err(EngineError::Unlimited { sweep: id.clone(), state: sweep.state }),
    };
    set_run_cap(registry, store, &sweep, Some(from.saturating_add(more)))?;
    let now = store.sweep(id)?;
    match now.state {
        SweepState::Finished => {
            let reason = now.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            Err(EngineError::Exhausted { sweep: id.clone(), reason })
        }
        _ => Ok(now),
    }
}

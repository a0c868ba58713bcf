//! What a sweep must show of itself, by its runs and rows.

use besom_core::RunNumber;

use super::fold::{Folded, FoldedRun};
use super::verdict::expect_ok;
use crate::{NewRun, RunQuery, RunRow, StopKind, Store, SweepId, derived};

/// All runs of a sweep, by number.
pub(super) fn all_runs(store: &mut dyn Store, id: &SweepId) -> Result<Vec<RunRow>, String> {
    expect_ok("runs", store.runs(id, &RunQuery::default()))
}

/// The curves of a run, computed from its rows.
pub(super) fn curves(store: &mut dyn Store, id: &SweepId, run: RunNumber) -> Result<Vec<Vec<f64>>, String> {
    let metrics = expect_ok("sweep", store.sweep(id))?.new.metrics;
    let rows = expect_ok("rows", store.rows(id, run, None))?;
    Ok(metrics.iter().map(|metric| derived::curve(&rows, metric)).collect())
}

/// What changes from 0 must lead to.
pub(super) fn folded(store: &mut dyn Store, id: &SweepId) -> Result<Folded, String> {
    let state = expect_ok("sweep", store.sweep(id))?.state;
    let mut folded = Folded { state: Some(state), ..Folded::default() };
    for row in all_runs(store, id)? {
        folded.runs.push(FoldedRun {
            state: row.state,
            stopped: row.stop_reason.filter(|_| row.stop_kind == Some(StopKind::Early)),
            failure: row.failure,
            rows: row.rows,
            curves: curves(store, id, row.number)?,
            new: NewRun::new(row.point).note(row.note),
        });
    }
    Ok(folded)
}

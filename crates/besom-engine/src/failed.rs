//! How failed runs count in the search of a sweep.

use besom_config::SweepConfig;
use besom_controller::ControllerError;
use besom_core::RunState;
use besom_search::{FailedRun, FailedRuns};
use besom_store::{RunRow, Store, SweepRow};

use crate::past;

/// The methods that learn from runs.
const LEARNERS: [&str; 4] = ["auto", "bayes", "cma-es", "tpe"];

/// How the failed runs of a sweep count in its search; none if its method does not learn from runs.
///
/// Reads all runs of the sweep.
///
/// # Errors
///
/// Those of the store.
pub fn failed_runs(
    store: &mut dyn Store,
    sweep: &SweepRow,
    config: &SweepConfig,
) -> Result<FailedRuns, ControllerError> {
    if !LEARNERS.contains(&config.method.name.as_str()) {
        return Ok(FailedRuns::default());
    }
    let past = past(store, sweep, config)?;
    let past = past.sweep();
    Ok(FailedRuns::new(past.problem(), past.history()))
}

/// How one run counts; `None` if it has not failed, or [`failed_runs`] knows nothing of it. Reads all runs only if it has failed.
///
/// # Errors
///
/// Those of the store.
pub fn failed_run(
    store: &mut dyn Store,
    sweep: &SweepRow,
    config: &SweepConfig,
    run: &RunRow,
) -> Result<Option<FailedRun>, ControllerError> {
    if run.state.is_open() || run.best.is_some() && run.state == RunState::Finished {
        return Ok(None);
    }
    Ok(failed_runs(store, sweep, config)?.get(run.number))
}

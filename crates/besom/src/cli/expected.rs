//! The run that is expected to be the best, where a sweep's values are noisy, as several commands need it.

use besom_config::SweepConfig;
use besom_core::{Registry, RunState};
use besom_engine::{BestExpected, best_expected, stored_config};
use besom_store::{RunRow, Status, Store, StoreError, SweepRow};
use serde_json::{Value, json};

use crate::cli::{describe, json};

/// A model is fitted anew once there are this many times as many finished runs, while a sweep is watched.
const GROWTH: f64 = 1.05;

/// The run of a sweep that is expected to be the best, with its row; `None` without noise, or if this program cannot read
/// the sweep's file.
pub(crate) fn expected(
    registry: &Registry,
    store: &mut dyn Store,
    sweep: &SweepRow,
) -> Result<Option<(BestExpected, RunRow)>, StoreError> {
    match stored_config(registry, sweep) {
        Ok(config) => with_run(store, sweep, &config),
        Err(_) => Ok(None),
    }
}

/// The same of a sweep of this configuration.
pub(crate) fn with_run(
    store: &mut dyn Store,
    sweep: &SweepRow,
    config: &SweepConfig,
) -> Result<Option<(BestExpected, RunRow)>, StoreError> {
    let Some(best) = best_expected(store, sweep, config)? else { return Ok(None) };
    let run = store.run(sweep.id(), best.run)?;
    Ok(Some((best, run)))
}

/// The same in JSON, with the run's parameters.
pub(crate) fn in_json(expected: Option<&(BestExpected, RunRow)>) -> Value {
    let Some((best, run)) = expected else { return Value::Null };
    let mut value = json::rows(best);
    value["params"] = json!(run.point);
    value
}

/// The run that is expected to be the best of a sweep that is looked at again and again.
#[derive(Default)]
pub(crate) struct Watched {
    /// How many runs had finished when it was computed.
    finished: u64,
    found: Option<BestExpected>,
}

impl Watched {
    /// As it is now, or was when there were hardly fewer finished runs.
    pub(crate) fn best(
        &mut self,
        registry: &Registry,
        store: &mut dyn Store,
        sweep: &SweepRow,
        status: &Status,
    ) -> Result<Option<BestExpected>, StoreError> {
        let finished = describe::count(status, RunState::Finished);
        if finished < self.finished || finished as f64 >= GROWTH * self.finished as f64 {
            self.found = match stored_config(registry, sweep) {
                Ok(config) => best_expected(store, sweep, &config)?,
                Err(_) => None,
            };
            self.finished = finished;
        }
        Ok(self.found)
    }
}

//! The front of a stored sweep with several metrics.

use std::collections::HashMap;

use besom_config::SweepConfig;
use besom_core::{Front, LoggedKeys, Metric, RunNumber, RunState};
use besom_store::{RunQuery, Store, StoreError, SweepRow};

/// How many keys of a run are listed; a metric that is not among so many is looked for in its curve.
const LISTED: usize = 1000;

/// The metrics of a sweep, as its configuration has them if there is one; else as the store has them, without thresholds and targets.
pub fn metrics(sweep: &SweepRow, config: Option<&SweepConfig>) -> Vec<Metric> {
    match config {
        Some(config) => config.metrics.clone(),
        None => {
            let watched = sweep.new.metrics.iter();
            watched.map(|metric| Metric::new(metric.name.clone(), metric.goal)).collect()
        }
    }
}

/// The front of a sweep with several metrics; `None` of one with fewer. Reads no rows: some hundredths of a second for
/// thousands of runs.
///
/// # Errors
/// If the store fails.
pub fn front(
    store: &mut dyn Store,
    sweep: &SweepRow,
    config: Option<&SweepConfig>,
) -> Result<Option<Front>, StoreError> {
    let metrics = metrics(sweep, config);
    if metrics.len() < 2 {
        return Ok(None);
    }
    Ok(Some(Front::new(&metrics, valued(store, sweep, &metrics)?)))
}

/// The finished and running runs of a sweep that have a value of each of these metrics, by number, with their states and values.
///
/// # Errors
/// If the store fails.
pub fn valued(
    store: &mut dyn Store,
    sweep: &SweepRow,
    metrics: &[Metric],
) -> Result<Vec<(RunNumber, RunState, Vec<f64>)>, StoreError> {
    let query = RunQuery::default().states([RunState::Finished, RunState::Running]);
    let runs = store.runs(sweep.id(), &query)?;
    let logged: HashMap<RunNumber, LoggedKeys> = match runs.is_empty() {
        true => HashMap::new(),
        false => store.logged_by_run(sweep.id())?.into_iter().collect(),
    };
    let mut valued = Vec::new();
    for run in runs {
        let Some(keys) = logged.get(&run.number) else { continue };
        if let Some(values) = values(store, sweep, metrics, run.number, keys)? {
            valued.push((run.number, run.state, values));
        }
    }
    Ok(valued)
}

/// The values of one run by which it is compared with others: the last of each metric; `None` unless all are finite numbers.
///
/// # Errors
/// If the store fails.
pub fn run_values(
    store: &mut dyn Store,
    sweep: &SweepRow,
    metrics: &[Metric],
    run: RunNumber,
) -> Result<Option<Vec<f64>>, StoreError> {
    let keys = store.logged(sweep.id(), run, None)?;
    values(store, sweep, metrics, run, &keys)
}

fn values(
    store: &mut dyn Store,
    sweep: &SweepRow,
    metrics: &[Metric],
    run: RunNumber,
    keys: &LoggedKeys,
) -> Result<Option<Vec<f64>>, StoreError> {
    let mut values = Vec::with_capacity(metrics.len());
    for (place, metric) in metrics.iter().enumerate() {
        let value = match keys.get(&metric.name) {
            Some(logged) => logged.last.as_f64(),
            None if keys.keys().len() >= LISTED => store.curve(sweep.id(), run, place)?.last().copied(),
            None => None,
        };
        let Some(value) = value.filter(|value| value.is_finite()) else { return Ok(None) };
        values.push(value);
    }
    Ok(Some(values))
}

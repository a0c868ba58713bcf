//! Everything read once, as callers of the store read it, and what is stored twice compared.

use besom_core::{Goal, error_chain};

use super::Health;
use crate::sqlite::SqliteStore;
use crate::{RunQuery, RunRow, Store, StoreError, SweepRow, derived};

/// Reads all sweeps and runs, counts them, and lists what is wrong. Fails if not even the sweeps can be listed.
pub(super) fn read_all(store: &mut SqliteStore, health: &mut Health) -> Result<(), StoreError> {
    for sweep in &store.sweeps()? {
        let mut found = Vec::new();
        match read_sweep(store, sweep, &mut found) {
            Ok(runs) => {
                health.sweeps += 1;
                health.runs += runs;
            }
            Err(error) => found.push(format!("it cannot be read: {}", error_chain(&error))),
        }
        health.list(found.into_iter().map(|problem| format!("sweep {}: {problem}", sweep.new.id)).collect());
    }
    Ok(())
}

/// Returns how many runs can be read.
fn read_sweep(store: &mut SqliteStore, sweep: &SweepRow, found: &mut Vec<String>) -> Result<u64, StoreError> {
    let id = &sweep.new.id;
    store.status(id)?;
    store.agents(id)?;
    store.events(id, None, 0, u64::MAX)?;
    store.changes(id, 0)?;
    let mut readable = 0;
    for run in store.runs(id, &RunQuery::default())? {
        let before = found.len();
        if let Err(error) = read_run(store, sweep, &run, found) {
            found.push(format!("run {} cannot be read: {}", run.number, error_chain(&error)));
        }
        readable += u64::from(found.len() == before);
    }
    Ok(readable)
}

fn read_run(
    store: &mut SqliteStore,
    sweep: &SweepRow,
    run: &RunRow,
    found: &mut Vec<String>,
) -> Result<(), StoreError> {
    let id = &sweep.new.id;
    let mut wrong = |what: &str| found.push(format!("run {}: {what}", run.number));
    store.seen(id, run.number)?;
    store.facts(id, run.number, None)?;
    store.output(id, run.number, None)?;
    for attempt in store.attempts(id, run.number)? {
        let rows = store.rows(id, run.number, Some(attempt.number))?;
        if rows.len() as u64 != attempt.rows {
            wrong(&format!("attempt {} has {} rows instead of {}", attempt.number, rows.len(), attempt.rows));
        }
        if store.logged(id, run.number, Some(attempt.number))? != derived::logged(&rows) {
            wrong(&format!(
                "what attempt {} has logged under its keys differs from its rows",
                attempt.number
            ));
        }
    }
    let rows = store.rows(id, run.number, None)?;
    for (metric, watched) in sweep.new.metrics.iter().enumerate() {
        let curve = derived::curve(&rows, watched);
        if !same(&store.curve(id, run.number, metric)?, &curve) {
            wrong(&format!("its curve of {} differs from its rows", watched.name));
        }
        if metric == 0 && !is_value(sweep, run, curve) {
            wrong("its value differs from its rows");
        }
    }
    Ok(())
}

/// Whether two curves are the same, NaN for NaN.
fn same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_nan() && b.is_nan() || a.to_bits() == b.to_bits())
}

/// Whether the value of a run follows from the curve of the first metric in its newest attempt.
fn is_value(sweep: &SweepRow, run: &RunRow, curve: Vec<f64>) -> bool {
    let metrics = &sweep.new.metrics;
    let newest = curve.last().copied().filter(|value| value.is_finite());
    let valid: Vec<f64> = curve.into_iter().filter(|value| value.is_finite()).collect();
    let best = match (metrics.len(), metrics[0].goal) {
        (1, Goal::Minimize) => valid.iter().copied().reduce(f64::min),
        (1, _) => valid.iter().copied().reduce(f64::max),
        _ => newest,
    };
    let equal = |a: Option<f64>, b: Option<f64>| {
        a.map(|a| a + 0.0).map(f64::to_bits) == b.map(|b| b + 0.0).map(f64::to_bits)
    };
    equal(run.best, best) && equal(run.last, valid.last().copied())
}

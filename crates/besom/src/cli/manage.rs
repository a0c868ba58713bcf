//! Commands that change a sweep's state, and `log`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use besom_core::{LoggedKeys, NoValue, RunState, error_chain};
use besom_store::{Store, StoreError, SweepState};
use serde_json::{Map, Value};

use crate::cli::arguments::RetryArguments;
use crate::cli::output::{Outcome, line};
use crate::cli::{table, target};
use crate::error::InputError;
use besom_engine::{Place, usual_reason};

pub(crate) fn pause(place: &Place, id: &str) -> Result<Outcome> {
    change(place, id, SweepState::Paused, |id| format!("paused; resume with: besom resume {id}"))
}

pub(crate) fn resume(place: &Place, id: &str) -> Result<Outcome> {
    change(place, id, SweepState::Running, |id| format!("resumed; start an agent with: besom agent {id}"))
}

pub(crate) fn stop(place: &Place, target: &Path) -> Result<Outcome> {
    let id = target.to_string_lossy();
    if target.is_file() {
        let message = format!(
            "{id} is a file; besom stop takes the id of a sweep, besom early-stop FILE --runs RUNS prints the runs to stop"
        );
        return Err(InputError::new(message).into());
    }
    end(place, &id, SweepState::Finished, "stopped; running runs will finish")
}

pub(crate) fn cancel(place: &Place, id: &str) -> Result<Outcome> {
    end(place, id, SweepState::Canceled, "canceled; running runs are killed")
}

/// Ends a sweep. Again, it still ends the runs of agents that have died since.
fn end(place: &Place, id: &str, to: SweepState, described: &str) -> Result<Outcome> {
    let mut store = place.open()?;
    let sweep = target::sweep(&mut *store, place, id)?;
    let ended = besom_engine::end_sweep(&mut *store, place.directory(), &sweep.new.id, to, usual_reason(to));
    let running = ended.map_err(|error| refused(&error))?;
    let id = &sweep.new.id;
    match sweep.state == to {
        true => line(format!("sweep {id} is already {to}"))?,
        false => line(format!("sweep {id} {described}"))?,
    }
    if running > 0 && store.status(id)?.agents == 0 {
        let (runs, them) = if running == 1 { ("run", "it") } else { ("runs", "them") };
        line(format!("no agent is alive to end {running} {runs}; end {them} with: besom agent {id}"))?;
    }
    Ok(Outcome::Done)
}

fn change(place: &Place, id: &str, to: SweepState, describe: impl FnOnce(&str) -> String) -> Result<Outcome> {
    let mut store = place.open()?;
    let sweep = target::sweep(&mut *store, place, id)?;
    if sweep.state == to {
        line(format!("sweep {} is already {to}", sweep.new.id))?;
        return Ok(Outcome::Done);
    }
    store.set_state(&sweep.new.id, to, usual_reason(to)).map_err(|error| refused(&error))?;
    line(format!("sweep {} {}", sweep.new.id, describe(sweep.new.id.as_str())))?;
    Ok(Outcome::Done)
}

/// Why a sweep cannot change so, and what can be done instead.
pub(crate) fn refused(error: &(dyn std::error::Error + 'static)) -> InputError {
    let state = |error: &StoreError| match error {
        StoreError::Transition { sweep, from, .. } => Some((sweep.clone(), *from)),
        _ => None,
    };
    let causes = std::iter::successors(Some(error), |error| error.source());
    let found = causes.into_iter().find_map(|error| state(error.downcast_ref::<StoreError>()?));
    let way_out = match found {
        Some((id, SweepState::Finished)) => format!(
            "; allow more runs with: besom extend {id} N; run failed ones again with: besom retry {id} --failed"
        ),
        Some((id, _)) => {
            format!("; create a sweep that learns from it with: besom run FILE --prior-runs {id}")
        }
        None => String::new(),
    };
    InputError::new(format!("{}{way_out}", error_chain(error)))
}

pub(crate) fn retry(place: &Place, arguments: &RetryArguments) -> Result<Outcome> {
    let chosen = [
        (arguments.failed, RunState::Failed),
        (arguments.crashed, RunState::Crashed),
        (arguments.killed, RunState::Killed),
    ];
    let states: Vec<_> = chosen.into_iter().filter_map(|(chosen, state)| chosen.then_some(state)).collect();
    let mut store = place.open()?;
    let sweep = target::sweep(&mut *store, place, &arguments.id)?;
    let count = store.retry(&sweep.new.id, &states)?;
    line(match count {
        0 => "no runs to requeue".to_owned(),
        _ => format!(
            "requeued {}; start an agent with: besom agent {}",
            table::count(count, "run"),
            sweep.new.id
        ),
    })?;
    Ok(Outcome::Done)
}

/// `besom log loss=0.31 epoch=4` inside a run: one row, appended to the run's metrics file.
pub(crate) fn log(values: &[String]) -> Result<Outcome> {
    let path = std::env::var_os("BESOM_METRICS").filter(|path| !path.is_empty()).map(PathBuf::from);
    let path = path.ok_or_else(|| {
        InputError::new("BESOM_METRICS is not set: besom log works only inside a run that an agent started")
    })?;
    let (row, problems) = assignments(values);
    if !problems.is_empty() {
        return Err(InputError::new(problems.join("; ")).into());
    }
    besom_agent::append_metrics(&path, &row)?;
    if let Some(warning) = std::env::var("BESOM_METRIC").ok().and_then(|metric| no_number(&metric, &row)) {
        eprintln!("besom: warning: {warning}");
    }
    Ok(Outcome::Done)
}

/// Why the value of the metric in a row does not count, if it is not a number. NaN and infinity are what diverging programs log.
fn no_number(metric: &str, row: &Map<String, Value>) -> Option<String> {
    let logged = LoggedKeys::from_iter([row]);
    let found = logged.get(metric).filter(|found| !is_diverged(&found.last))?;
    NoValue::of(metric, std::slice::from_ref(found)).map(|why| why.to_string())
}

fn is_diverged(value: &Value) -> bool {
    matches!(value.as_str(), Some("NaN" | "Infinity" | "-Infinity"))
}

/// The values of words such as `lr=0.1` by their names, and what is wrong with other words.
pub(crate) fn assignments(words: &[String]) -> (Map<String, Value>, Vec<String>) {
    let mut values = Map::new();
    let mut problems = Vec::new();
    for word in words {
        match word.split_once('=') {
            Some((name, value)) if !name.is_empty() => drop(values.insert(name.to_owned(), parse(value))),
            _ => problems.push(format!("'{word}' is not of the form NAME=VALUE")),
        }
    }
    (values, problems)
}

/// Reads JSON as it is, anything else as text. `nan` and `inf`, which JSON lacks, become the texts that stand for them.
fn parse(value: &str) -> Value {
    if let Ok(value) = serde_json::from_str(value) {
        return value;
    }
    match value.parse::<f64>() {
        Ok(x) if x.is_nan() => Value::from("NaN"),
        Ok(x) if x.is_infinite() => Value::from(if x > 0.0 { "Infinity" } else { "-Infinity" }),
        Ok(x) => Value::from(x),
        Err(_) => Value::from(value),
    }
}

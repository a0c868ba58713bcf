//! `wandb.controller`: a person's own loop decides what is tried, and says so in a JSON text that grows.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use besom_core::RunNumber;
use besom_store::{NewRun, RunQuery, RunRow, StopKind, Store, StoreError, SweepId, SweepRow, SweepState};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::listing::Listed;
use super::run::plain;
use super::{lenient, refused};
use crate::refusal::Refusal;
use crate::shared::Shared;

/// The label that keeps the text.
pub(super) const LABEL: &str = "wandb.controller";
/// The key of a note under which the id of its entry is.
const SCHEDULE: &str = "schedule";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Text {
    schedule: Option<Vec<Entry>>,
    earlystop: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    id: String,
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Debug, Default, Deserialize)]
struct Data {
    #[serde(default)]
    args: Option<Map<String, Value>>,
}

/// Takes in what a controller says now.
pub(super) async fn update(shared: &Shared, id: &SweepId, text: &str) -> Result<(), Refusal> {
    let said: Text = lenient::parse(text)
        .map_err(|error| refused(StatusCode::BAD_REQUEST, format!("controller: {error}")))?;
    let (id, text) = (id.clone(), text.to_owned());
    shared
        .write(move |store| -> Result<(), StoreError> {
            let row = store.sweep(&id)?;
            if row.state.is_over() {
                return Ok(());
            }
            store.set_label(&id, LABEL, Some(&text))?;
            schedule(store, &row, said.schedule.unwrap_or_default())?;
            stop(store, &row, &said.earlystop.unwrap_or_default())?;
            settle(store, &id)
        })
        .await
}

/// Finishes a sweep whose controller has said that nothing is left to try, once all its runs have ended.
pub(super) fn settle(store: &mut dyn Store, id: &SweepId) -> Result<(), StoreError> {
    let row = store.sweep(id)?;
    let Some(text) = row.new.labels.get(LABEL).filter(|_| !row.state.is_over()) else { return Ok(()) };
    let said: Text = lenient::parse(text).unwrap_or_default();
    let is_last = |entry: &Entry| entry.data.as_ref().is_none_or(|data| data.args.is_none());
    let is_done = said.schedule.unwrap_or_default().iter().any(is_last);
    let is_full = row.new.run_cap.is_some_and(|cap| row.runs >= cap);
    let counts = store.status(id)?.counts;
    if (is_done || is_full) && !counts.iter().any(|(state, count)| state.is_open() && *count > 0) {
        store.set_state(id, SweepState::Finished, Some("its controller has nothing left to try"))?;
    }
    Ok(())
}

/// Adds the runs of entries that are new.
fn schedule(store: &mut dyn Store, row: &SweepRow, entries: Vec<Entry>) -> Result<(), StoreError> {
    let runs = store.runs(row.id(), &RunQuery::default())?;
    let known: BTreeSet<&str> = runs.iter().filter_map(entry_of).collect();
    let mut new = Vec::new();
    for entry in entries {
        let Some(args) = entry.data.unwrap_or_default().args else { continue };
        if known.contains(entry.id.as_str()) {
            continue;
        }
        let note = json!({ SCHEDULE: entry.id, "why": "scheduled by its controller" });
        let note = note.as_object().cloned().unwrap_or_default();
        new.push(NewRun::new(plain(args)).note(note));
    }
    if !new.is_empty() {
        let first = RunNumber::from_index(usize::try_from(row.runs).unwrap_or(usize::MAX - 1));
        store.add_runs(row.id(), first, &new, None)?;
    }
    Ok(())
}

/// The id of the entry that a run follows from.
fn entry_of(run: &RunRow) -> Option<&str> {
    run.note.get(SCHEDULE)?.as_str()
}

fn stop(store: &mut dyn Store, row: &SweepRow, names: &[String]) -> Result<(), StoreError> {
    let prefix = format!("{}-", row.id());
    let number =
        |name: &String| -> Option<RunNumber> { name.strip_prefix(&prefix)?.split('-').next()?.parse().ok() };
    let reason = "stopped early by its controller";
    for run in names.iter().filter_map(number) {
        match store.request_stops(row.id(), &[(run, reason.to_owned())], StopKind::Early) {
            // A name that the controller has made up keeps no other from being stopped.
            Err(StoreError::NoRun { .. }) => {}
            done => drop(done?),
        }
    }
    Ok(())
}

/// What the server says of the schedule: which run each entry has become.
pub(super) fn scheduler(runs: &[Listed]) -> String {
    let scheduled =
        runs.iter().filter_map(|run| Some(json!({ "id": entry_of(&run.run)?, "runid": run.name })));
    json!({ "scheduled": scheduled.collect::<Vec<_>>() }).to_string()
}

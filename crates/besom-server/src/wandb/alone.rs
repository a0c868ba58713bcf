//! `wandb.init()` outside of a sweep: a run of a sweep that is its project's.
//!
//! That sweep has no search method and no end; nobody steps it. So a script that is in no sweep loses nothing, and its runs are where
//! all others are.

use std::time::Duration;

use axum::http::StatusCode;
use besom_core::RunNumber;
use besom_store::{Claim, NewAgent, NewRun, NewSweep, Store, StoreError, SweepId, SweepRow, SweepState};
use serde_json::{Map, Value, json};

use super::found::{ALONE_LABEL, ENTITY_LABEL, Found, NAME_NOTE, PROJECT_LABEL, is_alone, place};
use super::graphql::Request;
use super::run::{RunPath, described};
use super::{SILENCE, agents, lock, refused};
use crate::refusal::Refusal;
use crate::shared::Shared;

/// How many sweeps with the same letters there may be before a new id is given up.
const TRIES: u32 = 100;

/// Begins the run that an `UpsertBucket` names.
pub(super) fn begin(
    store: &mut dyn Store,
    shared: &Shared,
    request: &Request,
    path: &RunPath,
) -> Result<Found, Refusal> {
    let sweep = open(store, shared, path)?;
    // What the program states at first are its parameters.
    let facts = described(request, &Map::new());
    let point = facts.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
    let note = json!({ NAME_NOTE: { "name": path.name } }).as_object().cloned().unwrap_or_default();
    let id = sweep.id().clone();
    let number = RunNumber::from_index(usize::try_from(sweep.runs).unwrap_or(usize::MAX - 1));
    store.add_runs(&id, number, &[NewRun::new(point).note(note)], None)?;
    let host = request.text("host").unwrap_or("wandb");
    let agent = store.join(&id, &NewAgent::new(agents::name(host), Duration::from_secs(SILENCE)))?;
    // Others may wait there because their owner has made them pending again: nobody else takes them.
    for round in 1..=sweep.runs + 1 {
        match store.claim(agent, round)? {
            Claim::Run(run) if run.lease.run == number => {
                lock(&shared.wandb.alone).insert(path.clone(), (id.clone(), number));
                let (sweep, run) = (store.sweep(&id)?, store.run(&id, number)?);
                return Ok(Found { path: path.clone(), sweep, attempt: run.attempt, run });
            }
            Claim::Run(_) => {}
            Claim::Nothing(_) => break,
        }
    }
    Err(refused(
        StatusCode::CONFLICT,
        format!("the runs of project {} outside of sweeps are paused", path.project),
    ))
}

/// The sweep of a project's runs outside of sweeps; made if there is none that takes any.
fn open(store: &mut dyn Store, shared: &Shared, path: &RunPath) -> Result<SweepRow, StoreError> {
    let wanted = (path.entity.clone(), path.project.clone());
    let takes_runs = |sweep: &SweepRow| matches!(sweep.state, SweepState::Pending | SweepState::Running);
    let known = store
        .sweeps()?
        .into_iter()
        .find(|sweep| is_alone(sweep) && takes_runs(sweep) && place(shared, sweep) == wanted);
    if let Some(sweep) = known {
        return Ok(sweep);
    }
    let mut tries = 0;
    loop {
        tries += 1;
        let mut new = NewSweep::new(SweepId::new(agents::letters(8)))
            .label(ENTITY_LABEL, &path.entity)
            .label(PROJECT_LABEL, &path.project)
            .label(ALONE_LABEL, "yes");
        new.name = Some(path.project.clone());
        new.text = json!({ "name": path.project, "method": "custom", "controller": { "type": "local" }, "parameters": {} })
            .to_string();
        match store.create_sweep(&new) {
            Err(StoreError::SweepExists(_)) if tries < TRIES => {}
            created => {
                created?;
                return store.sweep(&new.id);
            }
        }
    }
}

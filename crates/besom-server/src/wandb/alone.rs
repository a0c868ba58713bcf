//! `wandb.init()` outside of a sweep: a run of a sweep that is its project's.
//!
//! That sweep has no search method and no end; nobody steps it. So a script that is in no sweep loses nothing, and its runs are where
//! all others are. What a program logs under the id of a run that has ended is kept there, too.

use std::time::Duration;

use axum::http::StatusCode;
use besom_core::RunNumber;
use besom_store::{Claim, NewAgent, NewRun, NewSweep, Store, StoreError, SweepId, SweepRow, SweepState};
use serde_json::{Map, Value, json};

use super::found::{ALONE_LABEL, ENTITY_LABEL, Found, NAME_NOTE, PROJECT_LABEL, is_alone, place};
use super::graphql::Request;
use super::run::{RunPath, described};
use super::{SILENCE, agents, lock, refused};
use crate::log;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// The host of a program that does not name its own.
const NOBODY: &str = "wandb";
/// How many sweeps with the same letters there may be before a new id is given up.
const TRIES: u32 = 100;

/// What is known of a program that begins a run.
#[derive(Debug)]
pub(super) struct Begun<'a> {
    host: &'a str,
    /// Its configuration, which becomes the parameters of a new run.
    point: Map<String, Value>,
    /// Whether it goes on from what was logged under its id before.
    is_resumed: bool,
}

impl<'a> Begun<'a> {
    /// What an `UpsertBucket` says: what the program states at first are its parameters.
    pub(super) fn of(request: &'a Request, is_resumed: bool) -> Self {
        let facts = described(request, &Map::new());
        let point = facts.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
        Self { host: request.text("host").unwrap_or(NOBODY), point, is_resumed }
    }

    /// A program that has said nothing but rows, under the id of a run that has ended.
    pub(super) fn after(found: &Found) -> Self {
        Self { host: NOBODY, point: found.run.point.clone(), is_resumed: false }
    }
}

/// Begins a run under a name that no run has.
pub(super) fn begin(
    store: &mut dyn Store,
    shared: &Shared,
    begun: Begun<'_>,
    path: &RunPath,
) -> Result<Found, Refusal> {
    let sweep = open(store, shared, path)?;
    let note = json!({ NAME_NOTE: { "name": path.name } }).as_object().cloned().unwrap_or_default();
    let number = RunNumber::from_index(usize::try_from(sweep.runs).unwrap_or(usize::MAX - 1));
    store.add_runs(sweep.id(), number, &[NewRun::new(begun.point).note(note)], None)?;
    lock(&shared.wandb.alone).insert(path.clone(), Some((sweep.id().clone(), number)));
    hand_out(store, begun.host, path, sweep.id(), number)
}

/// Goes on under the name of a run that has ended, as W&B does: one outside of sweeps begins another attempt, with the rows of the one
/// before only if its program resumes. The end of a sweep's run stands, because its search has seen it: what follows is a run of the
/// project.
pub(super) fn again(
    store: &mut dyn Store,
    shared: &Shared,
    begun: Begun<'_>,
    found: &Found,
) -> Result<Found, Refusal> {
    let (id, number) = (found.sweep.id(), found.run.number);
    if !is_alone(&found.sweep) || !takes_runs(&found.sweep) {
        let next = begin(store, shared, begun, &found.path)?;
        let (project, place) = (&next.path.project, next.sweep.id());
        let line = format_args!(
            "attempt {} of run {id}/{number} has ended; what W&B's client logs under its id goes to run {place}/{} of project {project}",
            found.attempt, next.run.number
        );
        log::say(shared, line);
        return Ok(next);
    }
    if !found.run.state.is_open() {
        store.retry_runs(id, &[number])?;
    }
    let next = hand_out(store, begun.host, &found.path, id, number)?;
    if begun.is_resumed {
        store.resume(&next.lease())?;
    }
    Ok(next)
}

/// Hands a run that waits to an agent of its own.
fn hand_out(
    store: &mut dyn Store,
    host: &str,
    path: &RunPath,
    id: &SweepId,
    number: RunNumber,
) -> Result<Found, Refusal> {
    let agent = store.join(id, &NewAgent::new(agents::name(host), Duration::from_secs(SILENCE)))?;
    for round in 1..=store.sweep(id)?.runs + 1 {
        match store.claim(agent, round)? {
            Claim::Run(run) if run.lease.run == number => {
                let (sweep, run) = (store.sweep(id)?, store.run(id, number)?);
                return Ok(Found { path: path.clone(), sweep, attempt: run.attempt, state: run.state, run });
            }
            // Its owner has asked for another try, which only its own program can make. It waits for that, with its rows.
            Claim::Run(run) => {
                store.resume(&run.lease)?;
                store.give_back(&run.lease, "it waits for its own program")?;
            }
            Claim::Nothing(_) | Claim::Drained => break,
        }
    }
    Err(refused(
        StatusCode::CONFLICT,
        format!("the runs of project {} outside of sweeps are paused", path.project),
    ))
}

/// Whether a sweep hands out runs.
fn takes_runs(sweep: &SweepRow) -> bool {
    matches!(sweep.state, SweepState::Pending | SweepState::Running)
}

/// The sweep of a project's runs outside of sweeps; made if there is none that takes any.
fn open(store: &mut dyn Store, shared: &Shared, path: &RunPath) -> Result<SweepRow, StoreError> {
    let wanted = (path.entity.clone(), path.project.clone());
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

//! What is said of one run, answered from the store.

use std::sync::Mutex;

use axum::http::StatusCode;
use besom_core::RunState;
use besom_store::{End, Lease, Store, StoreError};
use serde_json::{Value, json};

use super::alone::Begun;
use super::found::{Found, find_to_log, is_alone, prepare};
use super::graphql::Request;
use super::run::{self, RunPath, described, is_first};
use super::store_sink::StoreSink;
use super::stream::Stream;
use super::{SinkError, alone, controller, lock, refused};
use crate::pool::Urgency;
use crate::recent::Recent;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// A message of more bytes carries rows or output, which let others go first.
const LARGE: usize = 1 << 10;

impl From<SinkError> for Refusal {
    fn from(error: SinkError) -> Self {
        match error {
            SinkError::Lost => refused(StatusCode::NOT_FOUND, "the run is gone"),
            SinkError::Failed(why) => Self::unavailable(why),
        }
    }
}

/// Runs that a program has asked about to resume them, until it begins. What is forgotten, as by a restart, begins without its rows: that
/// somebody has asked is nowhere else. A program that only asks, as with `resume="never"`, leaves its own behind.
pub(super) type Resuming = Mutex<Recent<RunPath, ()>>;

/// The answer to an operation about one run.
pub(super) async fn operate(shared: &Shared, request: &Request, path: RunPath) -> Result<Value, Refusal> {
    prepare(shared, &path).await?;
    let begins = (request.operation == "UpsertBucket").then(|| path.clone());
    let (request, clone) = (request.clone(), shared.clone());
    let answer = shared.write(move |store| -> Result<Value, Refusal> {
        match request.operation.as_str() {
            "UpsertBucket" if request.text("name").is_some() => {
                let found = begun(store, &clone, &request, &path)?;
                return on(store, &clone, &found, &request);
            }
            "RunResumeStatus" => {
                lock(&clone.wandb.resuming).insert(path.clone(), ());
            }
            _ => {}
        }
        match find_to_log(store, &clone, &path)? {
            Some(found) => {
                if request.operation == "UpsertBucket" {
                    // Its owner says so, by the public interface.
                    let facts = described(&request, &found.run.point);
                    store.annotate(found.sweep.id(), found.run.number, &facts)?;
                }
                on(store, &clone, &found, &request)
            }
            None if request.operation == "RunResumeStatus" => Ok(json!({ "model": { "bucket": null } })),
            None => Err(missing(&path)),
        }
    });
    let answer = answer.await;
    // What was not committed is asked again, and begins as it would have.
    if let Some(path) = begins.filter(|_| answer.is_ok()) {
        lock(&shared.wandb.resuming).remove(&path);
    }
    answer
}

/// The run of a program that says who it is. One that has ended, or that there is not yet, begins by this.
fn begun(
    store: &mut dyn Store,
    shared: &Shared,
    request: &Request,
    path: &RunPath,
) -> Result<Found, Refusal> {
    let is_resumed = lock(&shared.wandb.resuming).get(path).is_some();
    let begun = || Begun::of(request, is_resumed);
    match find_to_log(store, shared, path)? {
        None => alone::begin(store, shared, begun(), path),
        // What a program says of itself later, it also says where it was cut off or is to stop.
        Some(found)
            if found.has_ended() || (is_alone(&found.sweep) && found.is_over() && is_first(request)) =>
        {
            alone::again(store, shared, begun(), &found)
        }
        Some(found) => {
            if is_first(request) {
                // Another program under the same id counts its lines from 0.
                lock(&shared.wandb.printed).remove(&found.lease());
            }
            Ok(found)
        }
    }
}

fn on(store: &mut dyn Store, shared: &Shared, found: &Found, request: &Request) -> Result<Value, Refusal> {
    let mut sink = StoreSink { store, found, shared };
    match run::operate(request, &mut sink) {
        // Nobody works on it any more, which is no error to who asks whether it is to stop.
        Err(SinkError::Lost) if request.operation == "RunStoppedStatus" => {
            Ok(json!({ "project": { "run": { "stopped": !found.has_ended() } } }))
        }
        answer => Ok(answer?.unwrap_or_default()),
    }
}

fn missing(path: &RunPath) -> Refusal {
    let RunPath { entity, project, name } = path;
    refused(StatusCode::NOT_FOUND, format!("no run has the name {entity}/{project}/{name}"))
}

/// The answer to a message of a file stream of `size` bytes.
pub(super) async fn stream(
    shared: &Shared,
    path: RunPath,
    stream: Stream,
    size: usize,
) -> Result<Value, Refusal> {
    prepare(shared, &path).await?;
    let urgency = if size > LARGE && stream.exit_code.is_none() { Urgency::Later } else { Urgency::First };
    let clone = shared.clone();
    let (answer, lease) = shared
        .write_as(urgency, move |store| -> Result<_, Refusal> {
            let mut found = find_to_log(store, &clone, &path)?.ok_or_else(|| missing(&path))?;
            if found.has_ended() {
                let mut sink = StoreSink { store, found: &found, shared: &clone };
                // The last message is repeated if its answer was lost.
                if !sink.has_news(stream.history.as_ref())? {
                    return Ok((Ok(json!({})), found.lease()));
                }
                found = alone::again(store, &clone, Begun::after(&found), &found)?;
            }
            let is_end = stream.exit_code.is_some();
            let mut sink = StoreSink { store, found: &found, shared: &clone };
            let answer = run::stream(stream, &mut sink).map_err(Refusal::unavailable);
            if is_end && answer.is_ok() {
                controller::settle(store, found.sweep.id())?;
            }
            Ok((answer, found.lease()))
        })
        .await?;
    if let Some(printed) = lock(&shared.wandb.printed).get(&lease) {
        printed.commit();
    }
    shared.steps.touch(shared, &lease.sweep);
    answer
}

/// Ends an attempt whose program is gone without a word.
pub(super) fn crash(store: &mut dyn Store, lease: &Lease, why: &str) -> Result<(), StoreError> {
    let end = End::new(RunState::Crashed).message(why);
    store.finish(lease, &end).map(drop)
}

/// Whether anything was heard of an attempt since it was handed out.
pub(super) fn has_begun(store: &mut dyn Store, lease: &Lease, rows: u64) -> Result<bool, StoreError> {
    Ok(rows > 0 || !store.facts(&lease.sweep, lease.run, Some(lease.attempt))?.is_empty())
}

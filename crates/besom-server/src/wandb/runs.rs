//! What is said of one run, answered from the store.

use axum::http::StatusCode;
use besom_core::RunState;
use besom_store::{End, Lease, Store, StoreError};
use serde_json::{Value, json};

use super::found::{Found, find};
use super::graphql::Request;
use super::run::{self, RunPath, described};
use super::store_sink::StoreSink;
use super::stream::Stream;
use super::{SinkError, alone, controller, refused};
use crate::pool::Urgency;
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

/// The answer to an operation about one run.
pub(super) async fn operate(shared: &Shared, request: &Request, path: RunPath) -> Result<Value, Refusal> {
    let (request, clone) = (request.clone(), shared.clone());
    let answer = shared.write(move |store| -> Result<Value, Refusal> {
        let Some(found) = find(store, &clone, &path)? else {
            return match request.operation.as_str() {
                // A run outside of sweeps begins by this.
                "UpsertBucket" if request.text("name").is_some() => {
                    let found = alone::begin(store, &clone, &request, &path)?;
                    on(store, &clone, &found, &request)
                }
                "RunResumeStatus" => Ok(json!({ "model": { "bucket": null } })),
                _ => Err(missing(&path)),
            };
        };
        let is_owner = request.operation == "UpsertBucket" && request.text("name").is_none();
        if is_owner {
            let facts = described(&request, &found.run.point);
            store.annotate(found.sweep.id(), found.run.number, &facts)?;
        }
        on(store, &clone, &found, &request)
    });
    answer.await
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
    let urgency = if size > LARGE && stream.exit_code.is_none() { Urgency::Later } else { Urgency::First };
    let clone = shared.clone();
    let (answer, sweep) = shared
        .write_as(urgency, move |store| -> Result<_, Refusal> {
            let found = find(store, &clone, &path)?.ok_or_else(|| missing(&path))?;
            let sweep = found.sweep.id().clone();
            if found.has_ended() {
                return Ok((json!({}), sweep));
            }
            let mut sink = StoreSink { store, found: &found, shared: &clone };
            let is_end = stream.exit_code.is_some();
            let answer = run::stream(stream, &mut sink).map_err(Refusal::unavailable)?;
            if is_end {
                controller::settle(store, &sweep)?;
            }
            Ok((answer, sweep))
        })
        .await?;
    shared.steps.touch(shared, &sweep);
    Ok(answer)
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

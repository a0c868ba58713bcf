//! The log of a sweep and of its runs.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use besom_core::RunNumber;
use besom_store::{Store, StoreError, SweepRow};
use serde_json::{Map, Value, json};

use super::known::Kept;
use super::query::Asked;
use super::reading;
use crate::guard;
use crate::path::Path;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// How many events are in an answer at most.
const EVENTS: u64 = 1_000;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/sweeps/{id}/events", guard::read(get(of_sweep)))
        .route("/v1/sweeps/{id}/runs/{run}/events", guard::read(get(of_run)))
}

async fn of_sweep(
    shared: State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Json<Value>, Refusal> {
    page(shared, id, None, &asked).await
}

async fn of_run(
    shared: State<Shared>,
    Path((id, run)): Path<(String, RunNumber)>,
    asked: Asked,
) -> Result<Json<Value>, Refusal> {
    page(shared, id, Some(run), &asked).await
}

async fn page(
    State(shared): State<Shared>,
    id: String,
    run: Option<RunNumber>,
    asked: &Asked,
) -> Result<Json<Value>, Refusal> {
    let (after, limit) = (asked.value("after")?.unwrap_or(0), asked.limit(EVENTS, EVENTS)?);
    let read = move |store: &mut dyn Store, sweep: &SweepRow, kept: &Kept| {
        listed(store, sweep, kept, run, (after, limit))
    };
    Ok(Json(reading(shared, id, read).await?))
}

/// A page of the log.
pub(super) fn listed(
    store: &mut dyn Store,
    sweep: &SweepRow,
    kept: &Kept,
    run: Option<RunNumber>,
    (after, limit): (u64, u64),
) -> Result<Value, StoreError> {
    // One more tells whether there are more.
    let mut events = store.events(sweep.id(), run, after, limit.saturating_add(1))?;
    let more = events.len() as u64 > limit;
    events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let event = |event: &besom_store::Event| {
        let mut detail: Map<String, Value> = kept.known.secrets.mask(&event.detail);
        let by = detail.shift_remove("by");
        json!({
            "seq": event.seq.to_string(), "at_ms": event.at_ms, "run": event.run, "kind": event.kind,
            "detail": detail, "by": by,
        })
    };
    Ok(json!({ "events": events.iter().map(event).collect::<Vec<_>>(), "more": more }))
}

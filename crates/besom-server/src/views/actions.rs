//! What the owner of a sweep may do to it. Each action answers how the sweep stands then; what its state forbids is a conflict, with
//! the store's sentence.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Json, Router};
use besom_core::{RunNumber, RunState};
use besom_engine::{EngineError, json_fault, usual_reason};
use besom_store::{StopKind, Store, SweepId, SweepRow, SweepState};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;

use super::reading;
use super::summary::Summary;
use crate::guard::{self, Caller};
use crate::path::Path;
use crate::refusal::Refusal;
use crate::shared::{Shared, asked_by};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/sweeps/{id}/state", guard::owner(post(state)))
        .route("/v1/sweeps/{id}/retry", guard::owner(post(retry)))
        .route("/v1/sweeps/{id}/stops", guard::owner(post(stops)))
        .route("/v1/sweeps/{id}/enqueue", guard::owner(post(enqueue)))
        .route("/v1/sweeps/{id}/cap", guard::owner(post(cap)))
        .route("/v1/sweeps/{id}/drain", guard::owner(post(drain)))
        .route("/v1/sweeps/{id}/runs/{run}/retry", guard::owner(post(retry_run)))
        .route("/v1/sweeps/{id}/runs/{run}/annotate", guard::owner(post(annotate)))
}

type Answer = Result<Json<Summary>, Refusal>;

/// Reads the body of a request.
pub(super) fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    let wrong = |error: &serde_json::Error| {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "body", format!("the body: {}", json_fault(error)))
    };
    serde_json::from_slice(body).map_err(|error| wrong(&error))
}

/// Writes in the name of who asked for it, then says how the sweep stands.
async fn done<T: Send + 'static, E: Into<Refusal> + 'static>(
    shared: Shared,
    caller: &Caller,
    id: String,
    work: impl FnOnce(&mut dyn Store, &SweepId) -> Result<T, E> + Send + 'static,
) -> Answer {
    let sweep = SweepId::new(id.clone());
    shared.write_for(caller.signature(), move |store| work(store, &sweep)).await?;
    Ok(Json(reading(shared, id, Summary::read).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct To {
    to: String,
    reason: Option<String>,
}

async fn state(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let To { to, reason } = read(&body)?;
    let to: SweepState = to.parse().map_err(|error| unknown(format!("to: {error}")))?;
    if to == SweepState::Pending {
        return Err(unknown("to: a sweep that was created never becomes pending again".to_owned()));
    }
    let reason = reason.or_else(|| usual_reason(to).map(str::to_owned));
    let (sweep, why) = (SweepId::new(id.clone()), reason.clone());
    let answer =
        done(shared.clone(), &caller, id, move |store, id| store.set_state(id, to, why.as_deref())).await?;
    if to.is_over() {
        shared.end_dead(sweep, to, reason).await;
    }
    Ok(answer)
}

fn unknown(message: String) -> Refusal {
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "body", message)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct States {
    states: Vec<RunState>,
}

async fn retry(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let States { states } = read(&body)?;
    done(shared, &caller, id, move |store, id| store.retry(id, &states)).await
}

async fn retry_run(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((id, run)): Path<(String, RunNumber)>,
) -> Answer {
    done(shared, &caller, id, move |store, id| store.retry_runs(id, &[run])).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stops {
    runs: Vec<RunNumber>,
    reason: Option<String>,
}

async fn stops(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let Stops { runs, reason } = read(&body)?;
    let reason = reason.unwrap_or_else(|| "stopped by its owner".to_owned());
    let stops: Vec<_> = runs.into_iter().map(|run| (run, reason.clone())).collect();
    done(shared, &caller, id, move |store, id| store.request_stops(id, &stops, StopKind::Cancel)).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    facts: Map<String, Value>,
}

async fn annotate(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((id, run)): Path<(String, RunNumber)>,
    body: Bytes,
) -> Answer {
    let Facts { facts } = read(&body)?;
    done(shared, &caller, id, move |store, id| store.annotate(id, run, &facts)).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    params: Map<String, Value>,
}

async fn enqueue(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let Params { params } = read(&body)?;
    let server = shared.clone();
    done(shared, &caller, id, move |store, id| {
        let sweep = store.sweep(id)?;
        besom_engine::enqueue(&server.registry, store, &sweep, &params)
            .map(drop)
            .map_err(|error| of_engine(&error))
    })
    .await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cap {
    run_cap: Option<u64>,
}

async fn cap(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let Cap { run_cap } = read(&body)?;
    let (sweep, server) = (SweepId::new(id.clone()), shared.clone());
    // Whether a finished sweep is exhausted is asked of its search method, which the writer does not wait for.
    let set = spawn_blocking(move || {
        let mut store = server.place.open().map_err(|error| Refusal::from(&error))?;
        let sweep: SweepRow = store.sweep(&sweep)?;
        asked_by(&caller.signature(), &mut *store, |store| {
            besom_engine::set_run_cap(&server.registry, store, &sweep, run_cap)
                .map_err(|error| of_engine(&error))
        })
    });
    set.await.map_err(|_| Refusal::broken())??;
    shared.hub.ring();
    Ok(Json(reading(shared, id, Summary::read).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    agents: Vec<String>,
}

async fn drain(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let Names { agents } = read(&body)?;
    let sweep = SweepId::new(id.clone());
    let answer = done(shared.clone(), &caller, id, move |store, id| {
        besom_engine::drain(store, id, &agents).map_err(|error| of_engine(&error))
    })
    .await?;
    shared.agents.recall(&sweep);
    Ok(answer)
}

fn of_engine(error: &EngineError) -> Refusal {
    match error {
        EngineError::UnknownAgents { problems, .. } => {
            let refusal = Refusal::new(StatusCode::NOT_FOUND, "no_agent", error.to_string());
            refusal.with("problems", problems.clone())
        }
        EngineError::Values { problems } => {
            let refusal = Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "values", error.to_string());
            refusal.with("problems", problems.clone())
        }
        EngineError::Refused { .. } => Refusal::new(StatusCode::CONFLICT, "refused", error.to_string()),
        other => other.into(),
    }
}

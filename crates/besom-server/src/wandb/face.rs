//! The routes that W&B's client uses, and which operation is answered where.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header::{HOST, USER_AGENT};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::graphql::{self, Request};
use super::run::{self, RunPath};
use super::stream::Stream;
use super::{agents, lock, names, public, redirect, refused, runs, sweeps};
use crate::guard::Caller;
use crate::path::Path;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::{guard, log};

/// How many unknown operations are logged, each once.
const MAX_UNKNOWN: usize = 100;

/// The routes of W&B's protocol.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/graphql", guard::wandb(post(operate)))
        .route("/files/{entity}/{project}/{name}/file_stream", guard::wandb(post(file_stream)))
        // What the client measures of itself.
        .route("/sdk/otel/{*rest}", guard::open(post(async || ())))
        .route("/artifacts/manifest", guard::open(get(manifest)))
        .merge(redirect::routes())
}

/// The manifest of an artifact, which version 0.22 reads after it has logged a table. It holds what is in its id.
async fn manifest(Query(asked): Query<HashMap<String, String>>) -> Response {
    match asked.get("id").and_then(|id| names::manifest(id)) {
        Some(manifest) => Json(manifest).into_response(),
        None => Refusal::new(StatusCode::NOT_FOUND, "no_route", "no artifact has this id").into_response(),
    }
}

/// Where the client finds a manifest, under the name by which it has found this server.
fn manifest_place(shared: &Shared, headers: &HeaderMap, request: &Request) -> Value {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let scheme = if shared.options.tls.is_some() { "https" } else { "http" };
    let id = utf8_percent_encode(request.text("id").unwrap_or_default(), NON_ALPHANUMERIC);
    let url = format!("{scheme}://{host}/artifacts/manifest?id={id}");
    json!({ "artifact": { "currentManifest": { "file": { "directUrl": url } } } })
}

async fn operate(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut request = match Request::parse(&body) {
        Ok(request) => request,
        Err(why) => return failed("", &refused(StatusCode::BAD_REQUEST, why)),
    };
    let client = headers.get(USER_AGENT).and_then(|client| client.to_str().ok()).unwrap_or_default();
    request.asker = caller.signature();
    request.is_old = client.contains("Public Client 0.22.");
    if request.operation == "FetchArtifactManifest" {
        return Json(graphql::answer(&manifest_place(&shared, &headers, &request))).into_response();
    }
    match answer(&shared, &request).await {
        Ok(data) => Json(graphql::answer(&data)).into_response(),
        Err(refusal) => failed(&request.operation, &refusal),
    }
}

fn failed(operation: &str, refusal: &Refusal) -> Response {
    (refusal.status(), Json(graphql::failed(operation, &refusal.message()))).into_response()
}

async fn answer(shared: &Shared, request: &Request) -> Result<Value, Refusal> {
    if let Some(path) = run::about(request) {
        return runs::operate(shared, request, path).await;
    }
    if let Some(data) = graphql::generic(request) {
        return Ok(data);
    }
    match request.operation.as_str() {
        "UpsertSweep" => return sweeps::upsert(shared, request).await,
        "CreateAgent" => return agents::create(shared, request).await,
        "Heartbeat" => return agents::heartbeat(shared, request).await,
        "UpdateRunState" => return public::update_run_state(shared, request).await,
        "StopRun" | "stopRun" => return public::stop_run(shared, request).await,
        _ => {}
    }
    if !request.is_mutation
        && let Some(data) = public::read(shared, request).await?
    {
        return Ok(data);
    }
    note_unknown(shared, &request.operation);
    graphql::unknown(request).map_err(|why| refused(StatusCode::BAD_REQUEST, why))
}

/// Logs an operation that is not known, once.
fn note_unknown(shared: &Shared, operation: &str) {
    let mut unknown = lock(&shared.wandb.unknown);
    if unknown.len() < MAX_UNKNOWN && unknown.insert(operation.to_owned()) {
        log::say(shared, format_args!("W&B's operation {operation} is unknown"));
    }
}

async fn file_stream(
    State(shared): State<Shared>,
    Path((entity, project, name)): Path<(String, String, String)>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let stream = Stream::parse(&body).map_err(|why| refused(StatusCode::BAD_REQUEST, why))?;
    let path = RunPath { entity, project, name };
    Ok(Json(runs::stream(&shared, path, stream, body.len()).await?))
}

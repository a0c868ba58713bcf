//! Sweeps: the list, one in full, its columns.

use std::collections::HashSet;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use besom_engine::missing_metric;
use besom_store::{Store, StoreError, SweepId, SweepRow};
use serde_json::{Map, Value, json};

use super::known::Kept;
use super::summary::Summary;
use super::{axis, reading};
use crate::guard;
use crate::path::Path;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// How many runs are looked at for the names of what was logged: the first and the newest ones.
const LOOKED_AT: u64 = 20;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/sweeps", guard::read(get(list)).merge(super::create::route()))
        .route("/v1/sweeps/{id}", guard::read(get(one)))
        .route("/v1/sweeps/{id}/columns", guard::read(get(columns)))
}

async fn list(State(shared): State<Shared>) -> Result<Json<Value>, Refusal> {
    let sweeps = shared.clone().read(move |store| summaries(&shared, store)).await?;
    Ok(Json(json!({ "sweeps": sweeps })))
}

/// All sweeps, newest first.
fn summaries(shared: &Shared, store: &mut dyn Store) -> Result<Vec<Summary>, StoreError> {
    let mut all = Vec::new();
    for sweep in store.sweeps()?.iter().rev() {
        all.extend(summary(shared, store, sweep)?);
    }
    Ok(all)
}

/// A sweep at a glance; `None` if it was removed meanwhile.
pub(super) fn summary(
    shared: &Shared,
    store: &mut dyn Store,
    sweep: &SweepRow,
) -> Result<Option<Summary>, StoreError> {
    match Summary::read(store, sweep, &shared.views.of(&shared.registry, sweep)) {
        Err(StoreError::NoSweep { .. }) => {
            shared.views.forget(sweep.id());
            Ok(None)
        }
        summary => summary.map(Some),
    }
}

async fn one(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Response, Refusal> {
    for kind in ["csv", "html"] {
        if let Some(id) = id.strip_suffix(kind).and_then(|id| id.strip_suffix('.')) {
            return super::export::file(shared, SweepId::new(id), kind).await;
        }
    }
    let answer = reading(shared, id, |store, sweep, kept| in_full(store, sweep, kept)).await?;
    Ok(Json(answer).into_response())
}

/// A sweep with what its file says.
pub(super) fn in_full(store: &mut dyn Store, sweep: &SweepRow, kept: &Kept) -> Result<Value, StoreError> {
    let summary = Summary::read(store, sweep, kept)?;
    let (known, config) = (&kept.known, kept.known.config.as_ref());
    let best = match summary.now.best {
        Some(best) => Some(known.secrets.mask(&store.run(sweep.id(), best.run)?.point)),
        None => None,
    };
    let parameters = config.iter().flat_map(|config| config.space.parameters());
    let mut parameters: Vec<Value> = parameters.map(axis::parameter).collect();
    for parameter in parameters.iter_mut().filter(|parameter| parameter["varies"] == false) {
        let named = Map::from_iter([(name(parameter), parameter["values"][0].clone())]);
        parameter["values"] = known.secrets.mask(&named).into_iter().map(|(_, value)| value).collect();
    }
    let mut answer = serde_json::to_value(summary).unwrap_or_default();
    let more = json!({
        "parameters": parameters,
        "metrics": logged_names(store, sweep)?,
        "text": known.secrets.mask_text(&sweep.new.text),
        "file": sweep.new.source,
        "directory": sweep.new.directory,
        "seed": sweep.new.seed.to_string(),
        "description": config.and_then(|config| config.description.clone()),
        "best_params": best,
        "missing_metric": missing_metric(store, sweep)?,
    });
    if let (Some(answer), Value::Object(more)) = (answer.as_object_mut(), more) {
        answer.extend(more);
    }
    Ok(answer)
}

fn name(parameter: &Value) -> String {
    parameter["name"].as_str().unwrap_or_default().to_owned()
}

/// The names that runs have logged numbers under: the sweep's metrics first, then those of some of its runs.
fn logged_names(store: &mut dyn Store, sweep: &SweepRow) -> Result<Vec<String>, StoreError> {
    use besom_store::{Order, RunQuery};
    let mut names: Vec<String> = sweep.new.metrics.iter().map(|metric| metric.name.clone()).collect();
    let mut seen: HashSet<String> = names.iter().cloned().collect();
    for order in [Order::Number, Order::Newest] {
        for run in store.runs(sweep.id(), &RunQuery::default().order(order).limit(LOOKED_AT))? {
            let logged = store.logged(sweep.id(), run.number, None)?;
            let numbers = logged.keys().iter().filter(|key| key.numbers > 0).map(|key| &key.key);
            names.extend(numbers.filter(|name| seen.insert((*name).clone())).cloned());
        }
    }
    Ok(names)
}

async fn columns(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Response, Refusal> {
    let bytes = reading(shared, id, |store, sweep, kept| encoded(store, sweep, kept)).await?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], Body::from(bytes)).into_response())
}

/// The columns of a sweep as bytes.
pub(super) fn encoded(store: &mut dyn Store, sweep: &SweepRow, kept: &Kept) -> Result<Vec<u8>, StoreError> {
    let axes: Vec<Value> = kept.known.axes.iter().map(axis::axis).collect();
    let names: Vec<String> = kept.known.axes.iter().map(|axis| axis.name().to_string()).collect();
    let metric = sweep.new.metrics.first().map(|metric| metric.name.as_str());
    Ok(kept.placed(store, sweep.id())?.encode(&axes, &names, metric))
}

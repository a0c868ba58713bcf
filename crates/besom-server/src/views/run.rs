//! Runs: pages of them, and one in full.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use besom_core::{LoggedKeys, RunNumber};
use besom_engine::FailedRun;
use besom_store::{Attempt, Event, RunQuery, RunRow, Store, StoreError, SweepRow};
use serde_json::{Map, Value, json};

use super::known::Kept;
use super::query::Asked;
use super::{reading, why};
use crate::columns::state_name;
use crate::guard;
use crate::path::Path;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// How many runs, and how many rows of one, are in an answer at most.
const RUNS: usize = 500;
const ROWS: u64 = 5_000;

/// How many events of a run are read for when it was asked to end and how its attempts ended.
const EVENTS: u64 = 10_000;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/sweeps/{id}/runs", guard::read(get(some)))
        .route("/v1/sweeps/{id}/runs/{run}", guard::read(get(one)))
        .route("/v1/sweeps/{id}/runs/{run}/rows", guard::read(get(rows)))
}

async fn some(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Json<Value>, Refusal> {
    let numbers = asked.runs("numbers", RUNS)?;
    let after: Option<u64> = asked.value("after")?;
    let query = RunQuery::default()
        .numbers(numbers)
        .after(after.and_then(RunNumber::new))
        .limit(asked.limit(100, RUNS as u64)?);
    let runs = reading(shared, id, move |store, sweep, kept| listed(store, sweep, kept, &query)).await?;
    Ok(Json(json!({ "runs": runs })))
}

/// Runs by a query.
pub(super) fn listed(
    store: &mut dyn Store,
    sweep: &SweepRow,
    kept: &Kept,
    query: &RunQuery,
) -> Result<Vec<Value>, StoreError> {
    let runs = store.runs(sweep.id(), query)?;
    runs.iter().map(|run| Ok(Value::from(shown(store, sweep, kept, run)?.0))).collect()
}

async fn one(
    State(shared): State<Shared>,
    Path((id, run)): Path<(String, RunNumber)>,
) -> Result<Json<Value>, Refusal> {
    let read = move |store: &mut dyn Store, sweep: &SweepRow, kept: &Kept| -> Result<Value, StoreError> {
        let row = store.run(sweep.id(), run)?;
        let best = store.status(sweep.id())?.best.map(|best| best.run);
        let config = kept.known.config.as_ref();
        let counts =
            config.and_then(|config| besom_engine::failed_run(store, sweep, config, &row).ok().flatten());
        in_full(store, sweep, kept, &row, Others { best, counts })
    };
    Ok(Json(reading(shared, id, read).await?))
}

/// What the other runs of its sweep say of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Others {
    /// Which run is the best.
    pub(super) best: Option<RunNumber>,
    /// How it counts in the search, if it failed.
    pub(super) counts: Option<FailedRun>,
}

/// A run with its attempts, why it was suggested, which one is the best and, if it failed, how it counts.
pub(super) fn in_full(
    store: &mut dyn Store,
    sweep: &SweepRow,
    kept: &Kept,
    run: &RunRow,
    others: Others,
) -> Result<Value, StoreError> {
    let events = store.events(sweep.id(), Some(run.number), 0, EVENTS)?;
    let (mut answer, attempts) = shown(store, sweep, kept, run)?;
    if let Some(stop) = answer.get_mut("stop").and_then(Value::as_object_mut) {
        stop.insert("requested_ms".into(), json!(requested_ms(&events)));
    }
    let method = kept.known.config.as_ref().map(|config| config.method.name.as_str());
    let attempts = attempts.iter().map(|attempt| attempted(attempt, &events));
    answer.insert("attempts".into(), attempts.collect());
    answer.insert("why".into(), why::why(run, method));
    answer.insert("best".into(), json!(others.best));
    answer.insert("counts".into(), json!(others.counts));
    answer.insert("note".into(), kept.known.secrets.mask(&run.note).into());
    Ok(answer.into())
}

/// A run as tables show it, and its attempts.
fn shown(
    store: &mut dyn Store,
    sweep: &SweepRow,
    kept: &Kept,
    run: &RunRow,
) -> Result<(Map<String, Value>, Vec<Attempt>), StoreError> {
    let (id, secrets) = (sweep.id(), &kept.known.secrets);
    let attempts = store.attempts(id, run.number)?;
    let logged = store.logged(id, run.number, None)?;
    let facts = store.facts(id, run.number, None)?;
    let duration = run.ended_ms.zip(run.started_ms).map(|(to, from)| to.saturating_sub(from) as f64 / 1000.0);
    let stop =
        run.stop_kind.map(|kind| json!({ "kind": kind, "reason": run.stop_reason, "requested_ms": null }));
    let value = json!({
        "number": run.number,
        "state": state_name(run.state, run.stop_kind),
        "params": secrets.mask(&run.point),
        "value": run.best,
        "best_value": run.best,
        "last": run.last,
        "stop": stop,
        "message": run.message.as_deref().map(|message| secrets.mask_text(message)),
        "exit_code": run.exit_code,
        "failure": run.failure,
        "attempt": run.attempt,
        "rows": run.rows,
        "created_ms": run.created_ms,
        "started_ms": run.started_ms,
        "ended_ms": run.ended_ms,
        "duration_s": duration,
        "agent": attempts.last().map(|attempt| &attempt.agent),
        "logged": logged_by_key(&logged),
        "facts": secrets.mask(&facts),
    });
    Ok((value.as_object().cloned().unwrap_or_default(), attempts))
}

fn logged_by_key(logged: &LoggedKeys) -> Value {
    let key = |key: &besom_core::Logged| {
        let value = json!({ "last": key.last, "min": key.min, "max": key.max, "count": key.count });
        (key.key.clone(), value)
    };
    logged.keys().iter().map(key).collect::<Map<_, _>>().into()
}

/// When the run was last asked to end.
fn requested_ms(events: &[Event]) -> Option<u64> {
    events
        .iter()
        .rev()
        .find(|event| event.kind == "stop_requested" || event.detail.contains_key("kind"))
        .map(|e| e.at_ms)
}

fn attempted(attempt: &Attempt, events: &[Event]) -> Value {
    let ends = |event: &&Event| {
        event.detail.get("attempt").and_then(Value::as_u64) == Some(attempt.number)
            && !matches!(event.kind.as_str(), "claimed" | "continued" | "returned")
    };
    let end = events.iter().rev().find(ends);
    let of_end = |key: &str| end.and_then(|end| end.detail.get(key)).cloned();
    json!({
        "attempt": attempt.number,
        "agent": attempt.agent,
        "started_ms": attempt.started_ms,
        "ended_ms": attempt.ended_ms,
        "state": attempt.state,
        "rows": attempt.rows,
        "kept": attempt.kept,
        "exit_code": of_end("exit_code"),
        "failure": of_end("failure"),
        "message": of_end("message"),
    })
}

async fn rows(
    State(shared): State<Shared>,
    Path((id, run)): Path<(String, RunNumber)>,
    asked: Asked,
) -> Result<Json<Value>, Refusal> {
    let (after, attempt) = (asked.value("after")?.unwrap_or(0), asked.value("attempt")?);
    let limit = asked.limit(500, ROWS)?;
    let read = move |store: &mut dyn Store, sweep: &SweepRow, kept: &Kept| {
        page_of_rows(store, sweep, kept, (run, attempt), (after, limit))
    };
    Ok(Json(reading(shared, id, read).await?))
}

/// A page of the rows of an attempt; the newest one if none is named.
pub(super) fn page_of_rows(
    store: &mut dyn Store,
    sweep: &SweepRow,
    kept: &Kept,
    (run, attempt): (RunNumber, Option<u64>),
    (after, limit): (u64, u64),
) -> Result<Value, StoreError> {
    // One more tells whether there are more.
    let mut rows = store.rows_after(sweep.id(), run, attempt, after, limit + 1)?;
    let more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let row = |row: besom_store::Row| {
        let mut shown = Map::from_iter([("seq".to_owned(), json!(row.seq))]);
        shown.extend(kept.known.secrets.mask(&row.values));
        Value::from(shown)
    };
    Ok(json!({ "rows": rows.into_iter().map(row).collect::<Vec<_>>(), "more": more }))
}

//! When each agent executed which run, and how much of its time it had none.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use besom_core::RunNumber;
use besom_store::{Store, StoreError, SweepRow, system_clock};
use serde_json::{Value, json};

use super::agents::host;
use super::known::Kept;
use super::reading;
use crate::guard;
use crate::path::Path;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// How many spans are in an answer at most: the newest. A screen has no room for more.
const SPANS: usize = 20_000;

/// Of how many runs the earlier attempts are read.
const RETRIED: usize = 1_000;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/v1/sweeps/{id}/timeline", guard::read(get(timeline)))
}

async fn timeline(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    Ok(Json(reading(shared, id, drawn).await?))
}

/// An attempt of a run.
struct Span {
    agent: String,
    run: RunNumber,
    attempt: u64,
    from_ms: f64,
    to_ms: Option<f64>,
    state: &'static str,
}

/// The timeline of each agent.
pub(super) fn drawn(store: &mut dyn Store, sweep: &SweepRow, kept: &Kept) -> Result<Value, StoreError> {
    let mut spans: Vec<Span> = {
        let columns = kept.columns(store, sweep.id())?;
        let owned = |span: crate::columns::Span<'_>| Span {
            agent: span.agent.to_owned(),
            run: span.run,
            attempt: span.attempt.into(),
            from_ms: span.from_ms,
            to_ms: span.to_ms,
            state: span.state,
        };
        columns.spans().map(owned).collect()
    };
    let retried: Vec<RunNumber> =
        spans.iter().rev().filter(|span| span.attempt > 1).take(RETRIED).map(|span| span.run).collect();
    for run in retried {
        spans.extend(earlier(store, sweep, run)?);
    }
    spans.sort_by(|a, b| b.from_ms.total_cmp(&a.from_ms));
    let more = spans.len() > SPANS;
    spans.truncate(SPANS);
    let mut by_agent: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for span in spans.into_iter().rev() {
        by_agent.entry(span.agent.clone()).or_default().push(span);
    }
    let now = system_clock()() as f64;
    let agents = by_agent.iter().map(|(name, spans)| {
        let shown = spans.iter().map(shown).collect::<Vec<_>>();
        json!({ "name": name, "host": host(name), "spans": shown, "idle_share": idle_share(spans, now) })
    });
    Ok(json!({ "agents": agents.collect::<Vec<_>>(), "more": more }))
}

/// The attempts of a run before its newest.
fn earlier(store: &mut dyn Store, sweep: &SweepRow, run: RunNumber) -> Result<Vec<Span>, StoreError> {
    let mut attempts = store.attempts(sweep.id(), run)?;
    attempts.pop();
    let span = |attempt: besom_store::Attempt| Span {
        agent: attempt.agent,
        run,
        attempt: attempt.number,
        from_ms: attempt.started_ms as f64,
        to_ms: attempt.ended_ms.map(|ms| ms as f64),
        state: attempt.state.as_str(),
    };
    Ok(attempts.into_iter().map(span).collect())
}

fn shown(span: &Span) -> Value {
    json!({
        "run": span.run, "attempt": span.attempt, "from_ms": span.from_ms, "to_ms": span.to_ms,
        "state": span.state,
    })
}

/// The share of the time from an agent's first run to its last in which it had none.
fn idle_share(spans: &[Span], now: f64) -> Option<f64> {
    let end = |span: &Span| span.to_ms.unwrap_or(now).max(span.from_ms);
    let first = spans.iter().map(|span| span.from_ms).reduce(f64::min)?;
    let last = spans.iter().map(end).reduce(f64::max)?;
    let busy: f64 = spans.iter().map(|span| end(span) - span.from_ms).sum();
    (last > first).then(|| (1.0 - busy / (last - first)).clamp(0.0, 1.0))
}

//! The agents of a sweep: which are alive, what they run, how they fare.

use std::collections::HashMap;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use besom_store::{Store, StoreError, SweepRow, system_clock};
use serde_json::{Value, json};

use super::known::Kept;
use super::reading;
use crate::columns::Span;
use crate::guard;
use crate::path::Path;
use crate::refusal::Refusal;
use crate::shared::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/v1/sweeps/{id}/agents", guard::read(get(agents)))
}

async fn agents(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    Ok(Json(reading(shared, id, listed).await?))
}

/// The machine in an agent's name, `host/1234/2`.
pub(super) fn host(name: &str) -> Option<&str> {
    name.split_once('/').map(|(host, _)| host)
}

/// What the runs of an agent say of it.
#[derive(Debug, Default)]
struct Record {
    done: u64,
    failures_in_a_row: u64,
}

/// All agents of a sweep.
pub(super) fn listed(store: &mut dyn Store, sweep: &SweepRow, kept: &Kept) -> Result<Value, StoreError> {
    let agents = store.agents(sweep.id())?;
    let columns = kept.columns(store, sweep.id())?;
    let mut ended: Vec<Span<'_>> = columns.spans().filter(|span| span.to_ms.is_some()).collect();
    ended.sort_by(|a, b| a.to_ms.unwrap_or_default().total_cmp(&b.to_ms.unwrap_or_default()));
    let mut records: HashMap<&str, Record> = HashMap::new();
    for span in &ended {
        let record = records.entry(span.agent).or_default();
        record.done += 1;
        let failed = matches!(span.state, "failed" | "crashed");
        record.failures_in_a_row = if failed { record.failures_in_a_row + 1 } else { 0 };
    }
    let now = system_clock()();
    let nothing = Record::default();
    let agent = |agent: &besom_store::AgentRow| {
        let record = records.get(agent.name.as_str()).unwrap_or(&nothing);
        json!({
            "name": agent.name,
            "host": host(&agent.name),
            "run": agent.run,
            "seen_ms_ago": now.saturating_sub(agent.seen_ms),
            "alive": agent.alive,
            "left": agent.left,
            "draining": agent.draining,
            "failures_in_a_row": record.failures_in_a_row,
            "runs_done": record.done,
        })
    };
    Ok(json!({ "agents": agents.iter().map(agent).collect::<Vec<_>>() }))
}

//! A sweep at a glance, as the list shows it.

use std::collections::BTreeMap;

use besom_core::{Best, RunState};
use besom_engine::{Pace, is_idle, sweep_name};
use besom_store::{AgentRow, Status, Store, StoreError, SweepRow, Watched};
use serde::Serialize;
use serde_json::{Value, json};

use super::known::Kept;

/// In how many steps the best value so far is shown.
const STEPS: usize = 32;

/// A sweep at a glance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Summary {
    id: String,
    name: Option<String>,
    #[serde(flatten)]
    pub(super) now: Now,
    created_ms: u64,
    ended_ms: Option<u64>,
    method: Option<String>,
    early_terminate: Option<String>,
    metric: Option<Value>,
    /// All metrics, `metric` first.
    goals: Vec<Value>,
    run_cap: Option<u64>,
    grid_size: Option<Value>,
    planned: Option<u64>,
    trend: Vec<f64>,
    labels: BTreeMap<String, String>,
    controller: Option<&'static str>,
    cursor: String,
}

/// What changes while a sweep runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Now {
    state: &'static str,
    idle: bool,
    paused_by: Option<&'static str>,
    reason: Option<String>,
    counts: Value,
    pub(super) best: Option<Best>,
    /// The failed, crashed or killed run that would be the best if it counted.
    better_uncounted: Option<Best>,
    rate_per_hour: Option<f64>,
    eta_s: Option<f64>,
    mean_run_s: Option<f64>,
    agents: Value,
}

impl Now {
    pub(super) fn read(store: &mut dyn Store, sweep: &SweepRow, kept: &Kept) -> Result<Self, StoreError> {
        let (status, agents) = (store.status(sweep.id())?, store.agents(sweep.id())?);
        Ok(Self::new(sweep, &status, &agents, kept.known.planned(sweep)))
    }

    fn new(sweep: &SweepRow, status: &Status, agents: &[AgentRow], planned: Option<u64>) -> Self {
        let pace = Pace::of(sweep, status, planned);
        Self {
            state: sweep.state.as_str(),
            idle: is_idle(sweep, status),
            paused_by: sweep.paused_by.map(|by| by.as_str()),
            reason: sweep.reason.clone(),
            counts: counts(status),
            best: status.best,
            better_uncounted: status.better_uncounted,
            rate_per_hour: pace.map(|pace| pace.runs_per_hour),
            eta_s: pace.and_then(|pace| Some(pace.left_ms? as f64 / 1000.0)),
            mean_run_s: status.mean_run_ms.map(|ms| ms / 1000.0),
            agents: json!({ "alive": status.agents, "all": agents.len() }),
        }
    }
}

impl Summary {
    pub(super) fn read(store: &mut dyn Store, sweep: &SweepRow, kept: &Kept) -> Result<Self, StoreError> {
        let now = Now::read(store, sweep, kept)?;
        let columns = kept.columns(store, sweep.id())?;
        let config = kept.known.config.as_ref();
        let metric = sweep.new.metrics.first();
        let is_grid = |config: &&besom_config::SweepConfig| config.method.name == "grid";
        Ok(Self {
            id: sweep.id().to_string(),
            name: sweep_name(sweep).map(str::to_owned),
            now,
            created_ms: sweep.created_ms,
            ended_ms: sweep.ended_ms,
            method: config.map(|config| config.method.name.clone()),
            early_terminate: config.and_then(|config| Some(config.early_terminate.as_ref()?.name.clone())),
            metric: metric.map(goal),
            goals: sweep.new.metrics.iter().map(goal).collect(),
            run_cap: sweep.new.run_cap,
            grid_size: config.filter(is_grid).and_then(besom_engine::points).map(large),
            planned: kept.known.planned(sweep),
            trend: metric.map(|metric| columns.trend(metric.goal, STEPS)).unwrap_or_default(),
            labels: sweep.new.labels.clone(),
            controller: config.filter(|config| config.controller_local).map(|_| "local"),
            cursor: columns.cursor.to_string(),
        })
    }
}

/// A metric by its name, and which way it is better.
fn goal(metric: &Watched) -> Value {
    json!({ "name": metric.name, "goal": metric.goal })
}

/// A number that may be too large for JSON to hold it exactly.
fn large(count: u128) -> Value {
    u64::try_from(count).map_or_else(|_| json!(count as f64), Value::from)
}

/// How many runs are in each state; those that a stopping rule has ended are not among the finished ones.
fn counts(status: &Status) -> Value {
    let of = |wanted| status.counts.iter().find(|(state, _)| *state == wanted).map_or(0, |&(_, count)| count);
    let mut counts: serde_json::Map<String, Value> =
        RunState::ALL.iter().map(|state| (state.as_str().to_owned(), of(*state).into())).collect();
    counts.insert("finished".into(), of(RunState::Finished).saturating_sub(status.stopped).into());
    counts.insert("stopped".into(), status.stopped.into());
    counts.into()
}

//! What the client's public interface reads: sweeps, runs, histories, agents.

use axum::http::StatusCode;
use besom_store::{RunQuery, StopKind, Store, StoreError, SweepId, SweepRow};
use serde_json::{Map, Value, json};

use super::filters::{Filter, Order};
use super::found::{Found, find, is_alone, learn, place};
use super::graphql::Request;
use super::histories::History;
use super::listing::{Known, Listed, time};
use super::names::{self, ENTITY, PROJECT};
use super::run::RunPath;
use super::sweeps::state_word;
use super::{controller, histories, lenient, refused};
use crate::refusal::Refusal;
use crate::shared::Shared;

/// How many runs or sweeps are in an answer, unless the client says otherwise, and at most.
const PAGE: (usize, usize) = (50, 1000);

/// The data of an operation that reads; `None` if it is another one.
pub(super) async fn read(shared: &Shared, request: &Request) -> Result<Option<Value>, Refusal> {
    const RUN: [&str; 9] = [
        "Run",
        "RunState",
        "GetRun",
        "RunFullHistory",
        "RunSampledHistory",
        "SampledHistoryPage",
        "HistoryPage",
        "RunHistoryKeys",
        "RunParquetHistory",
    ];
    let (clone, request) = (shared.clone(), request.clone());
    let answer = move |store: &mut dyn Store| -> Result<Option<Value>, Refusal> {
        let shared = &clone;
        Ok(Some(match request.operation.as_str() {
            "SweepWithRuns" => json!({ "project": { "sweep": with_runs(store, shared, &request)? } }),
            "GetSweep" | "GetSweepLegacy" | "Sweep" | "GetSweepState" => {
                let sweep = named(store, &request)?;
                let shown = sweep.map(|sweep| fragment(store, shared, &sweep)).transpose()?;
                json!({ "project": { "sweep": shown } })
            }
            "GetSweeps" => sweeps(store, shared, &request)?,
            "GetSweepAgents" => json!({ "project": { "sweep": agents(store, &request)? } }),
            "Runs" | "GetRuns" | "LightweightRuns" => runs(store, shared, &request)?,
            name if RUN.contains(&name) => {
                json!({ "project": { "internalId": "1", "run": run(store, shared, &request)? } })
            }
            _ => return Ok(None),
        }))
    };
    shared.read(answer).await
}

/// `StopRun`: the owner asks that a run be ended.
pub(super) async fn stop_run(shared: &Shared, request: &Request) -> Result<Value, Refusal> {
    let id = request.text("id").unwrap_or_default();
    change_run(shared, request, id, |store, found| {
        let stop = (found.run.number, "stopped by its owner".to_owned());
        Ok(store.request_stops(found.sweep.id(), &[stop], StopKind::Cancel).map(drop)?)
    })
    .await?;
    Ok(json!({ "stopRun": { "success": true, "clientMutationId": null } }))
}

/// `UpdateRunState`: the owner has a run tried again.
pub(super) async fn update_run_state(shared: &Shared, request: &Request) -> Result<Value, Refusal> {
    let input = |name: &str| request.variables.get("input")?.get(name)?.as_str();
    let state = input("state").unwrap_or_default();
    if !state.eq_ignore_ascii_case("pending") {
        let why =
            format!("the state of a run can be set to 'pending', which has it tried again, not to '{state}'");
        return Err(refused(StatusCode::BAD_REQUEST, why));
    }
    change_run(shared, request, input("id").unwrap_or_default(), |store, found| {
        Ok(store.retry_runs(found.sweep.id(), &[found.run.number]).map(drop)?)
    })
    .await?;
    Ok(json!({ "updateRunState": { "success": true } }))
}

/// Changes the run of an opaque id.
async fn change_run(
    shared: &Shared,
    request: &Request,
    id: &str,
    change: impl FnOnce(&mut dyn Store, &Found) -> Result<(), Refusal> + Send + 'static,
) -> Result<(), Refusal> {
    let unknown = || refused(StatusCode::NOT_FOUND, "no run has this id");
    let path = RunPath::of_id(id).ok_or_else(unknown)?;
    let clone = shared.clone();
    shared
        .write_for(request.asker.clone(), move |store| {
            let found = find(store, &clone, &path)?.ok_or_else(unknown)?;
            change(store, &found)
        })
        .await
}

/// The sweep that a request names.
fn named(store: &mut dyn Store, request: &Request) -> Result<Option<SweepRow>, StoreError> {
    let Some(name) = request.any_text(&["sweep", "name", "sweepName", "id"]) else { return Ok(None) };
    match store.sweep(&SweepId::new(name)) {
        Err(StoreError::NoSweep { .. }) => Ok(None),
        sweep => sweep.map(Some),
    }
}

/// A sweep as all versions of the client read it.
fn fragment(store: &mut dyn Store, shared: &Shared, sweep: &SweepRow) -> Result<Value, StoreError> {
    let best = store.status(sweep.id())?.best.map(|best| best.value);
    let kept = shared.views.of(&shared.registry, sweep);
    let (config, name) = (kept.known.config.as_ref(), sweep.id().as_str());
    let (entity, project) = place(shared, sweep);
    let planned = kept.known.planned(sweep);
    let shown = besom_engine::sweep_name(sweep);
    Ok(json!({
        "__typename": "Sweep", "id": names::id("Sweep", &[name, &project, &entity]), "name": name, "displayName": shown,
        "method": config.map(|config| config.method.name.as_str()), "state": state_word(sweep.state),
        "description": config.and_then(|config| config.description.as_deref()), "bestLoss": best, "config": sweep.new.text,
        "createdAt": time(sweep.created_ms), "updatedAt": time(sweep.ended_ms.unwrap_or(sweep.created_ms)),
        "heartbeatAt": null, "runCount": sweep.runs, "runCountExpected": planned, "earlyStopJobRunning": false,
        "user": { "name": ENTITY, "username": ENTITY }, "priorRuns": { "edges": [] },
    }))
}

/// A sweep with its runs, as agents and controllers of the client ask for it.
fn with_runs(store: &mut dyn Store, shared: &Shared, request: &Request) -> Result<Option<Value>, StoreError> {
    let Some(sweep) = named(store, request)? else { return Ok(None) };
    let specs = request.variables.get("specs");
    let runs = Listed::all(store, shared, &sweep, Known::Summary)?;
    let mut nodes = Vec::new();
    for run in &runs {
        let known = &shared.wandb.steps;
        let mut history = History { store, known, sweep: sweep.id(), run: &run.run };
        nodes.push(json!({ "node": run.node(&history.curves(specs, false)?) }));
    }
    let mut shown = fragment(store, shared, &sweep)?;
    shown["controller"] = json!(sweep.new.labels.get(controller::LABEL));
    shown["scheduler"] = controller::scheduler(&runs).into();
    shown["runs"] = json!({ "edges": nodes });
    Ok(Some(shown))
}

/// Where a page begins and how much of it there is.
fn page(request: &Request) -> (usize, usize) {
    let cursor = request.any_text(&["cursor", "after"]).and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let count = request.number("perPage").or_else(|| request.number("first"));
    let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(PAGE.0);
    (cursor, count.clamp(1, PAGE.1))
}

fn page_info(end: usize, total: usize) -> Value {
    json!({ "__typename": "PageInfo", "endCursor": end.to_string(), "hasNextPage": end < total })
}

/// The sweeps of the project that a request names.
fn of_project(
    store: &mut dyn Store,
    shared: &Shared,
    request: &Request,
) -> Result<Vec<SweepRow>, StoreError> {
    let entity = request.any_text(&["entity", "entityName"]).unwrap_or(ENTITY);
    let project = request.any_text(&["project", "projectName"]).unwrap_or(PROJECT);
    let mut sweeps = store.sweeps()?;
    sweeps.retain(|sweep| {
        let place = place(shared, sweep);
        (place.0.as_str(), place.1.as_str()) == (entity, project)
    });
    Ok(sweeps)
}

fn sweeps(store: &mut dyn Store, shared: &Shared, request: &Request) -> Result<Value, StoreError> {
    let mut all = of_project(store, shared, request)?;
    all.retain(|sweep| !is_alone(sweep));
    all.reverse();
    let (from, count) = page(request);
    let mut edges = Vec::new();
    for (place, sweep) in all.iter().enumerate().skip(from).take(count) {
        edges.push(json!({ "node": fragment(store, shared, sweep)?, "cursor": (place + 1).to_string() }));
    }
    let info = page_info(from + edges.len(), all.len());
    Ok(json!({ "project": { "totalSweeps": all.len(), "sweeps": { "edges": edges, "pageInfo": info } } }))
}

fn agents(store: &mut dyn Store, request: &Request) -> Result<Option<Value>, StoreError> {
    let Some(sweep) = named(store, request)? else { return Ok(None) };
    let edges: Vec<Value> = store
        .agents(sweep.id())?
        .into_iter()
        .map(|agent| {
            let id = names::id("Agent", &[&agent.id.0.to_string()]);
            let state = if agent.alive { "RUNNING" } else { "FINISHED" };
            let seen = time(agent.seen_ms);
            json!({ "node": {
                "id": id, "name": agent.name, "host": agent.name.split('/').next(), "state": state,
                "totalRuns": u64::from(agent.run.is_some()), "createdAt": seen, "heartbeatAt": seen,
            } })
        })
        .collect();
    Ok(Some(json!({ "agents": { "edges": edges, "pageInfo": page_info(0, 0) } })))
}

/// A page of the runs of a project, filtered and ordered.
fn runs(store: &mut dyn Store, shared: &Shared, request: &Request) -> Result<Value, Refusal> {
    let bad = |why: String| refused(StatusCode::BAD_REQUEST, why);
    let filter: Map<String, Value> = match request.text("filters") {
        Some(text) => lenient::parse(text).map_err(|error| bad(format!("filters: {error}")))?,
        None => Map::new(),
    };
    let filter = Filter::parse(&filter).map_err(bad)?;
    let order = Order::parse(request.text("order"));
    let mut sweeps = of_project(store, shared, request)?;
    sweeps.retain(|sweep| filter.sweep().is_none_or(|only| only == sweep.id().as_str()));
    let (from, count) = page(request);
    let (mut shown, total) = match (sweeps.as_slice(), order.by_number()) {
        // The store can find the page itself.
        ([sweep], Some(order)) if filter.takes_all_of(sweep) => {
            let query = RunQuery::default().order(order).offset(from as u64).limit(count as u64);
            let (runs, place) = (store.runs(sweep.id(), &query)?, place(shared, sweep));
            let listed = runs.into_iter().map(|run| Listed::new(store, sweep, &place, run));
            (listed.collect::<Result<Vec<_>, _>>()?, usize::try_from(sweep.runs).unwrap_or(usize::MAX))
        }
        _ => {
            let (mut found, known) = (Vec::new(), filter.needs().max(order.needs()));
            for sweep in &sweeps {
                found.extend(Listed::all(store, shared, sweep, known)?);
            }
            found.retain(|run| filter.takes(run));
            order.sort(&mut found);
            let total = found.len();
            (found.into_iter().skip(from).take(count).collect(), total)
        }
    };
    let mut edges = Vec::new();
    for (place, run) in shown.iter_mut().enumerate() {
        run.complete(store)?;
        let cursor = (from + place + 1).to_string();
        edges.push(json!({ "node": run.fragment(!request.is_old), "cursor": cursor }));
    }
    let info = page_info(from + edges.len(), total);
    Ok(json!({ "project": {
        "internalId": "1", "runCount": total, "readOnly": false, "runs": { "edges": edges, "pageInfo": info },
    } }))
}

/// One run, with what is asked of its history.
fn run(store: &mut dyn Store, shared: &Shared, request: &Request) -> Result<Option<Value>, StoreError> {
    let Some(name) = request.any_text(&["name", "run", "runName", "runId"]) else { return Ok(None) };
    let entity = request.any_text(&["entity", "entityName"]);
    let path = RunPath::new(entity, request.any_text(&["project", "projectName"]), name);
    learn(store, shared, &path)?;
    let Some(found) = find(store, shared, &path)? else { return Ok(None) };
    if let Some(answer) =
        histories::answer(store, &shared.wandb.steps, found.sweep.id(), &found.run, request)?
    {
        return Ok(Some(answer));
    }
    let mut run = Listed::new(store, &found.sweep, &place(shared, &found.sweep), found.run)?;
    run.complete(store)?;
    Ok(Some(run.fragment(!request.is_old)))
}

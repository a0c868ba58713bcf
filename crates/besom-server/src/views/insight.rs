//! What the runs of a sweep reveal about its parameters: importances, slices, surfaces, and how good its model's predictions were.
//!
//! The numbers are those of `besom plot`. A model is fitted to the newest 400 runs with a value, so no more are read, and each answer is
//! kept until the sweep changes.

use std::collections::{HashSet, VecDeque};

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use besom_core::{Curve, Front, History, Metric, Problem, Run, RunNumber, RunState};
use besom_insight::{Forecast, InsightError, Sample};
use besom_store::{Order, RunQuery, RunRow, Store, StoreError, SweepRow};
use serde_json::{Value, json};

use super::known::Kept;
use super::query::Asked;
use super::{axis, reading, why};
use crate::guard;
use crate::path::Path;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// How many runs with a value are read: as many as a model takes, and some whose parameters have foreign values.
const VALUED: usize = 500;

/// How many runs are read at once, from the newest on.
const PAGE: u64 = 1_000;

/// Of how many runs predictions are shown: more points would hide each other.
const PREDICTIONS: usize = 5_000;

/// Cells of an axis: of a slice, and of a surface.
const SLICE: usize = 80;
const SURFACE: usize = 32;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/sweeps/{id}/importance", guard::read(get(importance)))
        .route("/v1/sweeps/{id}/slice", guard::read(get(slice)))
        .route("/v1/sweeps/{id}/surface", guard::read(get(surface)))
        .route("/v1/sweeps/{id}/calibration", guard::read(get(calibration)))
        .route("/v1/sweeps/{id}/expected", guard::read(get(expected)))
        .route("/v1/sweeps/{id}/front", guard::read(get(front)))
}

/// A question to the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Importance,
    /// The metric over one parameter, or over two.
    Surface(Vec<String>),
    Calibration,
    /// The run that is expected to be the best.
    Expected,
    /// The front of several metrics.
    Front,
}

async fn importance(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Response, Refusal> {
    answer(shared, id, Question::Importance).await
}

async fn slice(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Refusal> {
    answer(shared, id, Question::Surface(vec![parameter(&asked, "x")?])).await
}

async fn surface(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Refusal> {
    answer(shared, id, Question::Surface(vec![parameter(&asked, "x")?, parameter(&asked, "y")?])).await
}

async fn calibration(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Response, Refusal> {
    answer(shared, id, Question::Calibration).await
}

async fn expected(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Response, Refusal> {
    answer(shared, id, Question::Expected).await
}

async fn front(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Response, Refusal> {
    answer(shared, id, Question::Front).await
}

fn parameter(asked: &Asked, key: &str) -> Result<String, Refusal> {
    let missing = || super::query::refused(format!("name a parameter by {key}="));
    asked.text(key).map(str::to_owned).ok_or_else(missing)
}

async fn answer(shared: Shared, id: String, question: Question) -> Result<Response, Refusal> {
    let bytes =
        reading(shared, id, move |store, sweep, kept| answered(store, sweep, kept, &question)).await?;
    Ok(([(CONTENT_TYPE, "application/json")], bytes.as_ref().clone()).into_response())
}

/// The answer to a question, as JSON.
pub(super) fn answered(
    store: &mut dyn Store,
    sweep: &SweepRow,
    kept: &Kept,
    question: &Question,
) -> Result<std::sync::Arc<Vec<u8>>, Refusal> {
    let cursor = kept.columns(store, sweep.id())?.cursor;
    kept.answer(&format!("{question:?}"), cursor, || {
        let value = match question {
            Question::Importance => importances(store, sweep, kept)?,
            Question::Surface(names) => surfaces(store, sweep, kept, names)?,
            Question::Calibration => predictions(store, sweep)?,
            Question::Expected => best_expected(store, sweep, kept)?,
            Question::Front => whole_front(store, sweep, kept)?,
        };
        Ok(value.to_string().into_bytes())
    })
}

/// The problem, and the newest runs that have a value.
fn newest(
    store: &mut dyn Store,
    sweep: &SweepRow,
    kept: &Kept,
) -> Result<Option<(Problem, History)>, StoreError> {
    let Some(config) = &kept.known.config else { return Ok(None) };
    let problem = config.problem().seed(sweep.new.seed);
    let mut valued: Vec<Run> = Vec::new();
    let mut query = RunQuery::default().order(Order::Newest).limit(PAGE);
    loop {
        let page = store.runs(sweep.id(), &query)?;
        let is_last = (page.len() as u64) < PAGE;
        valued.extend(page.iter().filter_map(|row| valued_run(&problem, row)));
        if is_last || valued.len() >= VALUED {
            return Ok(Some((problem, valued.into_iter().rev().collect())));
        }
        query.offset += PAGE;
    }
}

/// A run with the value that it counts with, as its whole curve.
fn valued_run(problem: &Problem, row: &RunRow) -> Option<Run> {
    let run = Run::new(problem.space.read(&row.point)).with_state(row.state);
    Some(run.with_curve(0, Curve::new([row.best?])))
}

fn importances(store: &mut dyn Store, sweep: &SweepRow, kept: &Kept) -> Result<Value, StoreError> {
    let Some((problem, history)) = newest(store, sweep, kept)? else {
        return Ok(json!({ "importance": [], "samples": 0, "note": UNREADABLE }));
    };
    let found = Sample::new(&problem, &history, &[]).and_then(|sample| {
        sample.require_axes(1)?;
        let samples = sample.runs.len();
        let mut found = sample.importances()?;
        found.sort_by(|a, b| b.total.total_cmp(&a.total));
        let one = |importance: &besom_insight::Importance| {
            let interactions = importance.total - importance.alone;
            json!({
                "parameter": importance.parameter.to_string(), "value": importance.total,
                "alone": importance.alone, "interactions": interactions,
            })
        };
        Ok((found.iter().map(one).collect::<Vec<_>>(), samples))
    });
    Ok(match found {
        Ok((importance, samples)) => json!({ "importance": importance, "samples": samples, "note": null }),
        Err(error) => json!({ "importance": [], "samples": history.len(), "note": sentence(&error) }),
    })
}

/// What is said where the file of a sweep is of another version.
const UNREADABLE: &str = "the sweep file cannot be read by this version of besom";

/// What there is to say of a question that has no answer yet.
fn sentence(error: &InsightError) -> String {
    besom_core::error_chain(error)
}

fn surfaces(
    store: &mut dyn Store,
    sweep: &SweepRow,
    kept: &Kept,
    names: &[String],
) -> Result<Value, Refusal> {
    let Some((problem, history)) = newest(store, sweep, kept)? else {
        return Ok(json!({ "x": null, "y": null, "grid": 0, "mean": [], "sd": [], "note": UNREADABLE }));
    };
    let axes: Vec<Value> = names
        .iter()
        .map(|name| {
            let found = kept.known.axes.iter().find(|axis| axis.name().to_string() == *name);
            found.map(axis::axis).ok_or_else(|| unknown(&problem, name))
        })
        .collect::<Result<_, _>>()?;
    let grid = if names.len() == 1 { SLICE } else { SURFACE };
    let found = Sample::new(&problem, &history, names).and_then(|sample| {
        if names.len() == 2 {
            sample.require_pair()?;
        }
        sample.surface(&(0..names.len()).collect::<Vec<_>>())?.forecast(grid)
    });
    let (cells, note) = match found {
        Ok(cells) => (cells, None),
        Err(error) => (Vec::new(), Some(sentence(&error))),
    };
    let each = |of: fn(&Forecast) -> f64| cells.iter().map(of).collect::<Vec<f64>>();
    Ok(json!({
        "x": axes.first(), "y": axes.get(1), "grid": grid,
        "mean": each(|cell| cell.mean), "sd": each(|cell| cell.high / 2.0 - cell.low / 2.0),
        "low": each(|cell| cell.low), "high": each(|cell| cell.high), "note": note,
    }))
}

/// The run that is expected to be the best, with its parameters; null where values are not noisy.
fn best_expected(store: &mut dyn Store, sweep: &SweepRow, kept: &Kept) -> Result<Value, StoreError> {
    let best = match &kept.known.config {
        Some(config) => besom_engine::best_expected(store, sweep, config)?,
        None => None,
    };
    let params = match best {
        Some(best) => Some(kept.known.secrets.mask(&store.run(sweep.id(), best.run)?.point)),
        None => None,
    };
    Ok(json!({ "best_expected": best, "params": params }))
}

/// The runs of a sweep with several metrics by their values, and which of them are on the front; null of one with fewer. The front is there in
/// full, of the others the newest.
fn whole_front(store: &mut dyn Store, sweep: &SweepRow, kept: &Kept) -> Result<Value, StoreError> {
    let metrics = besom_engine::metrics(sweep, kept.known.config.as_ref());
    if metrics.len() < 2 {
        return Ok(json!({ "front": null }));
    }
    let valued = besom_engine::valued(store, sweep, &metrics)?;
    let found = Front::new(&metrics, valued.iter().cloned());
    let on: HashSet<RunNumber> = found.runs.iter().map(|run| run.run).collect();
    let others = valued.iter().rev().filter(|(run, ..)| !on.contains(run)).take(PREDICTIONS);
    let point = |run: &RunNumber, state: RunState, values: &[f64]| json!({ "run": run, "state": state, "values": values, "on_front": on.contains(run) });
    let front = found.runs.iter().map(|run| point(&run.run, RunState::Finished, &run.values));
    let points: Vec<Value> =
        front.chain(others.map(|(run, state, values)| point(run, *state, values))).collect();
    let metric =
        |metric: &Metric| json!({ "name": metric.name, "goal": metric.goal, "threshold": metric.threshold });
    Ok(json!({ "front": {
        "metrics": metrics.iter().map(metric).collect::<Vec<_>>(),
        "points": points,
        "runs": found.runs.len(),
        "of": found.of,
        "beyond": found.beyond,
        "hypervolume": found.hypervolume,
        "reference": found.reference,
    } }))
}

fn unknown(problem: &Problem, name: &str) -> Refusal {
    super::query::refused(InsightError::unknown_parameter(name, &problem.space).to_string())
}

/// What models predicted of runs, and what came: of the newest such runs.
fn predictions(store: &mut dyn Store, sweep: &SweepRow) -> Result<Value, StoreError> {
    let (mut points, mut after) = (VecDeque::new(), None::<RunNumber>);
    loop {
        let page = store.runs(sweep.id(), &RunQuery::default().after(after).limit(PAGE))?;
        let Some(last) = page.last() else { return Ok(json!({ "points": points })) };
        after = Some(last.number);
        points.extend(page.iter().filter(|run| !run.state.is_open()).filter_map(prediction));
        points.drain(..points.len().saturating_sub(PREDICTIONS));
    }
}

fn prediction(run: &RunRow) -> Option<Value> {
    let predicted = why::predicted(&run.note)?;
    let (mean, sd) = (&predicted["mean"], &predicted["sd"]);
    Some(json!({ "run": run.number, "predicted": mean, "sd": sd, "observed": run.best? }))
}

//! Curves of runs, at a glance: never a curve of a million points to a browser.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use besom_core::{RunNumber, logged_value};
use besom_store::{Bucket, Buckets, Order, RunQuery, RunRow, Store, StoreError, SweepRow};
use serde_json::{Value, json};

use super::known::Kept;
use super::query::{Asked, refused};
use super::reading;
use crate::columns::state_name;
use crate::guard;
use crate::path::Path;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// How many curves, and how many buckets of each, are in an answer at most.
const RUNS: usize = 200;
const BUCKETS: usize = 1_000;

/// How many rows are read at once of a run whose metric is not watched.
const PAGE: u64 = 5_000;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/v1/sweeps/{id}/curves", guard::read(get(curves)))
}

/// The runs whose curves are asked for.
#[derive(Clone, Debug)]
pub(super) enum Runs {
    /// These.
    Numbers(Vec<RunNumber>),
    /// So many, best first.
    Best(u64),
}

impl Runs {
    fn read(asked: &Asked) -> Result<Self, Refusal> {
        match asked.text("runs").unwrap_or("best:50").strip_prefix("best:") {
            None => Ok(Self::Numbers(asked.runs("runs", RUNS)?)),
            Some(count) => {
                let count: u64 =
                    count.parse().map_err(|error| refused(format!("runs=best:{count}: {error}")))?;
                Ok(Self::Best(count.min(RUNS as u64)))
            }
        }
    }

    fn query(&self) -> RunQuery {
        match self {
            Self::Numbers(numbers) => RunQuery::default().numbers(numbers.clone()),
            Self::Best(count) => RunQuery::default().order(Order::Best).limit(*count),
        }
    }
}

async fn curves(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Json<Value>, Refusal> {
    let runs = Runs::read(&asked)?;
    let buckets = asked.value("buckets")?.unwrap_or(200).clamp(1, BUCKETS);
    let metric = asked.text("metric").map(str::to_owned);
    let read = move |store: &mut dyn Store, sweep: &SweepRow, _: &Kept| {
        let first = sweep.new.metrics.first().map(|metric| metric.name.clone());
        let metric =
            metric.or(first).ok_or_else(|| refused("the sweep has no metric: name one by metric="))?;
        Ok::<_, Refusal>(drawn(store, sweep, &metric, &runs, buckets)?)
    };
    Ok(Json(reading(shared, id, read).await?))
}

/// The curves of some runs.
pub(super) fn drawn(
    store: &mut dyn Store,
    sweep: &SweepRow,
    metric: &str,
    runs: &Runs,
    buckets: usize,
) -> Result<Value, StoreError> {
    let mut curves = Vec::new();
    for run in store.runs(sweep.id(), &runs.query())? {
        let found = curve(store, sweep, &run, metric, buckets)?;
        let steps = found.last().map_or(0, |last| last.from + last.count);
        curves.push(json!({
            "run": run.number,
            "state": state_name(run.state, run.stop_kind),
            "steps": steps,
            "points": found.iter().map(point).collect::<Vec<_>>(),
        }));
    }
    Ok(json!({ "metric": metric, "curves": curves }))
}

/// The step of a bucket's last value, counted from 1, and its least, greatest and last value.
fn point(bucket: &Bucket) -> Value {
    json!([bucket.from + bucket.count, bucket.min, bucket.max, bucket.last])
}

fn curve(
    store: &mut dyn Store,
    sweep: &SweepRow,
    run: &RunRow,
    metric: &str,
    buckets: usize,
) -> Result<Vec<Bucket>, StoreError> {
    let id = sweep.id();
    let watched = sweep.new.metrics.iter().position(|watched| watched.name == metric);
    if let Some(place) = watched {
        return store.curve_view(id, run.number, place, 0, usize::MAX, buckets);
    }
    let count = store.logged(id, run.number, None)?.get(metric).map_or(0, |key| key.count);
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut view = Buckets::new(0, usize::try_from(count).unwrap_or(usize::MAX), buckets);
    let (mut seen, mut after) = (0, 0);
    loop {
        let rows = store.rows_after(id, run.number, None, after, PAGE)?;
        let Some(last) = rows.last() else { return Ok(view.finish()) };
        after = last.seq;
        let logged = rows.iter().filter_map(|row| logged_value(&row.values, metric));
        let values: Vec<f64> =
            logged.map(|value| value.as_f64().filter(|x| x.is_finite()).unwrap_or(f64::NAN)).collect();
        view.extend(seen, &values);
        seen += values.len();
    }
}

//! Sweeps as they change: an event at once with what has changed since a cursor, then one for each change, at most four a second.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use besom_store::{RunOutline, Store, StoreError, SweepId, SweepRow};
use serde_json::{Value, json};
use tokio::select;
use tokio::time::{Instant, sleep, sleep_until};

use super::feed::{Feed, Gone, feed};
use super::known::Kept;
use super::query::Asked;
use super::reading;
use super::summary::Now;
use super::sweep::summary;
use crate::columns::{places_of, state_name};
use crate::guard;
use crate::hub::Seen;
use crate::path::Path;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::tokens::Ticket;

/// The least time between two events: people see no more than four a second.
const PACE: Duration = Duration::from_millis(250);

/// How often something is sent although nothing has changed. Agents fall silent without a change.
const STILL: Duration = Duration::from_secs(15);

/// How often the list is looked at: it changes by any sweep, and to watch all of them would cost more.
const LIST: Duration = Duration::from_secs(1);

/// How many changed runs an event has at most. A reader that is further behind fetches the columns, which are a tenth as large.
const RUNS: usize = 5_000;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/watch", guard::read(get(list)))
        .route("/v1/sweeps/{id}/watch", guard::read(get(one)))
}

async fn one(
    State(shared): State<Shared>,
    Extension(ticket): Extension<Ticket>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Refusal> {
    let since = asked.value("since")?.unwrap_or(0);
    let id = SweepId::new(id);
    // A sweep that is not there is an error before the stream begins.
    let first = look(&shared, &id, since).await?;
    let (feed, response) = feed(&shared, ticket)?;
    tokio::spawn(async move { follow(&shared, &id, first, &feed).await });
    Ok(response)
}

/// What has changed in a sweep.
struct News {
    upto: u64,
    data: Value,
    is_too_much: bool,
}

impl News {
    /// What would be the same if nothing had changed.
    fn standing(&self) -> Value {
        let fields = self.data.as_object().into_iter().flatten().filter(|(name, _)| *name != "runs");
        fields.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

async fn look(shared: &Shared, id: &SweepId, since: u64) -> Result<News, Refusal> {
    reading(shared.clone(), id.to_string(), move |store, sweep, kept| news(store, sweep, kept, since)).await
}

/// Sends what changes until the reader or the sweep is gone, or the server ends.
async fn follow(shared: &Shared, id: &SweepId, first: News, feed: &Feed) -> Result<(), Gone> {
    let mut watch = shared.hub.watch(id);
    let (mut news, mut sent) = (first, Value::Null);
    loop {
        let cursor = news.upto.to_string();
        let standing = news.standing();
        if news.is_too_much {
            feed.event(Some(&cursor), "reload", &json!({ "upto": cursor })).await?;
        } else if standing != sent || news.data["runs"].as_array().is_some_and(|runs| !runs.is_empty()) {
            feed.event(Some(&cursor), "changes", &news.data).await?;
        } else {
            feed.comment().await?;
        }
        sent = standing;
        let next = Instant::now() + PACE;
        select! {
            seen = watch.changed() => match seen {
                Seen::Ended => return Ok(()),
                Seen::Gone => return feed.event(None, "gone", &json!({})).await,
                _ => {}
            },
            () = sleep(STILL) => {}
            () = feed.closed() => return Ok(()),
        }
        sleep_until(next).await;
        news = match look(shared, id, news.upto).await {
            Ok(news) => news,
            Err(refusal) if refusal.status() == axum::http::StatusCode::NOT_FOUND => {
                return feed.event(None, "gone", &json!({})).await;
            }
            // The reader comes again, and learns why.
            Err(_) => return Ok(()),
        };
    }
}

fn news(store: &mut dyn Store, sweep: &SweepRow, kept: &Kept, since: u64) -> Result<News, StoreError> {
    let outlines = store.outlines(sweep.id(), since)?;
    let now = Now::read(store, sweep, kept)?;
    let mut data = serde_json::to_value(now).unwrap_or_default();
    let is_too_much = outlines.runs.len() > RUNS;
    let mut runs = Vec::new();
    for run in outlines.runs.iter().take(if is_too_much { 0 } else { RUNS }) {
        runs.push(changed(store, sweep, kept, run)?);
    }
    if let Some(data) = data.as_object_mut() {
        data.insert("upto".into(), outlines.upto.to_string().into());
        data.insert("runs".into(), runs.into());
    }
    Ok(News { upto: outlines.upto, data, is_too_much })
}

fn changed(
    store: &mut dyn Store,
    sweep: &SweepRow,
    kept: &Kept,
    run: &RunOutline,
) -> Result<Value, StoreError> {
    let mut value = json!({
        "number": run.number,
        "state": state_name(run.state, run.stop_kind),
        "value": run.best,
        "last": run.last,
        "attempt": run.attempt,
        "rows": run.rows,
        "started_ms": run.started_ms,
        "ended_ms": run.ended_ms,
        "agent": run.agent,
        "stop": run.stop_kind.and(run.stop_reason.as_ref()),
    });
    if let (true, Some(space), Some(value)) = (run.is_new, kept.known.space(), value.as_object_mut()) {
        let row = store.run(sweep.id(), run.number)?;
        let places = places_of(space, &kept.known.axes, &row);
        value.insert(
            "places".into(),
            places.into_iter().map(|x| json!(Some(x).filter(|x| !x.is_nan()))).collect(),
        );
    }
    Ok(value)
}

async fn list(
    State(shared): State<Shared>,
    Extension(ticket): Extension<Ticket>,
) -> Result<Response, Refusal> {
    let (feed, response) = feed(&shared, ticket)?;
    tokio::spawn(async move { follow_list(&shared, &feed).await });
    Ok(response)
}

/// What was sent of each sweep, by its id.
type Sent = HashMap<String, (SweepRow, Value)>;

/// Sends the summaries of sweeps that have changed, and the ids of those that were removed.
async fn follow_list(shared: &Shared, feed: &Feed) -> Result<(), Gone> {
    let (mut sent, mut last) = (Sent::new(), Instant::now());
    loop {
        let (clone, before) = (shared.clone(), std::mem::take(&mut sent));
        let read = move |store: &mut dyn Store| -> Result<_, StoreError> {
            let now = standing(&clone, store, &before)?;
            let changed =
                now.iter().filter(|(id, (_, summary))| before.get(*id).map(|(_, old)| old) != Some(summary));
            let mut changed: Vec<(u64, Value)> =
                changed.map(|(_, (row, summary))| (row.created_ms, summary.clone())).collect();
            changed.sort_by_key(|(created_ms, _)| std::cmp::Reverse(*created_ms));
            let changed: Vec<Value> = changed.into_iter().map(|(_, summary)| summary).collect();
            let mut gone: Vec<String> = before.into_keys().filter(|id| !now.contains_key(id)).collect();
            gone.sort();
            Ok((now, changed, gone))
        };
        let Ok((now, changed, gone)) = shared.read(read).await else { return Ok(()) };
        sent = now;
        if !changed.is_empty() || !gone.is_empty() {
            feed.event(None, "sweeps", &json!({ "sweeps": changed, "gone": gone })).await?;
            last = Instant::now();
        } else if last.elapsed() > STILL {
            feed.comment().await?;
            last = Instant::now();
        }
        select! {
            () = sleep(LIST) => {}
            () = feed.closed() => return Ok(()),
            () = shared.stop.stopped() => return Ok(()),
        }
    }
}

/// All sweeps; those that have ended, and of which nothing runs any more, are not looked at again.
fn standing(shared: &Shared, store: &mut dyn Store, before: &Sent) -> Result<Sent, StoreError> {
    let mut now = Sent::new();
    for sweep in store.sweeps()? {
        let id = sweep.id().to_string();
        let old = before.get(&id).filter(|(row, summary)| {
            *row == sweep && sweep.state.is_over() && summary["counts"]["running"] == 0
        });
        let summary = match old {
            Some((_, summary)) => summary.clone(),
            None => match summary(shared, store, &sweep)? {
                Some(summary) => serde_json::to_value(summary).unwrap_or_default(),
                None => continue,
            },
        };
        now.insert(id, (sweep, summary));
    }
    Ok(now)
}

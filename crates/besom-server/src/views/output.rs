//! What the program of a run has printed: its beginning and its end, and what comes while one looks.

use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use besom_core::RunNumber;
use besom_core::text::is_hostile;
use besom_engine::run_output;
use besom_store::{Output, Store, SweepRow};
use serde_json::{Value, json};
use tokio::select;
use tokio::time::sleep;

use super::feed::{Feed, Gone, feed};
use super::known::Kept;
use super::query::Asked;
use super::reading;
use crate::guard;
use crate::path::Path;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::tokens::Ticket;

/// How often a run is looked at for more output.
const PACE: Duration = Duration::from_millis(300);

/// After how many looks without output a line says that the connection stands: 15 s.
const STILL: u32 = 50;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/sweeps/{id}/runs/{run}/output", guard::read(get(output)))
        .route("/v1/sweeps/{id}/runs/{run}/output/follow", guard::read(get(follow)))
}

/// Output of an attempt after a place.
struct Printed {
    output: Output,
    attempt: u64,
    attempts: u64,
    /// Whether there may be more.
    is_running: bool,
}

async fn read(
    shared: &Shared,
    id: &str,
    run: RunNumber,
    attempt: Option<u64>,
    from: u64,
) -> Result<Printed, Refusal> {
    let directory = shared.place.directory().map(std::path::Path::to_owned);
    let look = move |store: &mut dyn Store, sweep: &SweepRow, _: &Kept| {
        let row = store.run(sweep.id(), run)?;
        let wanted = attempt.unwrap_or(row.attempt);
        let is_running = row.state == besom_core::RunState::Running && wanted == row.attempt;
        let output = run_output(store, directory.as_deref(), sweep.id(), run, wanted, from)?;
        Ok::<_, Refusal>(Printed { output, attempt: wanted, attempts: row.attempt, is_running })
    };
    reading(shared.clone(), id.to_owned(), look).await
}

async fn output(
    State(shared): State<Shared>,
    Extension(ticket): Extension<Ticket>,
    Path((id, run)): Path<(String, RunNumber)>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response, Refusal> {
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains("text/event-stream") {
        return follow(State(shared), Extension(ticket), Path((id, run)), asked).await;
    }
    let printed = read(&shared, &id, run, asked.value("attempt")?, 0).await?;
    let Printed { output, attempt, attempts, .. } = &printed;
    Ok(Json(shown(output, *attempt, *attempts)).into_response())
}

/// Output from its beginning: as much of it as is kept.
pub(super) fn shown(output: &Output, attempt: u64, attempts: u64) -> Value {
    let (first, rest) = match output.parts.as_slice() {
        [first, rest @ ..] if first.from == 0 => (first.text.as_str(), rest),
        rest => ("", rest),
    };
    // Of what is not long, nothing is missing: it is the beginning.
    let tail: String = rest.iter().map(|part| part.text.as_str()).collect();
    let kept: u64 = output.parts.iter().map(|part| part.text.len() as u64).sum();
    json!({
        "head": readable(first), "tail": readable(&tail), "total": output.total,
        "missing": output.total.saturating_sub(kept), "attempt": attempt, "attempts": attempts,
    })
}

async fn follow(
    State(shared): State<Shared>,
    Extension(ticket): Extension<Ticket>,
    Path((id, run)): Path<(String, RunNumber)>,
    asked: Asked,
) -> Result<Response, Refusal> {
    let (attempt, from) = (asked.value("attempt")?, asked.value("from")?.unwrap_or(0));
    let first = read(&shared, &id, run, attempt, from).await?;
    let (feed, response) = feed(&shared, ticket)?;
    tokio::spawn(async move { send(&shared, &id, run, first, from, &feed).await });
    Ok(response)
}

/// Sends what comes until the attempt ends.
async fn send(
    shared: &Shared,
    id: &str,
    run: RunNumber,
    first: Printed,
    mut from: u64,
    feed: &Feed,
) -> Result<(), Gone> {
    let (attempt, mut printed, mut still) = (first.attempt, first, 0);
    loop {
        for part in &printed.output.parts {
            let total = part.end();
            let data = json!({ "from": part.from, "total": total, "text": readable(&part.text) });
            feed.event(Some(&total.to_string()), "output", &data).await?;
            (from, still) = (total, 0);
        }
        if !printed.is_running {
            return feed.event(None, "end", &json!({ "total": printed.output.total })).await;
        }
        still += 1;
        if still % STILL == 0 {
            feed.comment().await?;
        }
        select! {
            () = sleep(PACE) => {}
            () = feed.closed() => return Ok(()),
            () = shared.stop.stopped() => return Ok(()),
        }
        match read(shared, id, run, Some(attempt), from).await {
            Ok(next) => printed = next,
            Err(_) => return Ok(()),
        }
    }
}

/// The text without what only a terminal understands, and without characters that hide or move others.
fn readable(text: &str) -> String {
    let plain = anstream::adapter::strip_str(text).to_string();
    let mut out = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            '\n' | '\t' | '\r' => out.push(c),
            c if is_hostile(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn escapes_and_hidden_characters_never_reach_a_page() {
        let text = "a\x1b[1;31mred\x1b[0m\r 10%\x1b]0;title\x07\n\u{202e}x";
        assert_eq!(readable(text), "ared\r 10%\n\\u{202e}x");
    }
}

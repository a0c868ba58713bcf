//! A sweep as a file: its runs as CSV, or the page with all that it shows, which needs no server.
//!
//! The page finds in itself the very answers that a server gives, by path: gzip of an index and the answers, one after the other.

use std::io::{self, Write};
use std::path::Path;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use besom_core::{Registry, error_chain};
use besom_engine::CsvPages;
use besom_store::{RunQuery, RunRow, Store, SweepId, SweepRow, system_clock};
use flate2::Compression;
use flate2::write::GzEncoder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::curves::{self, Runs};
use super::feed::pieces;
use super::insight::{self, Question};
use super::known::{Known, Views};
use super::{agents, events, recorded, run, stopper, sweep, timeline};
use crate::refusal::Refusal;
use crate::shared::Shared;

/// The most runs in a file: what a browser holds at once, with all that is known of each.
const RUNS: u64 = 20_000;

/// Of how many metrics a file has the curves of the best runs.
const METRICS: usize = 4;

/// Of how many parameters a file has slices, and of how many the surfaces over each pair.
const SLICES: usize = 12;
const SURFACES: usize = 4;

/// Why a sweep could not be exported.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct ExportError {
    message: String,
}

impl From<Refusal> for ExportError {
    fn from(refusal: Refusal) -> Self {
        Self { message: refusal.message() }
    }
}

/// A sweep as a page in one file that needs no server: what the dashboard shows of it now. Files of runs on this machine, which
/// have their output, are below `directory`.
///
/// # Errors
/// If there is no such sweep, or the store fails.
pub fn export(
    registry: &Registry,
    store: &mut dyn Store,
    directory: Option<&Path>,
    id: &SweepId,
) -> Result<String, ExportError> {
    Ok(page(registry, store, directory, id)?)
}

fn page(
    registry: &Registry,
    store: &mut dyn Store,
    directory: Option<&Path>,
    id: &SweepId,
) -> Result<String, Refusal> {
    let sweep = store.sweep(id)?;
    let parts = parts(registry, store, directory, &sweep)?;
    Ok(crate::assets::exported(&base64(&packed(&parts)?)))
}

/// A file of a sweep to download.
pub(super) async fn file(shared: Shared, id: SweepId, kind: &'static str) -> Result<Response, Refusal> {
    let name = format!("attachment; filename=\"{id}.{kind}\"");
    let (form, body) = match kind {
        "csv" => ("text/csv; charset=utf-8", csv(shared, id).await?),
        _ => {
            let server = shared.clone();
            let write =
                move |store: &mut dyn Store| page(&server.registry, store, server.place.directory(), &id);
            ("text/html; charset=utf-8", shared.read(write).await?.into())
        }
    };
    Ok(([(CONTENT_TYPE, form), (CONTENT_DISPOSITION, name.as_str())], body).into_response())
}

/// All runs as `besom runs --csv` writes them, but for secrets; a page at a time, as fast as the reader takes them.
async fn csv(shared: Shared, id: SweepId) -> Result<Body, Refusal> {
    let registry = shared.registry.clone();
    let begin = move |store: &mut dyn Store| {
        let sweep = store.sweep(&id)?;
        let secrets = Known::new(&registry, &sweep).secrets;
        let hide = move |run: &mut RunRow| {
            run.point = secrets.mask(&run.point);
            run.message = run.message.as_deref().map(|message| secrets.mask_text(message));
        };
        CsvPages::new(store, sweep, hide).map_err(|error| Refusal::from(&error))
    };
    let mut pages = shared.read(begin).await?;
    Ok(pieces(move |sender| async move {
        loop {
            let turn = move |store: &mut dyn Store| match pages.next(store) {
                Ok(page) => Ok((pages, page)),
                Err(error) => Err(Refusal::from(&error)),
            };
            match shared.read(turn).await {
                Ok((turned, Some(page))) => {
                    pages = turned;
                    // Nobody reads any more.
                    let Ok(()) = sender.send(Ok(page.into())).await else { return };
                }
                Ok((_, None)) => return,
                // The reader learns by the broken connection that this is not all.
                Err(refusal) => {
                    drop(sender.send(Err(io::Error::other(refusal.message()))).await);
                    return;
                }
            }
        }
    }))
}

/// The answers that a page asks for, by path.
fn parts(
    registry: &Registry,
    store: &mut dyn Store,
    directory: Option<&Path>,
    sweep: &SweepRow,
) -> Result<Vec<(String, Vec<u8>)>, Refusal> {
    let kept = Views::default().of(registry, sweep);
    let path = format!("/v1/sweeps/{}", sweep.id());
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |path: String, value: Value| parts.push((path, value.to_string().into_bytes()));
    add(
        "/v1/version".to_owned(),
        json!({ "version": env!("CARGO_PKG_VERSION"), "scope": "read", "name": "export" }),
    );
    let detail = sweep::in_full(store, sweep, &kept)?;
    let metrics: Vec<&str> =
        detail["metrics"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for metric in metrics.into_iter().take(METRICS) {
        let curves = curves::drawn(store, sweep, metric, &Runs::Best(200), 200)?;
        add(format!("{path}/curves?metric={}&runs=best:200&buckets=200", encoded(metric)), curves);
    }
    add(path.clone(), detail);
    add(format!("{path}/agents"), agents::listed(store, sweep, &kept)?);
    add(format!("{path}/timeline"), timeline::drawn(store, sweep, &kept)?);
    add(format!("{path}/stopper"), stopper::shown(store, sweep, &kept, registry)?);
    add(format!("{path}/events?after=0&limit=1000"), events::listed(store, sweep, &kept, None, (0, 1_000))?);
    let all = run::listed(store, sweep, &kept, &RunQuery::default().limit(RUNS))?;
    add(format!("{path}/runs"), json!({ "runs": all }));
    recorded::each(store, sweep, &kept, directory, &mut |suffix, answer| {
        parts.push((format!("{path}{suffix}"), answer));
    })?;
    parts.push((format!("{path}/columns"), sweep::encoded(store, sweep, &kept)?));
    for (path, question) in questions(&path, store, sweep, &kept)? {
        parts.push((path, insight::answered(store, sweep, &kept, &question)?.as_ref().clone()));
    }
    Ok(parts)
}

/// What a page asks of the model: importances, slices over the most important parameters, surfaces over pairs of the first few.
fn questions(
    path: &str,
    store: &mut dyn Store,
    sweep: &SweepRow,
    kept: &super::known::Kept,
) -> Result<Vec<(String, Question)>, Refusal> {
    let mut all = vec![
        (format!("{path}/importance"), Question::Importance),
        (format!("{path}/calibration"), Question::Calibration),
        (format!("{path}/expected"), Question::Expected),
        (format!("{path}/front"), Question::Front),
    ];
    let found = insight::answered(store, sweep, kept, &Question::Importance)?;
    let found: Value = serde_json::from_slice(&found).unwrap_or_default();
    let important = found["importance"].as_array().into_iter().flatten();
    let mut names: Vec<String> =
        important.filter_map(|one| Some(one["parameter"].as_str()?.to_owned())).collect();
    for axis in &kept.known.axes {
        let name = axis.name().to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for x in names.iter().take(SLICES) {
        all.push((format!("{path}/slice?x={}", encoded(x)), Question::Surface(vec![x.clone()])));
    }
    for x in names.iter().take(SURFACES) {
        for y in names.iter().take(SURFACES).filter(|y| *y != x) {
            let path = format!("{path}/surface?x={}&y={}", encoded(x), encoded(y));
            all.push((path, Question::Surface(vec![x.clone(), y.clone()])));
        }
    }
    Ok(all)
}

/// What `encodeURIComponent` escapes.
const ESCAPED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// A text as `encodeURIComponent` writes it.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &ESCAPED).to_string()
}

/// The length of the index, the index in JSON, and the answers, where the first one begins after it; gzip'd.
fn packed(parts: &[(String, Vec<u8>)]) -> Result<Vec<u8>, Refusal> {
    let (mut index, mut offset) = (Map::new(), 0);
    for (path, bytes) in parts {
        index.insert(path.clone(), json!([offset, bytes.len()]));
        // Numbers in columns lie at multiples of eight bytes.
        offset += bytes.len().next_multiple_of(8);
    }
    let mut index = json!({ "at_ms": system_clock()(), "parts": index }).to_string();
    while !(4 + index.len()).is_multiple_of(8) {
        index.push(' ');
    }
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    let length = u32::try_from(index.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut write = || -> std::io::Result<Vec<u8>> {
        out.write_all(&length)?;
        out.write_all(index.as_bytes())?;
        for (_, bytes) in parts {
            out.write_all(bytes)?;
            out.write_all(&[0; 8][..bytes.len().next_multiple_of(8) - bytes.len()])?;
        }
        out.try_finish()?;
        Ok(std::mem::take(out.get_mut()))
    };
    write().map_err(|error| {
        Refusal::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "export", error_chain(&error))
    })
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let texts = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(texts, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }

    #[test]
    fn names_are_encoded_as_the_page_encodes_them() {
        assert_eq!(encoded("val/loss a.b&ü"), "val%2Floss%20a.b%26%C3%BC");
    }
}

//! A new sweep from the text of a file.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use axum::{Extension, Json};
use besom_config::{Diagnostic, Reader};
use besom_core::error_chain;
use besom_engine::Creation;
use serde::Deserialize;
use serde_json::{Value, json};

use super::actions::read;
use crate::guard::{self, Caller};
use crate::refusal::Refusal;
use crate::shared::Shared;

pub(super) fn route() -> MethodRouter<Shared> {
    guard::owner(post(create))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSweep {
    /// The sweep file.
    text: String,
    /// What to call it.
    file: Option<String>,
    /// As text, because it may exceed what numbers of JavaScript hold; a number is taken as well.
    seed: Option<Value>,
}

async fn create(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let new: NewSweep = read(&body)?;
    let seed = new.seed.map(|seed| number(&seed)).transpose()?;
    let name = new.file.clone().unwrap_or_else(|| "the sweep file".to_owned());
    let parsed = match Reader::new(&shared.registry).read(&new.text, &name) {
        Ok(parsed) => parsed,
        Err(found) => return Ok(problems(found.as_slice().iter().map(problem).collect())),
    };
    let seed = besom_engine::seed(&parsed.config, seed);
    // An algorithm may refuse the problem: before anything is stored.
    if let Err(error) = besom_engine::build(&shared.registry, &parsed.config, seed) {
        let message = error_chain(&error);
        return Ok(problems(vec![
            json!({ "line": null, "column": null, "key": "method", "message": message, "suggestion": null }),
        ]));
    }
    let warnings: Vec<Value> = parsed.warnings.iter().map(problem).collect();
    let id = shared
        .write_for(caller.signature(), move |store| {
            let mut creation = Creation::new(&parsed.config, seed).text(new.text);
            creation.source = new.file;
            besom_engine::create(store, creation)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id, "warnings": warnings }))).into_response())
}

fn problems(problems: Vec<Value>) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "problems": problems }))).into_response()
}

fn problem(found: &Diagnostic) -> Value {
    json!({
        "line": found.line, "column": found.column, "key": found.path, "found": found.found,
        "message": found.message, "suggestion": found.suggestion,
    })
}

fn number(seed: &Value) -> Result<u64, Refusal> {
    let read = seed.as_u64().or_else(|| seed.as_str()?.parse().ok());
    read.ok_or_else(|| {
        super::query::refused(format!("seed: {seed} is no whole number from 0 to {}", u64::MAX))
    })
}

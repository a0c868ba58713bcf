//! Links that W&B's client prints lead into the dashboard.

use std::collections::HashMap;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use crate::guard;
use crate::path::Path;
use crate::refusal::Refusal;
use crate::shared::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/authorize", guard::open(get(async || Redirect::to("/"))))
        .route("/{entity}/{project}", guard::open(get(project)))
        .route("/{entity}/{project}/{kind}", guard::open(get(project)))
        .route("/{entity}/{project}/{kind}/{name}", guard::open(get(one)))
}

/// What is below these is ours alone.
fn is_ours(entity: &str) -> bool {
    matches!(entity, "v1" | "assets" | "files" | "sdk")
}

fn nothing() -> Response {
    Refusal::new(StatusCode::NOT_FOUND, "no_route", "there is nothing at this path").into_response()
}

/// A project, or what is listed of it.
async fn project(Path(path): Path<HashMap<String, String>>) -> Response {
    if path.get("entity").is_none_or(|entity| is_ours(entity)) {
        nothing()
    } else {
        Redirect::to("/").into_response()
    }
}

async fn one(Path((entity, _, kind, name)): Path<(String, String, String, String)>) -> Response {
    // A name goes into a fragment of ours, so that nothing but letters, digits and hyphens may be in it.
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_ours(&entity) || !is_plain {
        return nothing();
    }
    let target = match (kind.as_str(), name.split_once('-')) {
        ("sweeps", _) => format!("/#/s/{name}"),
        ("runs", Some((sweep, number))) => {
            let number = number.split('-').next().unwrap_or_default();
            format!("/#/s/{sweep}/runs/{number}")
        }
        ("runs", None) => "/".to_owned(),
        _ => return nothing(),
    };
    Redirect::to(&target).into_response()
}

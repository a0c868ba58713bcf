//! Whether the server is there, and what it is.

use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Json, Router};
use besom_remote::PROTOCOL;
use serde_json::{Value, json};

use crate::guard::{self, Caller};
use crate::shared::Shared;

/// The routes of the server itself.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/healthz", guard::open(get(async || "ok\n")))
        .route("/v1/version", guard::open(get(version)))
}

/// What the server is, and what the token that was sent, if any, is worth. What it serves is nobody else's matter.
async fn version(State(shared): State<Shared>, caller: Option<Extension<Caller>>) -> Json<Value> {
    let caller = caller.map(|Extension(caller)| caller);
    let store = shared.place.directory().map(|directory| directory.display().to_string());
    let known = caller.is_some();
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "protocol": PROTOCOL,
        "store": store.filter(|_| known),
        "scope": caller.as_ref().map(|caller| caller.scope.as_str()),
        "name": caller.as_ref().map(|caller| &caller.name),
    }))
}

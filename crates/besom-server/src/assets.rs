//! The page: the files of `dist/`, which need no token.

use axum::Router;

use crate::shared::Shared;

/// The routes of the page.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
}

/// The page with these answers in it, as a file that needs no server.
pub(crate) fn exported(data: &str) -> String {
    format!(
        "<!doctype html><script type=\"application/octet-stream;base64\" id=\"besom-data\">{data}</script>"
    )
}

//! The page: the files of `dist/`, which need no token.

use axum::Router;

use crate::shared::Shared;

/// The routes of the page.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
}

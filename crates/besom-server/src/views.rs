//! What people look at and do, for the dashboard and for scripts.

use axum::Router;

use crate::shared::Shared;

/// The routes of the views.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
}

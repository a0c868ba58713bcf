//! What people look at and do, for the dashboard and for scripts.
//!
//! Each answer is made by a plain function over a [`Store`], so that an export holds the very answers that a server gives, and what
//! a page shows is what the command says: both ask the crates below.

mod actions;
mod agents;
mod axis;
mod create;
mod curves;
mod events;
mod export;
mod feed;
mod insight;
mod known;
mod output;
mod query;
mod recorded;
mod run;
mod secrets;
mod stopper;
mod summary;
mod sweep;
mod timeline;
mod watch;
mod why;

use axum::Router;
use besom_store::{Store, SweepId, SweepRow};

pub use export::{ExportError, export};
pub(crate) use known::Views;

use crate::refusal::Refusal;
use crate::shared::Shared;
use known::Kept;

/// The routes of the views.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .merge(sweep::routes())
        .merge(watch::routes())
        .merge(run::routes())
        .merge(output::routes())
        .merge(events::routes())
        .merge(curves::routes())
        .merge(insight::routes())
        .merge(stopper::routes())
        .merge(timeline::routes())
        .merge(agents::routes())
        .merge(actions::routes())
}

/// Reads what is asked of a sweep.
async fn reading<T, E>(
    shared: Shared,
    id: String,
    work: impl FnOnce(&mut dyn Store, &SweepRow, &Kept) -> Result<T, E> + Send + 'static,
) -> Result<T, Refusal>
where
    T: Send + 'static,
    E: Into<Refusal> + 'static,
{
    let read = move |store: &mut dyn Store, shared: &Shared| -> Result<T, Refusal> {
        let sweep = store.sweep(&SweepId::new(id))?;
        let kept = shared.views.of(&shared.registry, &sweep);
        work(store, &sweep, &kept).map_err(Into::into)
    };
    let clone = shared.clone();
    shared.read(move |store| read(store, &clone)).await
}

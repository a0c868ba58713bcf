//! W&B's protocol: what the unmodified client of Weights & Biases says, answered from a store.
//!
//! The protocol is internal to that client and moves with its versions (decision 74). What it says of one run goes through a
//! [`RunSink`], so that a server and an agent's own face on this machine have the same answers.

mod agents;
mod alone;
mod controller;
mod face;
mod filters;
mod found;
pub(crate) mod graphql;
mod histories;
pub(crate) mod lenient;
mod listing;
pub(crate) mod names;
mod projects;
mod public;
mod redirect;
pub(crate) mod run;
mod runs;
mod sink;
mod steps;
mod store_sink;
pub(crate) mod stream;
mod sweeps;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use axum::http::StatusCode;

pub(crate) use face::routes;
pub(crate) use sink::{KnownRun, RunSink, SinkError};

use crate::lock::lock;
use crate::refusal::Refusal;

/// How long nothing may be heard of an agent, in seconds. It asks every 5 s.
const SILENCE: u64 = 60;

/// What is remembered of clients, each part of it bounded. All that decides is in the store.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    alone: found::Alone,
    projects: projects::Projects,
    printed: store_sink::Printed,
    resuming: runs::Resuming,
    watches: agents::Watches,
    steps: steps::Indexes,
    /// The number of the newest claim.
    request: AtomicU64,
    /// Operations that are not known and were logged.
    unknown: Mutex<BTreeSet<String>>,
}

/// What is not done, in words that the client shows.
fn refused(status: StatusCode, why: impl Into<String>) -> Refusal {
    Refusal::new(status, "wandb", why)
}

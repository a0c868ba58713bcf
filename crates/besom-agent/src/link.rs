//! stub
use crate::Level;
use besom_store::{Lease, StopKind, Store};

/// What a runner is told while it executes a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Signal {
    /// Go on.
    #[default]
    GoOn,
    /// The agent is to go: end the run, it will be handed out again.
    Shutdown(Level),
    /// End the run: a stopping rule or the owner wants it.
    Stop {
        /// Who.
        kind: StopKind,
        /// Why.
        reason: String,
    },
    /// The lease is over: end the run at once, nobody wants to hear of it.
    Lost,
}

/// The line between a run and its store.
#[expect(missing_debug_implementations, reason = "stub")]
pub struct Link<'a> {
    _lease: &'a Lease,
    _store: &'a mut dyn Store,
}

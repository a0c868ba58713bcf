#![doc = include_str!("../README.md")]
//!
//! # Design
//!
//! Two traits, because two kinds of callers have different rights: agents take work from a [`Queue`]; controllers and
//! owners use a [`Store`], which is a queue and everything else. Both are synchronous. [`SqliteStore`] (feature `sqlite`, on by
//! default) keeps all in one file that several processes use at once, [`MemoryStore`] in memory, for the threads of one process.
//!
//! Correctness rests on three numbers and never on time: the *attempt* of a run (+1 each time it is handed out) fences
//! late writers; the *request* number of an agent makes a repeated claim return the same run; the *seq* of a metric
//! row makes a repeated report add nothing. Who is given up is decided by
//! counting heartbeats, never by comparing clocks.
//!
//! Rows are plain data and will grow before 1.0: make them by their constructors. What is exhaustive (leases, claims, the states
//! of sweeps) is the protocol and will stay. A [`Store`] of your own is welcome; until 1.0 its traits may get methods.
//!
//! Every edge of the life of a run or a sweep is one operation, one transaction and one row in the events. A reply
//! follows the commit.

mod buckets;
mod clock;
mod derived;
mod error;
#[cfg(unix)]
pub mod files;
mod forward;
#[cfg(feature = "laws")]
pub mod laws;
mod memory;
mod model;
#[cfg(feature = "mutants")]
mod mutants;
mod queue;
pub mod rules;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
pub mod transfer;
pub mod wire;

/// The objects of facts, for [`forward_queue!`].
#[doc(hidden)]
pub type __Map = serde_json::Map<String, serde_json::Value>;

pub use buckets::Buckets;
pub use clock::{Clock, system_clock};
pub use error::{FileFault, StoreError};
pub use memory::MemoryStore;
pub use model::{
    Added, AgentId, AgentRow, Attempt, Bucket, Changes, Claim, ClaimedRun, CurvePart, End, Event, HeldRun,
    Lease, MAX_FACTS, NewAgent, NewRun, NewSweep, Order, Outlines, Output, OutputPart, PastRun, PausedBy,
    Reply, Row, RunChange, RunOutline, RunQuery, RunRow, Seen, Status, StopKind, SweepId, SweepRow,
    SweepState, Watched,
};
#[cfg(feature = "mutants")]
pub use mutants::{Mutant, Mutated};
pub use queue::Queue;
#[cfg(feature = "sqlite")]
pub use sqlite::{Health, SqliteStore};
pub use store::Store;

//! Where the runs of a sweep live, and the only thing that controller and agents share.
//!
//! Two traits, because two kinds of callers have different rights: agents take work from a [`Queue`]; controllers and
//! owners use a [`Store`], which is a queue and everything else. Both are synchronous. [`SqliteStore`] keeps all in
//! one file that several processes use at once.
//!
//! Correctness rests on three numbers and never on time: the *attempt* of a run (+1 each time it is handed out) fences
//! late writers; the *request* number of an agent makes a repeated claim return the same run; the *seq* of a metric
//! row makes a repeated report add nothing. Time only decides when to give up a silent agent.
//!
//! Every edge of the life of a run or a sweep is one operation, one transaction and one row in the events. A reply
//! follows the commit.

mod derived;
mod error;
mod forward;
#[cfg(feature = "laws")]
pub mod laws;
mod model;
mod queue;
pub mod rules;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;

pub use error::{FileFault, StoreError};
pub use model::{
    Added, AgentId, AgentRow, Attempt, Changes, Claim, ClaimedRun, CurvePart, End, Event, HeldRun, Lease,
    NewAgent, NewRun, NewSweep, Order, PausedBy, Reply, Row, RunChange, RunQuery, RunRow, Seen, Status,
    StopKind, SweepId, SweepRow, SweepState, Watched,
};
pub use queue::Queue;
#[cfg(feature = "mutants")]
pub use sqlite::Mutant;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use store::Store;

/// Returns the time as milliseconds since 1970-01-01 UTC. A store is given one when it is opened, so that tests decide
/// what time it is.
pub type Clock = std::sync::Arc<dyn Fn() -> u64 + Send + Sync>;

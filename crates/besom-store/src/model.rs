//! The rows that go in and out of a store: plain data.
//!
//! Most of them will grow before 1.0. They are `#[non_exhaustive]`: make them by their constructors, then set fields, or call
//! the methods of the same names.

mod agent;
mod changes;
mod facts;
mod outline;
mod run;
mod sweep;

pub use self::agent::{
    AgentId, AgentRow, Claim, ClaimedRun, End, HeldRun, Lease, NewAgent, Reply, Row, StopKind,
};
pub use self::changes::{Bucket, Changes, CurvePart, Event, RunChange};
pub use self::facts::{MAX_FACTS, Output, OutputPart};
pub use self::outline::{Outlines, RunOutline};
pub use self::run::{Added, Attempt, NewRun, Order, PastRun, RunQuery, RunRow, Seen};
pub use self::sweep::{NewSweep, PausedBy, Status, SweepId, SweepRow, SweepState, Watched};

//! What an agent sees of a store.

use crate::{AgentId, Claim, End, Lease, NewAgent, Reply, Row, StoreError, SweepId};

/// What an agent sees of a store: it takes runs, reports on them and gives them back.
///
/// All calls are safe to repeat after a lost reply: with the same arguments they have no further effect.
pub trait Queue: Send {
    /// Joins a sweep.
    fn join(&mut self, sweep: &SweepId, agent: &NewAgent) -> Result<AgentId, StoreError>;

    /// Takes the pending run of the lowest number. `request` is a number that the agent raises by one for each new
    /// claim, from 1; the same number again returns the same run as before (if the lease still stands), whatever
    /// happened between. Nothing is handed out of a sweep that is paused or over.
    fn claim(&mut self, agent: AgentId, request: u64) -> Result<Claim, StoreError>;

    /// Adds metric rows to a running run and shows that its agent is alive; an empty report is a heartbeat. Rows
    /// whose seq is stored already are skipped. A run that was given up as `crashed` and not yet handed out again
    /// becomes `running` again by its old epoch's report.
    fn report(&mut self, lease: &Lease, rows: &[Row]) -> Result<Reply, StoreError>;

    /// Ends an attempt. Answers [`Reply::Continue`] when done (also when the very same end was stored before) and
    /// [`Reply::Lost`] if the lease is over.
    fn finish(&mut self, lease: &Lease, end: &End) -> Result<Reply, StoreError>;

    /// Shows that an agent without a run is alive.
    fn idle(&mut self, agent: AgentId) -> Result<(), StoreError>;

    /// Leaves the sweep; a run that it still holds is given up as `crashed` at once.
    fn leave(&mut self, agent: AgentId) -> Result<(), StoreError>;
}

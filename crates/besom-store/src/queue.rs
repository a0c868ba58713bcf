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
    /// happened between; a lower one returns nothing. A claim that got nothing leaves no trace but a sign of life, so
    /// that its number may be used again. Preempted runs are handed out like pending ones. Nothing is handed out of a
    /// sweep that is paused or over.
    fn claim(&mut self, agent: AgentId, request: u64) -> Result<Claim, StoreError>;

    /// Adds metric rows to a running run and shows that its agent is alive; an empty report is a heartbeat. Rows
    /// whose seq is stored already are skipped. A run that was given up as `crashed` and not yet handed out again
    /// becomes `running` again by its old attempt's report.
    fn report(&mut self, lease: &Lease, rows: &[Row]) -> Result<Reply, StoreError>;

    /// Ends an attempt. The run gets the state of the end, with these exceptions: it becomes `pending` again while the
    /// budget for its kind of end lasts, unless a stop was requested or the sweep is over; a `Killed` or `Preempted`
    /// end of a run that a stopping rule wanted to end makes it `finished`; a `Preempted` end of a run that will not
    /// be handed out again makes it `killed`. Any other state than those of [`End::state`] is
    /// [`StoreError::NotAnEnd`]. Answers [`Reply::Continue`] when done (also when the very same end was stored before) and
    /// [`Reply::Lost`] if the lease is over.
    fn finish(&mut self, lease: &Lease, end: &End) -> Result<Reply, StoreError>;

    /// Shows that an agent without a run is alive.
    fn idle(&mut self, agent: AgentId) -> Result<(), StoreError>;

    /// Leaves the sweep; a run that it still holds is given up as `crashed` at once. Any later call is a return.
    fn leave(&mut self, agent: AgentId) -> Result<(), StoreError>;
}

impl<Q: Queue + ?Sized> Queue for Box<Q> {
    fn join(&mut self, sweep: &SweepId, agent: &NewAgent) -> Result<AgentId, StoreError> {
        (**self).join(sweep, agent)
    }

    fn claim(&mut self, agent: AgentId, request: u64) -> Result<Claim, StoreError> {
        (**self).claim(agent, request)
    }

    fn report(&mut self, lease: &Lease, rows: &[Row]) -> Result<Reply, StoreError> {
        (**self).report(lease, rows)
    }

    fn finish(&mut self, lease: &Lease, end: &End) -> Result<Reply, StoreError> {
        (**self).finish(lease, end)
    }

    fn idle(&mut self, agent: AgentId) -> Result<(), StoreError> {
        (**self).idle(agent)
    }

    fn leave(&mut self, agent: AgentId) -> Result<(), StoreError> {
        (**self).leave(agent)
    }
}

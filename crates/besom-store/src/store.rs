//! What controllers and owners see of a store.

use besom_core::{RunNumber, RunState};

use crate::queue::delegate;
use crate::{
    AgentRow, Attempt, Changes, Event, NewRun, NewSweep, PausedBy, Queue, Row, RunQuery, RunRow, Seen,
    Status, StopKind, StoreError, SweepId, SweepRow, SweepState,
};

/// What controllers and owners see of a store. Methods take `&mut self` because a store is one connection; every
/// thread and process opens its own.
pub trait Store: Queue {
    /// Creates a sweep in state `pending`.
    fn create_sweep(&mut self, sweep: &NewSweep) -> Result<(), StoreError>;

    /// The sweep of this id.
    fn sweep(&mut self, id: &SweepId) -> Result<SweepRow, StoreError>;

    /// All sweeps, oldest first.
    fn sweeps(&mut self) -> Result<Vec<SweepRow>, StoreError>;

    /// Brings a sweep to a state, with a reason for people. A sweep that is in it already does not change.
    /// `Canceled` also kills its pending and preempted runs and asks its running ones to end; `Finished` kills its
    /// pending and preempted runs (nothing is begun any more) and lets running ones end. `Paused` is [`Self::pause`] by
    /// the owner.
    fn set_state(&mut self, id: &SweepId, to: SweepState, reason: Option<&str>) -> Result<(), StoreError>;

    /// Pauses a sweep, with a reason for people. A sweep that is paused already stays as it is, whoever paused it.
    ///
    /// # Errors
    /// [`StoreError::Transition`] if the sweep has ended.
    fn pause(&mut self, id: &SweepId, by: PausedBy, reason: Option<&str>) -> Result<(), StoreError>;

    /// What has changed since a cursor; 0 for everything.
    fn changes(&mut self, id: &SweepId, since: u64) -> Result<Changes, StoreError>;

    /// Adds runs `first`, `first + 1`, ... if `first` is the next number, the sweep hands out runs and its cap allows at
    /// least one; what exceeds the cap is cut off. `seen` is what they were suggested from, so that the
    /// suggestion can be repeated.
    fn add_runs(
        &mut self,
        id: &SweepId,
        first: RunNumber,
        runs: &[NewRun],
        seen: Option<&Seen>,
    ) -> Result<Added, StoreError>;

    /// Asks that running runs be ended; pending and preempted ones are ended at once (`killed`), others left alone.
    /// A request that stands is not changed, except that `Cancel` overrides `Early`. Returns how many were asked.
    fn request_stops(
        &mut self,
        id: &SweepId,
        stops: &[(RunNumber, String)],
        kind: StopKind,
    ) -> Result<u64, StoreError>;

    /// Makes ended runs in these states `pending` again, with fresh retry budgets and without the stop that was
    /// requested of them, and a finished sweep `running`. Returns how many; if none, nothing changes.
    ///
    /// # Errors
    /// [`StoreError::Transition`] if the sweep is canceled.
    fn retry(&mut self, id: &SweepId, states: &[RunState]) -> Result<u64, StoreError>;

    /// Runs of a sweep.
    fn runs(&mut self, id: &SweepId, query: &RunQuery) -> Result<Vec<RunRow>, StoreError>;

    /// One run.
    fn run(&mut self, id: &SweepId, number: RunNumber) -> Result<RunRow, StoreError>;

    /// What a run was suggested from, if that is known: `seen` of [`Self::add_runs`].
    fn seen(&mut self, id: &SweepId, number: RunNumber) -> Result<Option<Seen>, StoreError>;

    /// The hand-outs of a run, oldest first.
    fn attempts(&mut self, id: &SweepId, number: RunNumber) -> Result<Vec<Attempt>, StoreError>;

    /// The metric rows of one attempt (the newest if `None`), in order.
    fn rows(&mut self, id: &SweepId, number: RunNumber, attempt: Option<u64>)
    -> Result<Vec<Row>, StoreError>;

    /// The curve of a watched metric in the newest attempt: one value per row that held it, NaN where it was no
    /// finite number.
    fn curve(&mut self, id: &SweepId, number: RunNumber, metric: usize) -> Result<Vec<f64>, StoreError>;

    /// The log of a sweep (of one run, if given) after an event's seq; at most `limit` entries, oldest first.
    fn events(
        &mut self,
        id: &SweepId,
        run: Option<RunNumber>,
        after: u64,
        limit: u64,
    ) -> Result<Vec<Event>, StoreError>;

    /// A sweep at a glance.
    fn status(&mut self, id: &SweepId) -> Result<Status, StoreError>;

    /// All agents that ever joined a sweep, oldest first.
    fn agents(&mut self, id: &SweepId) -> Result<Vec<AgentRow>, StoreError>;
}

/// The answer to [`Store::add_runs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// This many were added.
    Added(usize),
    /// None was added: another controller was first, and this is the next number now.
    Lost(RunNumber),
    /// None was added: the cap is reached.
    Capped,
    /// None was added: the sweep is paused or has ended.
    Closed(SweepState),
}

impl<S: Store + ?Sized> Store for Box<S> {
    delegate! {
        create_sweep(sweep: &NewSweep) -> ();
        sweep(id: &SweepId) -> SweepRow;
        sweeps() -> Vec<SweepRow>;
        set_state(id: &SweepId, to: SweepState, reason: Option<&str>) -> ();
        pause(id: &SweepId, by: PausedBy, reason: Option<&str>) -> ();
        changes(id: &SweepId, since: u64) -> Changes;
        add_runs(id: &SweepId, first: RunNumber, runs: &[NewRun], seen: Option<&Seen>) -> Added;
        request_stops(id: &SweepId, stops: &[(RunNumber, String)], kind: StopKind) -> u64;
        retry(id: &SweepId, states: &[RunState]) -> u64;
        runs(id: &SweepId, query: &RunQuery) -> Vec<RunRow>;
        run(id: &SweepId, number: RunNumber) -> RunRow;
        seen(id: &SweepId, number: RunNumber) -> Option<Seen>;
        attempts(id: &SweepId, number: RunNumber) -> Vec<Attempt>;
        rows(id: &SweepId, number: RunNumber, attempt: Option<u64>) -> Vec<Row>;
        curve(id: &SweepId, number: RunNumber, metric: usize) -> Vec<f64>;
        events(id: &SweepId, run: Option<RunNumber>, after: u64, limit: u64) -> Vec<Event>;
        status(id: &SweepId) -> Status;
        agents(id: &SweepId) -> Vec<AgentRow>;
    }
}

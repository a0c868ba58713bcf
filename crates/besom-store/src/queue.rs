//! What an agent sees of a store.

use crate::{AgentId, Claim, End, HeldRun, Lease, NewAgent, Reply, Row, StoreError, SweepId};

/// What an agent sees of a store: it takes runs, reports on them, gives them back, and recovers the runs of
/// agents that are gone. Everything else is a [`Store`](crate::Store), the owner's side.
///
/// # Implementing it
///
/// Each method is one request and one transaction, so that a queue can live behind a network. The implementor
/// makes sure of the following; the laws (`besom_store::laws`, feature `laws`) check a
/// [`Store`](crate::Store) for all of it.
///
/// - **Reply after commit.** A reply is sent once its effect survives a crash. Signs of life (`idle`, an
///   empty `report`, a `claim` that got nothing) may wait for the next commit: time would have forgotten them
///   anyway.
/// - **Safe to repeat.** After a lost reply the agent makes the same call again. A repeated call has no
///   further effect and, but for `join` and `give_up`, the same answer. (A repeated `join` adds a second
///   agent that nobody hears of again; a repeated `give_up` returns `false`.)
/// - **Fencing.** A call under a lease that is over changes nothing and returns [`Reply::Lost`] or `false`.
///   What a lease is worth is decided by its attempt number, never by time.
/// - **Errors tell what helps.** An agent retries [`StoreError::Open`], [`StoreError::Write`],
///   [`StoreError::Busy`] and [`StoreError::Database`], and gives up at any other error. A queue behind a
///   network maps a broken connection to the first kind.
///
/// The agent, on its side, makes one call at a time, raises the `request` of its claims by one, numbers the
/// rows of an attempt from 1 without gaps, and reports often enough not to be taken for dead.
pub trait Queue: Send {
    /// Joins a sweep.
    fn join(&mut self, sweep: &SweepId, agent: &NewAgent) -> Result<AgentId, StoreError>;

    /// Takes the pending run of the lowest number. `request` is a number that the agent raises by one for
    /// each new claim, from 1; the same number again returns the same run as before (if the lease still
    /// stands), whatever happened between; a lower one returns nothing. A claim that got nothing leaves no
    /// trace but a sign of life, so that its number may be used again. Preempted runs are handed out like
    /// pending ones. Nothing is handed out of a sweep that is paused or over.
    fn claim(&mut self, agent: AgentId, request: u64) -> Result<Claim, StoreError>;

    /// Adds metric rows to a running run and shows that its agent is alive; an empty report is a heartbeat.
    /// Rows whose seq is stored already are skipped. A run that was given up as `crashed` and not yet handed
    /// out again becomes `running` again by its old attempt's report.
    fn report(&mut self, lease: &Lease, rows: &[Row]) -> Result<Reply, StoreError>;

    /// Ends an attempt. The run gets the state of the end, with these exceptions: it becomes `pending` again
    /// while the budget for its kind of end lasts, unless a stop was requested or the sweep is over; a
    /// `Killed` or `Preempted` end of a run that a stopping rule wanted to end makes it `finished`; a
    /// `Preempted` end of a run that will not be handed out again makes it `killed`. Any other state than
    /// those of [`End::state`] is [`StoreError::NotAnEnd`]. Answers [`Reply::Continue`] when done (also when
    /// the very same end was stored before) and [`Reply::Lost`] if the lease is over.
    fn finish(&mut self, lease: &Lease, end: &End) -> Result<Reply, StoreError>;

    /// Shows that an agent without a run is alive.
    fn idle(&mut self, agent: AgentId) -> Result<(), StoreError>;

    /// Leaves the sweep; a run that it still holds is given up as `crashed` at once. Any later call is a
    /// return.
    fn leave(&mut self, agent: AgentId) -> Result<(), StoreError>;

    /// The running runs that an agent holds, by number. Whoever knows that the agent is dead reads what they
    /// logged, then lets the agent [`leave`](Self::leave).
    ///
    /// # Errors
    /// [`StoreError::NoAgent`] if nobody with this id ever joined.
    fn held(&mut self, agent: AgentId) -> Result<Vec<HeldRun>, StoreError>;

    /// The running runs of a sweep whose agents have been silent for longer than they may, by number.
    fn silent(&mut self, sweep: &SweepId) -> Result<Vec<HeldRun>, StoreError>;

    /// Gives up a silent run: `crashed`, and `pending` again while the retry budget lasts. Does nothing if
    /// the lease is over or its agent was heard of since. Returns whether it was given up now.
    fn give_up(&mut self, lease: &Lease) -> Result<bool, StoreError>;

    /// Whether any run of the sweep is `finished`: its program has worked before.
    fn has_finished_run(&mut self, sweep: &SweepId) -> Result<bool, StoreError>;

    /// Pauses a sweep because its program cannot work ([`PausedBy::Program`](crate::PausedBy::Program)), with
    /// the reason for its owner. Does nothing to a sweep that is paused or over.
    fn report_broken(&mut self, sweep: &SweepId, reason: &str) -> Result<(), StoreError>;
}

/// Methods that pass everything on to what is boxed.
macro_rules! delegate {
    ($($name:ident($($arg:ident: $type:ty),*) -> $out:ty;)*) => {$(
        fn $name(&mut self, $($arg: $type),*) -> Result<$out, StoreError> {
            (**self).$name($($arg),*)
        }
    )*};
}
pub(crate) use delegate;

impl<Q: Queue + ?Sized> Queue for Box<Q> {
    delegate! {
        join(sweep: &SweepId, agent: &NewAgent) -> AgentId;
        claim(agent: AgentId, request: u64) -> Claim;
        report(lease: &Lease, rows: &[Row]) -> Reply;
        finish(lease: &Lease, end: &End) -> Reply;
        idle(agent: AgentId) -> ();
        leave(agent: AgentId) -> ();
        held(agent: AgentId) -> Vec<HeldRun>;
        silent(sweep: &SweepId) -> Vec<HeldRun>;
        give_up(lease: &Lease) -> bool;
        has_finished_run(sweep: &SweepId) -> bool;
        report_broken(sweep: &SweepId, reason: &str) -> ();
    }
}

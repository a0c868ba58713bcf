//! What an agent sees of a store.

use crate::{AgentId, Claim, End, HeldRun, Lease, NewAgent, Reply, Row, StoreError, SweepId};

/// What an agent sees of a store: it claims runs, reports on them, ends them, and recovers the runs of agents
/// that are gone. Everything else is a [`Store`](crate::Store), the owner's side.
///
/// # Implementing it
///
/// Each method is one request and one transaction, so that a queue can be behind a network. The implementor
/// must guarantee the following; the laws (`besom_store::laws`, feature `laws`) check it for a
/// [`Store`](crate::Store).
///
/// - **Reply after commit.** A reply is sent once its effect survives a crash. Signs of life (`idle`, an
///   empty `report`, a `claim` that got nothing) may wait for the next durable commit (decision 13).
/// - **Safe to repeat.** After a lost reply the agent makes the same call again. A repeated call has no
///   further effect and the same answer, with two exceptions: a repeated `join` adds a second agent, which
///   stays idle; a repeated `give_up` returns `false`.
/// - **Fencing.** A call under a lease that has ended changes nothing and returns [`Reply::Lost`] or `false`.
///   What a lease is worth is decided by its attempt number, never by time.
/// - **Transient errors.** An agent retries after errors that are [transient](StoreError::is_transient), and
///   stops at any other. A queue behind a network must map a broken connection to one of these.
/// - **Unknown ids** are errors: [`StoreError::NoSweep`], [`StoreError::NoAgent`], [`StoreError::NoRun`].
///
/// The agent, on its side, makes one call at a time, increments the `request` of its claims by one, numbers
/// the rows of an attempt from 1 without gaps, and sends a sign of life at least once per heartbeat timeout.
pub trait Queue: Send {
    /// Joins a sweep.
    fn join(&mut self, sweep: &SweepId, agent: &NewAgent) -> Result<AgentId, StoreError>;

    /// Claims the pending run of the lowest number. `request` is a number that the agent increments by one
    /// for each new claim, from 1; the same number again returns the same run as before (if the lease still
    /// stands), whatever happened in between; a lower one returns nothing. A claim that got nothing leaves no
    /// trace but a sign of life, so its number may be used again. Preempted runs are handed out like pending
    /// ones. Nothing is handed out of a sweep that is paused or has ended.
    fn claim(&mut self, agent: AgentId, request: u64) -> Result<Claim, StoreError>;

    /// Adds metric rows to a running run and shows that its agent is alive; an empty report is a heartbeat.
    /// Rows whose seq is stored already are skipped. A run that was given up as `crashed` and not yet handed
    /// out again becomes `running` again by its old attempt's report.
    fn report(&mut self, lease: &Lease, rows: &[Row]) -> Result<Reply, StoreError>;

    /// Ends an attempt. The run gets the state of the end, with these exceptions: it becomes `pending` again
    /// while the budget for its kind of end lasts, unless a stop was requested or the sweep has ended; a
    /// `Killed` or `Preempted` end of a run that a stopping rule wanted to end makes it `finished`; a
    /// `Preempted` end of a run that will not be handed out again makes it `killed`. Any other state than
    /// those of [`End::state`] is [`StoreError::NotAnEnd`]. Returns [`Reply::Continue`] when done (also if
    /// the very same end was stored before) and [`Reply::Lost`] if the lease has ended.
    fn finish(&mut self, lease: &Lease, end: &End) -> Result<Reply, StoreError>;

    /// Shows that an agent without a run is alive.
    fn idle(&mut self, agent: AgentId) -> Result<(), StoreError>;

    /// Leaves the sweep; a run that the agent still holds is given up as `crashed` at once. Any later call of
    /// this agent lets it rejoin.
    fn leave(&mut self, agent: AgentId) -> Result<(), StoreError>;

    /// The running runs that an agent holds, by number. An agent that knows of another's death reads what
    /// these logged, then lets the dead one [`leave`](Self::leave).
    ///
    /// # Errors
    /// [`StoreError::NoAgent`] if no agent with this id ever joined.
    fn held(&mut self, agent: AgentId) -> Result<Vec<HeldRun>, StoreError>;

    /// The running runs of a sweep whose agents have been silent for longer than they may, by number.
    fn silent(&mut self, sweep: &SweepId) -> Result<Vec<HeldRun>, StoreError>;

    /// Gives up a silent run: `crashed`, and `pending` again while the retry budget lasts. Does nothing if
    /// the lease has ended or its agent was heard of since. Returns whether it was given up now.
    fn give_up(&mut self, lease: &Lease) -> Result<bool, StoreError>;

    /// Whether any run of the sweep is `finished`: its program has worked before.
    fn has_finished_run(&mut self, sweep: &SweepId) -> Result<bool, StoreError>;

    /// Pauses a sweep because its program cannot work ([`PausedBy::Program`](crate::PausedBy::Program)), with
    /// the reason for its owner. Does nothing to a sweep that is paused or has ended.
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

//! What an agent sees of a store.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::{AgentId, Claim, End, HeldRun, Lease, NewAgent, Reply, Row, StoreError, SweepId, forward_queue};

/// What an agent sees of a store: it claims runs, reports on them, ends them, and recovers the runs of agents
/// that are gone. Everything else is a [`Store`](crate::Store), the owner's side.
///
/// # Implementing it
///
/// Each method is one request and one transaction, so that a queue can be behind a network. The implementor
/// must guarantee the following, and what each method says; the laws (`besom_store::laws`, feature `laws`) check all of
/// it for a [`Store`](crate::Store), and [`rules`](crate::rules) has it as functions. A queue around another one is
/// written by [`forward_queue!`](crate::forward_queue).
///
/// - **Reply after commit.** A reply is sent once its effect survives a crash. Signs of life (`idle`, an
///   empty `report`, a `claim` that got nothing) and output (`print`) may wait for the next durable commit (decision 13).
/// - **Safe to repeat.** After a lost reply the agent makes the same call again. A repeated call has no
///   further effect and the same answer, with two exceptions: a repeated `join` adds a second agent, which
///   stays idle; a repeated `give_up` returns `false`.
/// - **Fencing.** A call under a lease that has ended changes nothing and returns [`Reply::Lost`] or `false`.
///   What a lease is worth is decided by its attempt number, never by time.
/// - **Coming back.** An agent that was given up ([`give_up`](Self::give_up), [`leave`](Self::leave)) may only have been
///   cut off. Until its run is handed out again, tried again, or ended by [`Store`](crate::Store) calls, and unless the
///   sweep was canceled, the lease still stands: the next `report` that is not answered with a gap, the next `describe`, `print`, `resume` or
///   `finish`, or the same `claim` again makes the run `running` under the same attempt. That clears its message and its end, returns the
///   retry that being pending again had used up, and logs `returned`. A paused or finished sweep does not prevent it.
/// - **Signs of life** of an agent are `join`, `idle`, `leave`, every `claim` whatever its answer, and a `report`, `describe`, `print`, `resume` or `finish`
///   under a lease that stands, but not one that is answered with a gap, nor an end that was stored before. Each of them
///   lets an agent that has left rejoin. Those under a lease (all but `join`, `idle`, `leave` and a new `claim`) are its beats,
///   each of which adds one to [`HeldRun::beat`], which begins at 0.
/// - **Transient errors.** An agent retries after errors that are [transient](StoreError::is_transient), and
///   stops at any other. A queue behind a network must map a broken connection to one of these:
///   [`StoreError::transient`].
/// - **Unknown ids** are errors: [`StoreError::NoSweep`], [`StoreError::NoAgent`], [`StoreError::NoRun`].
///
/// The agent, on its side, makes one call at a time, increments the `request` of its claims by one, numbers
/// the rows of an attempt from 1 without gaps, and sends a sign of life at least once per heartbeat timeout.
///
/// # Stability
///
/// Until 1.0 a minor version may add methods without a default, because what agents need is still found out. Whoever
/// implements the trait runs the laws of the version that it is built against.
pub trait Queue: Send {
    /// Joins a sweep in any state.
    fn join(&mut self, sweep: &SweepId, agent: &NewAgent) -> Result<AgentId, StoreError>;

    /// Claims the pending or preempted run of the lowest number; one that was given back, or preempted without a new row, waits
    /// for a while ([`backoff_ms`](crate::rules::backoff_ms)) and then until no other run waits. A new attempt begins, without rows, message and exit
    /// code, and a pending sweep becomes `running`. `request` is a number that the agent increments by one
    /// for each new claim, from 1; the same number again returns the same run as before (if the lease still
    /// stands), whatever happened in between, and is a sign of life of that run; a lower one returns nothing. A claim that
    /// got nothing leaves no trace but a sign of life, so its number may be used again. Nothing is handed out of a sweep
    /// that is paused or has ended. An agent that was [drained](crate::Store::drain) is answered [`Claim::Drained`] to each new claim,
    /// whatever the state of the sweep.
    fn claim(&mut self, agent: AgentId, request: u64) -> Result<Claim, StoreError>;

    /// As [`claim`](Self::claim). Where nothing can be claimed now, a store that hears of changes may wait for something, at most for
    /// `at_most` and only until `enough`, which it asks every 50 ms or so, returns true. By default it does not wait: the agent
    /// asks again later.
    fn claim_within(
        &mut self,
        agent: AgentId,
        request: u64,
        at_most: Duration,
        enough: &dyn Fn() -> bool,
    ) -> Result<Claim, StoreError> {
        let _ = (at_most, enough);
        self.claim(agent, request)
    }

    /// Adds metric rows to a running run and shows that its agent is alive; an empty report is a heartbeat.
    /// Rows whose seq is stored already are skipped, whatever they hold. If a row is missing before or among the others,
    /// none is stored: [`Reply::Gap`]. A stop that was requested is answered to each report until the run has ended.
    fn report(&mut self, lease: &Lease, rows: &[Row]) -> Result<Reply, StoreError>;

    /// Merges facts about the attempt into those that are stored, by RFC 7386 (JSON merge patch): null removes a key, objects
    /// are merged, anything else replaces. Known are `name`, `tags`, `notes`, `group`, `job_type`, `host`, `program`,
    /// `config` (what the program added to its parameters) and `summary` (what it said at last); others are kept as well. A new
    /// attempt begins without facts. Facts are no part of the history, and no change to [`Store::changes`](crate::Store::changes).
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] if they would exceed [`MAX_FACTS`](crate::MAX_FACTS); then nothing is stored.
    fn describe(&mut self, lease: &Lease, facts: &Map<String, Value>) -> Result<Reply, StoreError>;

    /// Stores output of the attempt that begins at byte `from` of all its output. What is before the end of the stored output
    /// is skipped, whatever it holds; what is missing between that and `from` stays missing. What is kept of it all is in
    /// [`Output`](crate::Output). It may be lost in a power failure.
    fn print(&mut self, lease: &Lease, from: u64, text: &str) -> Result<Reply, StoreError>;

    /// The program says that it goes on from a checkpoint of an earlier attempt: what the newest earlier attempt that logged
    /// anything has logged, and what counted before that, counts from now on before its own rows, in curves, ranks and
    /// [`Store::rows`](crate::Store::rows). An attempt that does not say so counts alone, whatever others have said, but for what
    /// counted in the newest one that ended [keeping its rows](End::keeps_rows).
    fn resume(&mut self, lease: &Lease) -> Result<Reply, StoreError>;

    /// Ends an attempt. The run gets the state of the end, with these exceptions: it becomes `pending` again
    /// while the budget for its kind of end lasts, unless a stop was requested or the sweep has ended; a
    /// `Killed`, `Preempted` or `Crashed` end of a run that a stopping rule wanted to end makes it `finished`; a `Crashed` end of
    /// one that its owner wanted to end makes it `killed`, and so does a
    /// `Preempted` end of a run that will not be handed out again; one more than
    /// [`MAX_FRUITLESS`](crate::rules::MAX_FRUITLESS) of these in a row without a row make it `failed`. A pause of the sweep changes nothing
    /// of this. Exit code and message are those of the end, also of a run that is pending again.
    ///
    /// Returns [`Reply::Continue`] when done, also if the very same end of this attempt was stored before, even if the run
    /// was handed out again since; [`Reply::Lost`] if the lease has ended otherwise. A run that was given up comes back
    /// first, and is ended then.
    ///
    /// # Errors
    /// [`StoreError::NotAnEnd`] if the state is `Pending` or `Running`.
    fn finish(&mut self, lease: &Lease, end: &End) -> Result<Reply, StoreError>;

    /// Shows that an agent without a run is alive. Returns whether it may claim: not if it was [drained](crate::Store::drain).
    fn idle(&mut self, agent: AgentId) -> Result<bool, StoreError>;

    /// Leaves the sweep; a run that the agent still holds is given up as `crashed` at once (see
    /// [`give_up`](Self::give_up)), or has ended for good if it was asked to. Any later sign of life of this agent lets it rejoin.
    fn leave(&mut self, agent: AgentId) -> Result<(), StoreError>;

    /// The running runs that an agent holds, by number. An agent that knows of another's death reads what
    /// these logged, then lets the dead one [`leave`](Self::leave).
    ///
    /// # Errors
    /// [`StoreError::NoAgent`] if no agent with this id ever joined.
    fn held(&mut self, agent: AgentId) -> Result<Vec<HeldRun>, StoreError>;

    /// The running runs of a sweep, by number. A watcher looks at them again and again: whose [`beat`](HeldRun::beat) does not
    /// move for a heartbeat timeout of the watcher's own monotonic clock is given up.
    fn running(&mut self, sweep: &SweepId) -> Result<Vec<HeldRun>, StoreError>;

    /// Gives up a run that is still at this `beat`: `crashed`, with a message that the store chooses, and `pending` again
    /// while the retry budget lasts, as [`finish`](Self::finish) would with a `Crashed` end. Does nothing if the lease has
    /// ended, was given up before, or there was a sign of life under it since. Returns whether it was given up now. It never
    /// looks at a clock: how long a beat may stand still is the watcher's matter.
    fn give_up(&mut self, lease: &Lease, beat: u64) -> Result<bool, StoreError>;

    /// Gives back an attempt that says nothing about its run: one that the machine could not begin, or one that ended
    /// `failed` at an agent that fails whatever it executes. The run is `pending` again as if the attempt had not been, with its
    /// budget for failures restored, and other runs are handed out before it. If a stop was requested, or the sweep has
    /// ended, a running one ends as [`finish`](Self::finish) would end it with `Preempted`, and a failed one stays failed;
    /// so does one whose last [`MAX_FRUITLESS`](crate::rules::MAX_FRUITLESS) attempts and more have logged nothing. Returns
    /// whether anything was changed: a repeated call returns `false`.
    fn give_back(&mut self, lease: &Lease, why: &str) -> Result<bool, StoreError>;

    /// The agent leaves, as by [`leave`](Self::leave), because it seems unable to work, for this reason. If no other agent of the
    /// sweep is there (one that died counts until somebody lets it leave), the sweep is paused ([`PausedBy::Program`](crate::PausedBy::Program)) with the reason for its owner, unless
    /// it is paused already or has ended. Returns whether the sweep is paused for such a reason. Does nothing more if the agent
    /// has left.
    fn quarantine(&mut self, agent: AgentId, reason: &str) -> Result<bool, StoreError>;

    /// Waits until something of a sweep has changed after `since`, or the time is over: returns the number to wait from the next
    /// time. It is above `since` if there was a change, also one before the call; 0 waits for nothing. `since` is such a number, or a
    /// cursor of [`Store::changes`](crate::Store::changes), which is what most stores return; but a store may return more where it gives
    /// changes again until their cursor is certain, so this number is none to ask for changes with. Neither signs of life nor runs that have waited long enough are changes. The call takes the
    /// connection for itself as long as it waits, so whoever has something else to do waits for a short time, again and again. A
    /// store may return before the time is over.
    fn wait(&mut self, sweep: &SweepId, since: u64, at_most: Duration) -> Result<u64, StoreError>;
}

impl<Q: Queue + ?Sized> Queue for Box<Q> {
    forward_queue!(|self, call| call(&mut **self));
    forward_queue!([claim_within] | self, call | call(&mut **self));
}

impl<Q: Queue + ?Sized> Queue for &mut Q {
    forward_queue!(|self, call| call(&mut **self));
    forward_queue!([claim_within] | self, call | call(&mut **self));
}

//! What controllers and owners see of a store.

use besom_core::{LoggedKeys, RunNumber, RunState};
use serde_json::{Map, Value};

use crate::buckets::Buckets;
use crate::forward::forward_store;
use crate::{
    Added, AgentId, AgentRow, Attempt, Bucket, Changes, Event, NewRun, NewSweep, Outlines, Output, PastRun,
    PausedBy, Queue, Row, RunChange, RunOutline, RunQuery, RunRow, Seen, Status, StopKind, StoreError,
    SweepId, SweepRow, SweepState, derived,
};

/// What controllers and owners see of a store. Methods take `&mut self` because a store is one connection; every
/// thread and process opens its own.
///
/// # Implementing it
///
/// What [`Queue`] says holds here too: one transaction a call, replies after the commit, unknown ids are errors
/// ([`StoreError::NoSweep`], [`StoreError::NoRun`]). A call that fails has changed nothing. Each edge of the life of a run
/// or a sweep is logged as one [`Event`], in the order in which they happen; a call that changes nothing logs nothing.
/// [`MemoryStore`](crate::MemoryStore) is the shortest complete one to read; the laws (`besom_store::laws`, feature
/// `laws`) check another against it.
///
/// [`run`](Self::run), [`rows_after`](Self::rows_after), [`logged`](Self::logged),
/// [`outlines`](Self::outlines), [`curve`](Self::curve), [`curve_view`](Self::curve_view), [`status`](Self::status), [`asked_by`](Self::asked_by) and [`group`](Self::group) are defined in
/// terms of the others; override them where there is a faster way.
///
/// # Stability
///
/// As for [`Queue`]: until 1.0 a minor version may add methods without a default.
pub trait Store: Queue {
    /// Creates a sweep in state `pending`.
    ///
    /// # Errors
    /// [`StoreError::SweepExists`] if its id is taken; [`StoreError::TooLarge`] as in [`Self::set_label`].
    fn create_sweep(&mut self, sweep: &NewSweep) -> Result<(), StoreError> {
        self.create_with(sweep, &[])
    }

    /// Creates a sweep that begins with runs which have ended elsewhere, all in one transaction: whoever is interrupted has
    /// created nothing. In the log they are runs like any other that an agent called `prior runs` has executed, one after the
    /// other; with them the sweep is `running`. They count toward its cap.
    ///
    /// # Errors
    /// [`StoreError::SweepExists`]; [`StoreError::TooManyRuns`] for more runs than the cap; [`StoreError::NotAnEnd`] if one of
    /// them has not ended.
    fn create_with(&mut self, sweep: &NewSweep, past: &[PastRun]) -> Result<(), StoreError>;

    /// Sets how many runs a sweep may have from now on; search methods go on with what its file says. A finished sweep runs again
    /// if there is room now. Runs that are there already stay, however many.
    ///
    /// # Errors
    /// [`StoreError::Transition`] if the sweep is canceled and the cap another.
    fn set_run_cap(&mut self, id: &SweepId, cap: Option<u64>) -> Result<(), StoreError>;

    /// Removes a sweep with all that is stored of it. Its agents learn of it by their next call, which is an error: no sweep or
    /// no agent has that id. Ids of its agents are never given to others; its own id must not be used again, because whoever
    /// still holds a lease under it could write to the new sweep.
    fn remove_sweep(&mut self, id: &SweepId) -> Result<(), StoreError>;

    /// The sweep of this id.
    fn sweep(&mut self, id: &SweepId) -> Result<SweepRow, StoreError>;

    /// All sweeps, oldest first.
    fn sweeps(&mut self) -> Result<Vec<SweepRow>, StoreError>;

    /// Brings a sweep to a state, with a reason for people, which replaces the one before (by none too). A sweep that is in
    /// the state already does not change, nor does its reason. `Paused` is [`Self::pause`] by the owner; a sweep that leaves
    /// `Paused` has no [`paused_by`](SweepRow::paused_by).
    ///
    /// `Finished` kills the pending and preempted runs (nothing is begun any more) and lets running ones end. `Canceled`
    /// does the same and asks its running ones to end. Each of these gets a stop of kind [`StopKind::Cancel`], with the
    /// reason of the sweep, or with a text that the store chooses where there is none; where one stands, see
    /// [`request_stops`](Self::request_stops).
    ///
    /// # Errors
    /// [`StoreError::Transition`] if no edge of [`SweepState`] leads there.
    fn set_state(&mut self, id: &SweepId, to: SweepState, reason: Option<&str>) -> Result<(), StoreError>;

    /// Pauses a sweep, with a reason for people. A sweep that is paused already stays as it is, whoever paused it.
    ///
    /// # Errors
    /// [`StoreError::Transition`] if the sweep has ended.
    fn pause(&mut self, id: &SweepId, by: PausedBy, reason: Option<&str>) -> Result<(), StoreError>;

    /// Sets a label of a sweep, a small text with a name, or removes it: see [`NewSweep::labels`]. No change to
    /// [`Self::changes`].
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] if key and value exceed [`MAX_FACTS`](crate::MAX_FACTS).
    fn set_label(&mut self, id: &SweepId, key: &str, value: Option<&str>) -> Result<(), StoreError>;

    /// What has changed since a cursor; 0 for everything. Changes from a cursor, put upon what was known there, are what
    /// changes from 0 say, whatever the cursor. If nothing has changed, there are no runs in the answer.
    fn changes(&mut self, id: &SweepId, since: u64) -> Result<Changes, StoreError>;

    /// Adds runs `first`, `first + 1`, ... if the sweep is pending or running (else [`Added::Closed`]), `first` is the next
    /// number (else [`Added::Lost`]), and its cap allows at least one (else [`Added::Capped`], even if `runs` is empty);
    /// what exceeds the cap is cut off. `seen` is what they were suggested from, so that the suggestion can be repeated.
    fn add_runs(
        &mut self,
        id: &SweepId,
        first: RunNumber,
        runs: &[NewRun],
        seen: Option<&Seen>,
    ) -> Result<Added, StoreError>;

    /// Asks that running runs be ended; pending and preempted ones are ended at once (`finished` if a stopping rule asks and
    /// they have been handed out before, so that a crash just before the stop changes nothing; else `killed`) and keep the request as
    /// their stop; those that have ended are left alone. A request that stands is not changed, except that `Cancel` overrides
    /// `Early`. A given-up run that is pending ends for good: its agent cannot come back. Returns how many requests
    /// changed anything.
    ///
    /// # Errors
    /// [`StoreError::NoRun`] if any of the runs does not exist; then none is asked.
    fn request_stops(
        &mut self,
        id: &SweepId,
        stops: &[(RunNumber, String)],
        kind: StopKind,
    ) -> Result<u64, StoreError>;

    /// Makes ended runs in these states `pending` again, with fresh retry budgets and without the stop that was
    /// requested of them, and a finished sweep `running`, without reason and end. A paused sweep stays paused. States that
    /// are no ends are ignored. Message, exit code, rows and attempt of a run stay until it is handed out again. Returns
    /// how many; if none, nothing changes, also in a sweep that is canceled.
    ///
    /// # Errors
    /// [`StoreError::Transition`] if there are such runs and the sweep is canceled.
    fn retry(&mut self, id: &SweepId, states: &[RunState]) -> Result<u64, StoreError>;

    /// As [`Self::retry`], of these runs; those that have not ended are left alone.
    ///
    /// # Errors
    /// [`StoreError::NoRun`] if any of the runs does not exist; then none is tried again. As [`Self::retry`].
    fn retry_runs(&mut self, id: &SweepId, runs: &[RunNumber]) -> Result<u64, StoreError>;

    /// Runs of a sweep.
    fn runs(&mut self, id: &SweepId, query: &RunQuery) -> Result<Vec<RunRow>, StoreError>;

    /// One run.
    fn run(&mut self, id: &SweepId, number: RunNumber) -> Result<RunRow, StoreError> {
        let found = self.runs(id, &RunQuery::default())?.into_iter().find(|run| run.number == number);
        found.ok_or_else(|| StoreError::NoRun { sweep: id.clone(), run: number })
    }

    /// The runs that are new or have changed since a cursor, without points and notes; 0 for all. Signs of life are no changes,
    /// nor are facts and output.
    fn outlines(&mut self, id: &SweepId, since: u64) -> Result<Outlines, StoreError> {
        let Changes { upto, runs, .. } = self.changes(id, since)?;
        let outline = |change: RunChange| {
            let run = self.run(id, change.number)?;
            let agent = self.attempts(id, run.number)?.pop().map(|attempt| attempt.agent);
            Ok::<_, StoreError>(RunOutline::new(&run, agent, change.added.is_some()))
        };
        Ok(Outlines::new(upto, runs.into_iter().map(outline).collect::<Result<_, _>>()?))
    }

    /// What a run was suggested from, if that is known: `seen` of [`Self::add_runs`].
    fn seen(&mut self, id: &SweepId, number: RunNumber) -> Result<Option<Seen>, StoreError>;

    /// The hand-outs of a run, oldest first.
    fn attempts(&mut self, id: &SweepId, number: RunNumber) -> Result<Vec<Attempt>, StoreError>;

    /// The facts about an attempt: see [`Queue::describe`]. `Some(0)` is what the owner has said of the run
    /// ([`Self::annotate`]); `None` is the newest attempt with the owner's facts merged in. An attempt that there was not has no
    /// facts.
    fn facts(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Result<Map<String, Value>, StoreError>;

    /// Merges facts about a run that its owner states (tags, notes), whatever its state: they hold for all its attempts and
    /// override what these said.
    ///
    /// # Errors
    /// As [`Queue::describe`].
    fn annotate(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        facts: &Map<String, Value>,
    ) -> Result<(), StoreError>;

    /// What is kept of the output of an attempt (the newest if `None`); nothing of an attempt that there was not.
    fn output(&mut self, id: &SweepId, number: RunNumber, attempt: Option<u64>)
    -> Result<Output, StoreError>;

    /// The metric rows of one attempt in order, none of an attempt that there was not. If `None`, all that count: those of the
    /// earlier attempts from whose checkpoints the newest one went on, then its own, numbered through from 1.
    fn rows(&mut self, id: &SweepId, number: RunNumber, attempt: Option<u64>)
    -> Result<Vec<Row>, StoreError>;

    /// A page of [`Self::rows`]: at most `limit` rows with a seq above `after`.
    fn rows_after(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
        after: u64,
        limit: u64,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = self.rows(id, number, attempt)?.into_iter().filter(|row| row.seq > after);
        Ok(rows.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }

    /// What an attempt (all that count if `None`) has logged under each key: its last, least and greatest value, and how many.
    fn logged(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Result<LoggedKeys, StoreError> {
        Ok(derived::logged(&self.rows(id, number, attempt)?))
    }

    /// [`Self::logged`] of each run of a sweep, all attempts that count, by number.
    fn logged_by_run(&mut self, id: &SweepId) -> Result<Vec<(RunNumber, LoggedKeys)>, StoreError> {
        let runs = self.runs(id, &RunQuery::default())?.into_iter();
        runs.map(|run| Ok((run.number, self.logged(id, run.number, None)?))).collect()
    }

    /// The curve of a watched metric in [all rows that count](Self::rows): one value per row that held it, NaN where it was no
    /// finite number; empty if the sweep has no such metric.
    fn curve(&mut self, id: &SweepId, number: RunNumber, metric: usize) -> Result<Vec<f64>, StoreError> {
        let rows = self.rows(id, number, None)?;
        let watched = self.sweep(id)?.new.metrics.into_iter().nth(metric);
        Ok(watched.map(|watched| derived::curve(&rows, &watched)).unwrap_or_default())
    }

    /// The values from place `from` to before `to` (or the end) of a [`curve`](Self::curve), in at most `buckets` buckets of equal
    /// size (the last may be smaller), in order: a curve of any length for a picture of some hundred points.
    fn curve_view(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        metric: usize,
        from: usize,
        to: usize,
        buckets: usize,
    ) -> Result<Vec<Bucket>, StoreError> {
        let curve = self.curve(id, number, metric)?;
        let mut view = Buckets::new(from, to.min(curve.len()), buckets);
        view.extend(0, &curve);
        Ok(view.finish())
    }

    /// The log of a sweep (of one run, if given) after an event's seq; at most `limit` entries, oldest first.
    fn events(
        &mut self,
        id: &SweepId,
        run: Option<RunNumber>,
        after: u64,
        limit: u64,
    ) -> Result<Vec<Event>, StoreError>;

    /// A sweep at a glance.
    fn status(&mut self, id: &SweepId) -> Result<Status, StoreError> {
        let sweep = self.sweep(id)?;
        let runs = self.runs(id, &RunQuery::default())?;
        Ok(derived::status(&sweep, &runs, &self.agents(id)?))
    }

    /// All agents that ever joined a sweep, oldest first.
    fn agents(&mut self, id: &SweepId) -> Result<Vec<AgentRow>, StoreError>;

    /// Drains agents: each finishes the run that it holds, gets no other ([`Claim::Drained`](crate::Claim::Drained)), and leaves. That
    /// holds for good, also for one that has left and comes back; whoever is to work again joins anew. Returns how many were not
    /// drained before, each of which is an event.
    ///
    /// # Errors
    /// [`StoreError::NoAgent`] if any of them is no agent of this sweep; then none is drained.
    fn drain(&mut self, id: &SweepId, agents: &[AgentId]) -> Result<u64, StoreError>;

    /// Does work that somebody has asked for: the events of what `work` does say who, as text under `by` in their
    /// [detail](Event::detail). `work` is called once, and makes its calls on the store that it gets. A store that does not keep who
    /// asked does the work all the same.
    ///
    /// # Errors
    /// None of its own; calls in `work` answer as they would without.
    ///
    /// ```
    /// use besom_store::{MemoryStore, NewSweep, Store, SweepState};
    ///
    /// let mut store = MemoryStore::default();
    /// let sweep = NewSweep::new("one");
    /// store.create_sweep(&sweep)?;
    /// let mut paused = Ok(());
    /// store.asked_by("ada", &mut |store| paused = store.set_state(&sweep.id, SweepState::Paused, None))?;
    /// paused?;
    /// assert_eq!(store.events(&sweep.id, None, 0, 10)?[1].detail["by"], "ada");
    /// # Ok::<(), besom_store::StoreError>(())
    /// ```
    fn asked_by(&mut self, who: &str, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError> {
        let _ = who;
        let mut this = self;
        work(&mut this);
        Ok(())
    }

    /// Does several operations that need not be durable one by one: a store on a disk waits for it once. `work` is called
    /// once (not at all if the group cannot begin) and makes the calls on the store that it gets. They answer as they would
    /// without a group; one that fails changes nothing and hinders none of the others. What they answered is certain when the
    /// group has returned without an error, so replies are passed on only then.
    ///
    /// # Errors
    /// Those of a durable write. Then each operation is as one whose reply was lost: it may be repeated.
    ///
    /// ```
    /// use besom_store::{MemoryStore, NewSweep, Store};
    ///
    /// let mut store = MemoryStore::default();
    /// let mut answers = Vec::new();
    /// store.group(&mut |store| {
    ///     answers = ["one", "two", "one"].map(|id| store.create_sweep(&NewSweep::new(id)).is_ok()).to_vec();
    /// })?;
    /// assert_eq!(answers, [true, true, false]);
    /// # Ok::<(), besom_store::StoreError>(())
    /// ```
    fn group(&mut self, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError> {
        let mut this = self;
        work(&mut this);
        Ok(())
    }
}

impl<S: Store + ?Sized> Store for Box<S> {
    forward_store!(|self, call| call(&mut **self));
}

impl<S: Store + ?Sized> Store for &mut S {
    forward_store!(|self, call| call(&mut **self));
}

//! What controllers and owners see of the store.

use besom_core::{LoggedKeys, RunNumber, RunState};
use besom_store::{
    Added, AgentId, AgentRow, Attempt, Bucket, Changes, Event, NewRun, NewSweep, Outlines, Output, PastRun,
    PausedBy, Row, RunQuery, RunRow, Seen, Status, StopKind, Store, StoreError, SweepId, SweepRow,
    SweepState,
};
use serde_json::{Map, Value};

use crate::PostgresStore;
use crate::fault::Outcome;
use crate::sweeps::Sweep;
use crate::tx::{Lock, Tx};

impl PostgresStore {
    /// Does work on one state of a sweep.
    fn read_of<T>(
        &mut self,
        id: &SweepId,
        mut work: impl FnMut(&mut Tx<'_>, &Sweep) -> Outcome<T>,
    ) -> Result<T, StoreError> {
        self.read(|tx| {
            let sweep = tx.sweep(id)?;
            work(tx, &sweep)
        })
    }

    /// Does work on a sweep that nobody else changes meanwhile.
    fn change<T>(
        &mut self,
        id: &SweepId,
        mut work: impl FnMut(&mut Tx<'_>, &mut Sweep) -> Outcome<T>,
    ) -> Result<T, StoreError> {
        self.write_to(id, Lock::Exclusive, |tx, key| tx.on_sweep(id, key, |tx, sweep| work(tx, sweep)))
    }
}

impl Store for PostgresStore {
    fn create_with(&mut self, sweep: &NewSweep, past: &[PastRun]) -> Result<(), StoreError> {
        self.write(|tx| tx.create_with(sweep, past))
    }

    fn set_run_cap(&mut self, id: &SweepId, cap: Option<u64>) -> Result<(), StoreError> {
        self.change(id, |tx, sweep| tx.set_run_cap(sweep, cap))
    }

    fn remove_sweep(&mut self, id: &SweepId) -> Result<(), StoreError> {
        self.change(id, |tx, sweep| tx.remove_sweep(sweep))
    }

    fn sweep(&mut self, id: &SweepId) -> Result<SweepRow, StoreError> {
        self.read(|tx| tx.sweep_row(id))
    }

    fn sweeps(&mut self) -> Result<Vec<SweepRow>, StoreError> {
        self.read(|tx| tx.sweep_rows())
    }

    fn set_state(&mut self, id: &SweepId, to: SweepState, reason: Option<&str>) -> Result<(), StoreError> {
        self.change(id, |tx, sweep| tx.set_state(sweep, to, reason))
    }

    fn pause(&mut self, id: &SweepId, by: PausedBy, reason: Option<&str>) -> Result<(), StoreError> {
        self.change(id, |tx, sweep| tx.pause(sweep, by, reason))
    }

    fn set_label(&mut self, id: &SweepId, key: &str, value: Option<&str>) -> Result<(), StoreError> {
        self.change(id, |tx, sweep| tx.set_label(sweep, key, value))
    }

    fn changes(&mut self, id: &SweepId, since: u64) -> Result<Changes, StoreError> {
        self.read_of(id, |tx, sweep| tx.changes(sweep, since))
    }

    fn add_runs(
        &mut self,
        id: &SweepId,
        first: RunNumber,
        runs: &[NewRun],
        seen: Option<&Seen>,
    ) -> Result<Added, StoreError> {
        self.change(id, |tx, sweep| tx.add_runs(sweep, first, runs, seen))
    }

    fn request_stops(
        &mut self,
        id: &SweepId,
        stops: &[(RunNumber, String)],
        kind: StopKind,
    ) -> Result<u64, StoreError> {
        self.change(id, |tx, sweep| {
            let mut asked = 0;
            for (number, reason) in stops {
                asked += u64::from(tx.request_stop(sweep, *number, reason, kind)?);
            }
            Ok(asked)
        })
    }

    fn retry(&mut self, id: &SweepId, states: &[RunState]) -> Result<u64, StoreError> {
        self.change(id, |tx, sweep| tx.retry(sweep, states))
    }

    fn retry_runs(&mut self, id: &SweepId, runs: &[RunNumber]) -> Result<u64, StoreError> {
        self.change(id, |tx, sweep| tx.retry_runs(sweep, runs))
    }

    fn outlines(&mut self, id: &SweepId, since: u64) -> Result<Outlines, StoreError> {
        self.read_of(id, |tx, sweep| tx.outlines(sweep, since))
    }

    fn runs(&mut self, id: &SweepId, query: &RunQuery) -> Result<Vec<RunRow>, StoreError> {
        self.read_of(id, |tx, sweep| tx.run_rows(sweep, query))
    }

    fn run(&mut self, id: &SweepId, number: RunNumber) -> Result<RunRow, StoreError> {
        self.read_of(id, |tx, sweep| tx.run_row(sweep, number))
    }

    fn seen(&mut self, id: &SweepId, number: RunNumber) -> Result<Option<Seen>, StoreError> {
        self.read_of(id, |tx, sweep| tx.seen(sweep, number))
    }

    fn attempts(&mut self, id: &SweepId, number: RunNumber) -> Result<Vec<Attempt>, StoreError> {
        self.read_of(id, |tx, sweep| tx.attempts(sweep, number))
    }

    fn facts(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Result<Map<String, Value>, StoreError> {
        self.read_of(id, |tx, sweep| tx.facts(sweep, number, attempt))
    }

    fn annotate(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        facts: &Map<String, Value>,
    ) -> Result<(), StoreError> {
        self.write_to(id, Lock::Shared, |tx, key| {
            tx.on_sweep(id, key, |tx, sweep| tx.annotate(sweep, number, facts))
        })
    }

    fn output(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Result<Output, StoreError> {
        self.read_of(id, |tx, sweep| tx.output(sweep, number, attempt))
    }

    fn rows(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Result<Vec<Row>, StoreError> {
        self.read_of(id, |tx, sweep| tx.rows(sweep, number, attempt, 0, u64::MAX))
    }

    fn rows_after(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
        after: u64,
        limit: u64,
    ) -> Result<Vec<Row>, StoreError> {
        self.read_of(id, |tx, sweep| tx.rows(sweep, number, attempt, after, limit))
    }

    fn logged(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Result<LoggedKeys, StoreError> {
        self.read_of(id, |tx, sweep| tx.logged(sweep, number, attempt))
    }

    fn logged_by_run(&mut self, id: &SweepId) -> Result<Vec<(RunNumber, LoggedKeys)>, StoreError> {
        self.read_of(id, |tx, sweep| tx.logged_by_run(sweep))
    }

    fn curve(&mut self, id: &SweepId, number: RunNumber, metric: usize) -> Result<Vec<f64>, StoreError> {
        self.read_of(id, |tx, sweep| tx.curve(sweep, number, metric))
    }

    fn curve_view(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        metric: usize,
        from: usize,
        to: usize,
        buckets: usize,
    ) -> Result<Vec<Bucket>, StoreError> {
        self.read_of(id, |tx, sweep| {
            let run = tx.run(sweep, number)?;
            tx.curve_view(&run, metric, (from, to), buckets)
        })
    }

    fn events(
        &mut self,
        id: &SweepId,
        run: Option<RunNumber>,
        after: u64,
        limit: u64,
    ) -> Result<Vec<Event>, StoreError> {
        self.read_of(id, |tx, sweep| tx.events(sweep, run, after, limit))
    }

    fn status(&mut self, id: &SweepId) -> Result<Status, StoreError> {
        self.read_of(id, |tx, sweep| tx.status(sweep))
    }

    fn agents(&mut self, id: &SweepId) -> Result<Vec<AgentRow>, StoreError> {
        self.read_of(id, |tx, sweep| tx.agent_rows(sweep))
    }

    fn drain(&mut self, id: &SweepId, agents: &[AgentId]) -> Result<u64, StoreError> {
        self.change(id, |tx, sweep| tx.drain(sweep, agents))
    }

    fn asked_by(&mut self, who: &str, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError> {
        let before = self.asker.replace(who.into());
        let asked = Asked { store: self, before };
        work(&mut *asked.store);
        Ok(())
    }

    fn group(&mut self, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError> {
        self.group_commit(work)
    }
}

/// A store that does what somebody has asked for, until this is dropped, also by a panic.
struct Asked<'a> {
    store: &'a mut PostgresStore,
    before: Option<Box<str>>,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.store.asker = self.before.take();
    }
}

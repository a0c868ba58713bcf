//! What controllers and owners see of the store.

use besom_core::{LoggedKeys, RunNumber, RunState};
use serde_json::{Map, Value};

use super::SqliteStore;
use super::asked::Asked;
use crate::{
    Added, AgentId, AgentRow, Attempt, Bucket, Changes, Event, NewRun, NewSweep, Outlines, Output, PastRun,
    PausedBy, Row, RunQuery, RunRow, Seen, Status, StopKind, Store, StoreError, SweepId, SweepRow,
    SweepState,
};

impl Store for SqliteStore {
    fn create_with(&mut self, sweep: &NewSweep, past: &[PastRun]) -> Result<(), StoreError> {
        self.write(|tx| tx.create_with(sweep, past))
    }

    fn set_run_cap(&mut self, id: &SweepId, cap: Option<u64>) -> Result<(), StoreError> {
        self.write(|tx| tx.on_sweep(id, |sweep| tx.set_run_cap(sweep, cap)))
    }

    fn remove_sweep(&mut self, id: &SweepId) -> Result<(), StoreError> {
        self.write(|tx| tx.remove_sweep(id))
    }

    fn sweep(&mut self, id: &SweepId) -> Result<SweepRow, StoreError> {
        self.read(|tx| tx.sweep_row(id))
    }

    fn sweeps(&mut self) -> Result<Vec<SweepRow>, StoreError> {
        self.read(|tx| tx.sweep_rows())
    }

    fn set_state(&mut self, id: &SweepId, to: SweepState, reason: Option<&str>) -> Result<(), StoreError> {
        self.write(|tx| tx.on_sweep(id, |sweep| tx.set_state(sweep, to, reason)))
    }

    fn pause(&mut self, id: &SweepId, by: PausedBy, reason: Option<&str>) -> Result<(), StoreError> {
        self.write(|tx| tx.on_sweep(id, |sweep| tx.pause(sweep, by, reason)))
    }

    fn set_label(&mut self, id: &SweepId, key: &str, value: Option<&str>) -> Result<(), StoreError> {
        self.write(|tx| tx.set_label(&tx.sweep(id)?, key, value))
    }

    fn changes(&mut self, id: &SweepId, since: u64) -> Result<Changes, StoreError> {
        self.read(|tx| tx.changes(&tx.sweep(id)?, since))
    }

    fn add_runs(
        &mut self,
        id: &SweepId,
        first: RunNumber,
        runs: &[NewRun],
        seen: Option<&Seen>,
    ) -> Result<Added, StoreError> {
        self.write(|tx| tx.on_sweep(id, |sweep| tx.add_runs(sweep, first, runs, seen)))
    }

    fn request_stops(
        &mut self,
        id: &SweepId,
        stops: &[(RunNumber, String)],
        kind: StopKind,
    ) -> Result<u64, StoreError> {
        self.write(|tx| {
            tx.on_sweep(id, |sweep| {
                let mut asked = 0;
                for (number, reason) in stops {
                    asked += u64::from(tx.request_stop(sweep, *number, reason, kind)?);
                }
                Ok(asked)
            })
        })
    }

    fn retry(&mut self, id: &SweepId, states: &[RunState]) -> Result<u64, StoreError> {
        self.write(|tx| tx.on_sweep(id, |sweep| tx.retry(sweep, states)))
    }

    fn retry_runs(&mut self, id: &SweepId, runs: &[RunNumber]) -> Result<u64, StoreError> {
        self.write(|tx| tx.on_sweep(id, |sweep| tx.retry_runs(sweep, runs)))
    }

    fn outlines(&mut self, id: &SweepId, since: u64) -> Result<Outlines, StoreError> {
        self.read(|tx| tx.outlines(&tx.sweep(id)?, since))
    }

    fn runs(&mut self, id: &SweepId, query: &RunQuery) -> Result<Vec<RunRow>, StoreError> {
        self.read(|tx| tx.run_rows(&tx.sweep(id)?, query))
    }

    fn run(&mut self, id: &SweepId, number: RunNumber) -> Result<RunRow, StoreError> {
        self.read(|tx| tx.run_row(&tx.sweep(id)?, number))
    }

    fn seen(&mut self, id: &SweepId, number: RunNumber) -> Result<Option<Seen>, StoreError> {
        self.read(|tx| tx.seen(&tx.sweep(id)?, number))
    }

    fn attempts(&mut self, id: &SweepId, number: RunNumber) -> Result<Vec<Attempt>, StoreError> {
        self.read(|tx| tx.attempts(&tx.sweep(id)?, number))
    }

    fn facts(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Result<Map<String, Value>, StoreError> {
        self.read(|tx| tx.facts(&tx.sweep(id)?, number, attempt))
    }

    fn annotate(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        facts: &Map<String, Value>,
    ) -> Result<(), StoreError> {
        self.write(|tx| tx.annotate(&tx.sweep(id)?, number, facts))
    }

    fn output(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Result<Output, StoreError> {
        self.read(|tx| tx.output(&tx.sweep(id)?, number, attempt))
    }

    fn rows(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Result<Vec<Row>, StoreError> {
        self.read(|tx| tx.rows(&tx.sweep(id)?, number, attempt, 0, u64::MAX))
    }

    fn rows_after(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
        after: u64,
        limit: u64,
    ) -> Result<Vec<Row>, StoreError> {
        self.read(|tx| tx.rows(&tx.sweep(id)?, number, attempt, after, limit))
    }

    fn logged(
        &mut self,
        id: &SweepId,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Result<LoggedKeys, StoreError> {
        self.read(|tx| tx.logged(&tx.sweep(id)?, number, attempt))
    }

    fn logged_by_run(&mut self, id: &SweepId) -> Result<Vec<(RunNumber, LoggedKeys)>, StoreError> {
        self.read(|tx| tx.logged_by_run(&tx.sweep(id)?))
    }

    fn curve(&mut self, id: &SweepId, number: RunNumber, metric: usize) -> Result<Vec<f64>, StoreError> {
        self.read(|tx| tx.curve(&tx.sweep(id)?, number, metric))
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
        self.read(|tx| tx.curve_view(&tx.run(&tx.sweep(id)?, number)?, metric, (from, to), buckets))
    }

    fn events(
        &mut self,
        id: &SweepId,
        run: Option<RunNumber>,
        after: u64,
        limit: u64,
    ) -> Result<Vec<Event>, StoreError> {
        self.read(|tx| tx.events(&tx.sweep(id)?, run, after, limit))
    }

    fn status(&mut self, id: &SweepId) -> Result<Status, StoreError> {
        self.read(|tx| tx.status(&tx.sweep(id)?))
    }

    fn agents(&mut self, id: &SweepId) -> Result<Vec<AgentRow>, StoreError> {
        self.read(|tx| tx.agent_rows(&tx.sweep(id)?))
    }

    fn drain(&mut self, id: &SweepId, agents: &[AgentId]) -> Result<u64, StoreError> {
        self.write(|tx| tx.on_sweep(id, |sweep| tx.drain(sweep, agents)))
    }

    fn asked_by(&mut self, who: &str, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError> {
        work(Asked::by(who, self).store());
        Ok(())
    }

    fn group(&mut self, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError> {
        self.group_commit(work)
    }
}

//! A store in memory that fails by script, for the tests of what only a failing store brings about.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use besom_core::{RunNumber, RunState};
use besom_store::{
    Added, AgentId, AgentRow, Attempt, Changes, Claim, End, Event, Lease, NewAgent, NewRun, NewSweep,
    PausedBy, Queue, Reply, Row, RunQuery, RunRow, Status, StopKind, Store, StoreError, SweepId, SweepRow,
    SweepState,
};

/// What the store holds, and how it will misbehave.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// The rows of the only run.
    pub(crate) rows: Vec<Row>,
    /// What it answers instead of doing what was asked, in turn.
    pub(crate) answers: VecDeque<Result<Reply, StoreError>>,
    /// Which seqs each report held.
    pub(crate) reports: Vec<Vec<u64>>,
    /// What stands after each report that was taken.
    pub(crate) stop: Option<(StopKind, String)>,
}

/// A store of one run that does what its script says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fake(pub(crate) Arc<Mutex<Script>>);

impl Fake {
    pub(crate) fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.0.lock().expect("no test panics while it holds the script")
    }
}

impl Queue for Fake {
    fn report(&mut self, _: &Lease, rows: &[Row]) -> Result<Reply, StoreError> {
        let mut script = self.script();
        script.reports.push(rows.iter().map(|row| row.seq).collect());
        if let Some(answer) = script.answers.pop_front() {
            return answer;
        }
        let last = script.rows.len() as u64;
        if let Some(first) = rows.first()
            && first.seq > last + 1
        {
            return Ok(Reply::Gap { expected: last + 1 });
        }
        script.rows.extend(rows.iter().filter(|row| row.seq > last).cloned());
        Ok(match script.stop.clone() {
            Some((kind, reason)) => Reply::Stop { reason, kind },
            None => Reply::Continue,
        })
    }

    fn join(&mut self, _: &SweepId, _: &NewAgent) -> Result<AgentId, StoreError> {
        unimplemented!()
    }
    fn claim(&mut self, _: AgentId, _: u64) -> Result<Claim, StoreError> {
        unimplemented!()
    }
    fn finish(&mut self, _: &Lease, _: &End) -> Result<Reply, StoreError> {
        unimplemented!()
    }
    fn idle(&mut self, _: AgentId) -> Result<(), StoreError> {
        unimplemented!()
    }
    fn leave(&mut self, _: AgentId) -> Result<(), StoreError> {
        unimplemented!()
    }
}

impl Store for Fake {
    fn run(&mut self, _: &SweepId, number: RunNumber) -> Result<RunRow, StoreError> {
        let rows = self.script().rows.len() as u64;
        Ok(RunRow {
            number,
            state: RunState::Running,
            point: serde_json::Map::new(),
            note: serde_json::Map::new(),
            stop_reason: None,
            stop_kind: None,
            message: None,
            attempt: 1,
            exit_code: None,
            rows,
            best: None,
            last: None,
            created_ms: 0,
            started_ms: None,
            ended_ms: None,
        })
    }

    fn create_sweep(&mut self, _: &NewSweep) -> Result<(), StoreError> {
        unimplemented!()
    }
    fn sweep(&mut self, _: &SweepId) -> Result<SweepRow, StoreError> {
        unimplemented!()
    }
    fn sweeps(&mut self) -> Result<Vec<SweepRow>, StoreError> {
        unimplemented!()
    }
    fn set_state(&mut self, _: &SweepId, _: SweepState, _: Option<&str>) -> Result<(), StoreError> {
        unimplemented!()
    }
    fn pause(&mut self, _: &SweepId, _: PausedBy, _: Option<&str>) -> Result<(), StoreError> {
        unimplemented!()
    }
    fn changes(&mut self, _: &SweepId, _: u64) -> Result<Changes, StoreError> {
        unimplemented!()
    }
    fn add_runs(&mut self, _: &SweepId, _: RunNumber, _: &[NewRun]) -> Result<Added, StoreError> {
        unimplemented!()
    }
    fn request_stops(
        &mut self,
        _: &SweepId,
        _: &[(RunNumber, String)],
        _: StopKind,
    ) -> Result<u64, StoreError> {
        unimplemented!()
    }
    fn silent(&mut self, _: &SweepId) -> Result<Vec<Lease>, StoreError> {
        unimplemented!()
    }
    fn give_up(&mut self, _: &Lease) -> Result<bool, StoreError> {
        unimplemented!()
    }
    fn retry(&mut self, _: &SweepId, _: &[RunState]) -> Result<u64, StoreError> {
        unimplemented!()
    }
    fn runs(&mut self, _: &SweepId, _: &RunQuery) -> Result<Vec<RunRow>, StoreError> {
        unimplemented!()
    }
    fn attempts(&mut self, _: &SweepId, _: RunNumber) -> Result<Vec<Attempt>, StoreError> {
        unimplemented!()
    }
    fn rows(&mut self, _: &SweepId, _: RunNumber, _: Option<u64>) -> Result<Vec<Row>, StoreError> {
        unimplemented!()
    }
    fn curve(&mut self, _: &SweepId, _: RunNumber, _: usize) -> Result<Vec<f64>, StoreError> {
        unimplemented!()
    }
    fn events(
        &mut self,
        _: &SweepId,
        _: Option<RunNumber>,
        _: u64,
        _: u64,
    ) -> Result<Vec<Event>, StoreError> {
        unimplemented!()
    }
    fn status(&mut self, _: &SweepId) -> Result<Status, StoreError> {
        unimplemented!()
    }
    fn agents(&mut self, _: &SweepId) -> Result<Vec<AgentRow>, StoreError> {
        unimplemented!()
    }
}

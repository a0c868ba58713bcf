//! A queue in memory that fails as scripted, for tests of what only a failing store causes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use besom_store::{
    AgentId, Claim, End, HeldRun, Lease, NewAgent, Queue, Reply, Row, StopKind, StoreError, SweepId,
};
use serde_json::{Map, Value};

/// What is stored, and how the queue will misbehave.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// The rows of the only run.
    pub(crate) rows: Vec<Row>,
    /// Its next replies, given without doing anything.
    pub(crate) answers: VecDeque<Result<Reply, StoreError>>,
    /// The seqs of each report.
    pub(crate) reports: Vec<Vec<u64>>,
    /// What the run has said about itself, each time.
    pub(crate) facts: Vec<Map<String, Value>>,
    /// The output that it was given, with its place, and how often it fails before it takes any.
    pub(crate) prints: (Vec<(u64, String)>, u32),
    /// The stop request that stands, if one does.
    pub(crate) stop: Option<(StopKind, String)>,
}

/// A queue of one run that follows its script.
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

    fn resume(&mut self, _: &Lease) -> Result<Reply, StoreError> {
        unimplemented!()
    }
    fn join(&mut self, _: &SweepId, _: &NewAgent) -> Result<AgentId, StoreError> {
        unimplemented!()
    }
    fn claim(&mut self, _: AgentId, _: u64) -> Result<Claim, StoreError> {
        unimplemented!()
    }
    fn describe(&mut self, _: &Lease, facts: &Map<String, Value>) -> Result<Reply, StoreError> {
        self.script().facts.push(facts.clone());
        Ok(Reply::Continue)
    }
    fn print(&mut self, _: &Lease, from: u64, text: &str) -> Result<Reply, StoreError> {
        let (taken, failures) = &mut self.script().prints;
        if *failures > 0 {
            *failures -= 1;
            return Err(StoreError::Busy(1));
        }
        taken.push((from, text.to_owned()));
        Ok(Reply::Continue)
    }
    fn finish(&mut self, _: &Lease, _: &End) -> Result<Reply, StoreError> {
        unimplemented!()
    }
    fn idle(&mut self, _: AgentId) -> Result<bool, StoreError> {
        unimplemented!()
    }
    fn leave(&mut self, _: AgentId) -> Result<(), StoreError> {
        unimplemented!()
    }
    fn held(&mut self, _: AgentId) -> Result<Vec<HeldRun>, StoreError> {
        unimplemented!()
    }
    fn running(&mut self, _: &SweepId) -> Result<Vec<HeldRun>, StoreError> {
        unimplemented!()
    }
    fn give_up(&mut self, _: &Lease, _: u64) -> Result<bool, StoreError> {
        unimplemented!()
    }
    fn give_back(&mut self, _: &Lease, _: &str) -> Result<bool, StoreError> {
        unimplemented!()
    }
    fn quarantine(&mut self, _: AgentId, _: &str) -> Result<bool, StoreError> {
        unimplemented!()
    }
    fn wait(&mut self, _: &SweepId, _: u64, _: std::time::Duration) -> Result<u64, StoreError> {
        unimplemented!()
    }
}

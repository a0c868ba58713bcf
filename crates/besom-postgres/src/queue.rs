//! What agents see of the store.

use std::time::Duration;

use besom_store::{AgentId, Claim, End, HeldRun, Lease, NewAgent, Queue, Reply, Row, StoreError, SweepId};
use serde_json::{Map, Value};

use crate::PostgresStore;
use crate::tx::Lock;

impl Queue for PostgresStore {
    fn join(&mut self, id: &SweepId, agent: &NewAgent) -> Result<AgentId, StoreError> {
        self.write_to(id, Lock::Shared, |tx, key| tx.on_sweep(id, key, |tx, sweep| tx.join(sweep, agent)))
    }

    fn claim(&mut self, agent: AgentId, request: u64) -> Result<Claim, StoreError> {
        self.write_for(agent, Lock::Shared, |tx| tx.claim(agent, request))
    }

    fn report(&mut self, lease: &Lease, rows: &[Row]) -> Result<Reply, StoreError> {
        let id = &lease.sweep;
        self.write_to(id, Lock::Shared, |tx, key| {
            tx.on_run(id, key, lease.run, |tx, sweep, run| tx.report(sweep, run, lease, rows))
        })
    }

    fn describe(&mut self, lease: &Lease, facts: &Map<String, Value>) -> Result<Reply, StoreError> {
        let id = &lease.sweep;
        self.write_to(id, Lock::Shared, |tx, key| {
            tx.on_sweep(id, key, |tx, sweep| tx.describe(sweep, lease, facts))
        })
    }

    fn print(&mut self, lease: &Lease, from: u64, text: &str) -> Result<Reply, StoreError> {
        let id = &lease.sweep;
        self.write_to(id, Lock::Shared, |tx, key| {
            tx.on_sweep(id, key, |tx, sweep| tx.print(sweep, lease, from, text))
        })
    }

    fn resume(&mut self, lease: &Lease) -> Result<Reply, StoreError> {
        let id = &lease.sweep;
        self.write_to(id, Lock::Shared, |tx, key| tx.on_sweep(id, key, |tx, sweep| tx.resume(sweep, lease)))
    }

    fn finish(&mut self, lease: &Lease, end: &End) -> Result<Reply, StoreError> {
        let id = &lease.sweep;
        self.write_to(id, Lock::Shared, |tx, key| {
            tx.on_run(id, key, lease.run, |tx, sweep, run| tx.finish(sweep, run, lease, end))
        })
    }

    fn idle(&mut self, agent: AgentId) -> Result<bool, StoreError> {
        self.write(|tx| tx.idle(agent))
    }

    fn leave(&mut self, agent: AgentId) -> Result<(), StoreError> {
        self.write_for(agent, Lock::Exclusive, |tx| tx.leave(agent))
    }

    fn held(&mut self, agent: AgentId) -> Result<Vec<HeldRun>, StoreError> {
        self.read(|tx| tx.held(agent))
    }

    fn running(&mut self, id: &SweepId) -> Result<Vec<HeldRun>, StoreError> {
        self.read(|tx| {
            let sweep = tx.sweep(id)?;
            tx.running(&sweep, |_| true)
        })
    }

    fn give_up(&mut self, lease: &Lease, beat: u64) -> Result<bool, StoreError> {
        let id = &lease.sweep;
        self.write_to(id, Lock::Exclusive, |tx, key| {
            tx.on_sweep(id, key, |tx, sweep| tx.give_up_still(sweep, lease, beat))
        })
    }

    fn give_back(&mut self, lease: &Lease, why: &str) -> Result<bool, StoreError> {
        let id = &lease.sweep;
        self.write_to(id, Lock::Exclusive, |tx, key| {
            tx.on_sweep(id, key, |tx, sweep| tx.give_back(sweep, lease, why))
        })
    }

    fn quarantine(&mut self, agent: AgentId, reason: &str) -> Result<bool, StoreError> {
        self.write_for(agent, Lock::Exclusive, |tx| tx.quarantine(agent, reason))
    }

    fn wait(&mut self, sweep: &SweepId, since: u64, at_most: Duration) -> Result<u64, StoreError> {
        self.wait_after(sweep, since, at_most)
    }
}

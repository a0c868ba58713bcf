//! What agents see of the store.

use std::time::Duration;

use serde_json::{Map, Value};

use super::SqliteStore;
use crate::{AgentId, Claim, End, HeldRun, Lease, NewAgent, Queue, Reply, Row, StoreError, SweepId};

impl Queue for SqliteStore {
    fn join(&mut self, sweep: &SweepId, agent: &NewAgent) -> Result<AgentId, StoreError> {
        self.write(|tx| tx.on_sweep(sweep, |sweep| tx.join(sweep, agent)))
    }

    fn claim(&mut self, agent: AgentId, request: u64) -> Result<Claim, StoreError> {
        // Idle agents ask often, and an empty answer need not wait for the disk. An agent that just got a run will
        // probably get another, and saves looking twice.
        if self.expects_nothing
            && self.read(|tx| tx.has_nothing_for(agent, request))?
            && let Some(nothing) = self.write_soft(|tx| tx.claim_nothing(agent, request))?
        {
            return Ok(nothing);
        }
        let claim = self.write(|tx| tx.claim(agent, request))?;
        self.expects_nothing = matches!(claim, Claim::Nothing(_));
        Ok(claim)
    }

    fn report(&mut self, lease: &Lease, rows: &[Row]) -> Result<Reply, StoreError> {
        if rows.is_empty()
            && let Some(reply) = self.write_soft(|tx| tx.soft(lease, |_| Ok(())))?
        {
            return Ok(reply);
        }
        self.write(|tx| tx.on_sweep(&lease.sweep, |sweep| tx.report(sweep, lease, rows)))
    }

    fn describe(&mut self, lease: &Lease, facts: &Map<String, Value>) -> Result<Reply, StoreError> {
        self.write(|tx| tx.on_sweep(&lease.sweep, |sweep| tx.describe(sweep, lease, facts)))
    }

    fn print(&mut self, lease: &Lease, from: u64, text: &str) -> Result<Reply, StoreError> {
        if let Some(reply) = self.write_soft(|tx| tx.soft(lease, |run| tx.append_output(run, from, text)))? {
            return Ok(reply);
        }
        self.write(|tx| tx.on_sweep(&lease.sweep, |sweep| tx.print(sweep, lease, from, text)))
    }

    fn resume(&mut self, lease: &Lease) -> Result<Reply, StoreError> {
        self.write(|tx| tx.on_sweep(&lease.sweep, |sweep| tx.resume(sweep, lease)))
    }

    fn finish(&mut self, lease: &Lease, end: &End) -> Result<Reply, StoreError> {
        self.write(|tx| tx.on_sweep(&lease.sweep, |sweep| tx.finish(sweep, lease, end)))
    }

    fn idle(&mut self, agent: AgentId) -> Result<bool, StoreError> {
        self.write_soft(|tx| tx.idle(agent))
    }

    fn leave(&mut self, agent: AgentId) -> Result<(), StoreError> {
        self.write(|tx| tx.leave(agent))
    }

    fn held(&mut self, agent: AgentId) -> Result<Vec<HeldRun>, StoreError> {
        self.read(|tx| tx.held(agent))
    }

    fn running(&mut self, sweep: &SweepId) -> Result<Vec<HeldRun>, StoreError> {
        self.read(|tx| tx.running(&tx.sweep(sweep)?, |_| true))
    }

    fn give_up(&mut self, lease: &Lease, beat: u64) -> Result<bool, StoreError> {
        self.write(|tx| tx.on_sweep(&lease.sweep, |sweep| tx.give_up_still(sweep, lease, beat)))
    }

    fn give_back(&mut self, lease: &Lease, why: &str) -> Result<bool, StoreError> {
        self.write(|tx| tx.on_sweep(&lease.sweep, |sweep| tx.give_back(sweep, lease, why)))
    }

    fn quarantine(&mut self, agent: AgentId, reason: &str) -> Result<bool, StoreError> {
        self.write(|tx| tx.quarantine(agent, reason))
    }

    fn wait(&mut self, sweep: &SweepId, since: u64, at_most: Duration) -> Result<u64, StoreError> {
        self.wait_after(sweep, since, at_most)
    }
}

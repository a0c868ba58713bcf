//! What agents see of the store.

use std::time::Duration;

use besom_core::RunState;
use serde_json::{Map, Value};

use super::facts::described;
use super::run::{Run, Tried};
use super::stock::Agent;
use super::sweep::Sweep;
use super::{LEFT, MemoryStore, TIMED_OUT};
use crate::{
    AgentId, Claim, ClaimedRun, End, HeldRun, Lease, NewAgent, PausedBy, Queue, Reply, Row, StoreError,
    SweepId,
};

impl Queue for MemoryStore {
    fn join(&mut self, sweep: &SweepId, agent: &NewAgent) -> Result<AgentId, StoreError> {
        let (mut stock, now) = self.open();
        stock.join(sweep, agent, now)
    }

    fn claim(&mut self, agent: AgentId, request: u64) -> Result<Claim, StoreError> {
        let (mut stock, now) = self.open();
        let (agent, sweep) = stock.agent(agent)?;
        agent.hear(now);
        if request > agent.request {
            if agent.draining {
                return Ok(Claim::Drained);
            }
            let Some(at) = sweep.hand_out(agent, now) else { return Ok(Claim::Nothing(sweep.row.state)) };
            agent.request = request;
            agent.answer = Some((at, sweep.runs[at].row.attempt));
            return Ok(claimed(sweep, at));
        }
        let is_repeated = request == agent.request;
        match agent.answer {
            Some((at, attempt)) if is_repeated && sweep.stands(at, attempt) => {
                sweep.revive(at, now);
                Ok(claimed(sweep, at))
            }
            _ => Ok(Claim::Nothing(sweep.row.state)),
        }
    }

    fn report(&mut self, lease: &Lease, rows: &[Row]) -> Result<Reply, StoreError> {
        let (mut stock, now) = self.open();
        let sweep = stock.sweep(&lease.sweep)?;
        let at = sweep.place(lease.run)?;
        if !sweep.stands(at, lease.attempt) {
            return Ok(Reply::Lost);
        }
        let stored = sweep.runs[at].logged();
        let fresh = &rows[rows.iter().position(|row| row.seq > stored).unwrap_or(rows.len())..];
        if fresh.iter().zip(stored + 1..).any(|(row, seq)| row.seq != seq) {
            return Ok(Reply::Gap { expected: stored + 1 });
        }
        let agent = sweep.revive(at, now);
        sweep.append(at, fresh);
        let reply = reply(&sweep.runs[at]);
        agent.into_iter().for_each(|agent| stock.hear(agent, now));
        Ok(reply)
    }

    fn describe(&mut self, lease: &Lease, facts: &Map<String, Value>) -> Result<Reply, StoreError> {
        self.under(lease, |newest| {
            newest.facts = described(&newest.facts, facts)?;
            Ok(())
        })
    }

    fn print(&mut self, lease: &Lease, from: u64, text: &str) -> Result<Reply, StoreError> {
        self.under(lease, |newest| {
            newest.printed.add(from, text);
            Ok(())
        })
    }

    fn resume(&mut self, lease: &Lease) -> Result<Reply, StoreError> {
        let (mut stock, now) = self.open();
        let sweep = stock.sweep(&lease.sweep)?;
        let at = sweep.place(lease.run)?;
        if !sweep.stands(at, lease.attempt) {
            return Ok(Reply::Lost);
        }
        let agent = sweep.revive(at, now);
        sweep.resume(at, now);
        let reply = reply(&sweep.runs[at]);
        agent.into_iter().for_each(|agent| stock.hear(agent, now));
        Ok(reply)
    }

    fn finish(&mut self, lease: &Lease, end: &End) -> Result<Reply, StoreError> {
        if matches!(end.state, RunState::Pending | RunState::Running) {
            return Err(StoreError::NotAnEnd(end.state));
        }
        let (mut stock, now) = self.open();
        let sweep = stock.sweep(&lease.sweep)?;
        let at = sweep.place(lease.run)?;
        let given = sweep.runs[at].attempts.iter().find(|tried| tried.attempt.number == lease.attempt);
        if given.is_some_and(|tried| tried.given.as_ref() == Some(end)) {
            return Ok(Reply::Continue);
        }
        if !sweep.stands(at, lease.attempt) {
            return Ok(Reply::Lost);
        }
        let agent = sweep.revive(at, now);
        sweep.conclude(at, end, now);
        if let Some(newest) = sweep.runs[at].attempts.last_mut() {
            newest.given = Some(end.clone());
        }
        agent.into_iter().for_each(|agent| stock.hear(agent, now));
        Ok(Reply::Continue)
    }

    fn idle(&mut self, agent: AgentId) -> Result<bool, StoreError> {
        let (mut stock, now) = self.open();
        let (agent, _) = stock.agent(agent)?;
        agent.hear(now);
        Ok(!agent.draining)
    }

    fn leave(&mut self, agent: AgentId) -> Result<(), StoreError> {
        let (mut stock, now) = self.open();
        let (agent, sweep) = stock.agent(agent)?;
        leave(agent, sweep, now);
        Ok(())
    }

    fn held(&mut self, agent: AgentId) -> Result<Vec<HeldRun>, StoreError> {
        let (mut stock, _) = self.open();
        let (agent, sweep) = stock.agent(agent)?;
        Ok(running(sweep, |run| run.is_held_by(agent.id)))
    }

    fn running(&mut self, sweep: &SweepId) -> Result<Vec<HeldRun>, StoreError> {
        let (mut stock, _) = self.open();
        Ok(running(stock.sweep(sweep)?, |_| true))
    }

    fn give_up(&mut self, lease: &Lease, beat: u64) -> Result<bool, StoreError> {
        let (mut stock, now) = self.open();
        let sweep = stock.sweep(&lease.sweep)?;
        let at = sweep.place(lease.run)?;
        let run = &sweep.runs[at];
        let is_lost = run.row.attempt == lease.attempt && run.is_still(beat);
        if is_lost {
            sweep.lose(at, TIMED_OUT, now);
        }
        Ok(is_lost)
    }

    fn give_back(&mut self, lease: &Lease, why: &str) -> Result<bool, StoreError> {
        let (mut stock, now) = self.open();
        let sweep = stock.sweep(&lease.sweep)?;
        let at = sweep.place(lease.run)?;
        Ok(sweep.give_back(at, lease.attempt, why, now))
    }

    fn quarantine(&mut self, agent: AgentId, reason: &str) -> Result<bool, StoreError> {
        let (mut stock, now) = self.open();
        let (agent, sweep) = stock.agent(agent)?;
        let (id, name) = (sweep.row.new.id.clone(), agent.new.name.clone());
        if !agent.gone {
            leave(agent, sweep, now);
            sweep.note_quarantine(&name, reason, now);
            if stock.crew(&id)?.1.all(|other| other.gone || other.new.name == name) {
                stock.sweep(&id)?.report_broken(reason, now);
            }
        }
        Ok(stock.sweep(&id)?.row.paused_by == Some(PausedBy::Program))
    }

    fn wait(&mut self, sweep: &SweepId, since: u64, at_most: Duration) -> Result<u64, StoreError> {
        self.wait_after(sweep, since, at_most)
    }
}

impl MemoryStore {
    /// Does work on the attempt of a lease, if it stands.
    fn under(
        &self,
        lease: &Lease,
        work: impl FnOnce(&mut Tried) -> Result<(), StoreError>,
    ) -> Result<Reply, StoreError> {
        let (mut stock, now) = self.open();
        let sweep = stock.sweep(&lease.sweep)?;
        let at = sweep.place(lease.run)?;
        if !sweep.stands(at, lease.attempt) {
            return Ok(Reply::Lost);
        }
        sweep.runs[at].attempts.last_mut().map_or(Ok(()), work)?;
        let agent = sweep.revive(at, now);
        let reply = reply(&sweep.runs[at]);
        agent.into_iter().for_each(|agent| stock.hear(agent, now));
        Ok(reply)
    }
}

fn leave(agent: &mut Agent, sweep: &mut Sweep, now: u64) {
    for at in sweep.index.in_states(&[RunState::Running]) {
        if sweep.runs[at].is_held_by(agent.id) {
            sweep.lose(at, LEFT, now);
        }
    }
    agent.hear(now);
    agent.gone = true;
}

fn claimed(sweep: &Sweep, at: usize) -> Claim {
    let run = &sweep.runs[at];
    Claim::Run(ClaimedRun::new(run.lease(&sweep.row.new.id), run.row.point.clone()))
}

fn reply(run: &Run) -> Reply {
    match (run.row.stop_kind, &run.row.stop_reason) {
        (Some(kind), reason) => Reply::Stop { reason: reason.clone().unwrap_or_default(), kind },
        (None, _) => Reply::Continue,
    }
}

fn running(sweep: &Sweep, choose: impl Fn(&Run) -> bool) -> Vec<HeldRun> {
    let running = sweep.index.in_states(&[RunState::Running]);
    let chosen = running.into_iter().map(|at| &sweep.runs[at]).filter(|run| choose(run));
    let held = |run: &Run| {
        let held = HeldRun::new(run.lease(&sweep.row.new.id), run.logged());
        let newest = run.attempts.last();
        newest.map_or(held.clone(), |newest| held.beat(newest.beat, newest.heartbeat_timeout_ms))
    };
    chosen.map(held).collect()
}

//! Reports of the holder of a lease: metric rows, signs of life, the end.

use besom_core::RunState;
use rusqlite::params;

use super::Tx;
use super::fault::{Outcome, damaged};
use super::runs::Run;
use super::sweeps::Sweep;
use crate::rules::{LogEntry, Standing, is_end, unstored};
use crate::{AgentId, End, Lease, PausedBy, Reply, Row, StoreError};

impl Tx<'_> {
    /// Answers a call that changes nothing which may not be lost: a sign of life, and some more work. `None` if the run was
    /// given up, so that the call does more.
    pub(super) fn soft(
        &self,
        lease: &Lease,
        work: impl FnOnce(&Run) -> Outcome<()>,
    ) -> Outcome<Option<Reply>> {
        let sweep = self.sweep(&lease.sweep)?;
        let mut run = self.run(&sweep, lease.run)?;
        match run.record.standing(sweep.record.state, lease.attempt) {
            Standing::GivenUp => Ok(None),
            Standing::Over => Ok(Some(Reply::Lost)),
            Standing::Live => {
                self.keep_alive(&mut run)?;
                work(&run)?;
                Ok(Some(run.record.reply()))
            }
        }
    }

    /// Stores metric rows.
    pub(super) fn report(&self, sweep: &mut Sweep, lease: &Lease, rows: &[Row]) -> Outcome<Reply> {
        let mut run = self.run(sweep, lease.run)?;
        let standing = run.record.standing(sweep.record.state, lease.attempt);
        if standing == Standing::Over {
            return Ok(Reply::Lost);
        }
        let Some(fresh) = unstored(run.record.rows, rows) else {
            return Ok(Reply::Gap { expected: run.record.rows + 1 });
        };
        if standing == Standing::GivenUp {
            self.come_back(sweep, &mut run)?;
        }
        if !fresh.is_empty() {
            self.add_rows(sweep, &mut run, fresh)?;
        }
        self.keep_alive(&mut run)?;
        Ok(run.record.reply())
    }

    /// The run of a lease that stands, taken back if it was given up; its agent was heard of. `None` if the lease has ended.
    pub(super) fn revived(&self, sweep: &mut Sweep, lease: &Lease) -> Outcome<Option<Run>> {
        let mut run = self.run(sweep, lease.run)?;
        Ok(self.revive(sweep, &mut run, lease.attempt)?.then_some(run))
    }

    /// Notes a sign of life under the lease of this attempt, and takes its run back if it was given up. Returns whether the
    /// lease stands.
    pub(super) fn revive(&self, sweep: &mut Sweep, run: &mut Run, attempt: u64) -> Outcome<bool> {
        match run.record.standing(sweep.record.state, attempt) {
            Standing::Over => return Ok(false),
            Standing::Live => {}
            Standing::GivenUp => self.come_back(sweep, run)?,
        }
        self.keep_alive(run)?;
        Ok(true)
    }

    pub(super) fn add_rows(&self, sweep: &mut Sweep, run: &mut Run, rows: &[Row]) -> Outcome<()> {
        sweep.change += 1;
        self.extend_logged(run, rows)?;
        self.append_rows(run, rows)?;
        let values = self.extend_curves(sweep, run, rows)?;
        let before = run.record.loss.map(f64::to_bits);
        run.record.add_rows(rows.len(), &sweep.record.metrics, &values);
        if run.record.loss.map(f64::to_bits) != before {
            self.save_loss(run)?;
        }
        let record = &run.record;
        self.change_one(
            "UPDATE runs SET rows = ?3, last = ?4, change = ?5, fruitless = 0 WHERE key = ?1 AND attempt = ?2",
            params![run.key, record.attempt, record.rows, record.last, sweep.change],
        )
    }

    /// The agent of a running run was heard of.
    pub(super) fn keep_alive(&self, run: &mut Run) -> Outcome<()> {
        run.record.beat += 1;
        self.change_one(
            "UPDATE runs SET beat = ?3 WHERE key = ?1 AND attempt = ?2",
            params![run.key, run.record.attempt, run.record.beat],
        )?;
        let unknown = || damaged("the agent of a running run", run.record.number);
        self.hear(run.record.agent.ok_or_else(unknown)?)
    }

    /// Ends an attempt.
    pub(super) fn finish(&self, sweep: &mut Sweep, lease: &Lease, end: &End) -> Outcome<Reply> {
        if !is_end(end.state) {
            return Err(StoreError::NotAnEnd(end.state).into());
        }
        let mut run = self.run(sweep, lease.run)?;
        if self.has_ended_so(&run, lease.attempt, end)? {
            return Ok(Reply::Continue);
        }
        if !self.revive(sweep, &mut run, lease.attempt)? {
            return Ok(Reply::Lost);
        }
        self.end(sweep, &mut run, end)?;
        Ok(Reply::Continue)
    }

    /// Gives up a run if there was no sign of life of its agent since.
    pub(super) fn give_up_still(&self, sweep: &mut Sweep, lease: &Lease, beat: u64) -> Outcome<bool> {
        let mut run = self.run(sweep, lease.run)?;
        let live = run.record.standing(sweep.record.state, lease.attempt) == Standing::Live;
        if !live || run.record.beat != beat {
            return Ok(false);
        }
        let seconds = run.record.heartbeat_timeout_ms / 1000;
        self.give_up(sweep, &mut run, format!("its agent sent no heartbeat for {seconds} s"))?;
        Ok(true)
    }

    /// Gives back an attempt that says nothing about its run.
    pub(super) fn give_back(&self, sweep: &mut Sweep, lease: &Lease, why: &str) -> Outcome<bool> {
        let mut run = self.run(sweep, lease.run)?;
        let is_running = run.record.state == RunState::Running;
        match run.record.give_back(&sweep.record, lease.attempt, why, self.now) {
            Some(ended) if is_running => self.save_end(sweep, &run, &ended)?,
            Some(ended) => self.save_again(sweep, &run, &ended)?,
            None => return Ok(false),
        }
        Ok(true)
    }

    /// Sees an agent off that seems unable to work, and pauses the sweep if no other is there. Returns whether it is paused
    /// for such a reason.
    pub(super) fn quarantine(&self, id: AgentId, reason: &str) -> Outcome<bool> {
        let agent = self.agent(id)?;
        self.on_sweep_of(agent.sweep, |sweep| {
            if !agent.gone {
                self.see_off(sweep, &agent)?;
                self.log(sweep, None, &LogEntry::quarantined(&agent.name, reason))?;
                if !self.has_agents_beside(sweep, &agent.name)? {
                    self.report_broken(sweep, reason)?;
                }
            }
            Ok(sweep.record.paused_by == Some(PausedBy::Program))
        })
    }

    /// Sees an agent off that leaves.
    pub(super) fn leave(&self, id: AgentId) -> Outcome<()> {
        let agent = self.agent(id)?;
        self.on_sweep_of(agent.sweep, |sweep| self.see_off(sweep, &agent))
    }

    /// Notes that an agent without a run is alive. Returns whether it may claim.
    pub(super) fn idle(&self, id: AgentId) -> Outcome<bool> {
        let agent = self.agent(id)?;
        self.hear(agent.id)?;
        Ok(!agent.draining)
    }
}

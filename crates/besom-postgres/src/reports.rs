//! Reports of the holder of a lease: metric rows, signs of life, the end.

use besom_core::RunState;
use besom_store::rules::{LogEntry, Standing, is_end, unstored};
use besom_store::{AgentId, End, Lease, PausedBy, Reply, Row, StoreError};

use crate::columns::bounded;
use crate::fault::{Outcome, damaged};
use crate::runs::Run;
use crate::sweeps::Sweep;
use crate::tx::Tx;

impl Tx<'_> {
    /// Stores metric rows.
    pub(crate) fn report(
        &mut self,
        sweep: &Sweep,
        mut run: Run,
        lease: &Lease,
        rows: &[Row],
    ) -> Outcome<Reply> {
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
        if fresh.is_empty() {
            self.keep_alive(&mut run)?;
        } else {
            // Saved with the rows.
            run.record.beat += 1;
            self.add_rows(sweep, &mut run, fresh)?;
            self.hear(agent_of(&run)?)?;
        }
        self.is_soft = rows.is_empty() && standing == Standing::Live;
        Ok(run.record.reply())
    }

    /// The run of a lease that stands, taken back if it was given up; its agent was heard of. `None` if the lease has ended.
    pub(crate) fn revived(&mut self, sweep: &Sweep, lease: &Lease) -> Outcome<Option<Run>> {
        let mut run = self.run_to_change(sweep, lease.run)?;
        Ok(self.revive(sweep, &mut run, lease.attempt)?.then_some(run))
    }

    /// Notes a sign of life under the lease of this attempt, and takes its run back if it was given up. Returns whether the
    /// lease stands.
    pub(crate) fn revive(&mut self, sweep: &Sweep, run: &mut Run, attempt: u64) -> Outcome<bool> {
        match run.record.standing(sweep.record.state, attempt) {
            Standing::Over => return Ok(false),
            Standing::Live => {}
            Standing::GivenUp => self.come_back(sweep, run)?,
        }
        self.keep_alive(run)?;
        Ok(true)
    }

    pub(crate) fn add_rows(&mut self, sweep: &Sweep, run: &mut Run, rows: &[Row]) -> Outcome<()> {
        let change = self.next_change()?;
        self.extend_logged(run, rows)?;
        self.append_rows(run, rows)?;
        let values = self.extend_curves(sweep, run, rows, change)?;
        run.record.add_rows(rows.len(), &sweep.record.metrics, &values);
        self.save(run, run.record.attempt, change)
    }

    /// The agent of a running run was heard of.
    pub(crate) fn keep_alive(&mut self, run: &mut Run) -> Outcome<()> {
        run.record.beat += 1;
        let agent = bounded(agent_of(run)?.0);
        self.change_one(
            "WITH heard AS (UPDATE agents SET seen_ms = $4, gone = false WHERE key = $5 RETURNING 1)
             UPDATE runs SET beat = $3 WHERE key = $1 AND attempt = $2 AND EXISTS (SELECT 1 FROM heard)",
            &[&run.key, &bounded(run.record.attempt), &bounded(run.record.beat), &bounded(self.now), &agent],
        )
    }

    /// Ends an attempt.
    pub(crate) fn finish(&mut self, sweep: &Sweep, mut run: Run, lease: &Lease, end: &End) -> Outcome<Reply> {
        if !is_end(end.state) {
            return Err(StoreError::NotAnEnd(end.state).into());
        }
        if run.record.standing(sweep.record.state, lease.attempt) == Standing::Live {
            let agent = agent_of(&run)?;
            self.end_running(sweep, &mut run, agent, end)?;
            return Ok(Reply::Continue);
        }
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
    pub(crate) fn give_up_still(&mut self, sweep: &Sweep, lease: &Lease, beat: u64) -> Outcome<bool> {
        let mut run = self.run_to_change(sweep, lease.run)?;
        let live = run.record.standing(sweep.record.state, lease.attempt) == Standing::Live;
        if !live || run.record.beat != beat {
            return Ok(false);
        }
        let seconds = run.record.heartbeat_timeout_ms / 1000;
        self.give_up(sweep, &mut run, format!("its agent sent no heartbeat for {seconds} s"))?;
        Ok(true)
    }

    /// Gives back an attempt that says nothing about its run.
    pub(crate) fn give_back(&mut self, sweep: &Sweep, lease: &Lease, why: &str) -> Outcome<bool> {
        let mut run = self.run_to_change(sweep, lease.run)?;
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
    pub(crate) fn quarantine(&mut self, id: AgentId, reason: &str) -> Outcome<bool> {
        let agent = self.agent(id)?;
        self.on_sweep_of(agent.sweep, |tx, sweep| {
            if !agent.gone {
                tx.see_off(sweep, &agent)?;
                tx.log(sweep, None, &LogEntry::quarantined(&agent.name, reason))?;
                if !tx.has_agents_beside(sweep, &agent.name)? {
                    tx.report_broken(sweep, reason)?;
                }
            }
            Ok(sweep.record.paused_by == Some(PausedBy::Program))
        })
    }

    /// Sees an agent off that leaves.
    pub(crate) fn leave(&mut self, id: AgentId) -> Outcome<()> {
        let agent = self.agent(id)?;
        self.on_sweep_of(agent.sweep, |tx, sweep| tx.see_off(sweep, &agent))
    }
}

/// Who has a running run.
fn agent_of(run: &Run) -> Outcome<AgentId> {
    run.record.agent.ok_or_else(|| damaged("the agent of a running run", run.record.number))
}

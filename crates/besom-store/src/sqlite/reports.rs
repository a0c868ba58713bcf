//! What the holder of a lease says: metric rows, signs of life, the end.

use rusqlite::params;

use super::Tx;
use super::attempts::Standing;
use super::fault::{Outcome, damaged};
use super::runs::Run;
use super::sweeps::Sweep;
use crate::{AgentId, End, Lease, Reply, Row, StoreError};

impl Tx<'_> {
    /// Answers an empty report that changes nothing but when its agent was last heard of; `None` if it does more.
    pub(super) fn heartbeat(&self, lease: &Lease) -> Outcome<Option<Reply>> {
        let sweep = self.sweep(&lease.sweep)?;
        let run = self.run(&sweep, lease.run)?;
        match self.standing(&sweep, &run, lease.attempt) {
            Standing::GivenUp => Ok(None),
            Standing::Over => Ok(Some(Reply::Lost)),
            Standing::Live => {
                self.keep_alive(&run)?;
                Ok(Some(go_on(&run)))
            }
        }
    }

    /// Stores metric rows.
    pub(super) fn report(&self, sweep: &mut Sweep, lease: &Lease, rows: &[Row]) -> Outcome<Reply> {
        let mut run = self.run(sweep, lease.run)?;
        let standing = self.standing(sweep, &run, lease.attempt);
        if standing == Standing::Over {
            return Ok(Reply::Lost);
        }
        let Some(fresh) = self.unstored(&run, rows) else {
            return Ok(Reply::Gap { expected: run.rows + 1 });
        };
        if standing == Standing::GivenUp {
            self.come_back(sweep, &mut run)?;
        }
        if !fresh.is_empty() {
            sweep.change += 1;
            self.append_rows(&run, fresh)?;
            self.extend_curves(sweep, &mut run, fresh)?;
            run.rows += fresh.len() as u64;
            self.change_one(
                "UPDATE runs SET rows = ?3, last = ?4, change = ?5 WHERE key = ?1 AND attempt = ?2",
                params![run.key, run.attempt, run.rows, run.last, sweep.change],
            )?;
        }
        self.keep_alive(&run)?;
        Ok(go_on(&run))
    }

    /// The rows that are not stored yet; `None` if there is a gap before or among them.
    fn unstored<'a>(&self, run: &Run, rows: &'a [Row]) -> Option<&'a [Row]> {
        #[cfg(feature = "mutants")]
        if self.breaks(super::Mutant::NoSequenceCheck) {
            return Some(rows);
        }
        let first = rows.iter().position(|row| row.seq > run.rows).unwrap_or(rows.len());
        let fresh = &rows[first..];
        let gapless = fresh.iter().zip(run.rows + 1..).all(|(row, expected)| row.seq == expected);
        gapless.then_some(fresh)
    }

    /// The agent of a running run was heard of.
    pub(super) fn keep_alive(&self, run: &Run) -> Outcome<()> {
        self.change_one(
            "UPDATE runs SET seen_ms = ?3 WHERE key = ?1 AND attempt = ?2",
            params![run.key, run.attempt, self.now],
        )?;
        self.hear(run.agent.ok_or_else(|| damaged("the agent of a running run", run.number))?)
    }

    /// Ends an attempt.
    pub(super) fn finish(&self, sweep: &mut Sweep, lease: &Lease, end: &End) -> Outcome<Reply> {
        use besom_core::RunState as S;
        if !matches!(end.state, S::Finished | S::Failed | S::Killed | S::Preempted | S::Crashed) {
            return Err(StoreError::NotAnEnd(end.state).into());
        }
        let mut run = self.run(sweep, lease.run)?;
        if self.has_ended_so(&run, lease.attempt, end)? {
            return Ok(Reply::Continue);
        }
        match self.standing(sweep, &run, lease.attempt) {
            Standing::Over => return Ok(Reply::Lost),
            Standing::Live => self.keep_alive(&run)?,
            Standing::GivenUp => {
                self.come_back(sweep, &mut run)?;
                self.keep_alive(&run)?;
            }
        }
        run.seen_ms = self.now;
        self.end(sweep, &mut run, end)?;
        Ok(Reply::Continue)
    }

    /// Gives up a run if its agent is still silent.
    pub(super) fn give_up_silent(&self, sweep: &mut Sweep, lease: &Lease) -> Outcome<bool> {
        let mut run = self.run(sweep, lease.run)?;
        let live = self.standing(sweep, &run, lease.attempt) == Standing::Live;
        if !live || !self.is_silence(run.seen_ms, run.silence_ms) {
            return Ok(false);
        }
        let seconds = self.now.saturating_sub(run.seen_ms) / 1000;
        self.give_up(sweep, &mut run, &format!("its agent was silent for {seconds} s"))?;
        Ok(true)
    }

    /// Sees an agent off, and gives up what it holds.
    pub(super) fn leave(&self, id: AgentId) -> Outcome<()> {
        let agent = self.agent(id)?;
        self.on_sweep_of(agent.sweep, |sweep| {
            for number in self.numbers_in(sweep, besom_core::RunState::Running)? {
                let mut run = self.run(sweep, number)?;
                if run.agent == Some(agent.key) {
                    self.give_up(sweep, &mut run, "its agent left")?;
                }
            }
            self.mark_gone(agent.key)
        })
    }

    /// Notes that an agent without a run is alive.
    pub(super) fn idle(&self, id: AgentId) -> Outcome<()> {
        let agent = self.agent(id)?;
        debug_assert_eq!(agent.id(), id, "agents are found by their keys");
        self.hear(agent.key)
    }
}

fn go_on(run: &Run) -> Reply {
    match run.stop_kind {
        Some(kind) => Reply::Stop { reason: run.stop_reason.clone().unwrap_or_default(), kind },
        None => Reply::Continue,
    }
}

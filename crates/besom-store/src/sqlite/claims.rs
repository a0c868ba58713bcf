//! Claims: which run an agent gets.

use besom_core::{RunNumber, RunState};
use rusqlite::{OptionalExtension, params};

use super::Tx;
use super::agents::Agent;
use super::columns::text;
use super::events::object;
use super::fault::{Outcome, damaged};
use super::runs::{Run, lease};
use super::sweeps::Sweep;
use crate::rules::{Request, is_held_back};
use crate::{AgentId, Claim, ClaimedRun};

impl Tx<'_> {
    /// Whether a claim could only be answered with nothing; found out without writing.
    pub(super) fn has_nothing_for(&self, id: AgentId, request: u64) -> Outcome<bool> {
        let agent = self.agent(id)?;
        let kind = Request::of(request, agent.request);
        if kind != Request::New || kind.is_drained(agent.draining) {
            return Ok(false);
        }
        Ok(self.next(&self.sweep_of(agent.sweep)?)?.is_none())
    }

    /// Answers a claim with nothing, if that is the answer: a sign of life.
    pub(super) fn claim_nothing(&self, id: AgentId, request: u64) -> Outcome<Option<Claim>> {
        if !self.has_nothing_for(id, request)? {
            return Ok(None);
        }
        let agent = self.agent(id)?;
        self.hear(agent.id)?;
        Ok(Some(Claim::Nothing(self.sweep_of(agent.sweep)?.record.state)))
    }

    /// Answers a claim.
    pub(super) fn claim(&self, id: AgentId, request: u64) -> Outcome<Claim> {
        let agent = self.agent(id)?;
        self.on_sweep_of(agent.sweep, |sweep| {
            let kind = Request::of(request, agent.request);
            if kind.is_drained(agent.draining) {
                self.hear(agent.id)?;
                return Ok(Claim::Drained);
            }
            if kind == Request::New {
                return self.claim_next(sweep, &agent, request);
            }
            self.hear(agent.id)?;
            match agent.answer {
                Some((number, attempt)) if kind == Request::Repeated => {
                    self.claim_again(sweep, number, attempt)
                }
                _ => Ok(Claim::Nothing(sweep.record.state)),
            }
        })
    }

    /// The stored answer, if it is still worth something.
    fn claim_again(&self, sweep: &mut Sweep, number: RunNumber, attempt: u64) -> Outcome<Claim> {
        let mut run = self.run(sweep, number)?;
        match self.revive(sweep, &mut run, attempt)? {
            true => self.claimed(sweep, &run),
            false => Ok(Claim::Nothing(sweep.record.state)),
        }
    }

    fn claim_next(&self, sweep: &mut Sweep, agent: &Agent, request: u64) -> Outcome<Claim> {
        let Some(number) = self.next(sweep)? else {
            self.hear(agent.id)?;
            return Ok(Claim::Nothing(sweep.record.state));
        };
        if let Some(entry) = sweep.record.begin(self.now) {
            self.log(sweep, None, &entry)?;
        }
        let mut run = self.run(sweep, number)?;
        self.hand_out(sweep, &mut run, agent)?;
        self.store_answer(agent, request, number, run.record.attempt)?;
        self.claimed(sweep, &run)
    }

    /// The run of the lowest number that waits to be handed out; those that came back go last.
    fn next(&self, sweep: &Sweep) -> Outcome<Option<RunNumber>> {
        if !sweep.record.hands_out() {
            return Ok(None);
        }
        let mut first: Option<u64> = None;
        for state in [RunState::Pending, RunState::Preempted] {
            let lowest: Option<u64> = self
                .sql(
                    "SELECT number FROM runs WHERE sweep = ?1 AND state = ?2 AND due_ms IS NULL
                     ORDER BY number LIMIT 1",
                )?
                .query_row(params![sweep.key, state.as_str()], |row| row.get(0))
                .optional()?;
            first = [first, lowest].into_iter().flatten().min();
        }
        if first.is_none() {
            first = self.came_back(sweep)?.into_iter().find(|run| !run.1).map(|run| run.0);
        }
        Ok(first.and_then(RunNumber::new))
    }

    /// The runs that came back to wait, in order, and whether each is held back until later.
    fn came_back(&self, sweep: &Sweep) -> Outcome<Vec<(u64, bool)>> {
        let mut statement = self.sql(
            "SELECT number, due_ms FROM runs WHERE sweep = ?1 AND due_ms IS NOT NULL
               AND state IN ('pending', 'preempted') ORDER BY number",
        )?;
        let rows = statement
            .query_map([sweep.key], |row| Ok((row.get(0)?, is_held_back(Some(row.get(1)?), self.now))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many runs are held back.
    pub(super) fn held_back(&self, sweep: &Sweep) -> Outcome<u64> {
        Ok(self.came_back(sweep)?.into_iter().filter(|run| run.1).count() as u64)
    }

    fn claimed(&self, sweep: &Sweep, run: &Run) -> Outcome<Claim> {
        let mut statement = self.sql("SELECT point FROM points WHERE run = ?1")?;
        let mut rows = statement.query([run.key])?;
        let Some(row) = rows.next()? else {
            return Err(damaged("a run without a point", run.record.number));
        };
        Ok(Claim::Run(ClaimedRun { lease: lease(sweep, run), point: object(text(row, "point")?)? }))
    }
}

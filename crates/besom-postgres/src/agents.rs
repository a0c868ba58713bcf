//! Agents: joining, signs of life, the answers to their claims.

use std::collections::BTreeMap;

use besom_core::RunNumber;
use besom_store::rules::{LogEntry, is_alive};
use besom_store::{AgentId, AgentRow, NewAgent, StoreError};

use crate::columns::{bounded, clean, number, unsigned, value};
use crate::fault::{Fault, Outcome};
use crate::sweeps::Sweep;
use crate::tx::{Lock, Tx};

/// An agent with the answer to its newest claim.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) id: AgentId,
    pub(crate) sweep: i64,
    pub(crate) name: String,
    pub(crate) heartbeat_timeout_ms: u64,
    /// Whether it has left.
    pub(crate) gone: bool,
    /// Whether it gets no more runs.
    pub(crate) draining: bool,
    pub(crate) request: u64,
    /// The run and attempt that it got.
    pub(crate) answer: Option<(RunNumber, u64)>,
}

/// The columns of [`Agent`] in the table `agents a`, to be read by [`agent`].
pub(crate) const COLUMNS: &str = "a.key, a.sweep, a.name, a.heartbeat_timeout_ms, a.gone, a.draining, a.request, a.answer_run, a.answer_attempt";

impl Tx<'_> {
    /// The agent of this id.
    pub(crate) fn agent(&mut self, id: AgentId) -> Outcome<Agent> {
        let sql = format!("SELECT {COLUMNS} FROM agents a WHERE a.key = $1");
        let row = self.query_opt(&sql, &[&bounded(id.0)])?;
        row.map_or_else(|| Err(no_agent(id)), |row| agent(&row, 0))
    }

    /// Adds an agent to a sweep.
    pub(crate) fn join(&mut self, sweep: &Sweep, new: &NewAgent) -> Outcome<AgentId> {
        let row = self.query_one(
            "INSERT INTO agents (sweep, name, heartbeat_timeout_ms, seen_ms) VALUES ($1, $2, $3, $4) RETURNING key",
            &[&sweep.key, &clean(&new.name), &bounded(new.heartbeat_timeout_ms), &bounded(self.now)],
        )?;
        Ok(AgentId(number(&row, 0)?))
    }

    /// Notes that an agent without a run is alive. Returns whether it may claim.
    pub(crate) fn idle(&mut self, id: AgentId) -> Outcome<bool> {
        self.is_soft = true;
        let row = self.query_opt(
            "UPDATE agents SET seen_ms = $2, gone = false WHERE key = $1 RETURNING draining",
            &[&bounded(id.0), &bounded(self.now)],
        )?;
        row.map_or_else(|| Err(no_agent(id)), |row| Ok(!value::<bool>(&row, 0)?))
    }

    /// The agent was heard of.
    pub(crate) fn hear(&mut self, agent: AgentId) -> Outcome<()> {
        self.change_one(
            "UPDATE agents SET seen_ms = $2, gone = false WHERE key = $1",
            &[&bounded(agent.0), &bounded(self.now)],
        )
    }

    /// The agent has said good-bye.
    pub(crate) fn mark_gone(&mut self, agent: AgentId) -> Outcome<()> {
        self.change_one(
            "UPDATE agents SET seen_ms = $2, gone = true WHERE key = $1",
            &[&bounded(agent.0), &bounded(self.now)],
        )
    }

    /// Drains agents of a sweep. Returns how many were not drained before.
    pub(crate) fn drain(&mut self, sweep: &Sweep, agents: &[AgentId]) -> Outcome<u64> {
        let mut drained = 0;
        for &id in agents {
            let agent = self.agent(id)?;
            if agent.sweep != sweep.key {
                return Err(no_agent(id));
            }
            if !agent.draining {
                self.change_one("UPDATE agents SET draining = true WHERE key = $1", &[&bounded(id.0)])?;
                self.log(sweep, None, &LogEntry::drain_requested(&agent.name))?;
                drained += 1;
            }
        }
        Ok(drained)
    }

    /// Keeps the answer to a claim, so that a repeated claim gets it again. Where another connection has answered the same agent
    /// meanwhile, all is done again, which finds that answer.
    pub(crate) fn store_answer(
        &mut self,
        agent: &Agent,
        request: u64,
        run: RunNumber,
        attempt: u64,
    ) -> Outcome<()> {
        let changed = self.execute(
            "UPDATE agents SET request = $2, answer_run = $3, answer_attempt = $4, seen_ms = $5, gone = false
             WHERE key = $1 AND request < $2",
            &[
                &bounded(agent.id.0),
                &bounded(request),
                &bounded(run.get()),
                &bounded(attempt),
                &bounded(self.now),
            ],
        )?;
        if changed == 1 { Ok(()) } else { Err(Fault::Again(Lock::Shared)) }
    }

    /// Whether any agent of a sweep with another name has not left. One with this name came of a `join` whose reply was lost.
    pub(crate) fn has_agents_beside(&mut self, sweep: &Sweep, name: &str) -> Outcome<bool> {
        let row = self.query_one(
            "SELECT EXISTS (SELECT 1 FROM agents WHERE sweep = $1 AND NOT gone AND name <> $2)",
            &[&sweep.key, &name],
        )?;
        value(&row, 0)
    }

    /// All agents of a sweep.
    pub(crate) fn agent_rows(&mut self, sweep: &Sweep) -> Outcome<Vec<AgentRow>> {
        let held = self.query(
            "SELECT agent, min(number) FROM runs WHERE sweep = $1 AND state = 'running' GROUP BY agent",
            &[&sweep.key],
        )?;
        let pair = |row: &postgres::Row| Ok((value::<Option<i64>>(row, 0)?, number(row, 1)?));
        let held = held.iter().map(pair).collect::<Outcome<BTreeMap<Option<i64>, u64>>>()?;
        let rows = self.query(
            "SELECT key, name, seen_ms, gone, draining, heartbeat_timeout_ms FROM agents WHERE sweep = $1 ORDER BY key",
            &[&sweep.key],
        )?;
        let now = self.now;
        let agent = |row: &postgres::Row| {
            let key: i64 = value(row, 0)?;
            let (seen_ms, timeout_ms) = (number(row, 2)?, number(row, 5)?);
            let mut agent = AgentRow::new(AgentId(unsigned(key)), value::<String>(row, 1)?, seen_ms);
            agent.left = value(row, 3)?;
            agent.draining = value(row, 4)?;
            agent.alive = !agent.left && is_alive(seen_ms, timeout_ms, now);
            agent.run = held.get(&Some(key)).copied().and_then(RunNumber::new);
            Ok(agent)
        };
        rows.iter().map(agent).collect()
    }
}

/// Reads an agent from what [`COLUMNS`] has selected, after so many other columns.
pub(crate) fn agent(row: &postgres::Row, first: usize) -> Outcome<Agent> {
    let run = value::<Option<i64>>(row, first + 7)?.and_then(|run| RunNumber::new(unsigned(run)));
    Ok(Agent {
        id: AgentId(number(row, first)?),
        sweep: value(row, first + 1)?,
        name: value(row, first + 2)?,
        heartbeat_timeout_ms: number(row, first + 3)?,
        gone: value(row, first + 4)?,
        draining: value(row, first + 5)?,
        request: number(row, first + 6)?,
        answer: run.zip(value::<Option<i64>>(row, first + 8)?.map(unsigned)),
    })
}

pub(crate) fn no_agent(id: AgentId) -> Fault {
    StoreError::NoAgent(id.0).into()
}

/// How many columns [`COLUMNS`] are.
pub(crate) const COUNT: usize = 9;

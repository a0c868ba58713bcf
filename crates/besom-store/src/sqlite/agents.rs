//! Agents: joining, signs of life, the answers to their claims.

use besom_core::RunNumber;
use rusqlite::params;

use super::fault::Outcome;
use super::sweeps::Sweep;
use super::{Tx, bounded};
use crate::rules::{LogEntry, is_alive};
use crate::{AgentId, AgentRow, NewAgent, StoreError};

/// An agent with the answer to its newest claim.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) id: AgentId,
    pub(super) sweep: i64,
    pub(super) name: String,
    pub(super) heartbeat_timeout_ms: u64,
    /// Whether it has left.
    pub(super) gone: bool,
    /// Whether it gets no more runs.
    pub(super) draining: bool,
    pub(super) request: u64,
    /// The run and attempt that it got.
    pub(super) answer: Option<(RunNumber, u64)>,
}

/// In place of the key of a sweep that was removed; keys begin at 1.
const REMOVED: i64 = 0;

impl Tx<'_> {
    /// The agent of this id.
    pub(super) fn agent(&self, id: AgentId) -> Outcome<Agent> {
        let mut statement = self.sql(
            "SELECT sweep, name, heartbeat_timeout_ms, gone, draining, request, answer_run, answer_attempt FROM agents
             WHERE key = ?1 AND sweep <> ?2",
        )?;
        let mut rows = statement.query([bounded(id.0), REMOVED])?;
        let Some(row) = rows.next()? else {
            return Err(StoreError::NoAgent(id.0).into());
        };
        let run = row.get::<_, Option<u64>>("answer_run")?.and_then(RunNumber::new);
        Ok(Agent {
            id,
            sweep: row.get("sweep")?,
            name: row.get("name")?,
            heartbeat_timeout_ms: row.get("heartbeat_timeout_ms")?,
            gone: row.get("gone")?,
            draining: row.get("draining")?,
            request: row.get("request")?,
            answer: run.zip(row.get("answer_attempt")?),
        })
    }

    /// Adds an agent to a sweep.
    pub(super) fn join(&self, sweep: &mut Sweep, new: &NewAgent) -> Outcome<AgentId> {
        self.sql(
            "INSERT INTO agents (sweep, name, heartbeat_timeout_ms, seen_ms, gone, request) VALUES (?1, ?2, ?3, ?4, 0, 0)",
        )?
        .execute(params![sweep.key, new.name, bounded(new.heartbeat_timeout_ms), self.now])?;
        Ok(AgentId(self.conn.last_insert_rowid().cast_unsigned()))
    }

    /// Removes the agents of a sweep. SQLite gives the greatest key and one to the next row, so that one stays, without a sweep,
    /// lest its id be given to another agent.
    pub(super) fn remove_agents(&self, sweep: &Sweep) -> Outcome<()> {
        self.sql("DELETE FROM agents WHERE sweep IN (?1, ?2) AND key < (SELECT max(key) FROM agents)")?
            .execute([sweep.key, REMOVED])?;
        self.sql("UPDATE agents SET sweep = ?2 WHERE sweep = ?1")?.execute([sweep.key, REMOVED])?;
        Ok(())
    }

    /// The agent was heard of.
    pub(super) fn hear(&self, agent: AgentId) -> Outcome<()> {
        self.change_one(
            "UPDATE agents SET seen_ms = ?2, gone = 0 WHERE key = ?1",
            params![bounded(agent.0), self.now],
        )
    }

    /// The agent has said good-bye.
    pub(super) fn mark_gone(&self, agent: AgentId) -> Outcome<()> {
        self.change_one(
            "UPDATE agents SET seen_ms = ?2, gone = 1 WHERE key = ?1",
            params![bounded(agent.0), self.now],
        )
    }

    /// Drains agents of a sweep. Returns how many were not drained before.
    pub(super) fn drain(&self, sweep: &mut Sweep, agents: &[AgentId]) -> Outcome<u64> {
        let mut drained = 0;
        for &id in agents {
            let agent = self.agent(id)?;
            if agent.sweep != sweep.key {
                return Err(StoreError::NoAgent(id.0).into());
            }
            if !agent.draining {
                self.change_one("UPDATE agents SET draining = 1 WHERE key = ?1", [bounded(id.0)])?;
                self.log(sweep, None, &LogEntry::drain_requested(&agent.name))?;
                drained += 1;
            }
        }
        Ok(drained)
    }

    /// Keeps the answer to a claim, so that a repeated claim gets it again.
    pub(super) fn store_answer(
        &self,
        agent: &Agent,
        request: u64,
        run: RunNumber,
        attempt: u64,
    ) -> Outcome<()> {
        self.change_one(
            "UPDATE agents SET request = ?2, answer_run = ?3, answer_attempt = ?4, seen_ms = ?5, gone = 0 WHERE key = ?1",
            params![bounded(agent.id.0), bounded(request), run.get(), attempt, self.now],
        )
    }

    /// Whether any agent of a sweep with another name has not left. One with this name came of a `join` whose reply was lost.
    pub(super) fn has_agents_beside(&self, sweep: &Sweep, name: &str) -> Outcome<bool> {
        Ok(self
            .sql("SELECT EXISTS (SELECT 1 FROM agents WHERE sweep = ?1 AND gone = 0 AND name <> ?2)")?
            .query_row(params![sweep.key, name], |row| row.get(0))?)
    }

    /// All agents of a sweep.
    pub(super) fn agent_rows(&self, sweep: &Sweep) -> Outcome<Vec<AgentRow>> {
        let held: std::collections::BTreeMap<i64, u64> = self
            .sql("SELECT agent, min(number) FROM runs WHERE sweep = ?1 AND state = 'running' GROUP BY agent")?
            .query_map([sweep.key], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let mut statement = self.sql(
            "SELECT key, name, seen_ms, gone, draining, heartbeat_timeout_ms FROM agents WHERE sweep = ?1 ORDER BY key",
        )?;
        let rows = statement.query_map([sweep.key], |row| {
            let (key, seen_ms): (i64, u64) = (row.get("key")?, row.get("seen_ms")?);
            let gone: bool = row.get("gone")?;
            Ok(AgentRow {
                id: AgentId(key.cast_unsigned()),
                name: row.get("name")?,
                seen_ms,
                left: gone,
                draining: row.get("draining")?,
                alive: !gone && is_alive(seen_ms, row.get("heartbeat_timeout_ms")?, self.now),
                run: held.get(&key).copied().and_then(RunNumber::new),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

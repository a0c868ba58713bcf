//! Attempts: handing a run out, and everything that ends an attempt or brings it back.

use besom_core::{RunNumber, RunState};
use rusqlite::{OptionalExtension, params};
use serde_json::{Map, json};

use super::Tx;
use super::agents::Agent;
use super::fault::Outcome;
use super::runs::{Run, detail, state, text};
use super::sweeps::Sweep;
use crate::{Attempt, End, StopKind, SweepState};

/// What a lease is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Its run runs under it.
    Live,
    /// Its agent was given up, but the run was not handed out again: whoever holds it may come back.
    GivenUp,
    /// It is over for good.
    Over,
}

impl Tx<'_> {
    /// What a lease of this attempt is worth.
    pub(super) fn standing(&self, sweep: &Sweep, run: &Run, attempt: u64) -> Standing {
        if !self.same_attempt(run, attempt) {
            return Standing::Over;
        }
        match run.state {
            RunState::Running => Standing::Live,
            RunState::Crashed | RunState::Pending if run.given_up && sweep.state != SweepState::Canceled => {
                Standing::GivenUp
            }
            _ => Standing::Over,
        }
    }

    fn same_attempt(&self, run: &Run, attempt: u64) -> bool {
        #[cfg(feature = "mutants")]
        if self.breaks(super::Mutant::NoFencing) {
            return true;
        }
        run.attempt == attempt
    }

    /// Hands a run out: a new attempt begins.
    pub(super) fn hand_out(&self, sweep: &mut Sweep, run: &Run, agent: &Agent) -> Outcome<Run> {
        let attempt = run.attempt + 1;
        let entries = [("agent", Some(json!(agent.name))), ("attempt", Some(json!(attempt)))];
        self.log(sweep, Some(run.number), "claimed", detail(entries))?;
        let fresh = Run {
            state: RunState::Running,
            attempt,
            agent: Some(agent.key),
            given_up: false,
            seen_ms: self.now,
            silence_ms: agent.silence_ms,
            rows: 0,
            loss: None,
            last: None,
            message: None,
            exit_code: None,
            started_ms: Some(self.now),
            ended_ms: None,
            attempted: sweep.change,
            ..run.clone()
        };
        self.save(sweep, &fresh, run.attempt)?;
        self.sql(
            "INSERT INTO attempts (run, attempt, agent, started_ms, state, rows) VALUES (?1, ?2, ?3, ?4, 'running', 0)",
        )?
        .execute(params![run.key, attempt, agent.key, self.now])?;
        Ok(fresh)
    }

    /// Takes a run back that was given up: its agent has only been silent.
    pub(super) fn come_back(&self, sweep: &mut Sweep, run: &mut Run) -> Outcome<()> {
        if run.state == RunState::Pending {
            run.crashes = run.crashes.saturating_sub(1);
        }
        run.state = RunState::Running;
        run.given_up = false;
        run.seen_ms = self.now;
        run.message = None;
        run.ended_ms = None;
        self.log(sweep, Some(run.number), "returned", detail([("attempt", Some(json!(run.attempt)))]))?;
        self.save(sweep, run, run.attempt)?;
        self.change_one(
            "UPDATE attempts SET state = 'running', ended_ms = NULL WHERE run = ?1 AND attempt = ?2",
            params![run.key, run.attempt],
        )
    }

    /// Ends the attempt as its agent says.
    pub(super) fn end(&self, sweep: &mut Sweep, run: &mut Run, end: &End) -> Outcome<()> {
        self.conclude(sweep, run, end)?;
        self.change_one(
            "UPDATE attempts SET end_state = ?3, end_code = ?4, end_message = ?5 WHERE run = ?1 AND attempt = ?2",
            params![run.key, run.attempt, end.state.as_str(), end.exit_code, end.message],
        )
    }

    /// Ends the attempt because its agent is gone, as it seems.
    pub(super) fn give_up(&self, sweep: &mut Sweep, run: &mut Run, why: &str) -> Outcome<()> {
        run.given_up = true;
        let end = End { state: RunState::Crashed, exit_code: None, message: Some(why.to_owned()) };
        self.conclude(sweep, run, &end)
    }

    fn conclude(&self, sweep: &mut Sweep, run: &mut Run, end: &End) -> Outcome<()> {
        run.state = after(sweep, run, end.state);
        let ended = if run.state == RunState::Pending { end.state } else { run.state };
        if run.state == RunState::Pending {
            run.crashes += u32::from(end.state == RunState::Crashed);
            run.failures += u32::from(end.state == RunState::Failed);
        }
        run.exit_code = end.exit_code;
        run.message.clone_from(&end.message);
        run.ended_ms = (!run.state.is_open()).then_some(self.now);
        let entries = [
            ("attempt", Some(json!(run.attempt))),
            ("exit_code", end.exit_code.map(|code| json!(code))),
            ("message", end.message.as_ref().map(|message| json!(message))),
            ("stopped", run.stop_reason.as_ref().map(|reason| json!(reason))),
        ];
        self.log(sweep, Some(run.number), ended.as_str(), detail(entries))?;
        if run.state == RunState::Pending {
            self.log(sweep, Some(run.number), "retried", Map::new())?;
        }
        self.save(sweep, run, run.attempt)?;
        self.change_one(
            "UPDATE attempts SET ended_ms = ?3, state = ?4, rows = ?5 WHERE run = ?1 AND attempt = ?2",
            params![run.key, run.attempt, self.now, ended.as_str(), run.rows],
        )
    }

    /// Whether the agent of this attempt has given this very end before.
    pub(super) fn has_ended_so(&self, run: &Run, attempt: u64, end: &End) -> Outcome<bool> {
        let stored = self
            .sql("SELECT end_state, end_code, end_message FROM attempts WHERE run = ?1 AND attempt = ?2")?
            .query_row(params![run.key, super::bounded(attempt)], |row| {
                Ok((
                    row.get::<_, Option<String>>(0)?,
                    row.get::<_, Option<i32>>(1)?,
                    row.get::<_, Option<String>>(2)?,
                ))
            })
            .optional()?;
        Ok(stored.is_some_and(|(state, code, message)| {
            state.as_deref() == Some(end.state.as_str()) && code == end.exit_code && message == end.message
        }))
    }

    /// All attempts of a run.
    pub(super) fn attempts(&self, sweep: &Sweep, number: RunNumber) -> Outcome<Vec<Attempt>> {
        let run = self.run(sweep, number)?;
        let mut statement = self.sql(
            "SELECT a.attempt, g.name, a.started_ms, a.ended_ms, a.state, a.rows
             FROM attempts a JOIN agents g ON g.key = a.agent WHERE a.run = ?1 ORDER BY a.attempt",
        )?;
        let mut rows = statement.query([run.key])?;
        let mut attempts = Vec::new();
        while let Some(row) = rows.next()? {
            let number = row.get(0)?;
            attempts.push(Attempt {
                number,
                agent: row.get(1)?,
                started_ms: row.get(2)?,
                ended_ms: row.get(3)?,
                state: state(text(row, 4)?)?,
                rows: if number == run.attempt { run.rows } else { row.get(5)? },
            });
        }
        Ok(attempts)
    }
}

/// The state of a run whose attempt ends so. It is tried again only if nobody wanted it to end, its budget lasts and
/// its sweep still hands out runs; what can't be tried again is over.
fn after(sweep: &Sweep, run: &Run, end: RunState) -> RunState {
    let again = run.stop_kind.is_none() && !sweep.state.is_over();
    match (end, run.stop_kind) {
        (RunState::Killed | RunState::Preempted, Some(StopKind::Early)) => RunState::Finished,
        (RunState::Preempted, _) if !again => RunState::Killed,
        (RunState::Crashed, _) if again && run.crashes < sweep.retry_crashed => RunState::Pending,
        (RunState::Failed, _) if again && run.failures < sweep.retry_failed => RunState::Pending,
        _ => end,
    }
}

//! Attempts: handing a run out, and everything that ends an attempt or brings it back.

use besom_core::{Failure, RunNumber, RunState};
use rusqlite::{OptionalExtension, params};

use super::agents::Agent;
use super::columns::text;
use super::fault::{Outcome, damaged};
use super::runs::{Run, state};
use super::sweeps::Sweep;
use super::{Tx, bounded};
use crate::rules::{Earlier, Ended, Kept, count_alone, go_on};
use crate::{Attempt, End, Lease, Reply};

impl Tx<'_> {
    /// Hands a run out: a new attempt begins.
    pub(super) fn hand_out(&self, sweep: &mut Sweep, run: &mut Run, agent: &Agent) -> Outcome<()> {
        let before = run.record.attempt;
        let entry = run.record.hand_out(agent.id, &agent.name, agent.heartbeat_timeout_ms, self.now);
        self.log(sweep, Some(run.record.number), &entry)?;
        run.attempted = sweep.change;
        if before > 0 {
            self.mark(run, count_alone)?;
            self.keep(sweep, run)?;
        }
        self.save(sweep, run, before)?;
        self.sql(
            "INSERT INTO attempts (run, attempt, agent, started_ms, state, rows)
             VALUES (?1, ?2, ?3, ?4, 'running', 0)",
        )?
        .execute(params![run.key, run.record.attempt, bounded(agent.id.0), self.now])?;
        Ok(())
    }

    /// Changes what the rows of earlier attempts are to the newest one.
    fn mark<T>(&self, run: &Run, rule: impl FnOnce(&mut [Earlier]) -> T) -> Outcome<T> {
        let known = self.earlier(run)?;
        let mut marked = known.clone();
        let answer = rule(&mut marked);
        for (now, _) in marked.iter().zip(&known).filter(|(now, known)| now != known) {
            self.change_one(
                "UPDATE attempts SET kept = ?3 WHERE run = ?1 AND attempt = ?2",
                params![run.key, now.number, now.kept.code()],
            )?;
        }
        Ok(answer)
    }

    /// The attempts before the newest one, in order.
    fn earlier(&self, run: &Run) -> Outcome<Vec<Earlier>> {
        let mut statement = self.sql(
            "SELECT attempt, rows, state = 'preempted' AND end_keeps IS 1, kept FROM attempts
             WHERE run = ?1 AND attempt < ?2 ORDER BY attempt",
        )?;
        let mut rows = statement.query(params![run.key, run.record.attempt])?;
        let mut earlier = Vec::new();
        while let Some(row) = rows.next()? {
            let code = row.get(3)?;
            let kept = Kept::of_code(code).ok_or_else(|| damaged("what counts of an attempt", code))?;
            earlier.push(Earlier { number: row.get(0)?, rows: row.get(1)?, is_announced: row.get(2)?, kept });
        }
        Ok(earlier)
    }

    /// Counts the rows of the earlier attempts that are kept, and ranks the run anew.
    fn keep(&self, sweep: &Sweep, run: &mut Run) -> Outcome<()> {
        let kept = self
            .sql("SELECT coalesce(sum(rows), 0) FROM attempts WHERE run = ?1 AND kept = 1 AND attempt < ?2")?
            .query_row(params![run.key, run.record.attempt], |row| row.get(0))?;
        if kept > 0 {
            run.record.kept = kept;
            let values = self.whole_curve(run, 0)?;
            run.record.keep(kept, &sweep.record.metrics, &values);
        }
        Ok(())
    }

    /// The program of the newest attempt goes on from the checkpoint of an earlier one.
    pub(super) fn resume(&self, sweep: &mut Sweep, lease: &Lease) -> Outcome<Reply> {
        let Some(mut run) = self.revived(sweep, lease)? else { return Ok(Reply::Lost) };
        let Some(from) = self.mark(&run, go_on)? else { return Ok(run.record.reply()) };
        self.log(sweep, Some(run.record.number), &run.record.continued(from))?;
        run.attempted = sweep.change;
        self.keep(sweep, &mut run)?;
        self.save(sweep, &run, run.record.attempt)?;
        Ok(run.record.reply())
    }

    /// Takes a run back that was given up.
    pub(super) fn come_back(&self, sweep: &mut Sweep, run: &mut Run) -> Outcome<()> {
        let entry = run.record.come_back();
        self.log(sweep, Some(run.record.number), &entry)?;
        self.save(sweep, run, run.record.attempt)?;
        self.change_one(
            "UPDATE attempts SET state = 'running', ended_ms = NULL WHERE run = ?1 AND attempt = ?2",
            params![run.key, run.record.attempt],
        )
    }

    /// Ends the attempt as its agent reports.
    pub(super) fn end(&self, sweep: &mut Sweep, run: &mut Run, end: &End) -> Outcome<()> {
        let ended = run.record.finish(&sweep.record, end, self.now);
        self.save_end(sweep, run, &ended)?;
        self.change_one(
            "UPDATE attempts SET end_state = ?3, end_code = ?4, end_message = ?5, end_keeps = ?6, end_failure = ?7
             WHERE run = ?1 AND attempt = ?2",
            params![
                run.key,
                run.record.attempt,
                end.state.as_str(),
                end.exit_code,
                end.message,
                end.keeps_rows,
                end.failure.map(Failure::as_str)
            ],
        )
    }

    /// Ends the attempt because its agent is gone, as it seems.
    pub(super) fn give_up(&self, sweep: &mut Sweep, run: &mut Run, why: String) -> Outcome<()> {
        let ended = run.record.give_up(&sweep.record, why, self.now);
        self.save_end(sweep, run, &ended)
    }

    /// Saves a run whose attempt had ended before.
    pub(super) fn save_again(&self, sweep: &mut Sweep, run: &Run, ended: &Ended) -> Outcome<()> {
        for entry in &ended.log {
            self.log(sweep, Some(run.record.number), entry)?;
        }
        self.save(sweep, run, run.record.attempt)
    }

    pub(super) fn save_end(&self, sweep: &mut Sweep, run: &Run, ended: &Ended) -> Outcome<()> {
        self.save_again(sweep, run, ended)?;
        self.change_one(
            "UPDATE attempts SET ended_ms = ?3, state = ?4, rows = ?5, kept = ?6 WHERE run = ?1 AND attempt = ?2",
            params![
                run.key,
                run.record.attempt,
                self.now,
                ended.state.as_str(),
                run.record.rows,
                ended.keeps_rows
            ],
        )
    }

    /// Whether the agent of this attempt has given this very end before.
    pub(super) fn has_ended_so(&self, run: &Run, attempt: u64, end: &End) -> Outcome<bool> {
        Ok(self
            .sql(
                "SELECT end_state IS ?3 AND end_code IS ?4 AND end_message IS ?5 AND end_keeps IS ?6 AND end_failure IS ?7
                 FROM attempts
                 WHERE run = ?1 AND attempt = ?2",
            )?
            .query_row(
                params![
                    run.key,
                    bounded(attempt),
                    end.state.as_str(),
                    end.exit_code,
                    end.message,
                    end.keeps_rows,
                    end.failure.map(Failure::as_str)
                ],
                |row| row.get(0),
            )
            .optional()?
            .unwrap_or(false))
    }

    /// All attempts of a run.
    pub(super) fn attempts(&self, sweep: &Sweep, number: RunNumber) -> Outcome<Vec<Attempt>> {
        let run = self.run(sweep, number)?;
        let mut statement = self.sql(
            "SELECT a.attempt, g.name, a.started_ms, a.ended_ms, a.state, a.rows, a.kept = 1 AS kept
             FROM attempts a JOIN agents g ON g.key = a.agent WHERE a.run = ?1 ORDER BY a.attempt",
        )?;
        let mut rows = statement.query([run.key])?;
        let mut attempts = Vec::new();
        while let Some(row) = rows.next()? {
            let number = row.get("attempt")?;
            attempts.push(Attempt {
                number,
                agent: row.get("name")?,
                started_ms: row.get("started_ms")?,
                ended_ms: row.get("ended_ms")?,
                state: state(text(row, "state")?)?,
                rows: if number == run.record.attempt { run.record.rows } else { row.get("rows")? },
                kept: row.get("kept")?,
            });
        }
        Ok(attempts)
    }

    /// Sees an agent off, and gives up every run that it holds.
    pub(super) fn see_off(&self, sweep: &mut Sweep, agent: &Agent) -> Outcome<()> {
        for number in self.numbers_in(sweep, &[RunState::Running])? {
            let mut run = self.run(sweep, number)?;
            if run.record.agent == Some(agent.id) {
                self.give_up(sweep, &mut run, "its agent left".to_owned())?;
            }
        }
        self.mark_gone(agent.id)
    }
}

//! Attempts: handing a run out, and everything that ends an attempt or brings it back.

use besom_core::{Failure, RunNumber, RunState};
use besom_store::rules::{Earlier, Ended, Kept, count_alone, go_on};
use besom_store::{AgentId, Attempt, End, Lease, Reply};

use crate::agents::Agent;
use crate::columns::{bounded, clean_or_null, number, unsigned, value};
use crate::fault::{Fault, Outcome, damaged};
use crate::runs::{Run, SAME, Saved, state};
use crate::sweeps::Sweep;
use crate::together::{CHANGE, Together, one_each};
use crate::tx::{Lock, Tx};

impl Tx<'_> {
    /// Hands a run out: a new attempt begins.
    pub(crate) fn hand_out(&mut self, sweep: &Sweep, run: &mut Run, agent: &Agent) -> Outcome<()> {
        let before = run.record.attempt;
        let entry = run.record.hand_out(agent.id, &agent.name, agent.heartbeat_timeout_ms, self.now);
        let change = self.log_change(sweep, Some(run.record.number), &entry)?;
        run.attempted = unsigned(change);
        if before > 0 {
            self.mark(run, count_alone)?;
            self.keep(sweep, run)?;
        }
        self.save(run, before, change)?;
        self.execute(
            "INSERT INTO attempts (run, attempt, agent, started_ms, state) VALUES ($1, $2, $3, $4, 'running')",
            &[&run.key, &bounded(run.record.attempt), &bounded(agent.id.0), &bounded(self.now)],
        )?;
        Ok(())
    }

    /// Hands a run out for the first time, as the answer to a claim: what [`Self::hand_out`] and [`Self::store_answer`] do, at once.
    pub(crate) fn hand_out_first(
        &mut self,
        sweep: &Sweep,
        run: &mut Run,
        agent: &Agent,
        request: u64,
    ) -> Outcome<()> {
        let entry = run.record.hand_out(agent.id, &agent.name, agent.heartbeat_timeout_ms, self.now);
        let detail = self.detail(&entry)?;
        let saved = Saved::of(&run.record);
        let (number, attempt) = (bounded(run.record.number.get()), bounded(run.record.attempt));
        let (now, key, request) = (bounded(self.now), bounded(agent.id.0), bounded(request));
        let together = Together::new()
            .and(
                &format!("INSERT INTO events (sweep, seq, at_ms, run, kind, detail) VALUES (?, {CHANGE}, ?, ?, ?, ?)"),
                &[&sweep.key, &now, &number, &entry.kind, &detail],
            )
            .and(
                &format!(
                    "UPDATE runs SET {}, attempted = {CHANGE}, change = {CHANGE} WHERE key = ? AND attempt = 0",
                    Saved::SET
                ),
                &[&saved.parameters()[..], &[&run.key]].concat(),
            )
            .and(
                "INSERT INTO attempts (run, attempt, agent, started_ms, state) VALUES (?, ?, ?, ?, 'running')",
                &[&run.key, &attempt, &key, &now],
            )
            .and(
                "UPDATE agents SET request = ?, answer_run = ?, answer_attempt = ?, seen_ms = ?, gone = false
                 WHERE key = ? AND request < ?",
                &[&request, &number, &attempt, &now, &key, &request],
            );
        let (change, written) = self.write_together(&together)?;
        if written.last() == Some(&0) {
            // Another connection has answered the same agent meanwhile: see `store_answer`.
            return Err(Fault::Again(Lock::Shared));
        }
        one_each(&written)?;
        run.attempted = unsigned(change);
        Ok(())
    }

    /// Changes what the rows of earlier attempts are to the newest one.
    fn mark<T>(&mut self, run: &Run, rule: impl FnOnce(&mut [Earlier]) -> T) -> Outcome<T> {
        let known = self.earlier(run)?;
        let mut marked = known.clone();
        let answer = rule(&mut marked);
        for (now, _) in marked.iter().zip(&known).filter(|(now, known)| now != known) {
            let is = |kept: Kept| now.kept == kept;
            self.change_one(
                "UPDATE attempts SET kept = $3, kept_before = $4 WHERE run = $1 AND attempt = $2",
                &[&run.key, &bounded(now.number), &is(Kept::Now), &is(Kept::Before)],
            )?;
        }
        Ok(answer)
    }

    /// The attempts before the newest one, in order.
    fn earlier(&mut self, run: &Run) -> Outcome<Vec<Earlier>> {
        let rows = self.query(
            "SELECT attempt, rows, state = 'preempted' AND coalesce(end_keeps, false), kept, kept_before FROM attempts
             WHERE run = $1 AND attempt < $2 ORDER BY attempt",
            &[&run.key, &bounded(run.record.attempt)],
        )?;
        let earlier = |row: &postgres::Row| {
            let kept = match (value(row, 3)?, value(row, 4)?) {
                (true, _) => Kept::Now,
                (false, true) => Kept::Before,
                (false, false) => Kept::No,
            };
            Ok(Earlier { number: number(row, 0)?, rows: number(row, 1)?, is_announced: value(row, 2)?, kept })
        };
        rows.iter().map(earlier).collect()
    }

    /// Counts the rows of the earlier attempts that are kept, and ranks the run anew.
    fn keep(&mut self, sweep: &Sweep, run: &mut Run) -> Outcome<()> {
        let row = self.query_one(
            "SELECT coalesce(sum(rows), 0)::bigint FROM attempts WHERE run = $1 AND kept AND attempt < $2",
            &[&run.key, &bounded(run.record.attempt)],
        )?;
        let kept = number(&row, 0)?;
        if kept > 0 {
            run.record.kept = kept;
            let values = self.whole_curve(run, 0)?;
            run.record.keep(kept, &sweep.record.metrics, &values);
        }
        Ok(())
    }

    /// The program of the newest attempt goes on from the checkpoint of an earlier one.
    pub(crate) fn resume(&mut self, sweep: &Sweep, lease: &Lease) -> Outcome<Reply> {
        let Some(mut run) = self.revived(sweep, lease)? else { return Ok(Reply::Lost) };
        let Some(from) = self.mark(&run, go_on)? else { return Ok(run.record.reply()) };
        let change = self.log_change(sweep, Some(run.record.number), &run.record.continued(from))?;
        run.attempted = unsigned(change);
        self.keep(sweep, &mut run)?;
        self.save(&run, run.record.attempt, change)?;
        Ok(run.record.reply())
    }

    /// Takes a run back that was given up.
    pub(crate) fn come_back(&mut self, sweep: &Sweep, run: &mut Run) -> Outcome<()> {
        let entry = run.record.come_back();
        let change = self.log_change(sweep, Some(run.record.number), &entry)?;
        self.save(run, run.record.attempt, change)?;
        self.change_one(
            "UPDATE attempts SET state = 'running', ended_ms = NULL WHERE run = $1 AND attempt = $2",
            &[&run.key, &bounded(run.record.attempt)],
        )
    }

    /// Ends the attempt as its agent reports.
    pub(crate) fn end(&mut self, sweep: &Sweep, run: &mut Run, end: &End) -> Outcome<()> {
        let ended = run.record.finish(&sweep.record, end, self.now);
        self.save_end(sweep, run, &ended)?;
        self.change_one(
            "UPDATE attempts SET end_state = $3, end_code = $4, end_message = $5, end_keeps = $6, end_failure = $7
             WHERE run = $1 AND attempt = $2",
            &[
                &run.key,
                &bounded(run.record.attempt),
                &end.state.as_str(),
                &end.exit_code.map(i64::from),
                &clean_or_null(end.message.as_deref()),
                &end.keeps_rows,
                &end.failure.map(Failure::as_str),
            ],
        )
    }

    /// Ends the attempt of a running run as its agent reports, and notes the sign of life: what [`Self::keep_alive`] and [`Self::end`]
    /// do, at once.
    pub(crate) fn end_running(
        &mut self,
        sweep: &Sweep,
        run: &mut Run,
        agent: AgentId,
        end: &End,
    ) -> Outcome<()> {
        run.record.beat += 1;
        let ended = run.record.finish(&sweep.record, end, self.now);
        let Some((entry, rest)) = ended.log.split_first() else {
            return Err(damaged("the log of an end", "empty"));
        };
        let (detail, saved) = (self.detail(entry)?, Saved::of(&run.record));
        let (number, attempt) = (bounded(run.record.number.get()), bounded(run.record.attempt));
        let (now, key, rows) = (bounded(self.now), bounded(agent.0), bounded(run.record.rows));
        let (code, message) = (end.exit_code.map(i64::from), clean_or_null(end.message.as_deref()));
        let (state, failure) = (ended.state.as_str(), end.failure.map(Failure::as_str));
        let end_state = end.state.as_str();
        let together = Together::new()
            .and(
                &format!("INSERT INTO events (sweep, seq, at_ms, run, kind, detail) VALUES (?, {CHANGE}, ?, ?, ?, ?)"),
                &[&sweep.key, &now, &number, &entry.kind, &detail],
            )
            .and(
                &format!("UPDATE runs SET {}, change = {CHANGE} WHERE {SAME}", Saved::SET),
                &[&saved.parameters()[..], &[&run.key, &attempt]].concat(),
            )
            .and(
                "UPDATE attempts SET ended_ms = ?, state = ?, rows = ?, kept = ?, end_state = ?, end_code = ?, end_message = ?,
                   end_keeps = ?, end_failure = ? WHERE run = ? AND attempt = ?",
                &[
                    &now,
                    &state,
                    &rows,
                    &ended.keeps_rows,
                    &end_state,
                    &code,
                    &message,
                    &end.keeps_rows,
                    &failure,
                    &run.key,
                    &attempt,
                ],
            )
            .and("UPDATE agents SET seen_ms = ?, gone = false WHERE key = ?", &[&now, &key]);
        let (_, written) = self.write_together(&together)?;
        one_each(&written)?;
        let mut last = None;
        for entry in rest {
            last = Some(self.log_change(sweep, Some(run.record.number), entry)?);
        }
        // The run has changed with the last of its events.
        last.map_or(Ok(()), |change| self.save(run, run.record.attempt, change))
    }

    /// Ends the attempt because its agent is gone, as it seems.
    pub(crate) fn give_up(&mut self, sweep: &Sweep, run: &mut Run, why: String) -> Outcome<()> {
        let ended = run.record.give_up(&sweep.record, why, self.now);
        self.save_end(sweep, run, &ended)
    }

    /// Saves a run whose attempt had ended before.
    pub(crate) fn save_again(&mut self, sweep: &Sweep, run: &Run, ended: &Ended) -> Outcome<()> {
        let mut change = 0;
        for entry in &ended.log {
            change = self.log_change(sweep, Some(run.record.number), entry)?;
        }
        self.save(run, run.record.attempt, change)
    }

    pub(crate) fn save_end(&mut self, sweep: &Sweep, run: &Run, ended: &Ended) -> Outcome<()> {
        self.save_again(sweep, run, ended)?;
        self.change_one(
            "UPDATE attempts SET ended_ms = $3, state = $4, rows = $5, kept = $6 WHERE run = $1 AND attempt = $2",
            &[
                &run.key,
                &bounded(run.record.attempt),
                &bounded(self.now),
                &ended.state.as_str(),
                &bounded(run.record.rows),
                &ended.keeps_rows,
            ],
        )
    }

    /// Whether the agent of this attempt has given this very end before.
    pub(crate) fn has_ended_so(&mut self, run: &Run, attempt: u64, end: &End) -> Outcome<bool> {
        let row = self.query_opt(
            "SELECT end_state IS NOT DISTINCT FROM $3 AND end_code IS NOT DISTINCT FROM $4
               AND end_message IS NOT DISTINCT FROM $5 AND end_keeps IS NOT DISTINCT FROM $6
               AND end_failure IS NOT DISTINCT FROM $7
             FROM attempts WHERE run = $1 AND attempt = $2",
            &[
                &run.key,
                &bounded(attempt),
                &end.state.as_str(),
                &end.exit_code.map(i64::from),
                &clean_or_null(end.message.as_deref()),
                &end.keeps_rows,
                &end.failure.map(Failure::as_str),
            ],
        )?;
        row.map_or(Ok(false), |row| value(&row, 0))
    }

    /// All attempts of a run.
    pub(crate) fn attempts(&mut self, sweep: &Sweep, number: RunNumber) -> Outcome<Vec<Attempt>> {
        let run = self.run(sweep, number)?;
        let rows = self.query(
            "SELECT a.attempt, g.name, a.started_ms, a.ended_ms, a.state, a.rows, a.kept
             FROM attempts a JOIN agents g ON g.key = a.agent WHERE a.run = $1 ORDER BY a.attempt",
            &[&run.key],
        )?;
        let attempt = |row: &postgres::Row| {
            let place = crate::columns::number(row, 0)?;
            let mut attempt = Attempt::new(place, value::<String>(row, 1)?, crate::columns::number(row, 2)?);
            attempt.ended_ms = value::<Option<i64>>(row, 3)?.map(unsigned);
            attempt.state = state(value(row, 4)?)?;
            let is_newest = place == run.record.attempt;
            attempt.rows = if is_newest { run.record.rows } else { crate::columns::number(row, 5)? };
            attempt.kept = value(row, 6)?;
            Ok(attempt)
        };
        rows.iter().map(attempt).collect()
    }

    /// Sees an agent off, and gives up every run that it holds.
    pub(crate) fn see_off(&mut self, sweep: &Sweep, agent: &Agent) -> Outcome<()> {
        for number in self.numbers_in(sweep, &[RunState::Running])? {
            let mut run = self.run(sweep, number)?;
            if run.record.agent == Some(agent.id) {
                self.give_up(sweep, &mut run, "its agent left".to_owned())?;
            }
        }
        self.mark_gone(agent.id)
    }
}

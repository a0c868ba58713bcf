//! Runs: the row of one, adding them, asking them to end, trying them again.

use std::collections::BTreeSet;

use besom_core::{Failure, RunNumber, RunState};
use rusqlite::{Row, params};

use super::columns::columns;
use super::events::object;
use super::fault::{Outcome, damaged};
use super::sweeps::Sweep;
use super::{Tx, bounded};
use crate::rules::{LogEntry, RunRecord, StopRequest};
use crate::{Added, AgentId, HeldRun, Lease, NewRun, Seen, StopKind, StoreError};

/// A run with what only this store knows of it.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) key: i64,
    pub(super) record: RunRecord,
    pub(super) created_ms: u64,
    /// The changes by which it was added, and by which its newest attempt began.
    pub(super) added: u64,
    pub(super) attempted: u64,
}

columns! {
    /// The columns of [`Run`] in the table `runs r`, to be read by [`run`].
    RunColumn: r.key, r.number, r.state, r.attempt, r.agent, r.given_up, r.beat, r.heartbeat_timeout_ms, r.rows, r.kept, r.loss,
    r.last, r.stop_kind, r.stop_reason, r.message, r.exit_code, r.failure, r.crashes, r.failures, r.fruitless, r.due_ms,
    r.created_ms, r.started_ms,
    r.ended_ms, r.added, r.attempted
}

impl Tx<'_> {
    /// A run that must be there.
    pub(super) fn run(&self, sweep: &Sweep, number: RunNumber) -> Outcome<Run> {
        let columns = RunColumn::SQL;
        let mut statement =
            self.sql(&format!("SELECT {columns} FROM runs r WHERE r.sweep = ?1 AND r.number = ?2"))?;
        let mut rows = statement.query(params![sweep.key, bounded(number.get())])?;
        match rows.next()? {
            Some(row) => run(row),
            None => Err(StoreError::NoRun { sweep: sweep.record.id.clone(), run: number }.into()),
        }
    }

    /// Saves a run that was at `attempt` when it was read, as changed by the newest change.
    pub(super) fn save(&self, sweep: &Sweep, run: &Run, attempt: u64) -> Outcome<()> {
        self.save_loss(run)?;
        let record = &run.record;
        self.change_one(
            "UPDATE runs SET state = ?3, attempt = ?4, agent = ?5, given_up = ?6, beat = ?7, heartbeat_timeout_ms = ?8,
               rows = ?9, last = ?10, stop_kind = ?11, stop_reason = ?12, message = ?13, exit_code = ?14,
               crashes = ?15, failures = ?16, started_ms = ?17, ended_ms = ?18, attempted = ?19, change = ?20,
               fruitless = ?21, due_ms = ?22, kept = ?23, failure = ?24
             WHERE key = ?1 AND attempt = ?2",
            params![
                run.key,
                attempt,
                record.state.as_str(),
                record.attempt,
                record.agent.map(|agent| bounded(agent.0)),
                record.given_up,
                record.beat,
                record.heartbeat_timeout_ms,
                record.rows,
                record.last,
                record.stop.as_ref().map(|stop| stop.kind.as_str()),
                record.stop.as_ref().map(|stop| &stop.reason),
                record.message,
                record.exit_code,
                record.crashes,
                record.failures,
                record.started_ms,
                record.ended_ms,
                run.attempted,
                sweep.change,
                record.fruitless,
                record.due_ms,
                record.kept,
                record.failure.map(Failure::as_str)
            ],
        )
    }

    /// Saves by what a run is ranked, if that is news: setting a column writes the indexes that have it, even if it stays
    /// the same.
    pub(super) fn save_loss(&self, run: &Run) -> Outcome<()> {
        let rank = rank(run.record.loss, run.record.state);
        self.sql("UPDATE runs SET loss = ?2, rank = ?3 WHERE key = ?1 AND (loss IS NOT ?2 OR rank <> ?3)")?
            .execute(params![run.key, run.record.loss, rank])?;
        Ok(())
    }

    /// Numbers of the runs in these states, in order.
    pub(super) fn numbers_in(&self, sweep: &Sweep, states: &[RunState]) -> Outcome<Vec<RunNumber>> {
        let mut numbers = Vec::new();
        for state in states {
            let mut statement = self.sql("SELECT number FROM runs WHERE sweep = ?1 AND state = ?2")?;
            let found =
                statement.query_map(params![sweep.key, state.as_str()], |row| row.get::<_, u64>(0))?;
            for number in found {
                numbers.extend(RunNumber::new(number?));
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Adds runs by compare-and-set on the next number.
    pub(super) fn add_runs(
        &self,
        sweep: &mut Sweep,
        first: RunNumber,
        runs: &[NewRun],
        seen: Option<&Seen>,
    ) -> Outcome<Added> {
        let count = match sweep.record.admit(first, runs.len()) {
            Ok(count) => count,
            Err(refused) => return Ok(refused),
        };
        let seen = seen.map(serde_json::to_string).transpose();
        let seen = seen.map_err(|error| damaged("what was seen", error))?;
        for (offset, run) in runs[..count].iter().enumerate() {
            self.add_run(sweep, first.plus(offset), run, seen.as_deref())?;
        }
        sweep.record.runs += count as u64;
        Ok(Added::Added(count))
    }

    fn add_run(&self, sweep: &mut Sweep, number: RunNumber, new: &NewRun, seen: Option<&str>) -> Outcome<()> {
        self.log(sweep, Some(number), &LogEntry::added())?;
        let RunRecord {
            state, attempt, given_up, beat, heartbeat_timeout_ms, rows, crashes, failures, ..
        } = RunRecord::new(number);
        self.sql(
            "INSERT INTO runs (sweep, number, state, attempt, given_up, beat, heartbeat_timeout_ms, rows, crashes, failures,
               created_ms, added, attempted, change)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, ?12)",
        )?
        .execute(params![
            sweep.key,
            number.get(),
            state.as_str(),
            attempt,
            given_up,
            beat,
            heartbeat_timeout_ms,
            rows,
            crashes,
            failures,
            self.now,
            sweep.change
        ])?;
        self.sql("INSERT INTO points (run, point, note, seen) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            self.conn.last_insert_rowid(),
            serde_json::to_string(&new.point).map_err(|error| damaged("a point", error))?,
            serde_json::to_string(&new.note).map_err(|error| damaged("a note", error))?,
            seen
        ])?;
        Ok(())
    }

    /// What a run was suggested from.
    pub(super) fn seen(&self, sweep: &Sweep, number: RunNumber) -> Outcome<Option<Seen>> {
        let run = self.run(sweep, number)?;
        let text: Option<String> =
            self.sql("SELECT seen FROM points WHERE run = ?1")?.query_row([run.key], |row| row.get(0))?;
        let parsed = text.as_deref().map(serde_json::from_str).transpose();
        parsed.map_err(|_| damaged("what a run was suggested from", text))
    }

    /// Asks a run to end, or ends it if no agent works on it. Returns whether that changed anything.
    pub(super) fn request_stop(
        &self,
        sweep: &mut Sweep,
        number: RunNumber,
        reason: &str,
        kind: StopKind,
    ) -> Outcome<bool> {
        let mut run = self.run(sweep, number)?;
        let Some(entry) = run.record.request_stop(kind, reason, self.now) else { return Ok(false) };
        self.log(sweep, Some(number), &entry)?;
        self.save(sweep, &run, run.record.attempt)?;
        Ok(true)
    }

    /// Makes ended runs pending again, and a finished sweep running.
    pub(super) fn retry(&self, sweep: &mut Sweep, states: &[RunState]) -> Outcome<u64> {
        let is_chosen = |state: &RunState| !state.is_open() && states.contains(state);
        let ended: Vec<RunState> = RunState::ALL.into_iter().filter(is_chosen).collect();
        let numbers = self.numbers_in(sweep, &ended)?;
        self.retry_ended(sweep, &numbers)
    }

    /// The same of these runs.
    pub(super) fn retry_runs(&self, sweep: &mut Sweep, numbers: &[RunNumber]) -> Outcome<u64> {
        let mut ended = BTreeSet::new();
        for &number in numbers {
            if !self.run(sweep, number)?.record.state.is_open() {
                ended.insert(number);
            }
        }
        self.retry_ended(sweep, &Vec::from_iter(ended))
    }

    fn retry_ended(&self, sweep: &mut Sweep, numbers: &[RunNumber]) -> Outcome<u64> {
        if numbers.is_empty() {
            return Ok(0);
        }
        if let Some(entry) = sweep.record.reopen(self.now)? {
            self.log(sweep, None, &entry)?;
        }
        for &number in numbers {
            let mut run = self.run(sweep, number)?;
            let entry = run.record.retry();
            self.log(sweep, Some(number), &entry)?;
            self.save(sweep, &run, run.record.attempt)?;
        }
        Ok(numbers.len() as u64)
    }

    /// The runs that an agent holds.
    pub(super) fn held(&self, id: AgentId) -> Outcome<Vec<HeldRun>> {
        let agent = self.agent(id)?;
        self.running(&self.sweep_of(agent.sweep)?, |run| run.agent == Some(id))
    }

    /// The running runs that are chosen.
    pub(super) fn running(
        &self,
        sweep: &Sweep,
        choose: impl Fn(&RunRecord) -> bool,
    ) -> Outcome<Vec<HeldRun>> {
        let columns = RunColumn::SQL;
        let mut statement = self.sql(&format!(
            "SELECT {columns} FROM runs r WHERE r.sweep = ?1 AND r.state = 'running' ORDER BY r.number"
        ))?;
        let mut rows = statement.query([sweep.key])?;
        let mut held = Vec::new();
        while let Some(row) = rows.next()? {
            let run = run(row)?;
            if choose(&run.record) {
                let RunRecord { rows, beat, heartbeat_timeout_ms, .. } = run.record;
                held.push(HeldRun { lease: lease(sweep, &run), rows, beat, heartbeat_timeout_ms });
            }
        }
        Ok(held)
    }
}

/// What a query selects after [`RunColumn::SQL`] from `points p`, to be read by [`point_and_note`].
pub(super) const POINT_AND_NOTE: &str = "p.point, p.note";

/// Reads the two columns after those of a run.
pub(super) fn point_and_note(row: &Row<'_>) -> Outcome<NewRun> {
    let text = |column: usize| -> rusqlite::Result<&str> { Ok(row.get_ref(column)?.as_str()?) };
    let (point, note) = (text(RunColumn::COUNT)?, text(RunColumn::COUNT + 1)?);
    Ok(NewRun { point: object(point)?, note: object(note)? })
}

/// The lease of the newest attempt of a run.
pub(super) fn lease(sweep: &Sweep, run: &Run) -> Lease {
    Lease { sweep: sweep.record.id.clone(), run: run.record.number, attempt: run.record.attempt }
}

/// The state of this stored name.
pub(super) fn state(name: &str) -> Outcome<RunState> {
    name.parse().map_err(|_| damaged("the state of a run", name))
}

/// Reads a run from what [`RunColumn::SQL`] has selected.
pub(super) fn run(row: &Row<'_>) -> Outcome<Run> {
    use RunColumn as C;
    let number = C::number.get(row)?;
    let record = RunRecord {
        number: RunNumber::new(number).ok_or_else(|| damaged("the number of a run", number))?,
        state: state(C::state.text(row)?)?,
        attempt: C::attempt.get(row)?,
        agent: C::agent.get::<Option<u64>>(row)?.map(AgentId),
        given_up: C::given_up.get(row)?,
        beat: C::beat.get(row)?,
        heartbeat_timeout_ms: C::heartbeat_timeout_ms.get(row)?,
        rows: C::rows.get(row)?,
        kept: C::kept.get(row)?,
        loss: C::loss.get(row)?,
        last: C::last.get(row)?,
        stop: stop(row)?,
        message: C::message.get(row)?,
        exit_code: C::exit_code.get(row)?,
        failure: failure(row)?,
        crashes: C::crashes.get(row)?,
        failures: C::failures.get(row)?,
        fruitless: C::fruitless.get(row)?,
        due_ms: C::due_ms.get(row)?,
        started_ms: C::started_ms.get(row)?,
        ended_ms: C::ended_ms.get(row)?,
    };
    Ok(Run {
        key: C::key.get(row)?,
        record,
        created_ms: C::created_ms.get(row)?,
        added: C::added.get(row)?,
        attempted: C::attempted.get(row)?,
    })
}

fn failure(row: &Row<'_>) -> Outcome<Option<Failure>> {
    let Some(name) = RunColumn::failure.text_or_null(row)? else { return Ok(None) };
    name.parse().map(Some).map_err(|_| damaged("the kind of a failure", name))
}

fn stop(row: &Row<'_>) -> Outcome<Option<StopRequest>> {
    let Some(name) = RunColumn::stop_kind.text_or_null(row)? else { return Ok(None) };
    let kind = name.parse().map_err(|_| damaged("the kind of a stop", name))?;
    let reason = RunColumn::stop_reason.get::<Option<String>>(row)?.unwrap_or_default();
    Ok(Some(StopRequest { kind, reason }))
}

/// The group of a run for the best run, as in `schema.sql`.
fn rank(loss: Option<f64>, state: RunState) -> u32 {
    match (loss, state) {
        (None, _) => 3,
        (_, state) if state.can_be_best() => 0,
        (_, state) if !state.is_open() => 1,
        _ => 2,
    }
}

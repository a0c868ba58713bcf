//! Runs: the row of one, adding them, asking them to end, trying them again.

use std::borrow::Cow;
use std::collections::BTreeSet;

use besom_core::{Failure, RunNumber, RunState};
use besom_store::rules::{LogEntry, RunRecord, StopRequest};
use besom_store::{Added, AgentId, HeldRun, Lease, NewRun, Seen, StopKind, StoreError};
use postgres::Row;
use postgres::types::ToSql;

use crate::columns::{After, bounded, clean_or_null, columns, small, unsigned, value};
use crate::events::object;
use crate::fault::{Outcome, damaged};
use crate::sweeps::Sweep;
use crate::together::marked;
use crate::tx::Tx;

/// A run with what only this store knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) key: i64,
    pub(crate) record: RunRecord,
    pub(crate) created_ms: u64,
    /// The changes by which it was added, and by which its newest attempt began.
    pub(crate) added: u64,
    pub(crate) attempted: u64,
}

columns! {
    /// The columns of [`Run`] in the table `runs r`, to be read by [`run`].
    RunColumn: r.key, r.number, r.state, r.attempt, r.agent, r.given_up, r.beat, r.heartbeat_timeout_ms, r.rows, r.kept, r.loss,
    r.last, r.stop_kind, r.stop_reason, r.message, r.exit_code, r.failure, r.crashes, r.failures, r.fruitless, r.due_ms,
    r.created_ms, r.started_ms,
    r.ended_ms, r.added, r.attempted
}

impl Tx<'_> {
    /// A run that must be there, for reading.
    pub(crate) fn run(&mut self, sweep: &Sweep, number: RunNumber) -> Outcome<Run> {
        self.found_run(sweep, number, "")
    }

    /// A run that must be there, which nobody else changes until this transaction has ended.
    pub(crate) fn run_to_change(&mut self, sweep: &Sweep, number: RunNumber) -> Outcome<Run> {
        self.found_run(sweep, number, " FOR UPDATE")
    }

    fn found_run(&mut self, sweep: &Sweep, number: RunNumber, lock: &str) -> Outcome<Run> {
        let sql = format!("SELECT {} FROM runs r WHERE r.sweep = $1 AND r.number = $2{lock}", RunColumn::SQL);
        match self.query_opt(&sql, &[&sweep.key, &bounded(number.get())])? {
            Some(row) => run(&row),
            None => Err(StoreError::NoRun { sweep: sweep.record.id.clone(), run: number }.into()),
        }
    }

    /// Saves a run that was at `attempt` when it was read, as changed by this change.
    pub(crate) fn save(&mut self, run: &Run, attempt: u64, change: i64) -> Outcome<()> {
        let saved = Saved::of(&run.record);
        let (attempted, attempt) = (bounded(run.attempted), bounded(attempt));
        let more: [&(dyn ToSql + Sync); 4] = [&attempted, &change, &run.key, &attempt];
        let sql =
            marked(&format!("UPDATE runs SET {}, attempted = ?, change = ? WHERE {SAME}", Saved::SET), 0);
        self.change_one(&sql, &[&saved.parameters()[..], &more].concat())
    }

    /// Numbers of the runs in these states, in order.
    pub(crate) fn numbers_in(&mut self, sweep: &Sweep, states: &[RunState]) -> Outcome<Vec<RunNumber>> {
        let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        let rows = self.query(
            "SELECT number FROM runs WHERE sweep = $1 AND state = ANY($2) ORDER BY number",
            &[&sweep.key, &states],
        )?;
        rows.iter().map(|row| run_number(value(row, 0)?)).collect()
    }

    /// Adds runs by compare-and-set on the next number; at most as many as one transaction can number.
    pub(crate) fn add_runs(
        &mut self,
        sweep: &mut Sweep,
        first: RunNumber,
        runs: &[NewRun],
        seen: Option<&Seen>,
    ) -> Outcome<Added> {
        let count = match sweep.record.admit(first, runs.len()) {
            Ok(count) => count.min(usize::try_from(self.changes_left()).unwrap_or(usize::MAX)),
            Err(refused) => return Ok(refused),
        };
        if count == 0 {
            return Ok(Added::Added(0));
        }
        let seen = seen.map(serde_json::to_string).transpose();
        let seen = seen.map_err(|error| damaged("what was seen", error))?;
        let text = |object| serde_json::to_string(object).map_err(|error| damaged("a point", error));
        let points = runs[..count].iter().map(|run| text(&run.point)).collect::<Outcome<Vec<_>>>()?;
        let notes = runs[..count].iter().map(|run| text(&run.note)).collect::<Outcome<Vec<_>>>()?;
        let change = self.next_changes(count as u64)?;
        let (entry, now, first) = (LogEntry::added(), bounded(self.now), bounded(first.get()));
        let last = first + crate::columns::size(count) - 1;
        let detail = self.detail(&entry)?;
        self.execute(
            "INSERT INTO events (sweep, seq, at_ms, run, kind, detail)
             SELECT $1::bigint, $2::bigint + n - $3::bigint, $4::bigint, n, $5::text, $6::text
             FROM generate_series($3::bigint, $7::bigint) n",
            &[&sweep.key, &change, &first, &now, &entry.kind, &detail, &last],
        )?;
        self.execute(
            "WITH added AS (
               INSERT INTO runs (sweep, number, state, created_ms, added, change)
               SELECT $1::bigint, n, 'pending', $4::bigint, $2::bigint + n - $3::bigint, $2::bigint + n - $3::bigint
               FROM generate_series($3::bigint, $7::bigint) n RETURNING key, number)
             INSERT INTO points (run, point, note, seen)
             SELECT a.key, p.point, p.note, $8::text
             FROM unnest($5::text[], $6::text[]) WITH ORDINALITY p (point, note, place)
             JOIN added a ON a.number = $3::bigint + p.place - 1",
            &[&sweep.key, &change, &first, &now, &points, &notes, &last, &seen],
        )?;
        sweep.record.runs += count as u64;
        Ok(Added::Added(count))
    }

    /// What a run was suggested from.
    pub(crate) fn seen(&mut self, sweep: &Sweep, number: RunNumber) -> Outcome<Option<Seen>> {
        let run = self.run(sweep, number)?;
        let row = self.query_one("SELECT seen FROM points WHERE run = $1", &[&run.key])?;
        let text: Option<&str> = value(&row, 0)?;
        let parsed = text.map(serde_json::from_str).transpose();
        parsed.map_err(|_| damaged("what a run was suggested from", text))
    }

    /// Asks a run to end, or ends it if no agent works on it. Returns whether that changed anything.
    pub(crate) fn request_stop(
        &mut self,
        sweep: &mut Sweep,
        number: RunNumber,
        reason: &str,
        kind: StopKind,
    ) -> Outcome<bool> {
        let mut run = self.run(sweep, number)?;
        let Some(entry) = run.record.request_stop(kind, reason, self.now) else { return Ok(false) };
        let change = self.log_change(sweep, Some(number), &entry)?;
        self.save(&run, run.record.attempt, change)?;
        Ok(true)
    }

    /// Makes ended runs pending again, and a finished sweep running.
    pub(crate) fn retry(&mut self, sweep: &mut Sweep, states: &[RunState]) -> Outcome<u64> {
        let is_chosen = |state: &RunState| !state.is_open() && states.contains(state);
        let ended: Vec<RunState> = RunState::ALL.into_iter().filter(is_chosen).collect();
        let numbers = self.numbers_in(sweep, &ended)?;
        self.retry_ended(sweep, &numbers)
    }

    /// The same of these runs.
    pub(crate) fn retry_runs(&mut self, sweep: &mut Sweep, numbers: &[RunNumber]) -> Outcome<u64> {
        let mut ended = BTreeSet::new();
        for &number in numbers {
            if !self.run(sweep, number)?.record.state.is_open() {
                ended.insert(number);
            }
        }
        self.retry_ended(sweep, &Vec::from_iter(ended))
    }

    fn retry_ended(&mut self, sweep: &mut Sweep, numbers: &[RunNumber]) -> Outcome<u64> {
        if numbers.is_empty() {
            return Ok(0);
        }
        if let Some(entry) = sweep.record.reopen(self.now)? {
            self.log(sweep, None, &entry)?;
        }
        for &number in numbers {
            let mut run = self.run(sweep, number)?;
            let entry = run.record.retry();
            let change = self.log_change(sweep, Some(number), &entry)?;
            self.save(&run, run.record.attempt, change)?;
        }
        Ok(numbers.len() as u64)
    }

    /// The runs that an agent holds.
    pub(crate) fn held(&mut self, id: AgentId) -> Outcome<Vec<HeldRun>> {
        let agent = self.agent(id)?;
        let sweep =
            self.sweep_of(agent.sweep)?.ok_or_else(|| damaged("the sweep of an agent", agent.sweep))?;
        self.running(&sweep, |run| run.agent == Some(id))
    }

    /// The running runs that are chosen.
    pub(crate) fn running(
        &mut self,
        sweep: &Sweep,
        choose: impl Fn(&RunRecord) -> bool,
    ) -> Outcome<Vec<HeldRun>> {
        let sql = format!(
            "SELECT {} FROM runs r WHERE r.sweep = $1 AND r.state = 'running' ORDER BY r.number",
            RunColumn::SQL
        );
        let mut held = Vec::new();
        for row in self.query(&sql, &[&sweep.key])? {
            let run = run(&row)?;
            if choose(&run.record) {
                let RunRecord { rows, beat, heartbeat_timeout_ms, .. } = run.record;
                held.push(HeldRun::new(lease(sweep, &run), rows).beat(beat, heartbeat_timeout_ms));
            }
        }
        Ok(held)
    }
}

/// The row of a run that is at the attempt at which it was read: its key, and that.
pub(crate) const SAME: &str = "key = ? AND attempt = ?";

/// What is saved of a run with each of its changes.
pub(crate) struct Saved<'a> {
    state: &'static str,
    attempt: i64,
    agent: Option<i64>,
    given_up: bool,
    beat: i64,
    heartbeat_timeout_ms: i64,
    rows: i64,
    kept: i64,
    loss: Option<f64>,
    last: Option<f64>,
    stop_kind: Option<&'static str>,
    stop_reason: Option<Cow<'a, str>>,
    message: Option<Cow<'a, str>>,
    exit_code: Option<i64>,
    failure: Option<&'static str>,
    crashes: i64,
    failures: i64,
    fruitless: i64,
    due_ms: Option<i64>,
    started_ms: Option<i64>,
    ended_ms: Option<i64>,
    rank: i64,
}

impl<'a> Saved<'a> {
    /// The columns, in the order of [`Self::parameters`].
    pub(crate) const SET: &'static str = "state = ?, attempt = ?, agent = ?, given_up = ?, beat = ?, heartbeat_timeout_ms = ?, rows = ?,
        kept = ?, loss = ?, last = ?, stop_kind = ?, stop_reason = ?, message = ?, exit_code = ?, failure = ?, crashes = ?,
        failures = ?, fruitless = ?, due_ms = ?, started_ms = ?, ended_ms = ?, rank = ?";

    pub(crate) fn of(record: &'a RunRecord) -> Self {
        Self {
            state: record.state.as_str(),
            attempt: bounded(record.attempt),
            agent: record.agent.map(|agent| bounded(agent.0)),
            given_up: record.given_up,
            beat: bounded(record.beat),
            heartbeat_timeout_ms: bounded(record.heartbeat_timeout_ms),
            rows: bounded(record.rows),
            kept: bounded(record.kept),
            loss: record.loss,
            last: record.last,
            stop_kind: record.stop.as_ref().map(|stop| stop.kind.as_str()),
            stop_reason: clean_or_null(record.stop.as_ref().map(|stop| stop.reason.as_str())),
            message: clean_or_null(record.message.as_deref()),
            exit_code: record.exit_code.map(i64::from),
            failure: record.failure.map(Failure::as_str),
            crashes: i64::from(record.crashes),
            failures: i64::from(record.failures),
            fruitless: i64::from(record.fruitless),
            due_ms: record.due_ms.map(bounded),
            started_ms: record.started_ms.map(bounded),
            ended_ms: record.ended_ms.map(bounded),
            rank: rank(record.loss, record.state),
        }
    }

    pub(crate) fn parameters(&self) -> [&(dyn ToSql + Sync); 22] {
        [
            &self.state,
            &self.attempt,
            &self.agent,
            &self.given_up,
            &self.beat,
            &self.heartbeat_timeout_ms,
            &self.rows,
            &self.kept,
            &self.loss,
            &self.last,
            &self.stop_kind,
            &self.stop_reason,
            &self.message,
            &self.exit_code,
            &self.failure,
            &self.crashes,
            &self.failures,
            &self.fruitless,
            &self.due_ms,
            &self.started_ms,
            &self.ended_ms,
            &self.rank,
        ]
    }
}

/// Reads point and note, which a query selects after the columns of a run.
pub(crate) fn point_and_note(row: &Row) -> Outcome<NewRun> {
    let (point, note) = (value(row, RunColumn::COUNT)?, value(row, RunColumn::COUNT + 1)?);
    Ok(NewRun::new(object(point)?).note(object(note)?))
}

/// The lease of the newest attempt of a run.
pub(crate) fn lease(sweep: &Sweep, run: &Run) -> Lease {
    Lease { sweep: sweep.record.id.clone(), run: run.record.number, attempt: run.record.attempt }
}

/// The state of this stored name.
pub(crate) fn state(name: &str) -> Outcome<RunState> {
    name.parse().map_err(|_| damaged("the state of a run", name))
}

/// A stored number of a run.
pub(crate) fn run_number(number: i64) -> Outcome<RunNumber> {
    RunNumber::new(unsigned(number)).ok_or_else(|| damaged("the number of a run", number))
}

/// Reads a run from what [`RunColumn::SQL`] has selected.
pub(crate) fn run(row: &Row) -> Outcome<Run> {
    run_after(After(row, 0))
}

/// As [`run`], after other columns.
pub(crate) fn run_after(row: After<'_>) -> Outcome<Run> {
    use RunColumn as C;
    let mut record = RunRecord::new(run_number(C::number.get(row)?)?);
    record.state = state(C::state.get(row)?)?;
    record.attempt = C::attempt.number(row)?;
    record.agent = C::agent.number_or_null(row)?.map(AgentId);
    record.given_up = C::given_up.get(row)?;
    record.beat = C::beat.number(row)?;
    record.heartbeat_timeout_ms = C::heartbeat_timeout_ms.number(row)?;
    record.rows = C::rows.number(row)?;
    record.kept = C::kept.number(row)?;
    record.loss = C::loss.get(row)?;
    record.last = C::last.get(row)?;
    record.stop = stop(row)?;
    record.message = C::message.get(row)?;
    let exit_code: Option<i64> = C::exit_code.get(row)?;
    record.exit_code = exit_code.and_then(|code| i32::try_from(code).ok());
    let failure = |name: &str| name.parse().map_err(|_| damaged("the kind of a failure", name));
    record.failure = C::failure.get::<Option<&str>>(row)?.map(failure).transpose()?;
    record.crashes = small(C::crashes.get(row)?);
    record.failures = small(C::failures.get(row)?);
    record.fruitless = small(C::fruitless.get(row)?);
    record.due_ms = C::due_ms.number_or_null(row)?;
    record.started_ms = C::started_ms.number_or_null(row)?;
    record.ended_ms = C::ended_ms.number_or_null(row)?;
    Ok(Run {
        key: C::key.get(row)?,
        record,
        created_ms: C::created_ms.number(row)?,
        added: C::added.number(row)?,
        attempted: C::attempted.number(row)?,
    })
}

fn stop(row: After<'_>) -> Outcome<Option<StopRequest>> {
    let Some(name) = RunColumn::stop_kind.get::<Option<&str>>(row)? else { return Ok(None) };
    let kind = name.parse().map_err(|_| damaged("the kind of a stop", name))?;
    let reason = RunColumn::stop_reason.get::<Option<String>>(row)?.unwrap_or_default();
    Ok(Some(StopRequest { kind, reason }))
}

/// The group of a run for the best run, as in `schema.sql`.
fn rank(loss: Option<f64>, state: RunState) -> i64 {
    match (loss, state) {
        (None, _) => 3,
        (_, state) if state.can_be_best() => 0,
        (_, state) if !state.is_open() => 1,
        _ => 2,
    }
}

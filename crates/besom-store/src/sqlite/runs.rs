//! Runs: the row of one, adding them, asking them to end, trying them again.

use besom_core::{RunNumber, RunState};
use rusqlite::{Row, params};
use serde_json::{Map, Value, json};

use super::Tx;
use super::fault::{Outcome, damaged};
use super::sweeps::Sweep;
use crate::{Added, AgentId, HeldRun, Lease, NewRun, StopKind, StoreError, SweepState};

/// What changes of a run.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) key: i64,
    pub(super) number: RunNumber,
    pub(super) state: RunState,
    pub(super) attempt: u64,
    pub(super) agent: Option<i64>,
    pub(super) given_up: bool,
    pub(super) seen_ms: u64,
    pub(super) silence_ms: u64,
    pub(super) rows: u64,
    /// The best value of the first metric as something to minimise.
    pub(super) loss: Option<f64>,
    pub(super) last: Option<f64>,
    pub(super) stop_kind: Option<StopKind>,
    pub(super) stop_reason: Option<String>,
    pub(super) message: Option<String>,
    pub(super) exit_code: Option<i32>,
    pub(super) crashes: u32,
    pub(super) failures: u32,
    pub(super) created_ms: u64,
    pub(super) started_ms: Option<u64>,
    pub(super) ended_ms: Option<u64>,
    pub(super) added: u64,
    pub(super) attempted: u64,
}

/// The columns of [`Run`], to be read by [`run`].
pub(super) const COLUMNS: &str = "r.key, r.number, r.state, r.attempt, r.agent, r.given_up, r.seen_ms, r.silence_ms,
    r.rows, r.loss, r.last, r.stop_kind, r.stop_reason, r.message, r.exit_code, r.crashes, r.failures, r.created_ms,
    r.started_ms, r.ended_ms, r.added, r.attempted";

/// How many columns [`COLUMNS`] names.
pub(super) const WIDTH: usize = 22;

impl Tx<'_> {
    /// A run that must be there.
    pub(super) fn run(&self, sweep: &Sweep, number: RunNumber) -> Outcome<Run> {
        let mut statement =
            self.sql(&format!("SELECT {COLUMNS} FROM runs r WHERE r.sweep = ?1 AND r.number = ?2"))?;
        let mut rows = statement.query(params![sweep.key, super::bounded(number.get())])?;
        match rows.next()? {
            Some(row) => run(row),
            None => Err(StoreError::NoRun { sweep: sweep.id.clone(), run: number }.into()),
        }
    }

    /// Saves a run that was at `attempt` when it was read, as changed by the newest change.
    pub(super) fn save(&self, sweep: &Sweep, run: &Run, attempt: u64) -> Outcome<()> {
        // Setting a column writes the indexes that have it, even if it stays the same.
        self.sql("UPDATE runs SET loss = ?2 WHERE key = ?1 AND loss IS NOT ?2")?
            .execute(params![run.key, run.loss])?;
        self.change_one(
            "UPDATE runs SET state = ?3, attempt = ?4, agent = ?5, given_up = ?6, seen_ms = ?7, silence_ms = ?8,
               rows = ?9, last = ?10, stop_kind = ?11, stop_reason = ?12, message = ?13, exit_code = ?14,
               crashes = ?15, failures = ?16, started_ms = ?17, ended_ms = ?18, attempted = ?19, change = ?20
             WHERE key = ?1 AND attempt = ?2",
            params![
                run.key,
                attempt,
                run.state.as_str(),
                run.attempt,
                run.agent,
                run.given_up,
                run.seen_ms,
                run.silence_ms,
                run.rows,
                run.last,
                run.stop_kind.map(kind_name),
                run.stop_reason,
                run.message,
                run.exit_code,
                run.crashes,
                run.failures,
                run.started_ms,
                run.ended_ms,
                run.attempted,
                sweep.change
            ],
        )
    }

    /// Numbers of the runs in a state, in order.
    pub(super) fn numbers_in(&self, sweep: &Sweep, state: RunState) -> Outcome<Vec<RunNumber>> {
        let mut statement =
            self.sql("SELECT number FROM runs WHERE sweep = ?1 AND state = ?2 ORDER BY number")?;
        let numbers = statement.query_map(params![sweep.key, state.as_str()], |row| row.get::<_, u64>(0))?;
        let numbers: Vec<u64> = numbers.collect::<Result<_, _>>()?;
        Ok(numbers.into_iter().filter_map(RunNumber::new).collect())
    }

    /// Adds runs by compare-and-set on the next number.
    pub(super) fn add_runs(&self, sweep: &mut Sweep, first: RunNumber, runs: &[NewRun]) -> Outcome<Added> {
        if !sweep.hands_out() {
            return Ok(Added::Closed(sweep.state));
        }
        if first.get() != sweep.runs + 1 {
            let next = RunNumber::new(sweep.runs + 1);
            return Ok(Added::Lost(next.ok_or_else(|| damaged("the number of runs", sweep.runs))?));
        }
        let room = self.cap(sweep).map_or(u64::MAX, |cap| cap.saturating_sub(sweep.runs));
        if room == 0 {
            return Ok(Added::Capped);
        }
        let count = usize::try_from(room).unwrap_or(usize::MAX).min(runs.len());
        for (offset, run) in runs[..count].iter().enumerate() {
            self.add_run(sweep, first.plus(offset), run)?;
        }
        sweep.runs += count as u64;
        Ok(Added::Added(count))
    }

    fn cap(&self, sweep: &Sweep) -> Option<u64> {
        #[cfg(feature = "mutants")]
        if self.breaks(super::Mutant::CapOffByOne) {
            return sweep.run_cap.map(|cap| cap.saturating_add(1));
        }
        sweep.run_cap
    }

    fn add_run(&self, sweep: &mut Sweep, number: RunNumber, new: &NewRun) -> Outcome<()> {
        self.log(sweep, Some(number), "added", Map::new())?;
        self.sql(
            "INSERT INTO runs (sweep, number, state, attempt, given_up, seen_ms, silence_ms, rows, crashes, failures,
               created_ms, added, attempted, change) VALUES (?1, ?2, 'pending', 0, 0, 0, 0, 0, 0, 0, ?3, ?4, 0, ?4)",
        )?
        .execute(params![sweep.key, number.get(), self.now, sweep.change])?;
        self.sql("INSERT INTO points (run, point, note) VALUES (?1, ?2, ?3)")?.execute(params![
            self.conn.last_insert_rowid(),
            serde_json::to_string(&new.point).map_err(|error| damaged("a point", error))?,
            serde_json::to_string(&new.note).map_err(|error| damaged("a note", error))?
        ])?;
        Ok(())
    }

    /// Asks a run to end, or ends it if nobody works on it. Says whether that was news.
    pub(super) fn request_stop(
        &self,
        sweep: &mut Sweep,
        number: RunNumber,
        reason: &str,
        kind: StopKind,
    ) -> Outcome<bool> {
        let mut run = self.run(sweep, number)?;
        let stands = run.stop_kind == Some(StopKind::Cancel) || run.stop_kind == Some(kind);
        if !run.state.is_open() || (run.state == RunState::Running && stands) {
            return Ok(false);
        }
        if !stands {
            run.stop_kind = Some(kind);
            run.stop_reason = Some(reason.to_owned());
        }
        let mut event = "stop_requested";
        if run.state != RunState::Running {
            event = "killed";
            run.state = RunState::Killed;
            run.given_up = false;
            run.ended_ms = Some(self.now);
        }
        let detail = [("reason".to_owned(), json!(reason)), ("kind".to_owned(), json!(kind_name(kind)))];
        self.log(sweep, Some(number), event, detail.into_iter().collect())?;
        self.save(sweep, &run, run.attempt)?;
        Ok(true)
    }

    /// Makes ended runs pending again, and a finished sweep running.
    pub(super) fn retry(&self, sweep: &mut Sweep, states: &[RunState]) -> Outcome<u64> {
        let mut numbers = Vec::new();
        for state in RunState::ALL.into_iter().filter(|state| !state.is_open() && states.contains(state)) {
            numbers.extend(self.numbers_in(sweep, state)?);
        }
        if numbers.is_empty() {
            return Ok(0);
        }
        match sweep.state {
            SweepState::Canceled => {
                let (sweep, from) = (sweep.id.clone(), sweep.state);
                return Err(StoreError::Transition { sweep, from, to: SweepState::Running }.into());
            }
            SweepState::Finished => self.move_sweep(sweep, SweepState::Running, None, "resumed")?,
            SweepState::Pending | SweepState::Running | SweepState::Paused => {}
        }
        numbers.sort_unstable();
        for &number in &numbers {
            let run = self.run(sweep, number)?;
            let fresh = Run {
                state: RunState::Pending,
                given_up: false,
                stop_kind: None,
                stop_reason: None,
                crashes: 0,
                failures: 0,
                ended_ms: None,
                ..run
            };
            self.log(sweep, Some(number), "retried", Map::new())?;
            self.save(sweep, &fresh, fresh.attempt)?;
        }
        Ok(numbers.len() as u64)
    }

    /// Running runs whose agents have not been heard of for too long.
    pub(super) fn silent(&self, sweep: &Sweep) -> Outcome<Vec<HeldRun>> {
        self.running(sweep, |run| self.is_silence(run.seen_ms, run.silence_ms))
    }

    /// The runs that an agent holds.
    pub(super) fn held(&self, id: AgentId) -> Outcome<Vec<HeldRun>> {
        let agent = self.agent(id)?;
        self.running(&self.sweep_of(agent.sweep)?, |run| run.agent == Some(agent.key))
    }

    fn running(&self, sweep: &Sweep, choose: impl Fn(&Run) -> bool) -> Outcome<Vec<HeldRun>> {
        let mut statement = self.sql(&format!(
            "SELECT {COLUMNS} FROM runs r WHERE r.sweep = ?1 AND r.state = 'running' ORDER BY r.number"
        ))?;
        let mut rows = statement.query([sweep.key])?;
        let mut held = Vec::new();
        while let Some(row) = rows.next()? {
            let run = run(row)?;
            if choose(&run) {
                let lease = Lease { sweep: sweep.id.clone(), run: run.number, attempt: run.attempt };
                held.push(HeldRun { lease, rows: run.rows });
            }
        }
        Ok(held)
    }

    /// Whether it is too long ago that somebody was heard of.
    pub(super) fn is_silence(&self, seen_ms: u64, silence_ms: u64) -> bool {
        self.now.saturating_sub(seen_ms) > silence_ms
    }
}

/// The name of a kind of stop, as it is stored.
pub(super) fn kind_name(kind: StopKind) -> &'static str {
    match kind {
        StopKind::Early => "early",
        StopKind::Cancel => "cancel",
    }
}

/// The state of this stored name.
pub(super) fn state(name: &str) -> Outcome<RunState> {
    RunState::parse(name).ok_or_else(|| damaged("the state of a run", name))
}

/// The text in a column.
pub(super) fn text<'a>(row: &'a Row<'_>, column: usize) -> Outcome<&'a str> {
    Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
}

/// Reads [`COLUMNS`].
pub(super) fn run(row: &Row<'_>) -> Outcome<Run> {
    let number = row.get(1)?;
    let stop_kind = row.get_ref(11)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    Ok(Run {
        key: row.get(0)?,
        number: RunNumber::new(number).ok_or_else(|| damaged("the number of a run", number))?,
        state: state(text(row, 2)?)?,
        attempt: row.get(3)?,
        agent: row.get(4)?,
        given_up: row.get(5)?,
        seen_ms: row.get(6)?,
        silence_ms: row.get(7)?,
        rows: row.get(8)?,
        loss: row.get(9)?,
        last: row.get(10)?,
        stop_kind: stop_kind.map(kind_named).transpose()?,
        stop_reason: row.get(12)?,
        message: row.get(13)?,
        exit_code: row.get(14)?,
        crashes: row.get(15)?,
        failures: row.get(16)?,
        created_ms: row.get(17)?,
        started_ms: row.get(18)?,
        ended_ms: row.get(19)?,
        added: row.get(20)?,
        attempted: row.get(21)?,
    })
}

fn kind_named(name: &str) -> Outcome<StopKind> {
    match name {
        "early" => Ok(StopKind::Early),
        "cancel" => Ok(StopKind::Cancel),
        other => Err(damaged("the kind of a stop", other)),
    }
}

/// A JSON object for an event, of what is there.
pub(super) fn detail<const N: usize>(entries: [(&str, Option<Value>); N]) -> Map<String, Value> {
    entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

//! Sweeps: creating, listing, and the edges of their life.

use besom_core::{Goal, RunState, nearest};
use rusqlite::{OptionalExtension, Row, params};
use serde_json::{Map, Value, json};

use super::fault::{Outcome, damaged};
use super::{Tx, bounded};
use crate::{NewSweep, PausedBy, StopKind, StoreError, SweepId, SweepRow, SweepState, Watched};

/// What operations need to know of a sweep; what changes of it is saved when they are done.
#[derive(Debug)]
pub(super) struct Sweep {
    pub(super) key: i64,
    pub(super) id: SweepId,
    pub(super) metrics: Vec<Watched>,
    pub(super) run_cap: Option<u64>,
    pub(super) retry_crashed: u32,
    pub(super) retry_failed: u32,
    pub(super) state: SweepState,
    pub(super) reason: Option<String>,
    pub(super) paused_by: Option<PausedBy>,
    pub(super) runs: u64,
    pub(super) change: u64,
}

impl Sweep {
    /// The goal of the first metric, by which runs are ranked.
    pub(super) fn goal(&self) -> Goal {
        self.metrics.first().map_or(Goal::Minimize, |metric| metric.goal)
    }

    /// Whether runs may be handed out.
    pub(super) fn hands_out(&self) -> bool {
        matches!(self.state, SweepState::Pending | SweepState::Running)
    }
}

const HEAD: &str =
    "SELECT s.key, s.id, s.metrics, s.run_cap, s.retry_crashed, s.retry_failed, p.state, p.reason,
    p.runs, p.change, p.paused_by FROM sweeps s JOIN progress p ON p.sweep = s.key";

const ROW: &str =
    "SELECT s.id, s.name, s.text, s.source, s.directory, s.seed, s.metrics, s.run_cap, s.retry_crashed,
    s.retry_failed, p.state, p.reason, s.created_ms, p.ended_ms, p.runs, p.paused_by
    FROM sweeps s JOIN progress p ON p.sweep = s.key";

impl Tx<'_> {
    /// The sweep of this id, for reading.
    pub(super) fn sweep(&self, id: &SweepId) -> Outcome<Sweep> {
        let mut statement = self.sql(&format!("{HEAD} WHERE s.id = ?1"))?;
        let mut rows = statement.query([id.as_str()])?;
        match rows.next()? {
            Some(row) => head(row),
            None => Err(self.no_sweep(id)?.into()),
        }
    }

    /// Does work on a sweep and saves what it changed there.
    pub(super) fn on_sweep<T>(
        &self,
        id: &SweepId,
        work: impl FnOnce(&mut Sweep) -> Outcome<T>,
    ) -> Outcome<T> {
        self.on(self.sweep(id)?, work)
    }

    /// As [`Self::on_sweep`], for a sweep by its key.
    pub(super) fn on_sweep_of<T>(&self, key: i64, work: impl FnOnce(&mut Sweep) -> Outcome<T>) -> Outcome<T> {
        self.on(self.sweep_of(key)?, work)
    }

    /// The sweep of this key.
    pub(super) fn sweep_of(&self, key: i64) -> Outcome<Sweep> {
        let mut statement = self.sql(&format!("{HEAD} WHERE s.key = ?1"))?;
        let mut rows = statement.query([key])?;
        rows.next()?.map_or_else(|| Err(damaged("the sweep of an agent", key)), head)
    }

    fn on<T>(&self, mut sweep: Sweep, work: impl FnOnce(&mut Sweep) -> Outcome<T>) -> Outcome<T> {
        let before = sweep.change;
        let done = work(&mut sweep)?;
        if sweep.change != before {
            let ended = sweep.state.is_over().then_some(self.now);
            self.change_one(
                "UPDATE progress SET state = ?2, reason = ?3, runs = ?4, change = ?5,
                   ended_ms = iif(?6 IS NULL, NULL, coalesce(ended_ms, ?6)), paused_by = ?7 WHERE sweep = ?1",
                params![
                    sweep.key,
                    sweep.state.as_str(),
                    sweep.reason,
                    sweep.runs,
                    sweep.change,
                    ended,
                    sweep.paused_by.map(PausedBy::as_str)
                ],
            )?;
        }
        Ok(done)
    }

    fn no_sweep(&self, id: &SweepId) -> Outcome<StoreError> {
        let mut statement = self.sql("SELECT id FROM sweeps ORDER BY key")?;
        let ids: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let nearest = nearest(id.as_str(), ids.iter().map(String::as_str)).map(str::to_owned);
        Ok(StoreError::NoSweep { id: id.as_str().to_owned(), nearest })
    }

    /// Creates a sweep.
    pub(super) fn create_sweep(&self, new: &NewSweep) -> Outcome<()> {
        let taken = self
            .sql("SELECT 1 FROM sweeps WHERE id = ?1")?
            .query_row([new.id.as_str()], |_| Ok(()))
            .optional()?;
        if taken.is_some() {
            return Err(StoreError::SweepExists(new.id.clone()).into());
        }
        self.sql(
            "INSERT INTO sweeps (id, seed, metrics, run_cap, retry_crashed, retry_failed, created_ms, name, source,
               directory, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            new.id.as_str(),
            new.seed.cast_signed(),
            metrics_text(&new.metrics),
            new.run_cap.map(bounded),
            new.retry_crashed,
            new.retry_failed,
            self.now,
            new.name,
            new.source,
            new.directory,
            new.text
        ])?;
        let key = self.conn.last_insert_rowid();
        self.sql("INSERT INTO progress (sweep, state, runs, change) VALUES (?1, 'pending', 0, 0)")?
            .execute([key])?;
        for what in RunState::ALL.map(RunState::as_str).into_iter().chain(["stopped"]) {
            self.sql("INSERT INTO tallies VALUES (?1, ?2, 0)")?.execute(params![key, what])?;
        }
        self.on_sweep_of(key, |sweep| self.log(sweep, None, "created", Map::new()))
    }

    /// One sweep with everything.
    pub(super) fn sweep_row(&self, id: &SweepId) -> Outcome<SweepRow> {
        let mut statement = self.sql(&format!("{ROW} WHERE s.id = ?1"))?;
        let mut rows = statement.query([id.as_str()])?;
        match rows.next()? {
            Some(row) => full(row),
            None => Err(self.no_sweep(id)?.into()),
        }
    }

    /// All sweeps with everything.
    pub(super) fn sweep_rows(&self) -> Outcome<Vec<SweepRow>> {
        let mut statement = self.sql(&format!("{ROW} ORDER BY s.key"))?;
        let mut rows = statement.query([])?;
        let mut sweeps = Vec::new();
        while let Some(row) = rows.next()? {
            sweeps.push(full(row)?);
        }
        Ok(sweeps)
    }

    /// Pauses a sweep.
    pub(super) fn pause(&self, sweep: &mut Sweep, by: PausedBy, reason: Option<&str>) -> Outcome<()> {
        let before = sweep.state;
        self.set_state(sweep, SweepState::Paused, reason)?;
        if before != SweepState::Paused {
            sweep.paused_by = Some(by);
        }
        Ok(())
    }

    /// Brings a sweep to a state, and its runs with it.
    pub(super) fn set_state(&self, sweep: &mut Sweep, to: SweepState, reason: Option<&str>) -> Outcome<()> {
        use SweepState as S;
        let from = sweep.state;
        if from == to {
            return Ok(());
        }
        let kind = match (from, to) {
            (S::Pending, S::Running) => "started",
            (S::Pending | S::Running, S::Paused) => "paused",
            (S::Paused, S::Running) => "resumed",
            (S::Pending | S::Running | S::Paused, S::Finished) => "finished",
            (S::Pending | S::Running | S::Paused, S::Canceled) => "canceled",
            _ => return Err(StoreError::Transition { sweep: sweep.id.clone(), from, to }.into()),
        };
        self.move_sweep(sweep, to, reason, kind)?;
        if to.is_over() {
            self.close_runs(sweep, reason)?;
        }
        Ok(())
    }

    /// Pauses a sweep that hands out runs, because its program cannot work.
    pub(super) fn report_broken(&self, sweep: &mut Sweep, reason: &str) -> Outcome<()> {
        if sweep.hands_out() { self.pause(sweep, PausedBy::Program, Some(reason)) } else { Ok(()) }
    }

    /// Changes the state and writes the event.
    pub(super) fn move_sweep(
        &self,
        sweep: &mut Sweep,
        to: SweepState,
        reason: Option<&str>,
        kind: &str,
    ) -> Outcome<()> {
        sweep.state = to;
        sweep.reason = reason.map(str::to_owned);
        sweep.paused_by = (to == SweepState::Paused).then_some(PausedBy::Owner);
        let detail = reason.map(|reason| ("reason".to_owned(), json!(reason))).into_iter().collect();
        self.log(sweep, None, kind, detail)
    }

    /// Ends what waits in a sweep that is over, and asks what runs to end if it was canceled.
    fn close_runs(&self, sweep: &mut Sweep, reason: Option<&str>) -> Outcome<()> {
        let reason = reason.map_or_else(|| format!("the sweep is {}", sweep.state), str::to_owned);
        let mut waiting = self.numbers_in(sweep, RunState::Pending)?;
        waiting.extend(self.numbers_in(sweep, RunState::Preempted)?);
        if sweep.state == SweepState::Canceled {
            waiting.extend(self.numbers_in(sweep, RunState::Running)?);
        }
        waiting.sort_unstable();
        for number in waiting {
            self.request_stop(sweep, number, &reason, StopKind::Cancel)?;
        }
        Ok(())
    }
}

fn metrics_text(metrics: &[Watched]) -> String {
    let metrics = metrics.iter().map(|m| json!({"name": m.name, "goal": m.goal.as_str()}));
    Value::Array(metrics.collect()).to_string()
}

fn metrics(text: &str) -> Outcome<Vec<Watched>> {
    let wrong = || damaged("the metrics of a sweep", text);
    let list: Vec<Value> = serde_json::from_str(text).map_err(|_| wrong())?;
    list.iter()
        .map(|metric| {
            let name = metric["name"].as_str().ok_or_else(wrong)?.to_owned();
            let goal = match metric["goal"].as_str() {
                Some("minimize") => Goal::Minimize,
                Some("maximize") => Goal::Maximize,
                _ => return Err(wrong()),
            };
            Ok(Watched { name, goal })
        })
        .collect()
}

fn state(name: &str) -> Outcome<SweepState> {
    SweepState::parse(name).ok_or_else(|| damaged("the state of a sweep", name))
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Outcome<&'a str> {
    Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
}

fn head(row: &Row<'_>) -> Outcome<Sweep> {
    Ok(Sweep {
        key: row.get(0)?,
        id: SweepId::new(text(row, 1)?),
        metrics: metrics(text(row, 2)?)?,
        run_cap: row.get(3)?,
        retry_crashed: row.get(4)?,
        retry_failed: row.get(5)?,
        state: state(text(row, 6)?)?,
        reason: row.get(7)?,
        runs: row.get(8)?,
        change: row.get(9)?,
        paused_by: paused_by(row, 10)?,
    })
}

fn full(row: &Row<'_>) -> Outcome<SweepRow> {
    Ok(SweepRow {
        id: SweepId::new(text(row, 0)?),
        name: row.get(1)?,
        text: row.get(2)?,
        source: row.get(3)?,
        directory: row.get(4)?,
        seed: row.get::<_, i64>(5)?.cast_unsigned(),
        metrics: metrics(text(row, 6)?)?,
        run_cap: row.get(7)?,
        retry_crashed: row.get(8)?,
        retry_failed: row.get(9)?,
        state: state(text(row, 10)?)?,
        reason: row.get(11)?,
        created_ms: row.get(12)?,
        ended_ms: row.get(13)?,
        runs: row.get(14)?,
        paused_by: paused_by(row, 15)?,
    })
}

fn paused_by(row: &Row<'_>, column: usize) -> Outcome<Option<PausedBy>> {
    let name = row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    name.map(|name| PausedBy::parse(name).ok_or_else(|| damaged("who has paused a sweep", name))).transpose()
}

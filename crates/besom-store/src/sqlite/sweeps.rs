//! Sweeps: creating, listing, and the edges of their life.

use besom_core::{RunState, nearest};
use rusqlite::{OptionalExtension, Row, params};
use serde_json::json;

use super::columns::columns;
use super::fault::{Outcome, damaged};
use super::{Tx, bounded};
use crate::rules::{LogEntry, SweepRecord};
use crate::{NewSweep, PausedBy, StopKind, StoreError, SweepId, SweepRow, SweepState, Watched};

/// A sweep at work: what changes of its record, and `change`, is saved when the work is done.
#[derive(Debug)]
pub(super) struct Sweep {
    pub(super) key: i64,
    pub(super) change: u64,
    pub(super) record: SweepRecord,
}

columns! {
    /// The columns of [`Sweep`] in the tables `sweeps s` and `progress p`, to be read by [`head`].
    SweepColumn: s.key, s.id, s.metrics, s.run_cap, s.retry_crashed, s.retry_failed, p.state, p.reason, p.paused_by,
    p.runs, p.change, p.ended_ms
}

const TABLES: &str = "FROM sweeps s JOIN progress p ON p.sweep = s.key";

/// What a [`SweepRow`] has beside the columns of [`Sweep`].
const MORE: &str = "s.name, s.text, s.source, s.directory, s.seed, s.created_ms";

impl Tx<'_> {
    /// The sweep of this id, for reading.
    pub(super) fn sweep(&self, id: &SweepId) -> Outcome<Sweep> {
        let columns = SweepColumn::SQL;
        let mut statement = self.sql(&format!("SELECT {columns} {TABLES} WHERE s.id = ?1"))?;
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
        let columns = SweepColumn::SQL;
        let mut statement = self.sql(&format!("SELECT {columns} {TABLES} WHERE s.key = ?1"))?;
        let mut rows = statement.query([key])?;
        rows.next()?.map_or_else(|| Err(damaged("the sweep of an agent", key)), head)
    }

    fn on<T>(&self, mut sweep: Sweep, work: impl FnOnce(&mut Sweep) -> Outcome<T>) -> Outcome<T> {
        let before = sweep.change;
        let done = work(&mut sweep)?;
        if sweep.change != before {
            let record = &sweep.record;
            self.change_one(
                "UPDATE progress SET state = ?2, reason = ?3, paused_by = ?4, runs = ?5, change = ?6, ended_ms = ?7
                 WHERE sweep = ?1",
                params![
                    sweep.key,
                    record.state.as_str(),
                    record.reason,
                    record.paused_by.map(PausedBy::as_str),
                    record.runs,
                    sweep.change,
                    record.ended_ms
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
            json!(new.metrics).to_string(),
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
        self.on_sweep_of(key, |sweep| {
            for (label, value) in &new.labels {
                self.set_label(sweep, label, Some(value))?;
            }
            self.log(sweep, None, &LogEntry::created())
        })
    }

    /// Removes a sweep and all that is stored of it. Nothing else holds the keys of its rows, so that they may be given again.
    pub(super) fn remove_sweep(&self, id: &SweepId) -> Outcome<()> {
        let sweep = self.sweep(id)?;
        for table in ["points", "attempts", "chunks", "curves", "facts", "outputs", "logged"] {
            let sql = format!("DELETE FROM {table} WHERE run IN (SELECT key FROM runs WHERE sweep = ?1)");
            self.sql(&sql)?.execute([sweep.key])?;
        }
        for table in ["runs", "tallies", "progress", "labels", "events"] {
            self.sql(&format!("DELETE FROM {table} WHERE sweep = ?1"))?.execute([sweep.key])?;
        }
        self.remove_agents(&sweep)?;
        self.change_one("DELETE FROM sweeps WHERE key = ?1", [sweep.key])
    }

    /// One sweep with everything.
    pub(super) fn sweep_row(&self, id: &SweepId) -> Outcome<SweepRow> {
        let columns = SweepColumn::SQL;
        let mut statement = self.sql(&format!("SELECT {columns}, {MORE} {TABLES} WHERE s.id = ?1"))?;
        let mut rows = statement.query([id.as_str()])?;
        match rows.next()? {
            Some(row) => self.full(row),
            None => Err(self.no_sweep(id)?.into()),
        }
    }

    /// All sweeps with everything.
    pub(super) fn sweep_rows(&self) -> Outcome<Vec<SweepRow>> {
        let columns = SweepColumn::SQL;
        let mut statement = self.sql(&format!("SELECT {columns}, {MORE} {TABLES} ORDER BY s.key"))?;
        let mut rows = statement.query([])?;
        let mut sweeps = Vec::new();
        while let Some(row) = rows.next()? {
            sweeps.push(self.full(row)?);
        }
        Ok(sweeps)
    }

    fn full(&self, row: &Row<'_>) -> Outcome<SweepRow> {
        let Sweep { key, record, .. } = head(row)?;
        let new = NewSweep {
            id: record.id,
            name: row.get("name")?,
            text: row.get("text")?,
            source: row.get("source")?,
            directory: row.get("directory")?,
            seed: row.get::<_, i64>("seed")?.cast_unsigned(),
            metrics: record.metrics,
            run_cap: record.run_cap,
            retry_crashed: record.retry_crashed,
            retry_failed: record.retry_failed,
            labels: self.labels(key)?,
        };
        Ok(SweepRow {
            new,
            state: record.state,
            reason: record.reason,
            paused_by: record.paused_by,
            created_ms: row.get("created_ms")?,
            ended_ms: record.ended_ms,
            runs: record.runs,
        })
    }

    /// Pauses a sweep.
    pub(super) fn pause(&self, sweep: &mut Sweep, by: PausedBy, reason: Option<&str>) -> Outcome<()> {
        let Some(entry) = sweep.record.pause(by, reason, self.now)? else { return Ok(()) };
        self.log(sweep, None, &entry)
    }

    /// Pauses a sweep that hands out runs, because its program cannot work.
    pub(super) fn report_broken(&self, sweep: &mut Sweep, reason: &str) -> Outcome<()> {
        let Some(entry) = sweep.record.report_broken(reason, self.now) else { return Ok(()) };
        self.log(sweep, None, &entry)
    }

    /// Sets how many runs a sweep may have.
    pub(super) fn set_run_cap(&self, sweep: &mut Sweep, cap: Option<u64>) -> Outcome<()> {
        for entry in sweep.record.set_run_cap(cap, self.now)? {
            self.log(sweep, None, &entry)?;
        }
        self.change_one("UPDATE sweeps SET run_cap = ?2 WHERE key = ?1", params![sweep.key, cap.map(bounded)])
    }

    /// Brings a sweep to a state, and its runs with it.
    pub(super) fn set_state(&self, sweep: &mut Sweep, to: SweepState, reason: Option<&str>) -> Outcome<()> {
        let Some(entry) = sweep.record.set_state(to, reason, self.now)? else { return Ok(()) };
        self.log(sweep, None, &entry)?;
        let reason = reason.map_or_else(|| format!("the sweep is {to}"), str::to_owned);
        for number in self.numbers_in(sweep, sweep.record.closes())? {
            self.request_stop(sweep, number, &reason, StopKind::Cancel)?;
        }
        Ok(())
    }
}

fn metrics(text: &str) -> Outcome<Vec<Watched>> {
    serde_json::from_str(text).map_err(|_| damaged("the metrics of a sweep", text))
}

fn paused_by(name: &str) -> Outcome<PausedBy> {
    name.parse().map_err(|_| damaged("who has paused a sweep", name))
}

fn state(name: &str) -> Outcome<SweepState> {
    name.parse().map_err(|_| damaged("the state of a sweep", name))
}

/// Reads a sweep from what [`SweepColumn::SQL`] has selected.
fn head(row: &Row<'_>) -> Outcome<Sweep> {
    use SweepColumn as C;
    let record = SweepRecord {
        id: SweepId::new(C::id.text(row)?),
        metrics: metrics(C::metrics.text(row)?)?,
        run_cap: C::run_cap.get(row)?,
        retry_crashed: C::retry_crashed.get(row)?,
        retry_failed: C::retry_failed.get(row)?,
        state: state(C::state.text(row)?)?,
        reason: C::reason.get(row)?,
        paused_by: C::paused_by.text_or_null(row)?.map(paused_by).transpose()?,
        runs: C::runs.get(row)?,
        ended_ms: C::ended_ms.get(row)?,
    };
    Ok(Sweep { key: C::key.get(row)?, change: C::change.get(row)?, record })
}

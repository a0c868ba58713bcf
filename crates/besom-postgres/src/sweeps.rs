//! Sweeps: creating, listing, and the edges of their life.

use besom_core::{RunNumber, nearest};
use besom_store::rules::{LogEntry, SweepRecord};
use besom_store::{NewSweep, PausedBy, StopKind, StoreError, SweepId, SweepRow, SweepState, Watched};
use postgres::Row;
use serde_json::json;

use crate::columns::{After, bounded, clean, clean_or_null, columns, number, small, value};
use crate::fault::{Outcome, damaged};
use crate::runs::{Run, RunColumn, run};
use crate::tx::Tx;

/// A sweep at work: what changes of its record is saved when the work is done.
#[derive(Debug)]
pub(crate) struct Sweep {
    pub(crate) key: i64,
    pub(crate) record: SweepRecord,
}

columns! {
    /// The columns of [`Sweep`] in the tables `sweeps s` and `progress p`, to be read by [`head`].
    SweepColumn: s.key, s.id, s.metrics, s.run_cap, s.retry_crashed, s.retry_failed, p.state, p.reason, p.paused_by,
    p.runs, p.ended_ms
}

pub(crate) const TABLES: &str = "FROM sweeps s JOIN progress p ON p.sweep = s.key";

/// What a [`SweepRow`] has beside the columns of [`Sweep`].
const MORE: &str = "s.name, s.text, s.source, s.directory, s.seed, s.created_ms";

impl Tx<'_> {
    /// The sweep of this id, for reading.
    pub(crate) fn sweep(&mut self, id: &SweepId) -> Outcome<Sweep> {
        let sql = format!("SELECT {} {TABLES} WHERE s.id = $1", SweepColumn::SQL);
        match self.query_opt(&sql, &[&clean(id.as_str())])? {
            Some(row) if !id.as_str().contains('\0') => head(&row),
            _ => Err(self.no_sweep(id)?.into()),
        }
    }

    /// The sweep of this key, which an agent or a lock has led to. It may have been removed since.
    pub(crate) fn sweep_of(&mut self, key: i64) -> Outcome<Option<Sweep>> {
        let sql = format!("SELECT {} {TABLES} WHERE s.key = $1", SweepColumn::SQL);
        self.query_opt(&sql, &[&key])?.map(|row| head(&row)).transpose()
    }

    /// Does work on a sweep that is locked, and saves what it changed there.
    pub(crate) fn on_sweep<T>(
        &mut self,
        id: &SweepId,
        key: i64,
        work: impl FnOnce(&mut Self, &mut Sweep) -> Outcome<T>,
    ) -> Outcome<T> {
        match self.sweep_of(key)? {
            Some(sweep) => self.on(sweep, work),
            None => Err(self.no_sweep(id)?.into()),
        }
    }

    /// As [`Self::on_sweep`], for the sweep of an agent that is there.
    pub(crate) fn on_sweep_of<T>(
        &mut self,
        key: i64,
        work: impl FnOnce(&mut Self, &mut Sweep) -> Outcome<T>,
    ) -> Outcome<T> {
        let sweep = self.sweep_of(key)?.ok_or_else(|| damaged("the sweep of an agent", key))?;
        self.on(sweep, work)
    }

    /// As [`Self::on_sweep`], of a sweep that was read.
    pub(crate) fn on<T>(
        &mut self,
        mut sweep: Sweep,
        work: impl FnOnce(&mut Self, &mut Sweep) -> Outcome<T>,
    ) -> Outcome<T> {
        let before = sweep.record.clone();
        let done = work(self, &mut sweep)?;
        let record = &sweep.record;
        if *record != before {
            self.change_one(
                "UPDATE progress SET state = $2, reason = $3, paused_by = $4, runs = $5, ended_ms = $6 WHERE sweep = $1",
                &[
                    &sweep.key,
                    &record.state.as_str(),
                    &clean_or_null(record.reason.as_deref()),
                    &record.paused_by.map(PausedBy::as_str),
                    &bounded(record.runs),
                    &record.ended_ms.map(bounded),
                ],
            )?;
        }
        Ok(done)
    }

    /// As [`Self::on_sweep`], of a sweep and one of its runs, which nobody else changes until this transaction has ended.
    pub(crate) fn on_run<T>(
        &mut self,
        id: &SweepId,
        key: i64,
        number: RunNumber,
        work: impl FnOnce(&mut Self, &mut Sweep, Run) -> Outcome<T>,
    ) -> Outcome<T> {
        let (runs, sweeps) = (RunColumn::SQL, SweepColumn::SQL);
        let sql = format!(
            "SELECT {runs}, {sweeps} {TABLES} JOIN runs r ON r.sweep = s.key AND r.number = $2 WHERE s.key = $1 FOR UPDATE OF r"
        );
        match self.query_opt(&sql, &[&key, &bounded(number.get())])? {
            Some(row) => {
                let found = run(&row)?;
                self.on(head_after(After(&row, RunColumn::COUNT))?, |tx, sweep| work(tx, sweep, found))
            }
            // Which of the two is missing?
            None => self.on_sweep(id, key, |tx, sweep| {
                let found = tx.run_to_change(sweep, number)?;
                work(tx, sweep, found)
            }),
        }
    }

    fn no_sweep(&mut self, id: &SweepId) -> Outcome<StoreError> {
        let rows = self.query("SELECT id FROM sweeps ORDER BY key", &[])?;
        let ids = rows.iter().map(|row| value(row, 0)).collect::<Outcome<Vec<&str>>>()?;
        let nearest = nearest(id.as_str(), ids).map(str::to_owned);
        Ok(StoreError::NoSweep { id: id.as_str().to_owned(), nearest })
    }

    /// Creates a sweep, and locks it.
    pub(crate) fn create_sweep(&mut self, new: &NewSweep) -> Outcome<i64> {
        if new.id.as_str().contains('\0') {
            return Err(StoreError::permanent("the id of a sweep cannot hold a NUL").into());
        }
        let created = self.query_opt(
            "INSERT INTO sweeps (id, seed, metrics, run_cap, retry_crashed, retry_failed, created_ms, name, source,
               directory, text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING RETURNING key",
            &[
                &new.id.as_str(),
                &new.seed.cast_signed(),
                &json!(new.metrics).to_string(),
                &new.run_cap.map(bounded),
                &i64::from(new.retry_crashed),
                &i64::from(new.retry_failed),
                &bounded(self.now),
                &clean_or_null(new.name.as_deref()),
                &clean_or_null(new.source.as_deref()),
                &clean_or_null(new.directory.as_deref()),
                &clean(&new.text),
            ],
        )?;
        let Some(row) = created else { return Err(StoreError::SweepExists(new.id.clone()).into()) };
        let key = value(&row, 0)?;
        self.execute("INSERT INTO progress (sweep, state, runs) VALUES ($1, 'pending', 0)", &[&key])?;
        // Nobody else knows it before the commit.
        self.lock_in_group(key)?;
        self.on_sweep_of(key, |tx, sweep| {
            for (label, value) in &new.labels {
                tx.set_label(sweep, label, Some(value))?;
            }
            tx.log(sweep, None, &LogEntry::created())
        })?;
        Ok(key)
    }

    /// Removes a sweep and all that is stored of it. Its keys, and those of its agents, are not given again.
    pub(crate) fn remove_sweep(&mut self, sweep: &Sweep) -> Outcome<()> {
        for table in ["points", "attempts", "chunks", "curves", "facts", "outputs", "logged"] {
            let sql = format!("DELETE FROM {table} WHERE run IN (SELECT key FROM runs WHERE sweep = $1)");
            self.execute(&sql, &[&sweep.key])?;
        }
        for table in ["runs", "progress", "labels", "events", "agents"] {
            self.execute(&format!("DELETE FROM {table} WHERE sweep = $1"), &[&sweep.key])?;
        }
        self.change_one("DELETE FROM sweeps WHERE key = $1", &[&sweep.key])
    }

    /// One sweep with everything.
    pub(crate) fn sweep_row(&mut self, id: &SweepId) -> Outcome<SweepRow> {
        let sql = format!("SELECT {}, {MORE} {TABLES} WHERE s.id = $1", SweepColumn::SQL);
        match self.query_opt(&sql, &[&clean(id.as_str())])? {
            Some(row) if !id.as_str().contains('\0') => self.full(&row),
            _ => Err(self.no_sweep(id)?.into()),
        }
    }

    /// All sweeps with everything.
    pub(crate) fn sweep_rows(&mut self) -> Outcome<Vec<SweepRow>> {
        let sql = format!("SELECT {}, {MORE} {TABLES} ORDER BY s.key", SweepColumn::SQL);
        let rows = self.query(&sql, &[])?;
        rows.iter().map(|row| self.full(row)).collect()
    }

    fn full(&mut self, row: &Row) -> Outcome<SweepRow> {
        let Sweep { key, record } = head(row)?;
        let more = SweepColumn::COUNT;
        let mut new = NewSweep::new(record.id);
        new.name = value(row, more)?;
        new.text = value(row, more + 1)?;
        new.source = value(row, more + 2)?;
        new.directory = value(row, more + 3)?;
        new.seed = value::<i64>(row, more + 4)?.cast_unsigned();
        new.metrics = record.metrics;
        new.run_cap = record.run_cap;
        new.retry_crashed = record.retry_crashed;
        new.retry_failed = record.retry_failed;
        new.labels = self.labels(key)?;
        let mut sweep = SweepRow::new(new, number(row, more + 5)?);
        sweep.state = record.state;
        sweep.reason = record.reason;
        sweep.paused_by = record.paused_by;
        sweep.ended_ms = record.ended_ms;
        sweep.runs = record.runs;
        Ok(sweep)
    }

    /// Pauses a sweep.
    pub(crate) fn pause(&mut self, sweep: &mut Sweep, by: PausedBy, reason: Option<&str>) -> Outcome<()> {
        let Some(entry) = sweep.record.pause(by, reason, self.now)? else { return Ok(()) };
        self.log(sweep, None, &entry)
    }

    /// Pauses a sweep that hands out runs, because its program cannot work.
    pub(crate) fn report_broken(&mut self, sweep: &mut Sweep, reason: &str) -> Outcome<()> {
        let Some(entry) = sweep.record.report_broken(reason, self.now) else { return Ok(()) };
        self.log(sweep, None, &entry)
    }

    /// Sets how many runs a sweep may have.
    pub(crate) fn set_run_cap(&mut self, sweep: &mut Sweep, cap: Option<u64>) -> Outcome<()> {
        for entry in sweep.record.set_run_cap(cap, self.now)? {
            self.log(sweep, None, &entry)?;
        }
        self.change_one("UPDATE sweeps SET run_cap = $2 WHERE key = $1", &[&sweep.key, &cap.map(bounded)])
    }

    /// Brings a sweep to a state, and its runs with it.
    pub(crate) fn set_state(
        &mut self,
        sweep: &mut Sweep,
        to: SweepState,
        reason: Option<&str>,
    ) -> Outcome<()> {
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

/// Reads a sweep from what [`SweepColumn::SQL`] has selected first.
pub(crate) fn head(row: &Row) -> Outcome<Sweep> {
    head_after(After(row, 0))
}

/// Reads a sweep from what [`SweepColumn::SQL`] has selected after other columns.
pub(crate) fn head_after(row: After<'_>) -> Outcome<Sweep> {
    use SweepColumn as C;
    let mut record = SweepRecord::new(&NewSweep::new(C::id.get::<&str>(row)?));
    record.metrics = metrics(C::metrics.get(row)?)?;
    record.run_cap = C::run_cap.number_or_null(row)?;
    record.retry_crashed = small(C::retry_crashed.get(row)?);
    record.retry_failed = small(C::retry_failed.get(row)?);
    let state: &str = C::state.get(row)?;
    record.state = state.parse().map_err(|_| damaged("the state of a sweep", state))?;
    record.reason = C::reason.get(row)?;
    let paused_by = |name: &str| name.parse().map_err(|_| damaged("who has paused a sweep", name));
    record.paused_by = C::paused_by.get::<Option<&str>>(row)?.map(paused_by).transpose()?;
    record.runs = C::runs.number(row)?;
    record.ended_ms = C::ended_ms.number_or_null(row)?;
    Ok(Sweep { key: C::key.get(row)?, record })
}

//! What attempts have logged under each key, kept up to date with each report, so that a table of runs reads no rows.

use besom_core::{LoggedKeys, RunNumber};
use rusqlite::{OptionalExtension, params};

use super::fault::{Outcome, damaged};
use super::runs::Run;
use super::sweeps::Sweep;
use super::{Tx, bounded};
use crate::{Row, derived};

impl Tx<'_> {
    /// Takes in new rows of the newest attempt of a run, before they are stored.
    pub(super) fn extend_logged(&self, run: &Run, rows: &[Row]) -> Outcome<()> {
        let mut keys = match run.record.rows {
            0 => LoggedKeys::default(),
            _ => self.logged_of(run, run.record.attempt)?,
        };
        rows.iter().for_each(|row| keys.add(&row.values));
        let text = serde_json::to_string(&keys).map_err(|error| damaged("the keys of a run", error))?;
        self.sql(
            "INSERT INTO logged (run, attempt, keys) VALUES (?1, ?2, ?3)
             ON CONFLICT (run, attempt) DO UPDATE SET keys = excluded.keys",
        )?
        .execute(params![run.key, run.record.attempt, text])?;
        Ok(())
    }

    /// What an attempt has logged under each key.
    pub(super) fn logged(
        &self,
        sweep: &Sweep,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Outcome<LoggedKeys> {
        let run = self.run(sweep, number)?;
        if attempt.is_none() && run.record.kept > 0 {
            return self.logged_by_all(&run);
        }
        self.logged_of(&run, attempt.unwrap_or(run.record.attempt))
    }

    /// What the attempts that count have logged under each key.
    fn logged_by_all(&self, run: &Run) -> Outcome<LoggedKeys> {
        let mut all = Some(LoggedKeys::default());
        for attempt in self.counted_attempts(run)? {
            let later = self.logged_of(run, attempt)?;
            all = all.and_then(|keys| keys.then(&later));
        }
        match all {
            Some(keys) => Ok(keys),
            // Some of so many keys are not listed.
            None => Ok(derived::logged(&self.counted_rows(run, 0, u64::MAX)?)),
        }
    }

    /// The attempts that count, in order.
    fn counted_attempts(&self, run: &Run) -> Outcome<Vec<u64>> {
        let mut statement = self.sql(
            "SELECT attempt FROM attempts WHERE run = ?1 AND (kept = 1 OR attempt = ?2) ORDER BY attempt",
        )?;
        let attempts = statement.query_map(params![run.key, run.record.attempt], |row| row.get(0))?;
        Ok(attempts.collect::<Result<_, _>>()?)
    }

    /// What each run has logged under each key, in all attempts that count.
    pub(super) fn logged_by_run(&self, sweep: &Sweep) -> Outcome<Vec<(RunNumber, LoggedKeys)>> {
        let mut statement = self.sql(
            "SELECT r.number, l.keys FROM runs r
             LEFT JOIN logged l ON l.run = r.key AND l.attempt = r.attempt AND r.kept = 0
             WHERE r.sweep = ?1 ORDER BY r.number",
        )?;
        let mut rows = statement.query([sweep.key])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let number: u64 = row.get(0)?;
            let number = RunNumber::new(number).ok_or_else(|| damaged("the number of a run", number))?;
            let keys = match row.get_ref(1)?.as_str_or_null().map_err(rusqlite::Error::from)? {
                Some(text) => parsed(text)?,
                None => self.logged(sweep, number, None)?,
            };
            all.push((number, keys));
        }
        Ok(all)
    }

    fn logged_of(&self, run: &Run, attempt: u64) -> Outcome<LoggedKeys> {
        let text: Option<String> = self
            .sql("SELECT keys FROM logged WHERE run = ?1 AND attempt = ?2")?
            .query_row(params![run.key, bounded(attempt)], |row| row.get(0))
            .optional()?;
        match text {
            Some(text) => parsed(&text),
            // What a store of an older version holds was logged before keys were kept.
            None => Ok(derived::logged(&self.rows_of(run, attempt, 0, u64::MAX)?)),
        }
    }
}

fn parsed(text: &str) -> Outcome<LoggedKeys> {
    serde_json::from_str(text).map_err(|_| damaged("the keys of a run", text))
}

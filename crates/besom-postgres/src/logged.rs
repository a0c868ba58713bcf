//! What attempts have logged under each key, kept up to date with each report, so that a table of runs reads no rows.

use besom_core::{LoggedKeys, RunNumber};
use besom_store::Row;

use crate::columns::{bounded, value};
use crate::fault::{Outcome, damaged};
use crate::runs::{Run, run_number};
use crate::sweeps::Sweep;
use crate::tx::Tx;

impl Tx<'_> {
    /// Takes in new rows of the newest attempt of a run, before they are stored.
    pub(crate) fn extend_logged(&mut self, run: &Run, rows: &[Row]) -> Outcome<()> {
        let mut keys = match run.record.rows {
            0 => LoggedKeys::default(),
            _ => self.logged_of(run, run.record.attempt)?,
        };
        rows.iter().for_each(|row| keys.add(&row.values));
        let text = serde_json::to_string(&keys).map_err(|error| damaged("the keys of a run", error))?;
        self.execute(
            "INSERT INTO logged (run, attempt, keys) VALUES ($1, $2, $3)
             ON CONFLICT (run, attempt) DO UPDATE SET keys = excluded.keys",
            &[&run.key, &bounded(run.record.attempt), &text],
        )?;
        Ok(())
    }

    /// What an attempt has logged under each key.
    pub(crate) fn logged(
        &mut self,
        sweep: &Sweep,
        number: RunNumber,
        attempt: Option<u64>,
    ) -> Outcome<LoggedKeys> {
        let run = self.run(sweep, number)?;
        if attempt.is_none() && run.record.kept > 0 {
            let rows = self.counted_rows(&run, 0, u64::MAX)?;
            return Ok(rows.iter().map(|row| &row.values).collect());
        }
        self.logged_of(&run, attempt.unwrap_or(run.record.attempt))
    }

    /// What each run has logged under each key, in all attempts that count.
    pub(crate) fn logged_by_run(&mut self, sweep: &Sweep) -> Outcome<Vec<(RunNumber, LoggedKeys)>> {
        let rows = self.query(
            "SELECT r.number, r.kept > 0, l.keys FROM runs r LEFT JOIN logged l ON l.run = r.key AND l.attempt = r.attempt
             WHERE r.sweep = $1 ORDER BY r.number",
            &[&sweep.key],
        )?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            let (number, keeps) = (run_number(value(row, 0)?)?, value::<bool>(row, 1)?);
            let keys = match value::<Option<&str>>(row, 2)? {
                _ if keeps => self.logged(sweep, number, None)?,
                Some(text) => parsed(text)?,
                None => LoggedKeys::default(),
            };
            all.push((number, keys));
        }
        Ok(all)
    }

    fn logged_of(&mut self, run: &Run, attempt: u64) -> Outcome<LoggedKeys> {
        let row = self.query_opt(
            "SELECT keys FROM logged WHERE run = $1 AND attempt = $2",
            &[&run.key, &bounded(attempt)],
        )?;
        row.map_or_else(|| Ok(LoggedKeys::default()), |row| parsed(value(&row, 0)?))
    }
}

fn parsed(text: &str) -> Outcome<LoggedKeys> {
    serde_json::from_str(text).map_err(|_| damaged("the keys of a run", text))
}

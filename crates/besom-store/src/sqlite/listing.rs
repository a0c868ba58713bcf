//! Runs for people: with point, note and times.

use besom_core::{Goal, RunNumber};
use rusqlite::{Row, params};

use super::events::object;
use super::fault::Outcome;
use super::runs::{COLUMNS, Run, WIDTH, run, text};
use super::sweeps::Sweep;
use super::{Tx, bounded};
use crate::{Order, RunQuery, RunRow, StoreError};

impl Tx<'_> {
    /// Runs by a query.
    pub(super) fn run_rows(&self, sweep: &Sweep, query: &RunQuery) -> Outcome<Vec<RunRow>> {
        let order = match query.order {
            Order::Number => "r.number",
            Order::Newest => "r.number DESC",
            Order::Best => "r.loss NULLS LAST, r.number",
        };
        // The names of states are ours, so that they need no escaping.
        let states: Vec<String> = query.states.iter().map(|state| format!("'{state}'")).collect();
        let condition = match states.as_slice() {
            [] => String::new(),
            states => format!("AND r.state IN ({})", states.join(", ")),
        };
        let mut statement = self.conn.prepare(&format!(
            "SELECT {COLUMNS}, p.point, p.note FROM runs r JOIN points p ON p.run = r.key
             WHERE r.sweep = ?1 {condition} ORDER BY {order} LIMIT ?2 OFFSET ?3"
        ))?;
        let limit = bounded(query.limit.unwrap_or(u64::MAX));
        let mut rows = statement.query(params![sweep.key, limit, bounded(query.offset)])?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next()? {
            runs.push(full(row, sweep.goal())?);
        }
        Ok(runs)
    }

    /// One run.
    pub(super) fn run_row(&self, sweep: &Sweep, number: RunNumber) -> Outcome<RunRow> {
        let mut statement = self.sql(&format!(
            "SELECT {COLUMNS}, p.point, p.note FROM runs r JOIN points p ON p.run = r.key
             WHERE r.sweep = ?1 AND r.number = ?2"
        ))?;
        let mut rows = statement.query(params![sweep.key, bounded(number.get())])?;
        match rows.next()? {
            Some(row) => full(row, sweep.goal()),
            None => Err(StoreError::NoRun { sweep: sweep.id.clone(), run: number }.into()),
        }
    }
}

fn full(row: &Row<'_>, goal: Goal) -> Outcome<RunRow> {
    let run: Run = run(row)?;
    Ok(RunRow {
        number: run.number,
        state: run.state,
        point: object(text(row, WIDTH)?)?,
        note: object(text(row, WIDTH + 1)?)?,
        stop_reason: run.stop_reason,
        stop_kind: run.stop_kind,
        message: run.message,
        attempt: run.attempt,
        exit_code: run.exit_code,
        rows: run.rows,
        best: run.loss.map(|loss| goal.to_loss(loss) + 0.0),
        last: run.last,
        created_ms: run.created_ms,
        started_ms: run.started_ms,
        ended_ms: run.ended_ms,
    })
}

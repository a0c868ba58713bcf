//! Runs for people: with point, note and times.

use besom_core::{Goal, RunNumber};
use rusqlite::{Row, params};

use super::fault::Outcome;
use super::runs::{POINT_AND_NOTE, RunColumn, point_and_note, run};
use super::sweeps::Sweep;
use super::{Tx, bounded};
use crate::rules::RunRecord;
use crate::{NewRun, Order, RunQuery, RunRow, StoreError};

impl Tx<'_> {
    /// Runs by a query.
    pub(super) fn run_rows(&self, sweep: &Sweep, query: &RunQuery) -> Outcome<Vec<RunRow>> {
        let order = match query.order {
            Order::Number => "r.number",
            Order::Newest => "r.number DESC",
            Order::Best => "r.rank, r.loss, r.number",
        };
        let condition = condition(query);
        let mut statement = self
            .conn
            .prepare(&format!("{} {condition} ORDER BY {order} LIMIT ?2 OFFSET ?3", select_rows()))?;
        let limit = bounded(query.limit.unwrap_or(u64::MAX));
        let mut rows = statement.query(params![sweep.key, limit, bounded(query.offset)])?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next()? {
            runs.push(full(row, sweep.record.goal())?);
        }
        Ok(runs)
    }

    /// One run.
    pub(super) fn run_row(&self, sweep: &Sweep, number: RunNumber) -> Outcome<RunRow> {
        let mut statement = self.sql(&format!("{} AND r.number = ?2", select_rows()))?;
        let mut rows = statement.query(params![sweep.key, bounded(number.get())])?;
        match rows.next()? {
            Some(row) => full(row, sweep.record.goal()),
            None => Err(StoreError::NoRun { sweep: sweep.record.id.clone(), run: number }.into()),
        }
    }
}

/// Which runs are asked for. The names of states are ours, and numbers are numbers: nothing needs escaping.
fn condition(query: &RunQuery) -> String {
    let states: Vec<String> = query.states.iter().map(|state| format!("'{state}'")).collect();
    let numbers: Vec<String> = query.numbers.iter().map(|number| bounded(number.get()).to_string()).collect();
    let among = |column: &str, values: &[String]| match values {
        [] => String::new(),
        values => format!(" AND {column} IN ({})", values.join(", ")),
    };
    let after = query.after.map(|after| format!(" AND r.number > {}", bounded(after.get())));
    [among("r.state", &states), among("r.number", &numbers), after.unwrap_or_default()].concat()
}

fn select_rows() -> String {
    let columns = RunColumn::SQL;
    format!(
        "SELECT {columns}, {POINT_AND_NOTE} FROM runs r JOIN points p ON p.run = r.key WHERE r.sweep = ?1"
    )
}

fn full(row: &Row<'_>, goal: Goal) -> Outcome<RunRow> {
    let run = run(row)?;
    let NewRun { point, note } = point_and_note(row)?;
    let RunRecord {
        number, state, stop, message, attempt, exit_code, failure, rows, kept, loss, last, ..
    } = run.record;
    let (stop_kind, stop_reason) = stop.map(|stop| (stop.kind, stop.reason)).unzip();
    Ok(RunRow {
        number,
        state,
        point,
        note,
        stop_reason,
        stop_kind,
        message,
        attempt,
        exit_code,
        failure,
        rows: kept + rows,
        kept,
        best: loss.map(|loss| goal.to_loss(loss) + 0.0),
        last,
        created_ms: run.created_ms,
        started_ms: run.record.started_ms,
        ended_ms: run.record.ended_ms,
    })
}

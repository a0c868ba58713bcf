//! Runs for people: with point, note and times.

use besom_core::{Goal, RunNumber, RunState};
use besom_store::rules::RunRecord;
use besom_store::{NewRun, Order, RunQuery, RunRow, StoreError};
use postgres::Row;

use crate::columns::bounded;
use crate::fault::Outcome;
use crate::runs::{Run, RunColumn, point_and_note, run};
use crate::sweeps::Sweep;
use crate::tx::Tx;

impl Tx<'_> {
    /// Runs by a query.
    pub(crate) fn run_rows(&mut self, sweep: &Sweep, query: &RunQuery) -> Outcome<Vec<RunRow>> {
        let order = match query.order {
            Order::Newest => "r.number DESC",
            Order::Best => "r.rank, r.loss, r.number",
            _ => "r.number",
        };
        let mut condition = String::new();
        if !query.states.is_empty() {
            condition += " AND r.state = ANY($5)";
        }
        if !query.numbers.is_empty() {
            condition += " AND r.number = ANY($6)";
        }
        // What is not asked for is given all the same, so that each text has the same parameters.
        let sql = format!(
            "{} AND r.number > $4 AND ($5::text[] IS NOT NULL) AND ($6::bigint[] IS NOT NULL){condition}
             ORDER BY {order} LIMIT $2 OFFSET $3",
            select_rows()
        );
        let states: Vec<&str> = query.states.iter().map(|state: &RunState| state.as_str()).collect();
        let numbers: Vec<i64> = query.numbers.iter().map(|number| bounded(number.get())).collect();
        let rows = self.query(
            &sql,
            &[
                &sweep.key,
                &bounded(query.limit.unwrap_or(u64::MAX)),
                &bounded(query.offset),
                &query.after.map_or(0, |after| bounded(after.get())),
                &states,
                &numbers,
            ],
        )?;
        rows.iter().map(|row| full(row, sweep.record.goal())).collect()
    }

    /// One run.
    pub(crate) fn run_row(&mut self, sweep: &Sweep, number: RunNumber) -> Outcome<RunRow> {
        let sql = format!("{} AND r.number = $2", select_rows());
        match self.query_opt(&sql, &[&sweep.key, &bounded(number.get())])? {
            Some(row) => full(&row, sweep.record.goal()),
            None => Err(StoreError::NoRun { sweep: sweep.record.id.clone(), run: number }.into()),
        }
    }
}

fn select_rows() -> String {
    let columns = RunColumn::SQL;
    format!("SELECT {columns}, p.point, p.note FROM runs r JOIN points p ON p.run = r.key WHERE r.sweep = $1")
}

fn full(row: &Row, goal: Goal) -> Outcome<RunRow> {
    Ok(listed(run(row)?, point_and_note(row)?, goal))
}

/// A run as it is listed.
pub(crate) fn listed(run: Run, new: NewRun, goal: Goal) -> RunRow {
    let RunRecord {
        number,
        state,
        stop,
        message,
        attempt,
        exit_code,
        failure,
        rows,
        kept,
        loss,
        last,
        started_ms,
        ended_ms,
        ..
    } = run.record;
    let mut listed = RunRow::new(number, new, run.created_ms);
    (listed.stop_kind, listed.stop_reason) = stop.map(|stop| (stop.kind, stop.reason)).unzip();
    listed.state = state;
    listed.message = message;
    listed.attempt = attempt;
    listed.exit_code = exit_code;
    listed.failure = failure;
    listed.rows = kept + rows;
    listed.kept = kept;
    listed.best = loss.map(|loss| goal.to_loss(loss) + 0.0);
    listed.last = last;
    (listed.started_ms, listed.ended_ms) = (started_ms, ended_ms);
    listed
}

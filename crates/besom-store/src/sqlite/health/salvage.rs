//! What can be read of a damaged store, row by row.

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use crate::sqlite::fault::Outcome;

/// All tables but the counts, which are made anew, with the columns that their trees are ordered by.
const TABLES: &[(&str, &[&str])] = &[
    ("sweeps", &["key"]),
    ("progress", &["sweep"]),
    ("agents", &["key"]),
    ("runs", &["key"]),
    ("points", &["run"]),
    ("attempts", &["run", "attempt"]),
    ("chunks", &["key"]),
    ("curves", &["key"]),
    ("facts", &["rowid"]),
    ("outputs", &["key"]),
    ("logged", &["rowid"]),
    ("labels", &["sweep", "key"]),
    ("events", &["sweep", "seq"]),
];

/// The counts of runs of all sweeps or of one, as the triggers keep them.
const COUNTS: &str = "
    INSERT INTO tallies
      SELECT s.key, w.what, count(r.key) FROM sweeps s
      JOIN (SELECT value AS what FROM json_each(?1)) w
      LEFT JOIN runs r ON r.sweep = s.key AND
        (r.state = w.what OR w.what = 'stopped' AND r.state = 'finished' AND r.stop_kind = 'early')
      WHERE ?2 IS NULL OR s.key = ?2
      GROUP BY s.key, w.what";

/// Copies each table from both ends, so that damage costs the rows between two places only.
pub(super) fn save_rows(source: &Connection, target: &Connection) -> Outcome<()> {
    let transaction = target.unchecked_transaction()?;
    for (table, order) in TABLES {
        let down: Vec<String> = order.iter().map(|column| format!("{column} DESC")).collect();
        if !save_table(source, target, table, &order.join(", "))? {
            save_table(source, target, table, &down.join(", "))?;
        }
    }
    count_runs(target, None)?;
    Ok(transaction.commit()?)
}

/// Counts the runs of all sweeps, or of one, of which nothing was counted yet.
pub(in crate::sqlite) fn count_runs(target: &Connection, sweep: Option<i64>) -> Outcome<()> {
    let mut counted: Vec<&str> = besom_core::RunState::ALL.iter().map(|state| state.as_str()).collect();
    counted.push("stopped");
    let counted = serde_json::Value::from(counted).to_string();
    target.execute(COUNTS, params![counted, sweep])?;
    Ok(())
}

/// Copies the rows of a table in an order until one cannot be read. Returns whether all could be. What another row
/// contradicts, or the table does not take, is left out.
fn save_table(source: &Connection, target: &Connection, table: &str, order: &str) -> Outcome<bool> {
    let (names, marks) = columns(target, table)?;
    let mut insert = target.prepare(&format!("INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"))?;
    let Ok(mut select) = source.prepare(&format!("SELECT {names} FROM {table} ORDER BY {order}")) else {
        return Ok(false);
    };
    let count = select.column_count();
    let Ok(mut rows) = select.query([]) else { return Ok(false) };
    loop {
        let Ok(next) = rows.next() else { return Ok(false) };
        let Some(row) = next else { return Ok(true) };
        let values: Result<Vec<Value>, _> = (0..count).map(|column| row.get(column)).collect();
        let Ok(values) = values else { continue };
        match insert.execute(params_from_iter(values)) {
            Err(error) if error.sqlite_error_code() != Some(rusqlite::ErrorCode::ConstraintViolation) => {
                return Err(error.into());
            }
            _ => {}
        }
    }
}

/// The columns of a table, and as many question marks.
fn columns(target: &Connection, table: &str) -> Outcome<(String, String)> {
    let mut statement = target.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let names: Vec<String> = statement.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok((names.join(", "), vec!["?"; names.len()].join(", ")))
}

//! The rows of a sweep as every store has them.

use std::collections::HashMap;

use super::{Cell, Kind, Source, Table, Tables, Take};
use crate::{Seen, StoreError};

/// All numbers of changes of a sweep, in order.
const CHANGES: &str = "SELECT seq FROM events WHERE sweep = $1 UNION SELECT change FROM runs WHERE sweep = $1
    UNION SELECT added FROM runs WHERE sweep = $1 UNION SELECT attempted FROM runs WHERE sweep = $1
    UNION SELECT c.change FROM curves c JOIN runs r ON r.key = c.run WHERE r.sweep = $1 ORDER BY 1";

/// Reads a sweep from the tables of a store.
#[derive(Debug)]
pub struct Reader<'a, T: ?Sized> {
    tables: &'a mut T,
    sweep: i64,
    changes: Vec<i64>,
    /// The places of agents by their keys.
    agents: HashMap<i64, i64>,
}

impl<'a, T: Tables + ?Sized> Reader<'a, T> {
    /// Reads the sweep of this key.
    ///
    /// # Errors
    /// Those of the store.
    pub fn new(tables: &'a mut T, sweep: i64) -> Result<Self, StoreError> {
        let mut changes = Vec::new();
        let of_sweep = [Cell::Integer(sweep)];
        tables.select(CHANGES, &of_sweep, &mut |row| {
            changes.extend(row[0].integer().filter(|change| *change > 0));
            Ok(())
        })?;
        let mut agents = HashMap::new();
        tables.select("SELECT key FROM agents WHERE sweep = $1 ORDER BY key", &of_sweep, &mut |row| {
            let place = agents.len() + 1;
            agents.extend(row[0].integer().map(|key| (key, place_of(place))));
            Ok(())
        })?;
        Ok(Self { tables, sweep, changes, agents })
    }

    fn sql(&self, table: &Table) -> String {
        let expression = |&(name, kind): &(&str, Kind)| match kind {
            Kind::Run => "r.number".to_owned(),
            _ => self.tables.expression(name, kind),
        };
        let columns = table.columns.iter().map(expression).collect::<Vec<_>>().join(", ");
        let name = table.name;
        let rest = match name {
            _ if table.is_of_runs() => "JOIN runs r ON r.key = t.run WHERE r.sweep = $1",
            "sweeps" => "WHERE t.key = $1",
            "agents" => "WHERE t.sweep = $1 ORDER BY t.key",
            "runs" => "WHERE t.sweep = $1 ORDER BY t.number",
            _ => "WHERE t.sweep = $1",
        };
        format!("SELECT {columns} FROM {name} t {rest}")
    }
}

impl<T: Tables + ?Sized> Source for Reader<'_, T> {
    fn rows(&mut self, table: &Table, take: &mut Take<'_>) -> Result<(), StoreError> {
        let sql = self.sql(table);
        let Self { tables, sweep, changes, agents } = self;
        tables.select(&sql, &[Cell::Integer(*sweep)], &mut |mut row| {
            for (cell, (_, kind)) in row.iter_mut().zip(table.columns) {
                let plain = std::mem::replace(cell, Cell::Null);
                *cell = neutral(plain, *kind, changes, agents)?;
            }
            take(row)
        })
    }
}

/// A value without what only its store knows.
fn neutral(cell: Cell, kind: Kind, changes: &[i64], agents: &HashMap<i64, i64>) -> Result<Cell, StoreError> {
    Ok(match (cell, kind) {
        (_, Kind::Latest) => Cell::Integer(place_of(changes.len())),
        (Cell::Integer(change), Kind::Change) => Cell::Integer(rank(changes, change)),
        (Cell::Integer(key), Kind::Agent) => {
            let unknown = || StoreError::Contradiction { what: "the agent of a run", found: key.to_string() };
            Cell::Integer(*agents.get(&key).ok_or_else(unknown)?)
        }
        (Cell::Text(text), Kind::Seen) => Cell::Text(seen(&text, changes)?),
        (Cell::Text(text), Kind::Bytes) => Cell::Bytes(text.into_bytes()),
        (Cell::Text(text), _) if text.contains('\0') => Cell::Text(text.replace('\0', "")),
        // SQLite keeps no sign of zero.
        (Cell::Real(number), _) => Cell::Real(number + 0.0),
        (cell, _) => cell,
    })
}

/// How many changes there are up to this one.
fn rank(changes: &[i64], change: i64) -> i64 {
    place_of(changes.partition_point(|known| *known <= change))
}

fn place_of(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

fn seen(text: &str, changes: &[i64]) -> Result<String, StoreError> {
    let damaged =
        |_| StoreError::Contradiction { what: "what a run was suggested from", found: text.to_owned() };
    let mut seen: Seen = serde_json::from_str(text).map_err(damaged)?;
    let upto = i64::try_from(seen.upto).unwrap_or(i64::MAX);
    seen.upto = u64::try_from(rank(changes, upto)).unwrap_or_default();
    serde_json::to_string(&seen).map_err(damaged)
}

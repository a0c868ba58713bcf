//! A sweep written to the tables of a store.

use super::{Cell, Digest, Kind, Reader, Source, TABLES, Tables};
use crate::{StoreError, SweepId};

/// Writes a sweep, and reads it again: in a transaction of the caller's, who ends it or undoes it after an error.
///
/// # Errors
/// [`StoreError::SweepExists`]; [`StoreError::Contradiction`] if something else is read than was written; those of both stores.
pub fn write(tables: &mut dyn Tables, source: &mut dyn Source) -> Result<Digest, StoreError> {
    let mut written = Digest::default();
    let (mut sweep, mut runs, mut agents) = (0, Vec::new(), Vec::new());
    for table in TABLES {
        written.begin();
        if table.name == "sweeps" {
            sweep = create(tables, source, &mut written)?;
            continue;
        }
        let mut columns = table.columns.to_vec();
        if !table.is_of_runs() {
            columns.push(("sweep", Kind::Integer));
        }
        tables.insert(table.name, &columns, &mut |take| {
            source.rows(table, &mut |mut row| {
                written.add(&row);
                for (cell, (_, kind)) in row.iter_mut().zip(table.columns) {
                    match kind {
                        Kind::Run => translate(cell, &runs)?,
                        Kind::Agent => translate(cell, &agents)?,
                        _ => {}
                    }
                }
                if !table.is_of_runs() {
                    row.push(Cell::Integer(sweep));
                }
                take(row)
            })
        })?;
        match table.name {
            "runs" => runs = keys(tables, "SELECT key FROM runs WHERE sweep = $1 ORDER BY number", sweep)?,
            "agents" => agents = keys(tables, "SELECT key FROM agents WHERE sweep = $1 ORDER BY key", sweep)?,
            _ => {}
        }
    }
    tables.complete(sweep)?;
    let read = Digest::of(&mut Reader::new(tables, sweep)?)?;
    if read == written {
        Ok(read)
    } else {
        Err(StoreError::Contradiction {
            what: "the copy of a sweep",
            found: "not what was written".to_owned(),
        })
    }
}

/// Creates the sweep itself; its key.
fn create(tables: &mut dyn Tables, source: &mut dyn Source, written: &mut Digest) -> Result<i64, StoreError> {
    let table = &TABLES[0];
    let mut rows = Vec::new();
    source.rows(table, &mut |row| {
        written.add(&row);
        rows.push(row);
        Ok(())
    })?;
    let row = rows.pop().unwrap_or_default();
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let marks: Vec<String> = (1..=names.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "INSERT INTO sweeps ({}) VALUES ({}) ON CONFLICT (id) DO NOTHING RETURNING key",
        names.join(", "),
        marks.join(", ")
    );
    let mut key = None;
    tables.select(&sql, &row, &mut |created| {
        key = created[0].integer();
        Ok(())
    })?;
    let id = || match row.first() {
        Some(Cell::Text(id)) => SweepId::new(id.as_str()),
        _ => SweepId::new(""),
    };
    key.ok_or_else(|| StoreError::SweepExists(id()))
}

fn keys(tables: &mut dyn Tables, sql: &str, sweep: i64) -> Result<Vec<i64>, StoreError> {
    let mut keys = Vec::new();
    tables.select(sql, &[Cell::Integer(sweep)], &mut |row| {
        keys.extend(row[0].integer());
        Ok(())
    })?;
    Ok(keys)
}

/// The key in the place of a number from 1.
fn translate(cell: &mut Cell, keys: &[i64]) -> Result<(), StoreError> {
    let Cell::Integer(place) = *cell else { return Ok(()) };
    let key = usize::try_from(place).ok().and_then(|place| keys.get(place.checked_sub(1)?));
    let unknown =
        || StoreError::Contradiction { what: "the number of a run or agent", found: place.to_string() };
    *cell = Cell::Integer(*key.ok_or_else(unknown)?);
    Ok(())
}

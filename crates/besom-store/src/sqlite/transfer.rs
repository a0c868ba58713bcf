//! Sweeps copied from and to other stores: see [`crate::transfer`].

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{ToSql, params_from_iter};

use super::fault::{Fault, Outcome};
use super::health::count_runs;
use super::{SqliteStore, Tx};
use crate::transfer::{Cell, Digest, Kind, Reader, Source, Tables, Take, Transfer, write};
use crate::{StoreError, SweepId};

impl Transfer for SqliteStore {
    fn read_sweep(
        &mut self,
        id: &SweepId,
        work: &mut dyn FnMut(&mut dyn Source) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.read(|tx| {
            let sweep = tx.sweep(id)?.key;
            let mut tables = Rows(tx);
            Ok(work(&mut Reader::new(&mut tables, sweep)?)?)
        })
    }

    fn write_sweep(&mut self, source: &mut dyn Source) -> Result<Digest, StoreError> {
        self.write(|tx| Ok(write(&mut Rows(tx), source)?))
    }
}

/// The tables in a transaction.
struct Rows<'a, 'b>(&'a Tx<'b>);

impl Tables for Rows<'_, '_> {
    fn select(&mut self, sql: &str, parameters: &[Cell], take: &mut Take<'_>) -> Result<(), StoreError> {
        let mut query = || -> Outcome<()> {
            let mut statement = self.0.sql(sql)?;
            let count = statement.column_count();
            let mut rows = statement.query(params_from_iter(parameters))?;
            while let Some(row) = rows.next()? {
                let cells = (0..count).map(|column| Ok(cell(row.get(column)?)));
                take(cells.collect::<Outcome<_>>()?)?;
            }
            Ok(())
        };
        Ok(query()?)
    }

    fn insert(
        &mut self,
        table: &str,
        columns: &[(&str, Kind)],
        give: &mut dyn FnMut(&mut Take<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let marks = vec!["?"; names.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({}) VALUES ({marks})", names.join(", "));
        let mut statement = self.0.sql(&sql)?;
        give(&mut |mut row| {
            if table == "outputs" {
                row.iter_mut().for_each(as_text);
            }
            statement.execute(params_from_iter(row.iter())).map_err(Fault::from)?;
            Ok(())
        })
    }

    fn expression(&self, column: &str, _kind: Kind) -> String {
        format!("t.{column}")
    }

    fn complete(&mut self, sweep: i64) -> Result<(), StoreError> {
        Ok(count_runs(self.0.conn, Some(sweep))?)
    }
}

/// Output is a text in this store.
fn as_text(cell: &mut Cell) {
    if let Cell::Bytes(bytes) = cell {
        *cell = Cell::Text(String::from_utf8_lossy(bytes).into_owned());
    }
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Integer(number) => Cell::Integer(number),
        Value::Real(number) => Cell::Real(number),
        Value::Text(text) => Cell::Text(text),
        Value::Blob(bytes) => Cell::Bytes(bytes),
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

//! Sweeps copied from and to other stores: see [`besom_store::transfer`].

use besom_store::transfer::{Cell, Digest, Kind, Reader, Source, Tables, Take, Transfer, write};
use besom_store::{StoreError, SweepId};
use postgres::Row;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{ToSql, Type};

use crate::PostgresStore;
use crate::columns::value;
use crate::fault::{Fault, Outcome, damaged};
use crate::tx::Tx;

impl Transfer for PostgresStore {
    fn read_sweep(
        &mut self,
        id: &SweepId,
        work: &mut dyn FnMut(&mut dyn Source) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let url = self.url().to_owned();
        self.read(|tx| {
            stay_open(tx)?;
            let sweep = tx.sweep(id)?.key;
            let mut tables = Rows { tx, url: &url };
            Ok(work(&mut Reader::new(&mut tables, sweep)?)?)
        })
    }

    fn write_sweep(&mut self, source: &mut dyn Source) -> Result<Digest, StoreError> {
        let url = self.url().to_owned();
        self.write(|tx| {
            stay_open(tx)?;
            Ok(write(&mut Rows { tx, url: &url }, source)?)
        })
    }
}

/// The other store may take longer than a transaction is else allowed to wait.
fn stay_open(tx: &mut Tx<'_>) -> Outcome<()> {
    Ok(tx.client.batch_execute("SET LOCAL idle_in_transaction_session_timeout TO 0")?)
}

/// The tables in a transaction.
struct Rows<'a, 'b> {
    tx: &'a mut Tx<'b>,
    url: &'a str,
}

impl Rows<'_, '_> {
    fn try_select(&mut self, sql: &str, parameters: &[Cell], take: &mut Take<'_>) -> Outcome<()> {
        let statement = self.tx.prepare(sql)?;
        let parameters: Vec<_> = parameters.iter().zip(statement.params()).map(parameter).collect();
        // Row by row, as they come: a table may be larger than the memory.
        let mut rows = self.tx.client.query_raw(&statement, parameters)?;
        while let Some(row) = rows.next()? {
            take((0..row.len()).map(|column| cell(&row, column)).collect::<Outcome<_>>()?)?;
        }
        Ok(())
    }

    fn try_insert(
        &mut self,
        table: &str,
        columns: &[(&str, Kind)],
        give: &mut dyn FnMut(&mut Take<'_>) -> Result<(), StoreError>,
    ) -> Outcome<()> {
        let own: Vec<(&str, Kind)> =
            columns.iter().copied().filter(|(_, kind)| *kind != Kind::Latest).collect();
        let mut names: Vec<&str> = own.iter().map(|(name, _)| *name).collect();
        let mut types: Vec<Type> = own.iter().map(|(_, kind)| type_of(*kind)).collect();
        if own.iter().any(|(_, kind)| *kind == Kind::Kept) {
            names.push("kept_before");
            types.push(Type::BOOL);
        }
        let sql = format!("COPY {table} ({}) FROM STDIN BINARY", names.join(", "));
        let mut writer = BinaryCopyInWriter::new(self.tx.client.copy_in(&sql)?, &types);
        let url = self.url;
        give(&mut |row| {
            let mut values: Vec<Box<dyn ToSql + Sync>> = Vec::with_capacity(types.len());
            let mut before = None;
            for (cell, (_, kind)) in row.iter().zip(columns) {
                match kind {
                    Kind::Latest => {}
                    Kind::Kept => {
                        let kept = cell.integer().unwrap_or_default();
                        before = Some(kept == 2);
                        values.push(Box::new(kept == 1));
                    }
                    kind => values.push(parameter((cell, &type_of(*kind)))),
                }
            }
            if let Some(before) = before {
                values.push(Box::new(before));
            }
            let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value).collect();
            writer.write(&values).map_err(|error| Fault::from(error).at(url))
        })?;
        writer.finish()?;
        Ok(())
    }
}

impl Tables for Rows<'_, '_> {
    fn select(&mut self, sql: &str, parameters: &[Cell], take: &mut Take<'_>) -> Result<(), StoreError> {
        self.try_select(sql, parameters, take).map_err(|fault| fault.at(self.url))
    }

    fn insert(
        &mut self,
        table: &str,
        columns: &[(&str, Kind)],
        give: &mut dyn FnMut(&mut Take<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.try_insert(table, columns, give).map_err(|fault| fault.at(self.url))
    }

    fn expression(&self, column: &str, kind: Kind) -> String {
        match kind {
            // Every reader counts it.
            Kind::Latest => "0::bigint".to_owned(),
            Kind::Kept => "CASE WHEN t.kept THEN 1 WHEN t.kept_before THEN 2 ELSE 0 END::bigint".to_owned(),
            _ => format!("t.{column}"),
        }
    }

    fn complete(&mut self, _sweep: i64) -> Result<(), StoreError> {
        Ok(())
    }
}

fn type_of(kind: Kind) -> Type {
    match kind {
        Kind::Flag | Kind::Kept => Type::BOOL,
        Kind::Real => Type::FLOAT8,
        Kind::Text | Kind::Seen => Type::TEXT,
        Kind::Bytes => Type::BYTEA,
        _ => Type::INT8,
    }
}

/// A value as one of this type.
fn parameter((cell, wanted): (&Cell, &Type)) -> Box<dyn ToSql + Sync> {
    match cell {
        Cell::Null if *wanted == Type::BOOL => Box::new(None::<bool>),
        Cell::Null if *wanted == Type::FLOAT8 => Box::new(None::<f64>),
        Cell::Null if *wanted == Type::TEXT => Box::new(None::<String>),
        Cell::Null if *wanted == Type::BYTEA => Box::new(None::<Vec<u8>>),
        Cell::Null => Box::new(None::<i64>),
        Cell::Integer(number) if *wanted == Type::BOOL => Box::new(*number != 0),
        Cell::Integer(number) => Box::new(*number),
        Cell::Real(number) => Box::new(*number),
        Cell::Text(text) => Box::new(text.clone()),
        Cell::Bytes(bytes) => Box::new(bytes.clone()),
    }
}

fn cell(row: &Row, column: usize) -> Outcome<Cell> {
    let found = row.columns()[column].type_();
    Ok(match *found {
        Type::INT8 => value::<Option<i64>>(row, column)?.map_or(Cell::Null, Cell::Integer),
        Type::BOOL => {
            value::<Option<bool>>(row, column)?.map_or(Cell::Null, |flag| Cell::Integer(flag.into()))
        }
        Type::FLOAT8 => value::<Option<f64>>(row, column)?.map_or(Cell::Null, Cell::Real),
        Type::TEXT => value::<Option<String>>(row, column)?.map_or(Cell::Null, Cell::Text),
        Type::BYTEA => value::<Option<Vec<u8>>>(row, column)?.map_or(Cell::Null, Cell::Bytes),
        _ => return Err(damaged("the type of a column", found)),
    })
}

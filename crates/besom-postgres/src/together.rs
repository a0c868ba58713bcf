//! Several writes of an operation in one statement, which is one way to the database and back in place of many.

use std::fmt::Write as _;

use postgres::types::ToSql;

use crate::columns::{bounded, number, unsigned, value};
use crate::fault::{Outcome, damaged};
use crate::tx::{PLACE_BITS, Tx};

/// How to read the number of the change within a part.
pub(crate) const CHANGE: &str = "(SELECT change FROM numbered)";

/// Writes that belong to one change. They see the tables as they were before all of them, so none may need what another has written.
pub(crate) struct Together<'a> {
    parts: String,
    counts: String,
    parameters: Vec<&'a (dyn ToSql + Sync)>,
}

impl<'a> Together<'a> {
    pub(crate) fn new() -> Self {
        Self { parts: String::new(), counts: String::new(), parameters: Vec::new() }
    }

    /// Adds a write of one row, with a question mark for each of its parameters.
    #[must_use]
    pub(crate) fn and(mut self, sql: &str, parameters: &[&'a (dyn ToSql + Sync)]) -> Self {
        let name = self.parameters.len();
        // Three parameters come before all.
        let _ = write!(self.parts, ", part{name} AS ({} RETURNING 1)", marked(sql, name + 3));
        let _ = write!(self.counts, ", (SELECT count(*) FROM part{name})");
        self.parameters.extend(parameters);
        self
    }
}

impl Tx<'_> {
    /// Writes parts that belong to the next change. Returns its number, and how many rows each part has changed.
    ///
    /// What holds a row of a run has locked it before: the number of the transaction comes with this statement.
    pub(crate) fn write_together(&mut self, together: &Together<'_>) -> Outcome<(i64, Vec<u64>)> {
        let Together { parts, counts, parameters } = together;
        let sql = format!(
            "WITH numbered AS MATERIALIZED (
               SELECT coalesce($1::bigint, (pg_current_xact_id()::text::bigint + $2::bigint) << {PLACE_BITS}) + $3::bigint AS change
             ){parts} SELECT change{counts} FROM numbered"
        );
        let (known, place) = self.next_place()?;
        let offset = bounded(self.offset);
        let numbering: [&(dyn ToSql + Sync); 3] = [&known, &offset, &place];
        let row = self.query_one(&sql, &[&numbering, &parameters[..]].concat())?;
        let change: i64 = value(&row, 0)?;
        self.made(unsigned(change));
        Ok((change, (1..row.len()).map(|column| number(&row, column)).collect::<Outcome<_>>()?))
    }
}

/// Each of these writes must have changed exactly one row.
pub(crate) fn one_each(written: &[u64]) -> Outcome<()> {
    match written.iter().find(|&&count| count != 1) {
        Some(count) => Err(damaged("the number of rows that one write changed", count)),
        None => Ok(()),
    }
}

/// A statement with numbers in the place of question marks, the first after `before`.
pub(crate) fn marked(sql: &str, before: usize) -> String {
    let mut pieces = sql.split('?');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for (piece, number) in pieces.zip(before + 1..) {
        let _ = write!(text, "${number}{piece}");
    }
    text
}

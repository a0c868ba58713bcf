//! Runs without points and notes, which are most of what there is to read of them.

use besom_store::{NewRun, Outlines, RunOutline};
use serde_json::Map;

use crate::columns::{bounded, value};
use crate::fault::Outcome;
use crate::listing::listed;
use crate::runs::{RunColumn, run};
use crate::sweeps::Sweep;
use crate::tx::Tx;

impl Tx<'_> {
    /// The runs that have changed after `since`.
    pub(crate) fn outlines(&mut self, sweep: &Sweep, since: u64) -> Outcome<Outlines> {
        let upto = self.cursor(sweep.key)?;
        let condition = if since == 0 { "$2::bigint = 0" } else { "r.change > $2" };
        let sql = format!(
            "SELECT {}, a.name FROM runs r LEFT JOIN agents a ON a.key = r.agent
             WHERE r.sweep = $1 AND {condition} ORDER BY r.number",
            RunColumn::SQL
        );
        let rows = self.query(&sql, &[&sweep.key, &bounded(since)])?;
        let outline = |row: &postgres::Row| {
            let run = run(row)?;
            let is_new = run.added > since;
            let listed = listed(run, NewRun::new(Map::new()), sweep.record.goal());
            Ok(RunOutline::new(&listed, value(row, RunColumn::COUNT)?, is_new))
        };
        Ok(Outlines::new(upto, rows.iter().map(outline).collect::<Outcome<_>>()?))
    }
}

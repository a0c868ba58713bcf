//! Runs without points and notes, which are most of what there is to read of them.

use besom_core::RunNumber;
use rusqlite::{Row, params};

use super::columns::columns;
use super::fault::{Outcome, damaged};
use super::runs::state;
use super::sweeps::Sweep;
use super::{Tx, bounded};
use crate::{Outlines, RunOutline, StopKind};

columns! {
    /// The columns of an outline, of `runs r` and `agents a`.
    OutlineColumn: r.number, r.state, r.stop_kind, r.stop_reason, r.attempt, a.name, r.rows, r.kept, r.loss, r.last,
    r.started_ms, r.ended_ms, r.added
}

impl Tx<'_> {
    /// The runs that have changed after `since`.
    pub(super) fn outlines(&self, sweep: &Sweep, since: u64) -> Outcome<Outlines> {
        let condition = if since == 0 { "?2 = 0" } else { "r.change > ?2" };
        let columns = OutlineColumn::SQL;
        let mut statement = self.sql(&format!(
            "SELECT {columns} FROM runs r LEFT JOIN agents a ON a.key = r.agent
             WHERE r.sweep = ?1 AND {condition} ORDER BY r.number"
        ))?;
        let mut rows = statement.query(params![sweep.key, bounded(since)])?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next()? {
            runs.push(outline(row, sweep, since)?);
        }
        Ok(Outlines::new(sweep.change, runs))
    }
}

fn outline(row: &Row<'_>, sweep: &Sweep, since: u64) -> Outcome<RunOutline> {
    use OutlineColumn as C;
    let number = C::number.get(row)?;
    let kind = |name: &str| name.parse::<StopKind>().map_err(|_| damaged("the kind of a stop", name));
    let goal = sweep.record.goal();
    Ok(RunOutline {
        number: RunNumber::new(number).ok_or_else(|| damaged("the number of a run", number))?,
        is_new: C::added.get::<u64>(row)? > since,
        state: state(C::state.text(row)?)?,
        stop_kind: C::stop_kind.text_or_null(row)?.map(kind).transpose()?,
        stop_reason: C::stop_reason.get(row)?,
        attempt: C::attempt.get(row)?,
        agent: C::name.get(row)?,
        rows: C::kept.get::<u64>(row)? + C::rows.get::<u64>(row)?,
        best: C::loss.get::<Option<f64>>(row)?.map(|loss| goal.to_loss(loss) + 0.0),
        last: C::last.get(row)?,
        started_ms: C::started_ms.get(row)?,
        ended_ms: C::ended_ms.get(row)?,
    })
}

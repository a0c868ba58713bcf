//! Outlines are the runs, and chosen runs are those of all that are asked for.

use besom_core::RunNumber;

use super::verdict::{Verdict, expect_ok, same};
use super::view::all_runs;
use crate::{RunOutline, RunQuery, RunRow, Store, SweepId};

/// Outlines since any cursor are those of the runs that changes name.
pub(super) fn agree_on_outlines(store: &mut dyn Store, id: &SweepId) -> Verdict {
    let upto = expect_ok("changes", store.changes(id, 0))?.upto;
    for since in [0, upto / 3, upto / 2, upto] {
        let found = expect_ok("outlines", store.outlines(id, since))?;
        let changes = expect_ok("changes", store.changes(id, since))?;
        same("the cursor of outlines", &found.upto, &changes.upto)?;
        let mut expected = Vec::new();
        for change in changes.runs {
            let run = expect_ok("run", store.run(id, change.number))?;
            let newest = expect_ok("attempts", store.attempts(id, run.number))?.pop();
            expected.push(RunOutline::new(&run, newest.map(|attempt| attempt.agent), change.added.is_some()));
        }
        same("outlines", &found.runs, &expected)?;
    }
    Ok(())
}

/// Runs by number, and page by page, are those of all runs.
pub(super) fn agree_on_choices(store: &mut dyn Store, id: &SweepId) -> Verdict {
    let all = all_runs(store, id)?;
    let odd = |run: &&RunRow| run.number.get() % 2 == 1;
    let numbers: Vec<RunNumber> = all.iter().filter(odd).map(|run| run.number).collect();
    let beyond = RunNumber::from_index(all.len());
    let asked = RunQuery::default().numbers([numbers.clone(), vec![beyond]].concat());
    let expected = if numbers.is_empty() { Vec::new() } else { all.iter().filter(odd).cloned().collect() };
    same("runs of some numbers", &expect_ok("runs", store.runs(id, &asked))?, &expected)?;
    let mut paged: Vec<RunRow> = Vec::new();
    loop {
        let query = RunQuery::default().after(paged.last().map(|run| run.number)).limit(2);
        let page = expect_ok("runs", store.runs(id, &query))?;
        if page.is_empty() || page.len() > 2 {
            return same("runs page by page", &paged, &all);
        }
        paged.extend(page);
    }
}

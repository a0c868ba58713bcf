//! The run of a stored sweep that is expected to be the best.

use std::collections::BTreeMap;

use besom_config::SweepConfig;
use besom_core::{Curve, Problem, Run, RunNumber, RunState};
use besom_insight::BestExpected;
use besom_store::{Order, RunQuery, RunRow, StopKind, Store, StoreError, SweepRow};

/// How many of the best runs and of the newest ones are read where there are more than both together: at least as many as
/// [`besom_insight::best_expected`] looks at.
const BEST: usize = 250;
const NEWEST: usize = 500;

/// How many runs are read at once.
const PAGE: u64 = 500;

/// The run of a sweep with the best expected value; `None` unless values are found to be noisy, see [`besom_insight::best_expected`],
/// and of a sweep with several metrics, which has a [`front`](crate::front()) instead.
/// Takes some hundredths of a second where there are hundreds of runs, or thousands.
///
/// # Errors
/// If the store fails.
pub fn best_expected(
    store: &mut dyn Store,
    sweep: &SweepRow,
    config: &SweepConfig,
) -> Result<Option<BestExpected>, StoreError> {
    let problem = config.problem().seed(sweep.new.seed);
    if problem.metrics.len() != 1 {
        return Ok(None);
    }
    let mut runs = BTreeMap::new();
    read(store, sweep, &problem, Order::Newest, NEWEST, &mut runs)?;
    if runs.len() >= NEWEST {
        read(store, sweep, &problem, Order::Best, BEST, &mut runs)?;
    }
    Ok(besom_insight::best_expected(&problem, runs.iter().map(|(number, run)| (*number, run))))
}

/// Reads finished runs with a value in this order, until there are so many.
fn read(
    store: &mut dyn Store,
    sweep: &SweepRow,
    problem: &Problem,
    order: Order,
    most: usize,
    runs: &mut BTreeMap<RunNumber, Run>,
) -> Result<(), StoreError> {
    let mut query = RunQuery::default().states([RunState::Finished]).order(order).limit(PAGE);
    let mut count = 0;
    loop {
        let page = store.runs(sweep.id(), &query)?;
        for row in &page {
            if let Some(run) = finished(problem, row).filter(|_| count < most) {
                count += 1;
                runs.insert(row.number, run);
            }
        }
        if (page.len() as u64) < PAGE || count >= most {
            return Ok(());
        }
        query.offset += PAGE;
    }
}

/// A run with the value that it counts with as its whole curve, unless it was stopped early or has none.
fn finished(problem: &Problem, row: &RunRow) -> Option<Run> {
    let value = row.best.filter(|_| row.stop_kind != Some(StopKind::Early))?;
    let run = Run::new(problem.space.read(&row.point)).with_state(row.state);
    Some(run.with_curve(0, Curve::new([value])))
}

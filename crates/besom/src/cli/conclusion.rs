//! What `besom run`, `besom agent` and `besom controller` print at the end: how it went, and what to type next.

use anyhow::Result;
use besom_config::SweepConfig;
use besom_core::{Best, RunState};
use besom_engine::{MissingMetric, planned};
use besom_store::{Order, PausedBy, RunQuery, Status, Store, StoreError, SweepRow, SweepState};

use crate::cli::{describe, expected, front, table};

/// How a sweep of this configuration stands when work on it ends, and what to type next; `missing` is why no finished run has a value of
/// the metric, `again` what to type to continue if a signal has ended it.
pub(crate) fn conclusion(
    store: &mut dyn Store,
    sweep: &SweepRow,
    status: &Status,
    config: &SweepConfig,
    missing: Option<&MissingMetric>,
    again: Option<&str>,
) -> Result<String> {
    let mut lines = standing(store, sweep, status, config, again)?;
    let id = sweep.id();
    if front::has_front(sweep) {
        if status.best.is_some() {
            lines.push(format!("more: besom best {id}; besom runs {id}"));
        }
    } else if let Some(Best { run, .. }) = status.best {
        lines.push(format!("more: besom runs {id} --sort best; besom show {id} {run}"));
    }
    // A sweep that was paused for it says so already.
    let missing = missing.filter(|_| sweep.paused_by != Some(PausedBy::Metric));
    lines.extend(missing.map(MissingMetric::conclusion));
    if again.is_none() {
        lines.extend(how_to_continue(sweep, status));
    }
    Ok(lines.join("\n"))
}

/// The state of a sweep, or that it was interrupted, its runs, its front or its best run, the one that is expected to be the best where values are
/// noisy, and what was better and does not count.
pub(crate) fn standing(
    store: &mut dyn Store,
    sweep: &SweepRow,
    status: &Status,
    config: &SweepConfig,
    again: Option<&str>,
) -> Result<Vec<String>, StoreError> {
    let (id, planned) = (sweep.id(), planned(sweep, config));
    let mut lines = match again {
        Some(again) => vec![interrupted(planned, status, again)],
        None => vec![format!("sweep {id} is {}", describe::state(sweep, status))],
    };
    lines.push(format!("runs {}", describe::counts(planned, status)));
    if front::has_front(sweep) {
        lines.extend(front::lines(store, sweep, config, front::FIRST)?);
    } else if let Some(Best { run: number, value, .. }) = status.best {
        let run = store.run(id, number)?;
        let expected = expected::with_run(store, sweep, config)?;
        lines.extend(describe::best(sweep, &run, value, expected.as_ref()));
        lines.extend(describe::uncounted(status));
        lines.extend(waiting(store, sweep, value)?);
    }
    Ok(lines)
}

/// `interrupted after 9 of 20 runs; continue with: besom run sweep.yaml --resume`.
fn interrupted(planned: Option<u64>, status: &Status, again: &str) -> String {
    let over = describe::over(status);
    let runs = match planned {
        Some(planned) => format!("{over} of {}", table::count(planned, "run")),
        None => table::count(over, "run"),
    };
    format!("interrupted after {runs}; continue with: {again}")
}

/// The run that was better than the best one when it was interrupted, and waits to be run again.
fn waiting(store: &mut dyn Store, sweep: &SweepRow, best: f64) -> Result<Option<String>, StoreError> {
    let query =
        RunQuery::default().states([RunState::Preempted, RunState::Pending]).order(Order::Best).limit(1);
    let goal = sweep.goal();
    let better = store.runs(&sweep.new.id, &query)?.into_iter().find_map(|run| {
        let value = run.best.filter(|value| goal.to_loss(*value) < goal.to_loss(best))?;
        Some(format!(
            "run {} ({}) had {}, which counts once it has been run again",
            run.number,
            run.state,
            table::number(value)
        ))
    });
    Ok(better)
}

/// What to type next for a sweep that has not ended, or whose runs have failed.
fn how_to_continue(sweep: &SweepRow, status: &Status) -> Option<String> {
    let id = &sweep.new.id;
    let failed = describe::count(status, RunState::Failed) > 0;
    match sweep.state {
        SweepState::Paused if sweep.paused_by == Some(PausedBy::Metric) => Some(format!(
            "once the program logs {}, continue with: besom resume {id}; besom agent {id}; \
             or correct the sweep file, and run it as a new sweep",
            describe::metric(sweep)
        )),
        // Its last failures were given back, but there may be earlier ones.
        SweepState::Paused if failed || sweep.paused_by == Some(PausedBy::Program) => Some(format!(
            "once fixed, continue with: besom retry {id} --failed; besom resume {id}; besom agent {id}"
        )),
        SweepState::Paused => Some(format!("continue with: besom resume {id}; besom agent {id}")),
        SweepState::Finished if failed => {
            Some(format!("run the failed ones again with: besom retry {id} --failed; besom agent {id}"))
        }
        state if state.is_over() => None,
        _ => Some(format!("continue with: besom agent {id}")),
    }
}

/// What `--resume` does with a paused sweep, and what it leaves to its owner.
pub(crate) fn on_resuming(store: &mut dyn Store, sweep: &SweepRow) -> Result<String> {
    let id = &sweep.new.id;
    let by = sweep.paused_by.map(|by| format!(" by its {by}")).unwrap_or_default();
    let failed = describe::count(&store.status(id)?, RunState::Failed);
    let retry = match failed {
        0 => String::new(),
        _ => format!(
            "; its {} are not retried; to retry them: besom retry {id} --failed",
            table::count(failed, "failed run")
        ),
    };
    Ok(format!("sweep {id} was paused{by}; resuming it{retry}"))
}

//! What commands say of the front of a sweep with several metrics.

use anyhow::Result;
use besom_config::SweepConfig;
use besom_core::{Front, FrontRun, Registry, RunNumber};
use besom_engine::{Fields, front, stored_config};
use besom_store::{RunQuery, RunRow, Store, StoreError, SweepRow};
use serde_json::{Map, Value, json};

use crate::cli::grid::{self, Column};
use crate::cli::runs::{column, varies};
use crate::cli::text::{Line, Paint};
use crate::cli::{json, output, table};

/// How many runs of a front are listed at the end of `besom run`; `besom best` lists all.
pub(crate) const FIRST: usize = 10;

/// Whether a sweep has several metrics, and therefore a front in place of a best run.
pub(crate) fn has_front(sweep: &SweepRow) -> bool {
    sweep.new.metrics.len() > 1
}

/// The front of a sweep; `None` of one with a single metric or none.
pub(crate) fn found(
    registry: &Registry,
    store: &mut dyn Store,
    sweep: &SweepRow,
) -> Result<Option<Front>, StoreError> {
    if !has_front(sweep) {
        return Ok(None);
    }
    front(store, sweep, stored_config(registry, sweep).ok().as_ref())
}

/// `front of 9 runs, 3 metrics`.
pub(crate) fn headline(sweep: &SweepRow, front: &Front) -> String {
    let runs = table::count(front.runs.len() as u64, "run");
    format!("front of {runs}, {} metrics", sweep.new.metrics.len())
}

/// The same with the hypervolume: `front of 9 runs, 2 metrics, hypervolume 0.42 up to loss 1.5, latency 80`.
pub(crate) fn measured(sweep: &SweepRow, front: &Front) -> String {
    let Some(volume) = front.hypervolume else { return headline(sweep, front) };
    let end = valued(sweep, &front.reference);
    format!("{}, hypervolume {} up to {end}", headline(sweep, front), table::number(volume))
}

/// `loss 0.5, latency 35`.
pub(crate) fn valued(sweep: &SweepRow, values: &[f64]) -> String {
    let named = sweep.new.metrics.iter().zip(values);
    let named = named.map(|(metric, value)| format!("{} {}", metric.name, table::number(*value)));
    named.collect::<Vec<_>>().join(", ")
}

/// What there is to say beside the runs of a front: who is still running, who is worse than a threshold.
pub(crate) fn beside(sweep: &SweepRow, front: &Front) -> Vec<String> {
    let mut lines = Vec::new();
    let running = |run: &FrontRun| format!("run {} ({})", run.run, valued(sweep, &run.values));
    match &front.running[..] {
        [] => {}
        [one] => lines.push(format!("still running, and as good so far: {}", running(one))),
        [first, others @ ..] => lines.push(format!(
            "still running, and as good so far: {} and {} more",
            running(first),
            others.len()
        )),
    }
    if front.beyond > 0 {
        let (runs, are) =
            (table::count(front.beyond as u64, "finished run"), if front.beyond == 1 { "is" } else { "are" });
        lines.push(format!("{runs} {are} worse than a threshold, and not on the front"));
    }
    if front.runs.is_empty() && front.of == 0 {
        let names: Vec<&str> = sweep.new.metrics.iter().map(|metric| metric.name.as_str()).collect();
        lines.push(format!(
            "no run has finished with a number as its last value of {}",
            names.join(" and of ")
        ));
    }
    lines
}

/// A table of the first runs of a front: their values, then the parameters that vary.
pub(crate) fn rows(
    store: &mut dyn Store,
    sweep: &SweepRow,
    front: &Front,
    most: usize,
) -> Result<Vec<Line>, StoreError> {
    let shown = &front.runs[..front.runs.len().min(most)];
    if shown.is_empty() {
        return Ok(Vec::new());
    }
    let runs = stored(store, sweep, shown)?;
    let fields = Fields::new(sweep.clone(), &runs);
    let mut columns = vec![column(&fields, &runs, "run")];
    for (place, metric) in sweep.new.metrics.iter().enumerate() {
        let values: Vec<f64> = shown.iter().map(|run| run.values[place]).collect();
        columns.push(Column::right(&metric.name, table::numbers(&values)));
    }
    let varying = fields.params().iter().filter(|name| varies(&fields, &runs, name));
    columns.extend(varying.map(|name| column(&fields, &runs, name).rank(2)));
    let paint = |_: usize, title: &str| if title == "run" { Paint::Best } else { Paint::Plain };
    Ok(grid::fit(columns, output::columns(), paint).0)
}

/// The rows of the runs of a front, in its order.
fn stored(store: &mut dyn Store, sweep: &SweepRow, front: &[FrontRun]) -> Result<Vec<RunRow>, StoreError> {
    if front.is_empty() {
        return Ok(Vec::new());
    }
    let numbers: Vec<RunNumber> = front.iter().map(|run| run.run).collect();
    let mut runs = store.runs(sweep.id(), &RunQuery::default().numbers(numbers.clone()))?;
    let place: std::collections::HashMap<RunNumber, usize> = numbers.into_iter().zip(0..).collect();
    runs.sort_by_key(|run| place.get(&run.number).copied());
    Ok(runs)
}

/// A front with its runs in full, as `besom best --json` prints it.
pub(crate) fn in_json(store: &mut dyn Store, sweep: &SweepRow, front: &Front) -> Result<Value, StoreError> {
    let mut all = |runs: &[FrontRun]| -> Result<Vec<Value>, StoreError> {
        let rows = stored(store, sweep, runs)?;
        let with_values = |(row, run): (&RunRow, &FrontRun)| {
            let mut row = json::run(row);
            row["values"] = by_name(sweep, &run.values);
            row
        };
        Ok(rows.iter().zip(runs).map(with_values).collect())
    };
    let (runs, running) = (all(&front.runs)?, all(&front.running)?);
    let mut value = facts(sweep, front);
    value["front"] = runs.into();
    value["running"] = running.into();
    Ok(value)
}

/// The same with the numbers of the runs only.
pub(crate) fn in_short(sweep: &SweepRow, front: &Front) -> Value {
    let numbers = |runs: &[FrontRun]| -> Value { runs.iter().map(|run| json!(run.run)).collect() };
    let mut value = facts(sweep, front);
    value["runs"] = numbers(&front.runs);
    value["running"] = numbers(&front.running);
    value
}

fn facts(sweep: &SweepRow, front: &Front) -> Value {
    json!({
        "of": front.of,
        "beyond": front.beyond,
        "hypervolume": front.hypervolume,
        "reference": by_name(sweep, &front.reference),
    })
}

/// Values by the names of their metrics.
fn by_name(sweep: &SweepRow, values: &[f64]) -> Value {
    let named = sweep.new.metrics.iter().zip(values);
    named.map(|(metric, value)| (metric.name.clone(), json!(value))).collect::<Map<_, _>>().into()
}

/// What a run's line in `besom show` says of the front: that it is on it, or who is better.
pub(crate) fn standing(
    sweep: &SweepRow,
    front: &Front,
    run: RunNumber,
    values: Option<&[f64]>,
) -> Option<String> {
    let values = values?;
    let shown = valued(sweep, values);
    if front.contains(run) {
        return Some(format!(
            "on the front, {} of {}: {shown}",
            1 + front.runs.iter().position(|r| r.run == run)?,
            front.runs.len()
        ));
    }
    if front.running.iter().any(|other| other.run == run) {
        return Some(format!("as good as the front so far: {shown}"));
    }
    let losses = |values: &[f64]| -> Vec<f64> {
        sweep.new.metrics.iter().zip(values).map(|(metric, value)| metric.goal.to_loss(*value)).collect()
    };
    let own = losses(values);
    let better = front.runs.iter().find(|other| besom_core::pareto::dominates(&losses(&other.values), &own));
    Some(match better {
        Some(other) => format!(
            "not on the front: run {} is better ({}; this one {shown})",
            other.run,
            valued(sweep, &other.values)
        ),
        None => format!("not on the front: {shown}"),
    })
}

/// The front as `besom run` prints it at its end, at most so many runs of it.
pub(crate) fn lines(
    store: &mut dyn Store,
    sweep: &SweepRow,
    config: &SweepConfig,
    most: usize,
) -> Result<Vec<String>, StoreError> {
    let Some(front) = front(store, sweep, Some(config))? else { return Ok(Vec::new()) };
    let mut lines = vec![measured(sweep, &front)];
    lines.extend(rows(store, sweep, &front, most)?.iter().map(Line::plain));
    if front.runs.len() > most {
        lines.push(format!("  and {} more", front.runs.len() - most));
    }
    lines.extend(beside(sweep, &front));
    Ok(lines)
}

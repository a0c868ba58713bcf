//! `besom runs`: the runs of a sweep as a table, JSON or CSV.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use besom_store::{Order, RunQuery, RunRow, Store, SweepRow, system_clock};
use serde_json::{Map, Value};

use crate::cli::arguments::{RunsArguments, Sort};
use crate::cli::describe::metric;
use crate::cli::output::{self, Outcome, line};
use crate::cli::table;
use besom_engine::{Place, find_sweep};

pub(crate) fn runs(place: &Place, arguments: &RunsArguments) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweep = find_sweep(&mut store, &arguments.id)?;
    let order = match arguments.sort {
        Sort::Number => Order::Number,
        Sort::Newest => Order::Newest,
        Sort::Best => Order::Best,
    };
    let mut query = RunQuery::default().states(arguments.state.as_slice()).order(order);
    query.limit = arguments.limit;
    let runs = store.runs(&sweep.new.id, &query)?;
    if arguments.json {
        output::json(&runs)?;
    } else if arguments.csv {
        print_csv(&sweep, &runs)?;
    } else if runs.is_empty() {
        line("no runs")?;
    } else {
        line(runs_table(&sweep, &runs))?;
    }
    Ok(Outcome::Done)
}

/// Names of parameters in the order in which runs first have them.
fn columns(runs: &[RunRow]) -> Vec<String> {
    let mut seen = HashSet::new();
    let names = runs.iter().flat_map(|run| table::flat(&run.point)).map(|(name, _)| name);
    names.filter(|name| seen.insert(name.clone())).collect()
}

fn runs_table(sweep: &SweepRow, runs: &[RunRow]) -> String {
    let columns = columns(runs);
    let header: Vec<&str> = ["run", "state", metric(sweep), "last", "rows", "time"]
        .into_iter()
        .chain(columns.iter().map(String::as_str))
        .collect();
    let right: Vec<usize> = [0, 2, 3, 4, 5].into_iter().collect();
    let mut rows = table::table(&header, &right);
    let now = system_clock()();
    for run in runs {
        let values: HashMap<_, _> = table::flat(&run.point).into_iter().collect();
        let fixed = [
            run.number.to_string(),
            table::state(run).to_owned(),
            table::maybe(run.best),
            table::maybe(run.last),
            run.rows.to_string(),
            table::duration(run, now).map_or_else(|| "-".into(), table::span),
        ];
        let varied = columns.iter().map(|name| values.get(name).cloned().unwrap_or_default());
        rows.add_row(fixed.into_iter().chain(varied));
    }
    table::text(&rows)
}

fn print_csv(sweep: &SweepRow, runs: &[RunRow]) -> Result<()> {
    let names: Vec<String> = {
        let mut seen = HashSet::new();
        let all = runs.iter().flat_map(|run| exact(&run.point)).map(|(name, _)| name);
        all.filter(|name| seen.insert(name.clone())).collect()
    };
    let mut csv = csv::Writer::from_writer(std::io::stdout().lock());
    let best = format!("best_{}", metric(sweep));
    let last = format!("last_{}", metric(sweep));
    let fixed = ["run", "state", "stop_reason", "rows", &best, &last, "started_ms", "ended_ms"];
    csv.write_record(fixed.into_iter().chain(names.iter().map(String::as_str)))?;
    let text = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
    let time = |ms: Option<u64>| ms.map(|ms| ms.to_string()).unwrap_or_default();
    for run in runs {
        let values: HashMap<_, _> = exact(&run.point).into_iter().collect();
        let fixed = [
            run.number.to_string(),
            table::state(run).to_owned(),
            run.stop_reason.clone().unwrap_or_default(),
            run.rows.to_string(),
            text(run.best),
            text(run.last),
            time(run.started_ms),
            time(run.ended_ms),
        ];
        csv.write_record(
            fixed.into_iter().chain(names.iter().map(|n| values.get(n).cloned().unwrap_or_default())),
        )?;
    }
    Ok(csv.flush()?)
}

/// Parameters with nested names joined by dots, values as they are in JSON (text without quotes).
fn exact(point: &Map<String, Value>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, value) in point {
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                all.extend(exact(inner).into_iter().map(|(below, value)| (format!("{name}.{below}"), value)));
            }
            Value::String(text) => all.push((name.clone(), text.clone())),
            other => all.push((name.clone(), other.to_string())),
        }
    }
    all
}

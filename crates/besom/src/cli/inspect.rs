//! Commands that look: `status`, `list`, `runs`, `best`.

use anyhow::Result;
use besom_core::RunState;
use besom_setup::system_clock;
use besom_store::{Order, RunQuery, RunRow, Status, Store, SweepRow, SweepState};
use serde_json::{Value, json};

use crate::cli::arguments::{RunsArguments, Sort};
use crate::cli::place::{Place, find_sweep};
use crate::cli::{InputError, Outcome, line, table};

pub(crate) fn status(place: &Place, id: Option<&str>, as_json: bool) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweeps = match id {
        Some(id) => vec![find_sweep(&mut store, id)?],
        None => open_or_newest(store.sweeps()?),
    };
    let mut all = Vec::new();
    for sweep in sweeps {
        let status = store.status(&sweep.id)?;
        if as_json {
            all.push(json!({ "sweep": summary(&sweep), "status": status }));
        } else {
            line(describe(&sweep, &status))?;
        }
    }
    match (as_json, id) {
        (true, Some(_)) => crate::cli::json(&all[0])?,
        (true, None) => crate::cli::json(&all)?,
        (false, _) => {}
    }
    Ok(Outcome::Done)
}

fn open_or_newest(mut sweeps: Vec<SweepRow>) -> Vec<SweepRow> {
    if sweeps.iter().any(|sweep| !sweep.state.is_over()) {
        sweeps.retain(|sweep| !sweep.state.is_over());
        return sweeps;
    }
    sweeps.pop().into_iter().collect()
}

/// A sweep as JSON without its text.
fn summary(sweep: &SweepRow) -> Value {
    let mut value = serde_json::to_value(sweep).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        object.shift_remove("text");
    }
    value
}

fn describe(sweep: &SweepRow, status: &Status) -> String {
    let mut lines = vec![format!("sweep {}{}", sweep.id, title(sweep))];
    let mut fact = |name: &str, text: String| lines.push(format!("  {name:<9} {text}"));
    let reason = sweep.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    fact("state", format!("{}{reason}", sweep.state));
    fact("runs", counts(sweep.run_cap, status));
    if let Some((run, value)) = status.best {
        fact("best", format!("{} {} (run {run})", metric(sweep), table::number(value)));
    }
    if !sweep.state.is_over() {
        fact("agents", format!("{} alive{}", status.agents, how_to_start(sweep, status)));
    }
    if let Some(ms) = status.mean_run_ms {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of durations")]
        let ms = ms as u64;
        fact("a run", format!("{} on average", table::span(ms)));
    }
    lines.join("\n")
}

fn how_to_start(sweep: &SweepRow, status: &Status) -> String {
    if sweep.state == SweepState::Paused {
        return format!("; besom resume {} lets it go on", sweep.id);
    }
    if status.agents == 0 { format!("; start one with: besom agent {}", sweep.id) } else { String::new() }
}

fn title(sweep: &SweepRow) -> String {
    sweep.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default()
}

pub(crate) fn metric(sweep: &SweepRow) -> &str {
    sweep.metrics.first().map_or("metric", |metric| &metric.name)
}

/// How many runs there are, of how many if that is known, and in which states: `12 of 60: 2 running, 9 finished (4 stopped early), 1 failed`.
pub(crate) fn counts(of: Option<u64>, status: &Status) -> String {
    let total: u64 = status.counts.iter().map(|(_, count)| count).sum();
    let of = of.map(|all| format!(" of {all}")).unwrap_or_default();
    let parts: Vec<_> = status
        .counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| match (state, status.stopped) {
            (RunState::Finished, stopped) if stopped > 0 => {
                format!("{count} finished ({stopped} stopped early)")
            }
            _ => format!("{count} {state}"),
        })
        .collect();
    if parts.is_empty() { format!("{total}{of}") } else { format!("{total}{of}: {}", parts.join(", ")) }
}

pub(crate) fn list(place: &Place, as_json: bool) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweeps = store.sweeps()?;
    if as_json {
        crate::cli::json(&sweeps.iter().map(summary).collect::<Vec<_>>())?;
        return Ok(Outcome::Done);
    }
    if sweeps.is_empty() {
        line("no sweeps yet; besom run FILE creates one")?;
        return Ok(Outcome::Done);
    }
    let now = system_clock()();
    let mut rows = table::table(&["id", "state", "runs", "best", "age", "name", "file"], &[2, 3, 4]);
    for sweep in &sweeps {
        let best = store.status(&sweep.id)?.best;
        let source = sweep.source.as_deref().unwrap_or("-");
        rows.add_row([
            sweep.id.to_string(),
            sweep.state.to_string(),
            sweep.runs.to_string(),
            table::maybe(best.map(|(_, value)| value)),
            table::span(now.saturating_sub(sweep.created_ms)),
            sweep.name.clone().unwrap_or_else(|| "-".into()),
            source.to_owned(),
        ]);
    }
    line(table::text(&rows))?;
    Ok(Outcome::Done)
}

pub(crate) fn runs(place: &Place, arguments: &RunsArguments) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweep = find_sweep(&mut store, &arguments.id)?;
    let order = match arguments.sort {
        Sort::Number => Order::Number,
        Sort::Newest => Order::Newest,
        Sort::Best => Order::Best,
    };
    let query = RunQuery { states: arguments.state.clone(), order, limit: arguments.limit, offset: 0 };
    let runs = store.runs(&sweep.id, &query)?;
    if arguments.json {
        crate::cli::json(&runs)?;
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
    let mut seen = std::collections::HashSet::new();
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
        let values: std::collections::HashMap<_, _> = table::flat(&run.point).into_iter().collect();
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
        let mut seen = std::collections::HashSet::new();
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
        let values: std::collections::HashMap<_, _> = exact(&run.point).into_iter().collect();
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
fn exact(point: &serde_json::Map<String, Value>) -> Vec<(String, String)> {
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

pub(crate) fn best(place: &Place, id: &str, as_json: bool) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweep = find_sweep(&mut store, id)?;
    if sweep.metrics.is_empty() {
        return Err(InputError::new(format!("sweep {id} has no metric, so no run is its best")).into());
    }
    let Some((number, value)) = store.status(&sweep.id)?.best else {
        let name = metric(&sweep);
        if as_json {
            crate::cli::json(&Value::Null)?;
        } else {
            line(format!("no run has logged a number as '{name}' yet"))?;
        }
        return Ok(Outcome::Failed);
    };
    let run = store.run(&sweep.id, number)?;
    if as_json {
        crate::cli::json(&run)?;
    } else {
        line(describe_best(&sweep, &run, value))?;
    }
    Ok(Outcome::Done)
}

/// The best run as `run` and `best` print it.
pub(crate) fn describe_best(sweep: &SweepRow, run: &RunRow, value: f64) -> String {
    let mut lines = vec![format!("best {} {} in run {}", metric(sweep), table::number(value), run.number)];
    let values = table::flat(&run.point);
    let width = values.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    lines.extend(values.into_iter().map(|(name, value)| format!("  {name:<width$}  {value}")));
    lines.join("\n")
}

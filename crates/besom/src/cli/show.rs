//! `besom show`: one run in full.

use anyhow::{Context, Result};
use besom_agent::RunDir;
use besom_core::{Failure, Logged, LoggedKeys, NoValue, Registry, RunNumber, RunState};
use besom_store::{Attempt, Event, Lease, RunRow, Store, SweepRow, Watched, system_clock};
use serde_json::{Map, Value, json};

use crate::cli::describe::metric;
use crate::cli::files::Files;
use crate::cli::output::{self, Outcome, line};
use crate::cli::target::{self, RunName};
use crate::cli::{front, json, table};
use besom_engine::{FailedRun, Place};

/// How many events of a run are shown.
const EVENTS: u64 = 1000;

/// How many of the last lines of a failed run's output are shown.
const OUTPUT_LINES: usize = 10;

/// The key in the note of a run under which is what W&B's client calls it.
const CLIENT: &str = "wandb";

/// What is known of a run.
struct Facts {
    sweep: SweepRow,
    run: RunRow,
    /// The curve of each metric.
    curves: Vec<Vec<f64>>,
    /// Where it stands beside the front of a sweep with several metrics, and whether it is on it.
    front: Option<(String, bool)>,
    logged: LoggedKeys,
    /// What its program and its owner have said of it.
    said: Map<String, Value>,
    attempts: Vec<Attempt>,
    events: Vec<Event>,
    /// How it counts in the search, if it failed.
    counts: Option<FailedRun>,
}

pub(crate) fn show(
    registry: &Registry,
    place: &Place,
    id: Option<&str>,
    run: RunName,
    as_json: bool,
) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweep = target::sweep_or_newest(&mut *store, place, id)?;
    let run = target::run(&mut *store, &sweep, run)?;
    let number = run.number;
    let counts = counts(registry, &mut *store, &sweep, &run);
    let places = 0..sweep.new.metrics.len();
    let curves = places.map(|metric| store.curve(&sweep.new.id, number, metric)).collect::<Result<_, _>>()?;
    let facts = Facts {
        run,
        counts,
        curves,
        front: beside_front(registry, &mut *store, &sweep, number)?,
        logged: store.logged(&sweep.new.id, number, None)?,
        said: store.facts(&sweep.new.id, number, None)?,
        attempts: store.attempts(&sweep.new.id, number)?,
        events: store.events(&sweep.new.id, Some(number), 0, EVENTS)?,
        sweep,
    };
    if as_json {
        let Facts { sweep, run, attempts, events, curves, front, logged, said, counts } = &facts;
        let finite = |curve: &Vec<f64>| -> Vec<Option<f64>> {
            curve.iter().map(|v| v.is_finite().then_some(*v)).collect()
        };
        let curve = curves.first().map(finite).unwrap_or_default();
        let (attempts, events) = (json::rows(attempts), json::rows(events));
        let run = json::run(run);
        let mut shown = json!({ "run": run, "curve": curve, "logged": logged, "facts": said, "attempts": attempts, "events": events });
        if let Some(counts) = counts {
            shown["counts"] = json!(counts);
        }
        if front::has_front(sweep) {
            let names = sweep.new.metrics.iter().map(|metric| metric.name.clone());
            let curves = curves.iter().map(|curve| json!(finite(curve)));
            shown["curves"] = names.zip(curves).collect::<Map<_, _>>().into();
            shown["on_front"] = json!(front.as_ref().is_some_and(|(_, is_on)| *is_on));
        }
        output::json(&shown)?;
    } else {
        let directory = place.directory().context("the store has no directory")?;
        let files = Files::new(Some(directory), facts.sweep.id());
        let is_failed = facts.run.state == RunState::Failed;
        let output = if is_failed { files.last_lines(&facts.run, OUTPUT_LINES) } else { Vec::new() };
        let lease = Lease { sweep: facts.sweep.new.id.clone(), run: number, attempt: facts.run.attempt };
        line(describe(&facts, output, &RunDir::new(directory, &lease)))?;
    }
    Ok(Outcome::Done)
}

fn describe(facts: &Facts, output: Vec<String>, files: &RunDir) -> String {
    let Facts { sweep, run, curves, front, logged, said, attempts, events, counts } = facts;
    let mut lines = vec![headline(sweep, run)];
    if let Some(why) = &run.stop_reason {
        lines.push(format!("stopped because: {why}"));
    }
    if let Some(message) = &run.message {
        lines.push(format!("ended with: {message}"));
    }
    if let Some(failure) = run.failure.filter(|failure| *failure != Failure::Error) {
        lines.push(format!("failed because: it {}", failure.words()));
    }
    if let Some(counts) = counts {
        lines.push(format!("in the search: {counts}"));
    }
    lines.extend(front.iter().map(|(standing, _)| standing.clone()));
    lines.extend(no_values(sweep, run, logged));
    section(&mut lines, "last output", output);
    section(&mut lines, "parameters", table::pairs(table::flat(&run.point)));
    section(&mut lines, "suggested because", note(&run.note));
    for (metric, curve) in sweep.new.metrics.iter().zip(curves) {
        section(&mut lines, &curve_title(&metric.name, curve), plot(curve));
    }
    section(&mut lines, "logged", keys(logged));
    section(&mut lines, "facts", table::pairs(table::flat(&unlogged(run, said, logged))));
    if attempts.len() > 1 {
        section(&mut lines, "attempts", attempts.iter().map(attempt).collect());
    }
    section(&mut lines, "events", events.iter().map(|e| event(e, run.created_ms)).collect());
    let directories = [files.path(), files.attempt()].into_iter().filter(|path| path.is_dir());
    section(&mut lines, "files", directories.map(|path| path.display().to_string()).collect());
    lines.join("\n")
}

/// How a run that failed counts in the search; `None` if its sweep does not learn from runs, or cannot be read.
fn counts(registry: &Registry, store: &mut dyn Store, sweep: &SweepRow, run: &RunRow) -> Option<FailedRun> {
    let config = besom_engine::stored_config(registry, sweep).ok()?;
    besom_engine::failed_run(store, sweep, &config, run).ok()?
}

fn headline(sweep: &SweepRow, run: &RunRow) -> String {
    let best = run.best.filter(|_| !front::has_front(sweep));
    let best =
        best.map(|best| format!(", best {} {}", metric(sweep), table::number(best))).unwrap_or_default();
    let took = run.took_ms(system_clock()()).map(|ms| format!(", {}", table::span(ms))).unwrap_or_default();
    format!("run {} of sweep {}: {}{best}{took}", run.number, sweep.new.id, table::state(run))
}

fn section(lines: &mut Vec<String>, title: &str, content: Vec<String>) {
    if !content.is_empty() {
        lines.push(format!("\n{title}"));
        lines.extend(content.into_iter().map(|line| format!("  {line}")));
    }
}

/// What was said of a run, without the part of a summary that repeats what was logged, and the id of a run that was not suggested but
/// begun by W&B's client.
fn unlogged(run: &RunRow, said: &Map<String, Value>, logged: &LoggedKeys) -> Map<String, Value> {
    let mut said = said.clone();
    if let Some(Value::Object(summary)) = said.get_mut("summary") {
        let is_of = |logged: &Logged, key: &str| {
            logged.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        summary
            .retain(|key, _| !key.starts_with('_') && !logged.keys().iter().any(|logged| is_of(logged, key)));
        if summary.is_empty() {
            said.remove("summary");
        }
    }
    if let Some(Value::Array(tags)) = said.get("tags") {
        let tags: Vec<&str> = tags.iter().filter_map(Value::as_str).collect();
        let tags = tags.join(", ");
        said.insert("tags".to_owned(), tags.into());
    }
    if let Some(name) = run.note.get(CLIENT).and_then(|client| client.get("name")) {
        said.insert("id".to_owned(), name.clone());
    }
    said
}

/// The note of a suggestion: its sentence first, then its other entries.
fn note(note: &Map<String, Value>) -> Vec<String> {
    let why = note.get("why").and_then(Value::as_str).map(str::to_owned);
    let is_other = |key: &str| key != "why" && key != CLIENT;
    let rest: Map<_, _> =
        note.iter().filter(|(key, _)| is_other(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
    why.into_iter().chain(table::pairs(table::flat(&rest))).collect()
}

fn curve_title(metric: &str, curve: &[f64]) -> String {
    let bad = curve.iter().filter(|v| !v.is_finite()).count();
    let bad = if bad > 0 { format!(", {bad} of them not finite") } else { String::new() };
    format!("{metric} over {}{bad}", table::count(curve.len() as u64, "step"))
}

/// The curve as a plot of text, at most 60 columns wide and 10 rows high; only its ends where their difference is no
/// number.
fn plot(curve: &[f64]) -> Vec<String> {
    let values: Vec<f64> = curve.iter().copied().filter(|v| v.is_finite()).collect();
    let (least, most) = ends(&values);
    match values.as_slice() {
        [] => Vec::new(),
        [only] => vec![table::number(*only)],
        _ if !(most - least).is_finite() => {
            vec![format!("from {} to {}", table::number(least), table::number(most))]
        }
        _ => {
            let columns = stretch(&thin(&values, 60), 60);
            let drawn = rasciigraph::plot(columns.clone(), rasciigraph::Config::default().with_height(9));
            let lines: Vec<&str> = drawn.lines().collect();
            let labels = labels(&columns, lines.len());
            lines.into_iter().zip(labels).map(|(line, label)| labeled(line, &label)).collect()
        }
    }
}

/// The least and the greatest of the values.
fn ends(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), &x| (min.min(x), max.max(x)))
}

/// A line of the plot with this label in place of its own, which has two decimals whatever the values are.
fn labeled(line: &str, label: &str) -> String {
    let axis = line.find(['┤', '┼']).unwrap_or_default();
    format!("{label} {}", line[axis..].trim_end())
}

/// The values at equal distances from the greatest of `values` down to the least, in as many decimals as tell them apart.
fn labels(values: &[f64], count: usize) -> Vec<String> {
    let (min, max) = ends(values);
    let step = (max - min) / count.saturating_sub(1).max(1) as f64;
    let at = (0..count).map(|row| max - row as f64 * step);
    let texts: Vec<String> = match step.log10() {
        magnitude if (-8.0..6.0).contains(&magnitude) => {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 8")]
            let decimals = (-magnitude).ceil().max(0.0) as usize;
            at.map(|x| format!("{x:.decimals$}")).collect()
        }
        _ => table::numbers(&at.collect::<Vec<_>>()),
    };
    let width = texts.iter().map(String::len).max().unwrap_or_default();
    texts.iter().map(|text| format!(" {text:>width$}")).collect()
}

/// The values at `columns` equal distances from the first to the last, on straight lines between those that there are.
fn stretch(values: &[f64], columns: usize) -> Vec<f64> {
    let last = values.len() - 1;
    let at = |column: usize| {
        let (whole, part) = (column * last / (columns - 1), (column * last) % (columns - 1));
        let next = values[(whole + 1).min(last)];
        values[whole] + (next - values[whole]) * (part as f64 / (columns - 1) as f64)
    };
    (0..columns).map(at).collect()
}

/// At most `most` of the values: the last one of each of `most` equal parts.
fn thin(values: &[f64], most: usize) -> Vec<f64> {
    let parts = values.len().min(most);
    (1..=parts).map(|part| values[part * values.len() / parts - 1]).collect()
}

/// Where a run stands beside the front of a sweep with several metrics, and whether it is on it.
fn beside_front(
    registry: &Registry,
    store: &mut dyn Store,
    sweep: &SweepRow,
    run: RunNumber,
) -> Result<Option<(String, bool)>> {
    let Some(found) = front::found(registry, store, sweep)? else { return Ok(None) };
    let values = besom_engine::run_values(store, sweep, &besom_engine::metrics(sweep, None), run)?;
    let standing = front::standing(sweep, &found, run, values.as_deref());
    Ok(standing.map(|text| (text, found.contains(run))))
}

/// Of which metrics an ended run has no value, and why.
fn no_values(sweep: &SweepRow, run: &RunRow, logged: &LoggedKeys) -> Vec<String> {
    if run.state.is_open() || run.attempt == 0 {
        return Vec::new();
    }
    let why = |metric: &Watched| {
        let why = NoValue::of(&metric.name, logged.keys())?;
        Some(format!("no value of {}: the run {why}", metric.name))
    };
    sweep.new.metrics.iter().filter_map(why).collect()
}

/// All keys that were logged: last, least and greatest value.
fn keys(logged: &LoggedKeys) -> Vec<String> {
    let describe = |key: &Logged| {
        let last = key.last.as_f64().map_or_else(|| key.last.to_string(), table::number);
        let range = match (key.min, key.max) {
            (Some(min), Some(max)) if key.numbers > 1 => {
                format!("{last}  ({} to {}, {} times)", table::number(min), table::number(max), key.count)
            }
            _ => last,
        };
        (key.key.clone(), range)
    };
    table::pairs(logged.keys().iter().map(describe).collect())
}

fn attempt(attempt: &Attempt) -> String {
    let Attempt { number, agent, state, rows, .. } = attempt;
    format!("{number}: {state}, {rows} rows, by {agent}")
}

fn event(event: &Event, start_ms: u64) -> String {
    let after = table::span(event.at_ms.saturating_sub(start_ms));
    let detail = table::parameters(&event.detail);
    format!("+{after:<12} {:<14} {detail}", event.kind).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels_of(curve: &[f64]) -> Vec<String> {
        let label = |line: &String| line[..line.find(['┤', '┼']).unwrap_or_default()].trim().to_owned();
        plot(curve).iter().map(label).collect()
    }

    #[test]
    fn the_labels_of_a_curve_tell_its_rows_apart() {
        assert_eq!(labels_of(&[0.1325, 0.13, 0.1])[..3], ["0.133", "0.129", "0.125"]);
        assert_eq!(labels_of(&[1.0, 10.0])[..2], ["10", "9"]);
        for curve in [[1e-12, 3e-12], [5e9, 7e11], [1000.0, 1000.001], [-1e-3, 1e-3]] {
            let mut labels = labels_of(&curve);
            let rows = labels.len();
            labels.dedup();
            assert_eq!((labels.len(), rows > 2), (rows, true), "{labels:?}");
        }
        assert_eq!(labels_of(&[3.0, 3.0]), ["3"]);
    }

    #[test]
    fn a_curve_of_the_largest_numbers_is_shown_without_nan() {
        assert_eq!(plot(&[1e308, -1e308, 0.0]), ["from -1e308 to 1e308"]);
        let drawn = plot(&[0.0, 1.7e308, 0.0]).join("\n");
        assert!(!drawn.contains("NaN") && !drawn.contains("inf") && drawn.lines().count() > 5, "{drawn}");
    }
}

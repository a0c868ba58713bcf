//! Commands that show sweeps: `status`, `list`, `best`.

use std::path::Path;

use anyhow::{Result, bail};
use besom_core::{Front, Registry};
use besom_store::{Status, Store, SweepRow, SweepState, system_clock};
use serde_json::{Value, json};

use crate::cli::expected::{self, Watched};
use crate::cli::grid::{self, Column};
use crate::cli::output::{self, Outcome, line, painted};
use crate::cli::text::Paint;
use crate::cli::{describe, front, json, serve, table, target};
use crate::error::InputError;
use besom_engine::{BestExpected, MissingMetric, Pace, Place, planned, stored_config};

pub(crate) fn status(registry: &Registry, place: &Place, id: Option<&str>, as_json: bool) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweeps = match id {
        Some(id) => vec![target::sweep(&mut *store, place, id)?],
        None => open_or_newest(store.sweeps()?),
    };
    let mut all = Vec::new();
    for sweep in sweeps {
        if as_json {
            let status = store.status(sweep.id())?;
            let missing = MissingMetric::of(&mut store, sweep.id())?.map(|missing| missing.conclusion());
            let expected = expected::in_json(expected::expected(registry, &mut *store, &sweep)?.as_ref());
            let front = front::found(registry, &mut *store, &sweep)?;
            let front = front.map(|front| front::in_short(&sweep, &front));
            let (sweep, status) = (json::sweep(&sweep, &status), json::status(&status));
            all.push(json!({
                "sweep": sweep, "status": status, "front": front, "best_expected": expected,
                "missing_metric": missing,
            }));
        } else {
            line(glance(registry, &mut *store, &sweep, &mut Watched::default())?)?;
        }
    }
    match (as_json, id) {
        (true, Some(_)) => output::json(&all[0])?,
        (true, None) => output::json(&all)?,
        (false, _) => serve::show_link(place),
    }
    Ok(Outcome::Done)
}

/// A sweep at a glance.
pub(crate) fn glance(
    registry: &Registry,
    store: &mut dyn Store,
    sweep: &SweepRow,
    watched: &mut Watched,
) -> Result<String> {
    let status = store.status(sweep.id())?;
    let expected = watched.best(registry, store, sweep, &status)?;
    let front = front::found(registry, store, sweep)?;
    let mut text = at_a_glance(registry, sweep, &status, front.as_ref(), expected.as_ref());
    if let Some(missing) = describe::missing_metric(store, sweep)? {
        text.push_str(&format!("\n  {:<13}  {missing}", "metric"));
    }
    Ok(text)
}

fn open_or_newest(mut sweeps: Vec<SweepRow>) -> Vec<SweepRow> {
    if sweeps.iter().any(|sweep| !sweep.state.is_over()) {
        sweeps.retain(|sweep| !sweep.state.is_over());
        return sweeps;
    }
    sweeps.pop().into_iter().collect()
}

fn at_a_glance(
    registry: &Registry,
    sweep: &SweepRow,
    status: &Status,
    front: Option<&Front>,
    expected: Option<&BestExpected>,
) -> String {
    let mut lines = vec![format!("sweep {}{}", sweep.new.id, describe::title(sweep))];
    let mut fact = |name: &str, text: String| lines.push(format!("  {name:<13}  {text}"));
    if !describe::tags(sweep).is_empty() {
        fact("tags", describe::tags(sweep).join(", "));
    }
    if let Some(note) = sweep.new.labels.get(describe::NOTES) {
        fact("note", note.replace('\n', " "));
    }
    fact("state", describe::state(sweep, status));
    let planned = stored_plan(registry, sweep);
    fact("runs", describe::counts(planned, status));
    if let Some(front) = front {
        fact("front", front::measured(sweep, front));
        front::beside(sweep, front).into_iter().for_each(|line| fact("", line));
    } else if let Some(best) = &status.best {
        let word = if expected.is_some() { "best observed" } else { "best" };
        fact(word, describe::best_value(sweep, best));
    }
    if let Some(expected) = expected {
        fact("best expected", describe::expected_value(describe::metric(sweep), expected));
    }
    if let Some(uncounted) = describe::uncounted(status).filter(|_| front.is_none()) {
        fact("", uncounted);
    }
    if !sweep.state.is_over() {
        fact("agents", format!("{} alive{}", status.agents, how_to_start(sweep, status)));
    }
    if let Some(ms) = status.mean_run_ms {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of durations")]
        let ms = ms as u64;
        fact("mean run time", table::span(ms));
    }
    if let Some(pace) = Pace::of(sweep, status, planned) {
        let left = pace.left_ms.filter(|left| *left > 0);
        let left = left.map(|left| format!(", about {} left", table::span(left))).unwrap_or_default();
        fact(
            "pace",
            format!("{} runs an hour{left}", table::number((pace.runs_per_hour * 10.0).round() / 10.0)),
        );
    }
    lines.join("\n")
}

fn how_to_start(sweep: &SweepRow, status: &Status) -> String {
    if sweep.state == SweepState::Paused {
        return format!("; resume with: besom resume {}", sweep.new.id);
    }
    if status.agents == 0 { format!("; start one with: besom agent {}", sweep.new.id) } else { String::new() }
}

pub(crate) fn list(registry: &Registry, place: &Place, as_json: bool) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let mut sweeps = Vec::new();
    for sweep in store.sweeps()? {
        let status = store.status(&sweep.new.id)?;
        sweeps.push((sweep, status));
    }
    if as_json {
        let all = sweeps.iter().map(|(sweep, status)| json::sweep(sweep, status));
        output::json(&all.collect::<Vec<_>>())?;
    } else if sweeps.is_empty() {
        line("no sweeps yet; create one with: besom run FILE")?;
    } else {
        let paint = |at: usize, title: &str| match sweeps.get(at) {
            Some((sweep, status)) if title == "state" => describe::paint(sweep, status),
            _ => Paint::Plain,
        };
        let (lines, _) = grid::fit(columns(registry, &sweeps), output::columns(), paint);
        lines.iter().try_for_each(painted)?;
    }
    Ok(Outcome::Done)
}

fn columns(registry: &Registry, sweeps: &[(SweepRow, Status)]) -> Vec<Column> {
    let now = system_clock()();
    let cells = |text: fn(&SweepRow, &Status) -> String| {
        sweeps.iter().map(|(sweep, status)| text(sweep, status)).collect()
    };
    let ages = sweeps.iter().map(|(sweep, _)| table::span(now.saturating_sub(sweep.created_ms)));
    vec![
        Column::text("id", cells(|sweep, _| sweep.new.id.to_string())),
        Column::text("state", cells(|sweep, status| describe::state_word(sweep, status).to_owned())),
        Column::right("runs", sweeps.iter().map(|(sweep, _)| runs_of(registry, sweep)).collect()),
        Column::right("best", cells(best_of)),
        Column::right("age", ages.collect()).rank(2),
        Column::text("name", cells(|sweep, _| describe::name(sweep).unwrap_or("-").to_owned())).rank(3),
        Column::text("file", cells(|sweep, _| from_here(sweep.new.source.as_deref()))).rank(1),
    ]
}

/// The best value of a sweep; one with several metrics has a front, which takes longer to find than a list should take.
fn best_of(sweep: &SweepRow, status: &Status) -> String {
    match sweep.new.metrics.len() {
        0 | 1 => table::maybe(status.best.map(|best| best.value)),
        several => format!("{several} metrics"),
    }
}

/// How many runs a sweep will have by what is stored of it, if that is known.
fn stored_plan(registry: &Registry, sweep: &SweepRow) -> Option<u64> {
    planned(sweep, &stored_config(registry, sweep).ok()?)
}

/// `20 of 108`, or the number of runs alone where nobody knows how many there will be.
fn runs_of(registry: &Registry, sweep: &SweepRow) -> String {
    let of = stored_plan(registry, sweep).map(|planned| format!(" of {planned}")).unwrap_or_default();
    format!("{}{of}", sweep.runs)
}

/// The path of a sweep file, seen from the working directory if it lies below.
fn from_here(source: Option<&str>) -> String {
    let Some(source) = source else { return "-".to_owned() };
    let here = std::env::current_dir().ok().and_then(|here| here.canonicalize().ok());
    let below = here.and_then(|here| Some(Path::new(source).strip_prefix(here).ok()?.display().to_string()));
    below.unwrap_or_else(|| source.to_owned())
}

pub(crate) fn best(registry: &Registry, place: &Place, id: Option<&str>, as_json: bool) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweep = target::sweep_or_newest(&mut *store, place, id)?;
    if sweep.new.metrics.is_empty() {
        let id = sweep.id();
        return Err(InputError::new(format!("sweep {id} has no metric, so it has no best run")).into());
    }
    if let Some(front) = front::found(registry, &mut *store, &sweep)? {
        return best_front(&mut *store, &sweep, &front, as_json);
    }
    let status = store.status(&sweep.new.id)?;
    let Some(best) = status.best else {
        let name = describe::metric(&sweep);
        if as_json {
            output::json(&Value::Null)?;
        }
        let missing = MissingMetric::of(&mut store, sweep.id())?.map(|missing| missing.conclusion());
        bail!(missing.unwrap_or_else(|| format!("no run has logged a number as '{name}' yet")));
    };
    let run = store.run(&sweep.new.id, best.run)?;
    let expected = expected::expected(registry, &mut *store, &sweep)?;
    if as_json {
        let mut run = json::run(&run);
        run["best_expected"] = expected::in_json(expected.as_ref());
        output::json(&run)?;
        return Ok(Outcome::Done);
    }
    line(describe::best(&sweep, &run, best.value, expected.as_ref()).join("\n"))?;
    if let Some(uncounted) = describe::uncounted(&status) {
        line(uncounted)?;
    }
    Ok(Outcome::Done)
}

/// The front of a sweep with several metrics, one line a run.
fn best_front(store: &mut dyn Store, sweep: &SweepRow, front: &Front, as_json: bool) -> Result<Outcome> {
    let missing = MissingMetric::of(store, sweep.id())?.map(|missing| missing.conclusion());
    if as_json {
        output::json(&front::in_json(store, sweep, front)?)?;
    } else if !front.runs.is_empty() {
        line(front::measured(sweep, front))?;
        front::rows(store, sweep, front, usize::MAX)?.iter().try_for_each(painted)?;
        front::beside(sweep, front).iter().try_for_each(line)?;
    }
    if front.runs.is_empty() {
        bail!(missing.unwrap_or_else(|| front::beside(sweep, front).join("\n")));
    }
    Ok(Outcome::Done)
}

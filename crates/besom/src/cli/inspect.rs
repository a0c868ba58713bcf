//! Commands that show sweeps: `status`, `list`, `best`.

use anyhow::Result;
use besom_store::{Status, Store, SweepRow, SweepState, system_clock};
use serde_json::{Value, json};

use crate::cli::output::{self, Outcome, line};
use crate::cli::{describe, table};
use crate::error::InputError;
use besom_engine::{MissingMetric, Place, find_sweep};

pub(crate) fn status(place: &Place, id: Option<&str>, as_json: bool) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweeps = match id {
        Some(id) => vec![find_sweep(&mut store, id)?],
        None => open_or_newest(store.sweeps()?),
    };
    let mut all = Vec::new();
    for sweep in sweeps {
        let status = store.status(&sweep.new.id)?;
        if as_json {
            let missing = MissingMetric::of(&mut store, sweep.id())?.map(|missing| missing.conclusion());
            all.push(json!({ "sweep": summary(&sweep), "status": status, "missing_metric": missing }));
        } else {
            line(at_a_glance(&sweep, &status))?;
            if let Some(missing) = describe::missing_metric(&mut store, &sweep)? {
                line(format!("  {:<13}  {missing}", "metric"))?;
            }
        }
    }
    match (as_json, id) {
        (true, Some(_)) => output::json(&all[0])?,
        (true, None) => output::json(&all)?,
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

fn at_a_glance(sweep: &SweepRow, status: &Status) -> String {
    let mut lines = vec![format!("sweep {}{}", sweep.new.id, describe::title(sweep))];
    let mut fact = |name: &str, text: String| lines.push(format!("  {name:<13}  {text}"));
    let reason = sweep.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    fact("state", format!("{}{reason}", sweep.state));
    fact("runs", describe::counts(sweep.new.run_cap, status));
    if let Some(best) = &status.best {
        fact("best", describe::best_value(sweep, best));
    }
    if let Some(uncounted) = describe::uncounted(status) {
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
    lines.join("\n")
}

fn how_to_start(sweep: &SweepRow, status: &Status) -> String {
    if sweep.state == SweepState::Paused {
        return format!("; resume with: besom resume {}", sweep.new.id);
    }
    if status.agents == 0 { format!("; start one with: besom agent {}", sweep.new.id) } else { String::new() }
}

pub(crate) fn list(place: &Place, as_json: bool) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweeps = store.sweeps()?;
    if as_json {
        output::json(&sweeps.iter().map(summary).collect::<Vec<_>>())?;
        return Ok(Outcome::Done);
    }
    if sweeps.is_empty() {
        line("no sweeps yet; create one with: besom run FILE")?;
        return Ok(Outcome::Done);
    }
    let now = system_clock()();
    let mut rows = table::table(&["id", "state", "runs", "best", "age", "name", "file"], &[2, 3, 4]);
    for sweep in &sweeps {
        let best = store.status(&sweep.new.id)?.best;
        let source = sweep.new.source.as_deref().unwrap_or("-");
        rows.add_row([
            sweep.new.id.to_string(),
            sweep.state.to_string(),
            sweep.runs.to_string(),
            table::maybe(best.map(|best| best.value)),
            table::span(now.saturating_sub(sweep.created_ms)),
            sweep.new.name.clone().unwrap_or_else(|| "-".into()),
            source.to_owned(),
        ]);
    }
    line(table::text(&rows))?;
    Ok(Outcome::Done)
}

pub(crate) fn best(place: &Place, id: &str, as_json: bool) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweep = find_sweep(&mut store, id)?;
    if sweep.new.metrics.is_empty() {
        return Err(InputError::new(format!("sweep {id} has no metric, so it has no best run")).into());
    }
    let status = store.status(&sweep.new.id)?;
    let Some(best) = status.best else {
        let name = describe::metric(&sweep);
        if as_json {
            output::json(&Value::Null)?;
        } else {
            let missing = MissingMetric::of(&mut store, sweep.id())?.map(|missing| missing.conclusion());
            line(missing.unwrap_or_else(|| format!("no run has logged a number as '{name}' yet")))?;
        }
        return Ok(Outcome::Failed);
    };
    let run = store.run(&sweep.new.id, best.run)?;
    if as_json {
        output::json(&run)?;
        return Ok(Outcome::Done);
    }
    line(describe::best(&sweep, &run, best.value))?;
    if let Some(uncounted) = describe::uncounted(&status) {
        line(uncounted)?;
    }
    Ok(Outcome::Done)
}

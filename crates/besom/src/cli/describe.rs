//! How several commands describe sweeps and runs.

use besom_core::{Best, RunState};
use besom_store::{RunRow, Status, SweepRow, SweepState};

use crate::cli::table;
use crate::cli::text::Paint;

pub(crate) use besom_engine::{NAME, NOTES, TAGS, is_idle, missing_metric, over, sweep_name as name};

/// The name of a sweep in parentheses, if it has one.
pub(crate) fn title(sweep: &SweepRow) -> String {
    name(sweep).map(|name| format!(" ({name})")).unwrap_or_default()
}

/// The tags of a sweep.
pub(crate) fn tags(sweep: &SweepRow) -> Vec<String> {
    let list = sweep.new.labels.get(TAGS).and_then(|text| serde_json::from_str(text).ok());
    list.unwrap_or_default()
}

/// The name of the metric.
pub(crate) fn metric(sweep: &SweepRow) -> &str {
    sweep.new.metrics.first().map_or("metric", |metric| &metric.name)
}

/// The state of a sweep in a word: a running one that nobody works on is `idle`.
pub(crate) fn state_word(sweep: &SweepRow, status: &Status) -> &'static str {
    if is_idle(sweep, status) && sweep.state == SweepState::Running { "idle" } else { sweep.state.as_str() }
}

/// How the state of a sweep looks.
pub(crate) fn paint(sweep: &SweepRow, status: &Status) -> Paint {
    match sweep.state {
        SweepState::Paused => Paint::Warn,
        SweepState::Canceled => Paint::Bad,
        SweepState::Finished => Paint::Good,
        _ if is_idle(sweep, status) => Paint::Dim,
        _ => Paint::Plain,
    }
}

/// The state of a sweep and why, the further lines of the reason indented.
pub(crate) fn state(sweep: &SweepRow, status: &Status) -> String {
    let reason =
        sweep.reason.as_ref().map(|reason| format!(": {}", reason.trim_end().replace('\n', "\n    ")));
    format!("{}{}", state_word(sweep, status), reason.unwrap_or_default())
}

/// How many runs are in a state.
pub(crate) fn count(status: &Status, wanted: RunState) -> u64 {
    status.counts.iter().filter(|(state, _)| *state == wanted).map(|(_, count)| count).sum()
}

/// The number of runs as [`besom_engine::counts`] writes it.
pub(crate) fn counts(of: Option<u64>, status: &Status) -> String {
    besom_engine::counts(of, &status.counts, status.stopped)
}

/// The value of the best run in few words: `val_loss 0.12 (run 7)`, or `val_loss 0.12 (run 7, running)`.
pub(crate) fn best_value(sweep: &SweepRow, best: &Best) -> String {
    value_of(metric(sweep), best)
}

/// The same of a metric by its name.
pub(crate) fn value_of(metric: &str, best: &Best) -> String {
    let is_running = if best.state == RunState::Running { ", running" } else { "" };
    format!("{metric} {} (run {}{is_running})", table::number(best.value), best.run)
}

/// What was better than the best run and does not count, if anything was.
pub(crate) fn uncounted(status: &Status) -> Option<String> {
    status.better_uncounted.as_ref().map(better)
}

/// A run that was better and does not count: `run 4 (killed) had 0.256, which does not count`.
pub(crate) fn better(Best { run, state, value, .. }: &Best) -> String {
    format!("run {run} ({state}) had {}, which does not count", table::number(*value))
}

/// The best run as `run` and `best` print it.
pub(crate) fn best(sweep: &SweepRow, run: &RunRow, value: f64) -> String {
    let mut lines = vec![format!("best {} {} in run {}", metric(sweep), table::number(value), run.number)];
    lines.extend(table::pairs(table::flat(&run.point)).into_iter().map(|pair| format!("  {pair}")));
    lines.join("\n")
}

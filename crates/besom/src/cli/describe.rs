//! How several commands describe sweeps and runs.

use besom_core::{Best, RunState};
use besom_engine::BestExpected;
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

/// The best run as `run` and `best` print it, and where values are noisy the run that is expected to be the best.
pub(crate) fn best(
    sweep: &SweepRow,
    run: &RunRow,
    value: f64,
    expected: Option<&(BestExpected, RunRow)>,
) -> Vec<String> {
    let params =
        |run: &RunRow| table::pairs(table::flat(&run.point)).into_iter().map(|pair| format!("  {pair}"));
    let metric = metric(sweep);
    let word = if expected.is_some() { "best observed" } else { "best" };
    let mut lines = vec![format!("{word} {metric} {} in run {}", table::number(value), run.number)];
    let is_same = expected.is_some_and(|(_, other)| other.number == run.number);
    if let Some((best, _)) = expected.filter(|_| is_same) {
        lines.push(format!("best expected {metric} {} in the same run", about(best)));
    }
    lines.extend(params(run));
    if let Some((best, other)) = expected.filter(|_| !is_same) {
        lines.push(format!("best expected {metric} {} in run {}", about(best), other.number));
        lines.extend(params(other));
    }
    lines
}

/// The run that is expected to be the best in few words: `val_loss 0.131 ± 0.012 (run 9)`.
pub(crate) fn expected_value(metric: &str, best: &BestExpected) -> String {
    format!("{metric} {} (run {})", about(best), best.run)
}

/// An expected value with its standard deviation, both in digits that the deviation leaves meaning: `0.131 ± 0.012`.
fn about(BestExpected { value, sd, .. }: &BestExpected) -> String {
    let sd_text = besom_insight::number(*sd, 2, 1e-4..1e7);
    // As many digits as the deviation has behind the point.
    let magnitude = |x: f64| if x == 0.0 { 0.0 } else { x.abs().log10().floor() };
    let digits = (magnitude(*value) - magnitude(*sd) + 2.0).clamp(2.0, 17.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 2 to 17")]
    let digits = digits as usize;
    format!("{} ± {sd_text}", besom_insight::number(*value, digits, 1e-4..1e7))
}

#[cfg(test)]
mod tests {
    use besom_core::RunNumber;

    use super::*;

    #[test]
    fn an_expected_value_has_the_digits_that_its_deviation_leaves() {
        let text = |value, sd| about(&BestExpected::new(RunNumber::FIRST, value, sd, 1.0));
        assert_eq!(text(0.131_234, 0.012_345), "0.131 ± 0.012");
        assert_eq!(text(1_234.567, 0.25), "1234.57 ± 0.25");
        assert_eq!(text(-12.3456, 3.1), "-12.3 ± 3.1");
        assert_eq!(text(0.004, 2.0), "0.004 ± 2");
        assert_eq!(text(0.0, 0.05), "0 ± 0.05");
        assert_eq!(text(3.5e-9, 1.2e-9), "3.5e-9 ± 1.2e-9");
    }
}

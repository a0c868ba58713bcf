//! What `besom run` and `besom agent` show while they work: a line for each run that ends, and on a terminal a block
//! below with one row per running run and two for the sweep.
//!
//! All of it is read from the store, so it shows what other processes do as well.

use std::collections::HashMap;

use anyhow::Result;
use besom_core::{Goal, RunNumber, RunState};
use besom_store::{RunChange, RunRow, Status, Store, SweepRow};

use crate::cli::live::Live;
use crate::cli::output::line;
use crate::cli::{describe, table};

/// The most running runs that are shown, one row each: more would push the summary off small terminals.
const ROWS: usize = 12;

/// The display of one sweep.
pub(crate) struct Progress {
    store: Box<dyn Store>,
    sweep: SweepRow,
    jobs: u64,
    /// How many runs the sweep will have, if that is known.
    total: Option<u64>,
    cursor: u64,
    runs: HashMap<RunNumber, Seen>,
    live: Option<Live>,
}

/// What was last seen of a run that is not over.
struct Seen {
    state: RunState,
    step: usize,
    value: Option<f64>,
    parameters: String,
}

impl Progress {
    pub(crate) fn new(
        mut store: Box<dyn Store>,
        sweep: SweepRow,
        jobs: u32,
        total: Option<u64>,
    ) -> Result<Self> {
        // Runs that were over before are not news.
        let earlier = store.changes(&sweep.new.id, 0)?;
        let cursor = earlier.upto;
        let live = Live::new();
        let mut progress =
            Self { store, sweep, jobs: jobs.into(), total, cursor, runs: HashMap::new(), live };
        for change in earlier.runs.into_iter().filter(|change| change.state.is_open()) {
            progress.enter(change);
        }
        Ok(progress)
    }

    /// Shows what is new.
    pub(crate) fn tick(&mut self) -> Result<()> {
        let changes = self.store.changes(&self.sweep.new.id, self.cursor)?;
        self.cursor = changes.upto;
        for change in changes.runs {
            let number = change.number;
            let known = self.runs.contains_key(&number);
            let is_new = change.added.is_some();
            if change.state.is_open() {
                self.enter(change);
            } else if known || is_new {
                self.runs.remove(&number);
                let run = self.store.run(&self.sweep.new.id, number)?;
                self.print(&ended(&self.sweep, &run));
            }
        }
        self.draw()
    }

    fn enter(&mut self, change: RunChange) {
        let parameters = change.added.as_ref().map(|run| table::parameters(&run.point)).unwrap_or_default();
        let new = Seen { state: change.state, step: 0, value: None, parameters };
        let seen = self.runs.entry(change.number).or_insert(new);
        seen.state = change.state;
        for part in change.curves.iter().filter(|part| part.metric == 0) {
            seen.step = part.from + part.values.len();
            seen.value = part.values.iter().copied().rfind(|v| v.is_finite()).or(seen.value);
        }
    }

    /// A line above the live block.
    pub(crate) fn print(&mut self, text: &str) {
        let text = table::one_line(text);
        match &mut self.live {
            Some(live) => live.print(&text),
            // The reader may have closed the pipe; that must not end the sweep.
            None => drop(line(text)),
        }
    }

    fn draw(&mut self) -> Result<()> {
        let Some(live) = &mut self.live else { return Ok(()) };
        let status = self.store.status(&self.sweep.new.id)?;
        let metric = describe::metric(&self.sweep);
        let mut running: Vec<_> =
            self.runs.iter().filter(|(_, seen)| seen.state == RunState::Running).collect();
        running.sort_by_key(|(number, _)| **number);
        let rows = running.iter().take(ROWS).map(|(number, seen)| {
            let value = seen.value.map(|v| format!("{metric} {}", table::number(v))).unwrap_or_default();
            table::one_line(&format!(
                "  run {number:<4} step {:<5} {value:<22} {}",
                seen.step, seen.parameters
            ))
        });
        live.show(rows.collect(), summary(&self.sweep, &status, self.total, self.jobs));
        Ok(())
    }

    /// Takes the live block away.
    pub(crate) fn close(&mut self) {
        if let Some(mut live) = self.live.take() {
            live.clear();
        }
    }
}

/// `12 of 60: 2 running, 10 finished (4 stopped early)`, and below it `best val_loss 0.12 (run 7) | about 1 min 20 s left`.
fn summary(sweep: &SweepRow, status: &Status, total: Option<u64>, jobs: u64) -> Vec<String> {
    let best = status.best.map(|best| format!("best {}", describe::best_value(sweep, &best)));
    let left = time_left(status, total, jobs).map(|left| format!("about {} left", table::span(left)));
    let second = best.into_iter().chain(left).collect::<Vec<_>>().join(" | ");
    [describe::counts(total, status), second].into_iter().filter(|text| !text.is_empty()).collect()
}

/// An estimate: the mean time of the newest runs, for all that are not over, shared among the jobs.
fn time_left(status: &Status, total: Option<u64>, jobs: u64) -> Option<u64> {
    let over: u64 = status.counts.iter().filter(|(state, _)| !state.is_open()).map(|(_, count)| count).sum();
    let left = total?.saturating_sub(over);
    let rounds = left as f64 / jobs.max(1) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate for people")]
    status.mean_run_ms.map(|mean| (mean * rounds) as u64)
}

/// `run 12 finished: val_loss 0.234 after 12 rows, 3.2 s | lr=0.1 ..`.
fn ended(sweep: &SweepRow, run: &RunRow) -> String {
    let mut text = format!("run {} {}", run.number, table::state(run));
    if let Some(best) = run.best {
        text.push_str(&format!(
            ": {}{} {}",
            best_word(sweep, run),
            describe::metric(sweep),
            table::number(best)
        ));
    }
    if let Some(took) = table::duration(run, 0) {
        let rows = if run.rows == 1 { "row" } else { "rows" };
        text.push_str(&format!(", {} {rows} in {}", run.rows, table::span(took)));
    }
    let reason =
        if run.state == RunState::Finished { run.stop_reason.as_ref() } else { run.message.as_ref() };
    if let Some(reason) = reason {
        text.push_str(&format!(" ({reason})"));
    }
    format!("{text} | {}", table::parameters(&run.point))
}

/// `best ` if the best value is not the last one.
fn best_word(sweep: &SweepRow, run: &RunRow) -> &'static str {
    let goal = sweep.new.metrics.first().map_or(Goal::Minimize, |metric| metric.goal);
    match (run.best, run.last) {
        (Some(best), Some(last)) if goal.to_loss(best) < goal.to_loss(last) => "best ",
        _ => "",
    }
}

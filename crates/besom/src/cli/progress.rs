//! What `besom run` and `besom agent` show while they work: a line for each run that ends, and on a terminal a block
//! below with one row per running run and two for the sweep.
//!
//! All of it is read from the store, so it shows what other processes do as well, and names them.

mod rows;
mod summary;

use std::collections::HashMap;
use std::io::IsTerminal;

use anyhow::Result;
use besom_core::{RunNumber, RunState};
use besom_engine::Crew;
use besom_store::{Order, RunChange, RunQuery, RunRow, Store, SweepRow, system_clock};
use serde_json::{Map, Value};

use crate::cli::files::Files;
use crate::cli::live::Live;
use crate::cli::text::{Line, Paint, one_line};
use crate::cli::{describe, output};
use rows::{Columns, Row};
use summary::Pace;

/// The most running runs that are shown, one row each: more would push the summary off small terminals.
const ROWS: usize = 12;

/// How many of the last lines of a failed run's output are shown.
const OUTPUT_LINES: usize = 5;

/// The display of one sweep.
pub(crate) struct Progress {
    store: Box<dyn Store>,
    sweep: SweepRow,
    /// With what the names of the agents of this process begin.
    name: String,
    files: Files,
    pace: Pace,
    cursor: u64,
    runs: HashMap<RunNumber, Seen>,
    /// The best value of the runs that have finished.
    best: Option<f64>,
    columns: Columns,
    live: Option<Live>,
    /// Whether finished runs are shown as aligned lines, cut to the width.
    is_terminal: bool,
    /// The end of the output that was shown last, which other runs repeat.
    shown: Vec<String>,
}

/// What was last seen of a run that is not over.
struct Seen {
    state: RunState,
    step: usize,
    value: Option<f64>,
    params: Map<String, Value>,
    since_ms: u64,
}

impl Progress {
    pub(crate) fn new(mut store: Box<dyn Store>, crew: &Crew<'_>, files: Files, jobs: u32) -> Result<Self> {
        let sweep = crew.sweep().clone();
        // Runs that were over before are not news.
        let earlier = store.changes(&sweep.new.id, 0)?;
        let best = best_finished(&mut *store, &sweep)?;
        let pace = Pace::new(jobs.into(), crew.total(), &store.status(&sweep.new.id)?);
        let mut progress = Self {
            columns: Columns::new(&sweep, crew.config()),
            name: format!("{}/", crew.name()),
            store,
            files,
            pace,
            cursor: earlier.upto,
            runs: HashMap::new(),
            best,
            live: Live::new(),
            is_terminal: std::io::stdout().is_terminal(),
            shown: Vec::new(),
            sweep,
        };
        for change in earlier.runs.into_iter().filter(|change| change.state.is_open()) {
            progress.enter(change);
        }
        if progress.is_terminal {
            let header = progress.columns.header();
            progress.show(&[header]);
        }
        Ok(progress)
    }

    /// Shows what is new.
    pub(crate) fn tick(&mut self) -> Result<()> {
        let changes = self.store.changes(&self.sweep.new.id, self.cursor)?;
        self.cursor = changes.upto;
        if changes.run_cap != self.sweep.new.run_cap {
            self.sweep.new.run_cap = changes.run_cap;
            self.pace.set_total(changes.run_cap);
        }
        for change in changes.runs {
            let number = change.number;
            let known = self.runs.contains_key(&number);
            let is_new = change.added.is_some();
            if change.state.is_open() {
                self.enter(change);
            } else if known || is_new {
                self.runs.remove(&number);
                let run = self.store.run(&self.sweep.new.id, number)?;
                let by = self.by_others(&run)?;
                self.ended(&run, by.as_deref());
            }
        }
        self.draw()
    }

    fn enter(&mut self, change: RunChange) {
        let params = change.added.as_ref().map(|run| run.point.clone()).unwrap_or_default();
        let state = RunState::Pending;
        let new = Seen { state, step: 0, value: None, params, since_ms: 0 };
        let seen = self.runs.entry(change.number).or_insert(new);
        if change.state == RunState::Running && seen.state != RunState::Running {
            seen.since_ms = system_clock()();
        }
        seen.state = change.state;
        for part in change.curves.iter().filter(|part| part.metric == 0) {
            seen.step = part.from + part.values.len();
            seen.value = part.values.iter().copied().rfind(|v| v.is_finite()).or(seen.value);
        }
    }

    /// The process that has executed a run, if it is another one: `host/1234`.
    fn by_others(&mut self, run: &RunRow) -> Result<Option<String>> {
        let attempts = self.store.attempts(&self.sweep.new.id, run.number)?;
        let others = attempts.last().filter(|last| !last.agent.starts_with(&self.name));
        Ok(others.map(|last| last.agent.rsplit_once('/').map_or(&*last.agent, |(name, _)| name).to_owned()))
    }

    /// A line for a run that has ended, and the end of its output if it failed.
    fn ended(&mut self, run: &RunRow, by: Option<&str>) {
        let is_best = self.is_new_best(run);
        let output = self.failed_output(run);
        if self.is_terminal {
            let mut lines = vec![self.columns.line(&Row::ended(run, is_best, by))];
            lines.extend(output.iter().map(|line| Line::new(Paint::Dim, line)));
            self.show(&lines);
        } else {
            let lines = [vec![rows::in_full(&self.sweep, run, is_best, by)], output].concat();
            // The reader may have closed the pipe; that must not end the sweep.
            lines.into_iter().for_each(|line| drop(output::line(line)));
        }
    }

    /// Whether a run is better than all that finished before it.
    fn is_new_best(&mut self, run: &RunRow) -> bool {
        let Some(value) = run.best.filter(|_| run.state == RunState::Finished) else { return false };
        let goal = describe::goal(&self.sweep);
        let is_best = self.best.is_none_or(|best| goal.to_loss(value) < goal.to_loss(best));
        if is_best {
            self.best = Some(value);
        }
        is_best
    }

    /// The last lines that a failed run has printed, unless the one before it printed the same.
    fn failed_output(&mut self, run: &RunRow) -> Vec<String> {
        if run.state != RunState::Failed {
            return Vec::new();
        }
        let lines = self.files.last_lines(run, OUTPUT_LINES);
        if lines == self.shown {
            return Vec::new();
        }
        self.shown.clone_from(&lines);
        lines.iter().map(|line| format!("      {}", one_line(line))).collect()
    }

    /// Something that happened, for whoever watches.
    pub(crate) fn notice(&mut self, text: &str) {
        match &mut self.live {
            Some(live) => live.print(&text.lines().map(Line::from).collect::<Vec<_>>()),
            None => output::notice(text),
        }
    }

    /// Lines above the live block, cut to the terminal's width.
    fn show(&mut self, lines: &[Line]) {
        let columns = output::size().0.saturating_sub(1);
        let lines: Vec<Line> = lines.iter().map(|line| line.clone().cut(columns)).collect();
        match &mut self.live {
            Some(live) => live.print(&lines),
            None => lines.iter().for_each(|line| drop(output::painted(line))),
        }
    }

    fn draw(&mut self) -> Result<()> {
        if self.live.is_none() {
            return Ok(());
        }
        let status = self.store.status(&self.sweep.new.id)?;
        let now = system_clock()();
        let mut running: Vec<_> =
            self.runs.iter().filter(|(_, seen)| seen.state == RunState::Running).collect();
        running.sort_by_key(|(number, _)| **number);
        let total = running.len();
        let mut lines = Vec::new();
        for (number, seen) in running.into_iter().take(ROWS) {
            let took = Some(now.saturating_sub(seen.since_ms)).filter(|_| seen.since_ms > 0);
            lines.push(self.columns.line(&Row::running(*number, seen.value, seen.step, took, &seen.params)));
        }
        let summary = self.pace.summary(&self.sweep, &status);
        if let Some(live) = &mut self.live {
            live.show(lines, total, summary);
        }
        Ok(())
    }

    /// Takes the live block away.
    pub(crate) fn close(&mut self) {
        if let Some(mut live) = self.live.take() {
            live.clear();
        }
    }
}

/// The best value among the runs that have finished.
fn best_finished(store: &mut dyn Store, sweep: &SweepRow) -> Result<Option<f64>> {
    let query = RunQuery::default().states([RunState::Finished]).order(Order::Best).limit(1);
    Ok(store.runs(&sweep.new.id, &query)?.first().and_then(|run| run.best))
}

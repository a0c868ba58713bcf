//! What `besom run` and `besom agent` show while they work: a line for each run that ends, and on a terminal a block
//! below with one row per running run and two for the sweep.
//!
//! All of it is read from the store, so it shows what other processes do as well, and names them.

mod follower;
mod rows;
mod summary;

use std::collections::HashMap;
use std::io::IsTerminal;

use anyhow::Result;
use besom_config::SweepConfig;
use besom_core::{RunNumber, RunState};
use besom_engine::{Crew, planned};
use besom_store::{RunChange, RunRow, Store, system_clock};
use serde_json::{Map, Value};

use crate::cli::files::Files;
use crate::cli::live::Live;
use crate::cli::text::{Line, Paint, one_line};
use crate::cli::{output, table};
pub(crate) use follower::{Ended, Follower};
use rows::{Columns, Row};
pub(crate) use rows::{constants, in_full, varying};
use summary::Pace;

/// The most running runs that are shown, one row each: more would push the summary off small terminals.
const ROWS: usize = 12;

/// How many of the last lines of a failed run's output are shown.
const OUTPUT_LINES: usize = 5;

/// The display of one sweep.
pub(crate) struct Progress {
    follower: Follower,
    files: Files,
    config: SweepConfig,
    pace: Pace,
    runs: HashMap<RunNumber, Seen>,
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
    /// One per metric.
    values: Vec<Option<f64>>,
    params: Map<String, Value>,
    since_ms: u64,
}

impl Progress {
    pub(crate) fn new(mut store: Box<dyn Store>, crew: &Crew, files: Files, jobs: u32) -> Result<Self> {
        let sweep = crew.sweep().clone();
        let pace = Pace::new(jobs.into(), &store.status(sweep.id())?);
        let columns = Columns::new(&sweep, crew.config());
        let (follower, open) = Follower::new(store, sweep, Some(crew.config()))?;
        let mut progress = Self {
            follower,
            files,
            config: crew.config().clone(),
            pace,
            runs: HashMap::new(),
            columns,
            live: Live::new(),
            is_terminal: std::io::stdout().is_terminal(),
            shown: Vec::new(),
        };
        open.into_iter().for_each(|change| progress.enter(change));
        if progress.is_terminal {
            let header = progress.columns.header();
            progress.show(&[header]);
        }
        Ok(progress)
    }

    /// Shows what is new.
    pub(crate) fn tick(&mut self) -> Result<()> {
        let (open, ended) = self.follower.next()?;
        open.into_iter().for_each(|change| self.enter(change));
        for ended in ended {
            self.runs.remove(&ended.run.number);
            self.ended(&ended);
        }
        self.draw()
    }

    /// How many runs the sweep will have as it is now, if that is known: somebody may have set another cap.
    fn total(&self) -> Option<u64> {
        planned(&self.follower.sweep, &self.config)
    }

    fn enter(&mut self, change: RunChange) {
        let params = change.added.as_ref().map(|run| run.point.clone()).unwrap_or_default();
        let state = RunState::Pending;
        let values = vec![None; self.follower.sweep.new.metrics.len()];
        let new = Seen { state, step: 0, values, params, since_ms: 0 };
        let seen = self.runs.entry(change.number).or_insert(new);
        if change.state == RunState::Running && seen.state != RunState::Running {
            seen.since_ms = system_clock()();
        }
        seen.state = change.state;
        for part in &change.curves {
            let Some(value) = seen.values.get_mut(part.metric) else { continue };
            *value = part.values.iter().copied().rfind(|v| v.is_finite()).or(*value);
            if part.metric == 0 {
                seen.step = part.from + part.values.len();
            }
        }
    }

    /// A line for a run that has ended, and the end of its output if it failed.
    fn ended(&mut self, ended: &Ended) {
        let run = &ended.run;
        let output = self.failed_output(run);
        if self.is_terminal {
            let mut lines =
                vec![self.columns.line(&Row::ended(ended, self.follower.sweep.new.metrics.len()))];
            lines.extend(output.iter().map(|line| Line::new(Paint::Dim, line)));
            self.show(&lines);
        } else {
            let lines =
                [vec![in_full(&self.follower.sweep, ended, &table::parameters(&run.point))], output].concat();
            // The reader may have closed the pipe; that must not end the sweep.
            lines.into_iter().for_each(|line| drop(output::line(line)));
        }
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
        let status = self.follower.store.status(self.follower.sweep.id())?;
        let now = system_clock()();
        let mut running: Vec<_> =
            self.runs.iter().filter(|(_, seen)| seen.state == RunState::Running).collect();
        running.sort_by_key(|(number, _)| **number);
        let total = running.len();
        let mut lines = Vec::new();
        for (number, seen) in running.into_iter().take(ROWS) {
            let took = Some(now.saturating_sub(seen.since_ms)).filter(|_| seen.since_ms > 0);
            lines.push(self.columns.line(&Row::running(
                *number,
                seen.values.clone(),
                seen.step,
                took,
                &seen.params,
            )));
        }
        let on_front = self.follower.on_front();
        let summary = self.pace.summary(&self.follower.sweep, &status, self.total(), on_front);
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use besom_config::Reader;
    use besom_engine::{Creation, CrewOptions, Place, create, registry};

    use super::*;

    #[test]
    fn a_grid_that_is_extended_beyond_its_points_will_have_as_many_runs_as_points() {
        let (registry, place) = (registry(), Place::memory());
        let mut store = place.open().unwrap();
        let text = "method: grid\nrun_cap: 2\nparameters: {x: {values: [1, 2, 3]}}";
        let config = Reader::new(&registry).read(text, "sweep.yaml").unwrap().config;
        let id = create(&mut *store, Creation::new(&config, 1).text(text)).unwrap();
        let crew = Crew::new(&place, &registry, &id, CrewOptions::default()).unwrap();
        let mut progress = Progress::new(place.open().unwrap(), &crew, Files::new(None, &id), 1).unwrap();
        assert_eq!(progress.total(), Some(2));
        for (cap, total) in [(Some(20), 3), (None, 3), (Some(1), 1)] {
            store.set_run_cap(&id, cap).unwrap();
            progress.tick().unwrap();
            assert_eq!(progress.total(), Some(total), "{cap:?}");
        }
    }
}

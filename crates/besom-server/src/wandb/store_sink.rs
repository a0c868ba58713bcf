//! A run of the store as the client reports on it.

use std::collections::HashMap;
use std::sync::Mutex;

use besom_core::{RunState, error_chain};
use besom_store::{End, Lease, Reply, Row, Store, StoreError};
use serde_json::{Map, Value};

use super::found::{Found, is_alone, place};
use super::run::{object, summary_row};
use super::{KnownRun, RunSink, SinkError, lock};
use crate::shared::Shared;

/// The fact that a program has announced its preemption.
const PREEMPTING: &str = "preempting";
/// How many rows that are missing are made up at most.
const MAX_MISSING: u64 = 10_000;

/// How many lines of output of an attempt were printed, and how many bytes they are. Forgotten by a restart, after which lines are appended.
pub(super) type Printed = Mutex<HashMap<Lease, (u64, u64)>>;

/// A run under a lease.
pub(super) struct StoreSink<'a> {
    pub(super) store: &'a mut dyn Store,
    pub(super) found: &'a Found,
    pub(super) shared: &'a Shared,
}

impl From<StoreError> for SinkError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoSweep { .. } | StoreError::NoRun { .. } | StoreError::NoAgent(_) => Self::Lost,
            other => Self::Failed(error_chain(&other)),
        }
    }
}

/// Whether a reply asks for an end.
fn asks(reply: &Reply) -> Result<bool, SinkError> {
    match reply {
        Reply::Lost => Err(SinkError::Lost),
        reply => Ok(matches!(reply, Reply::Stop { .. })),
    }
}

impl StoreSink<'_> {
    fn report(&mut self, rows: &[Row]) -> Result<Reply, SinkError> {
        Ok(self.store.report(&self.found.lease(), rows)?)
    }

    fn facts(&mut self) -> Result<Map<String, Value>, SinkError> {
        let Found { sweep, run, attempt, .. } = self.found;
        Ok(self.store.facts(sweep.id(), run.number, Some(*attempt))?)
    }

    /// Adds a row with the metrics that are in the summary alone, where neither search nor ranks would find them.
    fn add_summary(&mut self, facts: &Map<String, Value>) -> Result<(), SinkError> {
        let Some(summary) = object(facts, "summary") else { return Ok(()) };
        let Found { sweep, run, attempt, .. } = self.found;
        let logged = self.store.logged(sweep.id(), run.number, Some(*attempt))?;
        let missing = sweep.new.metrics.iter().filter(|metric| logged.get(&metric.name).is_none());
        let row: Map<String, Value> =
            missing.filter_map(|metric| summary_row(summary, &metric.name)).flatten().collect();
        if row.is_empty() {
            return Ok(());
        }
        let now = self.store.run(sweep.id(), run.number)?;
        let next = now.rows.saturating_sub(now.kept) + 1;
        self.report(&[Row::new(next, row)]).map(drop)
    }

    /// The last line that the program has printed.
    fn last_line(&mut self) -> Option<String> {
        let Found { sweep, run, attempt, .. } = self.found;
        let output = self.store.output(sweep.id(), run.number, Some(*attempt)).ok()?;
        let text = &output.parts.last()?.text;
        text.lines()
            .rev()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .map(|line| line.chars().take(500).collect())
    }

    fn end(&mut self, facts: &Map<String, Value>, exit_code: i32) -> Result<End, SinkError> {
        let is_preempting = facts.get(PREEMPTING) == Some(&Value::Bool(true));
        let is_stopped = asks(&self.report(&[])?)?;
        let state = match exit_code {
            0 => RunState::Finished,
            _ if is_preempting => RunState::Preempted,
            _ if is_stopped => RunState::Killed,
            _ => RunState::Failed,
        };
        let end = End::new(state).exit_code(exit_code);
        Ok(match state {
            RunState::Preempted => end.message("was being preempted").keeping_rows(),
            RunState::Failed => {
                end.message(self.last_line().unwrap_or_else(|| format!("exit status {exit_code}")))
            }
            _ => end,
        })
    }
}

impl RunSink for StoreSink<'_> {
    fn known(&mut self) -> Result<KnownRun, SinkError> {
        let facts = self.facts()?;
        let Found { path, sweep, run, .. } = self.found;
        let last = run.rows.checked_sub(1);
        let tail = match last {
            Some(last) => self.store.rows_after(sweep.id(), run.number, None, last, 1)?.pop(),
            None => None,
        };
        let (entity, project) = place(self.shared, sweep);
        Ok(KnownRun {
            entity,
            project,
            name: path.name.clone(),
            sweep: (!is_alone(sweep)).then(|| sweep.id().to_string()),
            params: run.point.clone(),
            facts,
            lines: run.rows.saturating_sub(run.kept),
            tail: tail.map(|row| row.values),
        })
    }

    fn describe(&mut self, facts: &Map<String, Value>) -> Result<(), SinkError> {
        match self.store.describe(&self.found.lease(), facts) {
            // What is too much for the store is left out: the client cannot help it.
            Err(StoreError::TooLarge { .. }) => Ok(()),
            reply => asks(&reply?).map(drop),
        }
    }

    fn rows(&mut self, first: u64, rows: Vec<Map<String, Value>>) -> Result<(), SinkError> {
        let seqs = first.saturating_add(1)..;
        let mut rows: Vec<Row> = seqs.zip(rows).map(|(seq, values)| Row::new(seq, values)).collect();
        let reply = self.report(&rows)?;
        if let Reply::Gap { expected } = reply
            && (expected..first.saturating_add(1)).end - expected <= MAX_MISSING
        {
            let missing = (expected..=first).map(|seq| Row::new(seq, Map::new()));
            rows = missing.chain(rows).collect();
            return asks(&self.report(&rows)?).map(drop);
        }
        asks(&reply).map(drop)
    }

    fn print(&mut self, first: u64, lines: &[String]) -> Result<(), SinkError> {
        let lease = self.found.lease();
        let known = lock(&self.shared.wandb.printed).get(&lease).copied();
        let (printed, bytes) = match known {
            Some(known) => known,
            None => {
                let output = self.store.output(&lease.sweep, lease.run, Some(lease.attempt))?;
                (first, output.total)
            }
        };
        // The client sends a line again when its text has changed, as that of a progress bar: the first text stays.
        let skipped = usize::try_from(printed.saturating_sub(first)).unwrap_or(usize::MAX);
        let text: String = lines.get(skipped..).unwrap_or_default().concat();
        if !text.is_empty() {
            asks(&self.store.print(&lease, bytes, &text)?)?;
        }
        let now = (printed.max(first + lines.len() as u64), bytes + text.len() as u64);
        lock(&self.shared.wandb.printed).insert(lease, now);
        Ok(())
    }

    fn preempting(&mut self) -> Result<(), SinkError> {
        self.describe(&Map::from_iter([(PREEMPTING.to_owned(), true.into())]))
    }

    fn finish(&mut self, exit_code: i32) -> Result<(), SinkError> {
        let facts = self.facts()?;
        self.add_summary(&facts)?;
        let end = self.end(&facts, exit_code)?;
        let lease = self.found.lease();
        lock(&self.shared.wandb.printed).remove(&lease);
        asks(&self.store.finish(&lease, &end)?).map(drop)
    }

    fn stop_asked(&mut self) -> Result<bool, SinkError> {
        asks(&self.report(&[])?)
    }
}

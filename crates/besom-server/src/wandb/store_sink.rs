//! A run of the store as the client reports on it.

use std::sync::Mutex;

use besom_core::{RunState, error_chain};
use besom_store::{End, Lease, Output, OutputPart, Reply, Row, Store, StoreError};
use serde_json::{Map, Value};

use super::found::{Found, is_alone, place};
use super::run::{is_same, object, summary_row};
use super::{KnownRun, RunSink, SinkError, lock};
use crate::recent::Recent;
use crate::shared::Shared;

/// The fact that a program has announced its preemption.
const PREEMPTING: &str = "preempting";

/// The key under which the client notes when it has logged a row.
const TIME: &str = "_timestamp";

/// How much output of attempts was printed. What is forgotten is found in the store ([`stored`]).
pub(super) type Printed = Mutex<Recent<Lease, Prints>>;

/// The output of an attempt up to a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Print {
    lines: u64,
    bytes: u64,
}

/// What was printed of an attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prints {
    newest: Print,
    /// What there was before the newest ones, while it is not certain that these are stored.
    before: Option<Print>,
}

impl Prints {
    /// The newest ones are stored.
    pub(super) fn commit(&mut self) {
        self.before = None;
    }
}

/// The output up to the end of what is stored, as a message finds it of which nothing is remembered: the answer to it may have been lost,
/// and its first lines may be the last ones there. They are, if they are the same and have the same place. Where that is not certain,
/// because output between its beginning and its end is not kept, they are new: what comes twice is better than what is lost.
fn stored(output: &Output, first: u64, lines: &[String]) -> Print {
    let new = Print { lines: first, bytes: output.total };
    let [OutputPart { from: 0, text, .. }] = output.parts.as_slice() else { return new };
    let repeated = (text.matches('\n').count() as u64).saturating_sub(first);
    let repeated = usize::try_from(repeated).unwrap_or(usize::MAX);
    match lines.get(..repeated) {
        Some(lines) if text.ends_with(&lines.concat()) => Print { lines: first + repeated as u64, ..new },
        _ => new,
    }
}

/// Whether a row is one that is stored.
fn is_repeat(stored: &Map<String, Value>, row: &Map<String, Value>) -> bool {
    let same = |key: &str| match (stored.get(key), row.get(key)) {
        (Some(one), Some(other)) => Some(is_same(one, other)),
        _ => None,
    };
    match (same(TIME), same("_step")) {
        (Some(is_then), is_there) => is_then && is_there.unwrap_or(true),
        _ => stored.len() == row.len() && row.iter().all(|(key, _)| same(key) == Some(true)),
    }
}

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

    /// How many rows of the attempt are stored.
    fn stored(&self) -> u64 {
        self.found.run.rows.saturating_sub(self.found.run.kept)
    }

    /// How many of the rows from line `first` of a history on are stored already. A line has the place of its row, so that repeats are known,
    /// except where lines have never come, or another history began under the same id: then all rows are new that follow the last stored one.
    fn repeated(&mut self, first: u64, rows: &[Map<String, Value>]) -> Result<usize, SinkError> {
        let stored = self.stored();
        if stored == 0 || rows.is_empty() {
            return Ok(0);
        }
        if first < stored {
            let known = self.stored_rows(first, (rows.len() as u64).min(stored - first))?;
            if known.iter().zip(rows).all(|(known, row)| is_repeat(known, row)) {
                return Ok(known.len().min(rows.len()));
            }
        }
        let last = self.stored_rows(stored - 1, 1)?.pop();
        // Without a time, two rows in turn may be the same.
        let last = last.filter(|last| first != stored || last.contains_key(TIME));
        let repeated = last.and_then(|last| rows.iter().position(|row| is_repeat(&last, row)));
        Ok(repeated.map_or(0, |place| place + 1))
    }

    /// Rows of the attempt that are stored.
    fn stored_rows(&mut self, after: u64, count: u64) -> Result<Vec<Map<String, Value>>, SinkError> {
        let Found { sweep, run, attempt, .. } = self.found;
        let rows = self.store.rows_after(sweep.id(), run.number, Some(*attempt), after, count)?;
        Ok(rows.into_iter().map(|row| row.values).collect())
    }

    /// What was printed before a message of these lines.
    fn printed(&mut self, first: u64, lines: &[String]) -> Result<Print, SinkError> {
        let lease = self.found.lease();
        let known = lock(&self.shared.wandb.printed).get(&lease).copied();
        if let Some(Prints { newest, before: None }) = known {
            return Ok(newest);
        }
        let output = self.store.output(&lease.sweep, lease.run, Some(lease.attempt))?;
        let known = known.into_iter().flat_map(|prints| [Some(prints.newest), prints.before]).flatten();
        Ok(known
            .into_iter()
            .find(|print| print.bytes == output.total)
            .unwrap_or_else(|| stored(&output, first, lines)))
    }

    /// Whether there are rows among these that are not stored.
    pub(super) fn has_news(
        &mut self,
        history: Option<&(u64, Vec<Map<String, Value>>)>,
    ) -> Result<bool, SinkError> {
        let Some((first, rows)) = history else { return Ok(false) };
        Ok(self.repeated(*first, rows)? < rows.len())
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
            // Nobody would execute it again.
            _ if is_preempting && !is_alone(&self.found.sweep) => RunState::Preempted,
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
            // Who goes on from a run that has ended counts lines of a new attempt.
            lines: if self.found.is_over() { 0 } else { self.stored() },
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
        if self.found.attempt != self.found.run.attempt {
            return Err(SinkError::Lost);
        }
        let seqs = self.stored() + 1..;
        let repeated = self.repeated(first, &rows)?;
        let rows = seqs.zip(rows.into_iter().skip(repeated));
        let rows: Vec<Row> = rows.map(|(seq, values)| Row::new(seq, values)).collect();
        match self.report(&rows)? {
            Reply::Gap { .. } => Err(SinkError::Failed("another program logs into the same run".to_owned())),
            reply => asks(&reply).map(drop),
        }
    }

    fn print(&mut self, first: u64, lines: &[String]) -> Result<(), SinkError> {
        let lease = self.found.lease();
        let before = self.printed(first, lines)?;
        // The client sends a line again when its text has changed, as that of a progress bar: the first text stays.
        let skipped = usize::try_from(before.lines.saturating_sub(first)).unwrap_or(usize::MAX);
        let text: String = lines.get(skipped..).unwrap_or_default().concat();
        if !text.is_empty() {
            asks(&self.store.print(&lease, before.bytes, &text)?)?;
        }
        let lines = before.lines.max(first.saturating_add(lines.len() as u64));
        let newest = Print { lines, bytes: before.bytes + text.len() as u64 };
        lock(&self.shared.wandb.printed).insert(lease, Prints { newest, before: Some(before) });
        Ok(())
    }

    fn preempting(&mut self) -> Result<(), SinkError> {
        self.describe(&Map::from_iter([(PREEMPTING.to_owned(), true.into())]))
    }

    fn finish(&mut self, exit_code: i32) -> Result<(), SinkError> {
        let facts = self.facts()?;
        self.add_summary(&facts)?;
        let end = self.end(&facts, exit_code)?;
        asks(&self.store.finish(&self.found.lease(), &end)?).map(drop)
    }

    fn stop_asked(&mut self) -> Result<bool, SinkError> {
        asks(&self.report(&[])?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_stored_are_known_by_their_place_and_their_text() {
        let mut output = Output::default();
        output.push(0, "a\nb\nb\n");
        let repeated = |first: u64, lines: &[&str]| {
            let lines: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
            stored(&output, first, &lines).lines - first
        };
        assert_eq!(repeated(1, &["b", "b"]), 2, "the answer was lost");
        assert_eq!(repeated(1, &["b", "b", "c"]), 2, "and others have come since");
        assert_eq!(repeated(3, &["b"]), 0, "the program has said the same again");
        assert_eq!(repeated(0, &["a"]), 0, "a program begins under the same id");
        assert_eq!(repeated(1, &["b", "x"]), 0, "the client has changed a line");
        let mut cut = output.clone();
        cut.push(100, "z\n");
        let new = Print { lines: 2, bytes: 102 };
        assert_eq!(stored(&cut, 2, &["z\n".to_owned()]), new, "nobody knows its place");
    }
}

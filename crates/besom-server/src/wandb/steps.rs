//! Which rows of a history have which steps, for clients that read it page by page.
//!
//! A page is named by steps, which may leave gaps, repeat and go back; the store knows rows by their place. All can be found again in the
//! store, so little is kept: of the histories that were read last.

use std::collections::VecDeque;
use std::sync::Mutex;

use besom_core::RunNumber;
use besom_store::{RunRow, Store, StoreError, SweepId};

use super::lock;

/// Of how many histories the steps are kept.
const KEPT: usize = 4;
/// How many rows are read at a time.
const PART: u64 = 10_000;

/// The steps of the histories that were read last, the newest first.
#[derive(Debug, Default)]
pub(super) struct Indexes(Mutex<VecDeque<Index>>);

/// The step of each row of a history; not a number where a row holds nothing.
#[derive(Debug)]
struct Index {
    history: (SweepId, RunNumber, u64, u64),
    steps: Vec<f64>,
}

impl Indexes {
    /// What is found in the steps of a run's rows up to now.
    pub(super) fn with<T>(
        &self,
        store: &mut dyn Store,
        sweep: &SweepId,
        run: &RunRow,
        find: impl FnOnce(&[f64]) -> T,
    ) -> Result<T, StoreError> {
        // With another attempt, or other rows of earlier ones, the rows are others.
        let history = (sweep.clone(), run.number, run.attempt, run.kept);
        let known = {
            let mut all = lock(&self.0);
            let place = all.iter().position(|index| index.history == history);
            place.and_then(|place| all.remove(place))
        };
        let mut index = known.unwrap_or(Index { history, steps: Vec::new() });
        while (index.steps.len() as u64) < run.rows {
            let rows = store.rows_after(sweep, run.number, None, index.steps.len() as u64, PART)?;
            if rows.is_empty() {
                break;
            }
            index.steps.extend(rows.iter().map(|row| match row.values.get("_step") {
                Some(step) => step.as_f64().unwrap_or(f64::NAN),
                None if row.values.is_empty() => f64::NAN,
                None => (row.seq - 1) as f64,
            }));
        }
        let found = find(&index.steps);
        let mut all = lock(&self.0);
        all.retain(|other| other.history != index.history);
        all.push_front(index);
        all.truncate(KEPT);
        Ok(found)
    }
}

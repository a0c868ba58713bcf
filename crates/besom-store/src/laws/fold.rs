//! Changes put together to what they say of a sweep.

use besom_core::{Failure, RunState};

use crate::{Changes, NewRun, RunChange, SweepState};

/// A sweep as its changes describe it.
#[derive(Clone, Debug, Default)]
pub(super) struct Folded {
    pub(super) cursor: u64,
    pub(super) state: Option<SweepState>,
    pub(super) runs: Vec<FoldedRun>,
}

/// A run as the changes describe it.
#[derive(Clone, Debug)]
pub(super) struct FoldedRun {
    pub(super) new: NewRun,
    pub(super) state: RunState,
    pub(super) stopped: Option<String>,
    pub(super) failure: Option<Failure>,
    pub(super) rows: u64,
    /// One per metric.
    pub(super) curves: Vec<Vec<f64>>,
}

impl Folded {
    /// Takes in what has changed since its cursor.
    pub(super) fn take(&mut self, changes: Changes, metrics: usize) -> Result<(), String> {
        if changes.upto < self.cursor {
            return Err(format!("the cursor went back from {} to {}", self.cursor, changes.upto));
        }
        if !changes.runs.is_sorted_by(|a, b| a.number < b.number) {
            return Err("changed runs are not in the order of their numbers".to_owned());
        }
        self.cursor = changes.upto;
        self.state = Some(changes.state);
        changes.runs.into_iter().try_for_each(|change| self.take_run(change, metrics))
    }

    fn take_run(&mut self, change: RunChange, metrics: usize) -> Result<(), String> {
        let RunChange { number, added, state, stopped, failure, rows, curves } = change;
        if let Some(new) = added {
            if number.index() != self.runs.len() {
                return Err(format!("run {number} was added after {} runs", self.runs.len()));
            }
            let curves = vec![Vec::new(); metrics];
            self.runs.push(FoldedRun { new, state, stopped: None, failure: None, rows, curves });
        }
        let known = self.runs.len();
        let Some(run) = self.runs.get_mut(number.index()) else {
            return Err(format!("run {number} changed, but only {known} were ever added"));
        };
        (run.state, run.stopped, run.failure, run.rows) = (state, stopped, failure, rows);
        for part in curves {
            let curve = run.curves.get_mut(part.metric).ok_or("a curve of no metric")?;
            if part.from > curve.len() {
                return Err(format!("run {number}: a part begins at {} of {}", part.from, curve.len()));
            }
            curve.truncate(part.from);
            curve.extend(part.values);
        }
        Ok(())
    }

    /// Whether both know the same.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        self.state == other.state
            && self.runs.len() == other.runs.len()
            && self.runs.iter().zip(&other.runs).all(|(a, b)| {
                a.new == b.new
                    && a.state == b.state
                    && a.stopped == b.stopped
                    && a.failure == b.failure
                    && a.rows == b.rows
                    && a.curves.len() == b.curves.len()
                    && a.curves.iter().zip(&b.curves).all(|(a, b)| same_curve(a, b))
            })
    }
}

/// Whether two curves are the same, bit for bit but for kinds of NaN.
pub(super) fn same_curve(a: &[f64], b: &[f64]) -> bool {
    let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    a.len() == b.len() && a.iter().zip(b).all(same)
}

//! All runs of a sweep.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::{Point, Run, RunNumber, RunState};

/// All runs of a sweep, by number. It grows; points and notes of its runs never change.
///
/// ```
/// use besom_core::{History, Point, Run, RunNumber};
///
/// let mut history = History::new();
/// let number = history.push(Run::new(Point::default()));
/// assert_eq!(number, RunNumber::FIRST);
/// assert_eq!(history.len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct History {
    runs: Vec<Run>,
    /// For each run a digest of all points up to and with its own.
    digests: Vec<u64>,
}

impl History {
    /// An empty history.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a run and says its number.
    pub fn push(&mut self, run: Run) -> RunNumber {
        self.digests.push(digest(self.digests.last().copied(), &run.point));
        self.runs.push(run);
        RunNumber::from_index(self.runs.len() - 1)
    }

    /// The number that the next run will get.
    pub fn next_number(&self) -> RunNumber {
        RunNumber::from_index(self.runs.len())
    }

    /// How many runs there are.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether there is no run yet.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The run of this number.
    pub fn get(&self, number: RunNumber) -> Option<&Run> {
        self.runs.get(number.index())
    }

    /// The run of this number, to record news of it (state, curve, stop). Its point and note must stay as they are.
    pub fn get_mut(&mut self, number: RunNumber) -> Option<&mut Run> {
        self.runs.get_mut(number.index())
    }

    /// All runs in the order of their numbers; the n-th has the number `RunNumber::from_index(n)`.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// All runs with their numbers, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (RunNumber, &Run)> + ExactSizeIterator {
        self.runs.iter().enumerate().map(|(index, run)| (RunNumber::from_index(index), run))
    }

    /// A digest of the points of the first `runs` runs; `None` if there are fewer. An algorithm that caches what it
    /// made of a history keeps their number and this, and so knows at once whether the history that it is shown later
    /// has grown from that one. It means nothing outside the process.
    pub fn digest(&self, runs: usize) -> Option<u64> {
        runs.checked_sub(1).map_or(Some(0), |last| self.digests.get(last).copied())
    }

    /// How many runs are in `state`.
    pub fn count(&self, state: RunState) -> usize {
        self.runs.iter().filter(|run| run.state == state).count()
    }
}

impl PartialEq for History {
    fn eq(&self, other: &Self) -> bool {
        self.runs == other.runs
    }
}

impl FromIterator<Run> for History {
    fn from_iter<I: IntoIterator<Item = Run>>(runs: I) -> Self {
        let mut history = Self::new();
        for run in runs {
            history.push(run);
        }
        history
    }
}

fn digest(before: Option<u64>, point: &Point) -> u64 {
    let mut hasher = DefaultHasher::new();
    before.hash(&mut hasher);
    for entry in point.iter() {
        entry.hash(&mut hasher);
    }
    hasher.finish()
}

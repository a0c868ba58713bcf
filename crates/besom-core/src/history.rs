//! All runs of a sweep.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::{Failure, Point, Run, RunNumber, RunState};

/// All runs of a sweep, by number. It grows; of a run only what [`News`] lists can change, never its point or note.
///
/// ```
/// use besom_core::{History, News, Point, Run, RunNumber, RunState};
///
/// let mut history = History::new();
/// let number = history.push(Run::new(Point::default()));
/// assert_eq!(number, RunNumber::FIRST);
/// let run = history.record(number, News::State(RunState::Running)).expect("it is there");
/// assert_eq!(run.state, RunState::Running);
/// ```
#[derive(Clone, Debug, Default)]
pub struct History {
    runs: Vec<Run>,
    /// For each run a digest of all points up to and with its own.
    digests: Vec<u64>,
}

/// What can change of a run once it is in a history: all but its point and note.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum News {
    /// Its state is this now.
    State(RunState),
    /// A stopping rule ended it, or asked that it be ended, for this reason; or none did.
    Stopped(Option<String>),
    /// It failed for this reason, or for none that is known; see [`Run::failure`].
    Failure(Option<Failure>),
    /// Its curve of a metric is cut to the first `from` values, and these follow.
    Values {
        /// The place of the metric in the problem.
        metric: usize,
        /// How many values to keep: 0 starts over, as a new attempt does; more than there are keeps all.
        from: usize,
        /// The values, NaN where one was not a finite number.
        values: Vec<f64>,
    },
    /// Its final value of a metric beside the curve (W&B's summary); what is not finite is none.
    Summary {
        /// The place of the metric in the problem.
        metric: usize,
        /// The value.
        value: Option<f64>,
    },
}

impl News {
    /// These values follow the curve of the metric.
    pub fn logged(metric: usize, values: Vec<f64>) -> Self {
        Self::Values { metric, from: usize::MAX, values }
    }
}

impl History {
    /// An empty history.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a run and returns its number.
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

    /// Whether it has no runs.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The run of this number.
    pub fn get(&self, number: RunNumber) -> Option<&Run> {
        self.runs.get(number.index())
    }

    /// Records news of a run and returns the run as it is now; `None` if it does not exist.
    pub fn record(&mut self, number: RunNumber, news: News) -> Option<&Run> {
        let run = self.runs.get_mut(number.index())?;
        match news {
            News::State(state) => run.state = state,
            News::Stopped(reason) => run.stopped = reason,
            News::Failure(failure) => run.failure = failure,
            News::Values { metric, from, values } => {
                let curve = &mut run.curve_mut(metric).values;
                curve.truncate(from);
                curve.extend(values);
            }
            News::Summary { metric, value } => {
                run.curve_mut(metric).summary = value.filter(|value| value.is_finite());
            }
        }
        Some(run)
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

    /// Whether a run is still open: waiting for an agent or with one.
    pub fn has_open(&self) -> bool {
        // The newest runs are the likeliest.
        self.runs.iter().rev().any(|run| run.state.is_open())
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

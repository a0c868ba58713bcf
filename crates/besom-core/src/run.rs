//! One point being tried.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::parse::parse_word;
use crate::{Failure, Goal, Note, ParseError, Point};

/// The number of a run in its sweep: dense, unique, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct RunNumber(u64);

impl RunNumber {
    /// The first run of every sweep.
    pub const FIRST: Self = Self(1);

    /// The run with this number, counted from 1; `None` for 0.
    pub fn new(number: u64) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    /// The run at this place of a history, counted from 0.
    pub fn from_index(index: usize) -> Self {
        Self(index as u64 + 1)
    }

    /// The number, counted from 1.
    pub fn get(self) -> u64 {
        self.0
    }

    /// Its place in the history, counted from 0.
    pub fn index(self) -> usize {
        usize::try_from(self.0 - 1).expect("a history fits in memory")
    }

    /// The number `n` runs later.
    #[must_use]
    pub fn plus(self, n: usize) -> Self {
        Self(self.0 + n as u64)
    }
}

impl fmt::Display for RunNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<RunNumber> for u64 {
    fn from(number: RunNumber) -> Self {
        number.0
    }
}

impl TryFrom<u64> for RunNumber {
    type Error = ParseError;

    /// The run with this number, counted from 1.
    fn try_from(number: u64) -> Result<Self, ParseError> {
        Self::new(number).ok_or_else(|| ParseError::RunNumber { found: number.to_string() })
    }
}

impl FromStr for RunNumber {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let number = text.parse().ok().and_then(Self::new);
        number.ok_or_else(|| ParseError::RunNumber { found: text.to_owned() })
    }
}

/// Where a run stands.
///
/// ```text
/// pending -> running -> finished | failed | killed
///            running -> preempted -> pending        running -> crashed -> pending
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Suggested, not yet handed to an agent.
    #[default]
    Pending,
    /// An agent works on it.
    Running,
    /// Its machine was taken away; it will be handed out again.
    Preempted,
    /// Completed, or was stopped early by a stopping rule.
    Finished,
    /// Ended with an error.
    Failed,
    /// Its agent stopped sending heartbeats.
    Crashed,
    /// Ended by its owner.
    Killed,
}

impl RunState {
    /// All states, in the order of a run's life.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Running,
        Self::Preempted,
        Self::Finished,
        Self::Failed,
        Self::Crashed,
        Self::Killed,
    ];

    /// The state's name in files, tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Preempted => "preempted",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Crashed => "crashed",
            Self::Killed => "killed",
        }
    }

    /// Whether the run has not ended: it is pending, running or preempted.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Running | Self::Preempted)
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for RunState {
    type Err = ParseError;

    /// The state of this name, as [`RunState::as_str`] writes it.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse_word("run state", text, &Self::ALL, Self::as_str)
    }
}

/// What a run has logged of one metric, oldest first.
///
/// The n-th value is the n-th time that the program logged this metric (its *step*, from 1). Values that are no
/// finite number (NaN, infinities, text, null) are kept as NaN so that a rule can see divergence; most readers want
/// [`Curve::valid`].
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(any(test, feature = "serde"), derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct Curve {
    /// One value per log call that held the metric; NaN where it was no finite number.
    #[cfg_attr(any(test, feature = "serde"), serde(with = "crate::wire::floats"))]
    pub values: Vec<f64>,
    /// A final value that is not part of the curve (W&B's summary), if one is known and finite.
    #[cfg_attr(
        any(test, feature = "serde"),
        serde(with = "crate::wire::optional_float", default, skip_serializing_if = "Option::is_none")
    )]
    pub summary: Option<f64>,
}

impl Curve {
    /// A curve of these values.
    pub fn new(values: impl Into<Vec<f64>>) -> Self {
        Self { values: values.into(), summary: None }
    }

    /// The curve with this final value beside it.
    #[must_use]
    pub fn with_summary(self, summary: impl Into<Option<f64>>) -> Self {
        Self { summary: summary.into(), ..self }
    }

    /// The finite values in order.
    pub fn valid(&self) -> impl DoubleEndedIterator<Item = f64> + '_ {
        self.values.iter().copied().filter(|v| v.is_finite())
    }

    /// The best finite value of the curve and the summary.
    pub fn best(&self, goal: Goal) -> Option<f64> {
        let summary = self.summary.filter(|v| v.is_finite());
        self.valid().chain(summary).min_by(|a, b| goal.to_loss(*a).total_cmp(&goal.to_loss(*b)))
    }

    /// The last finite value, else the summary.
    pub fn last(&self) -> Option<f64> {
        self.valid().next_back().or(self.summary.filter(|v| v.is_finite()))
    }
}

/// One point being tried, with what is known of it.
///
/// ```
/// use besom_core::{Curve, History, Point, Run, RunState};
///
/// let point = Point::default();
/// let mut history = History::new();
/// history.push(Run::new(point.clone()).finished(0.5));
/// history.push(Run::new(point.clone()).with_state(RunState::Running).with_curve(0, Curve::new([0.9, 0.7])));
/// history.push(Run::new(point).with_state(RunState::Failed));
/// assert_eq!(history.runs()[1].curve(0).last(), Some(0.7));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(any(test, feature = "serde"), derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct Run {
    /// What is tried.
    pub point: Point,
    /// What the search wrote on its suggestion.
    #[cfg_attr(any(test, feature = "serde"), serde(default, skip_serializing_if = "Note::is_empty"))]
    pub note: Note,
    /// Where it stands.
    #[cfg_attr(any(test, feature = "serde"), serde(default))]
    pub state: RunState,
    /// Why a stopping rule ended it, or asked that it be ended; `None` if none did.
    #[cfg_attr(any(test, feature = "serde"), serde(default, skip_serializing_if = "Option::is_none"))]
    pub stopped: Option<String>,
    /// Why it failed, as whoever executed it knows; [`Run::why_failed`] says what follows from all that is known.
    #[cfg_attr(any(test, feature = "serde"), serde(default, skip_serializing_if = "Option::is_none"))]
    pub failure: Option<Failure>,
    /// One curve per metric of the problem, in the problem's order; a missing curve is an empty one.
    #[cfg_attr(any(test, feature = "serde"), serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub curves: Vec<Curve>,
}

impl Run {
    /// A pending run that tries `point`.
    pub fn new(point: Point) -> Self {
        Self {
            point,
            note: Note::new(),
            state: RunState::Pending,
            stopped: None,
            failure: None,
            curves: Vec::new(),
        }
    }

    /// The run, finished with this value of the problem's first metric, logged last.
    #[must_use]
    pub fn finished(mut self, value: f64) -> Self {
        self.curve_mut(0).values.push(value);
        self.with_state(RunState::Finished)
    }

    /// The run, finished with these values, one per metric of the problem in its order, logged last.
    #[must_use]
    pub fn finished_with(mut self, values: impl IntoIterator<Item = f64>) -> Self {
        for (metric, value) in values.into_iter().enumerate() {
            self.curve_mut(metric).values.push(value);
        }
        self.with_state(RunState::Finished)
    }

    /// The run in this state.
    #[must_use]
    pub fn with_state(self, state: RunState) -> Self {
        Self { state, ..self }
    }

    /// The run with this note.
    #[must_use]
    pub fn with_note(self, note: Note) -> Self {
        Self { note, ..self }
    }

    /// The run, which a stopping rule ended, or asked to end, for this reason.
    #[must_use]
    pub fn with_stopped(self, reason: impl Into<Option<String>>) -> Self {
        Self { stopped: reason.into(), ..self }
    }

    /// The run, which failed for this reason, as whoever executed it knows.
    #[must_use]
    pub fn with_failure(self, failure: impl Into<Option<Failure>>) -> Self {
        Self { failure: failure.into(), ..self }
    }

    /// The run with this curve of the `metric`-th metric of the problem.
    #[must_use]
    pub fn with_curve(mut self, metric: usize, curve: Curve) -> Self {
        *self.curve_mut(metric) = curve;
        self
    }

    /// The run with these curves, one per metric of the problem, in the problem's order.
    #[must_use]
    pub fn with_curves(self, curves: Vec<Curve>) -> Self {
        Self { curves, ..self }
    }

    /// The curve of the `metric`-th metric of the problem; empty if nothing was logged.
    pub fn curve(&self, metric: usize) -> &Curve {
        static EMPTY: Curve = Curve { values: Vec::new(), summary: None };
        self.curves.get(metric).unwrap_or(&EMPTY)
    }

    /// The curve of the `metric`-th metric, made if it was not there.
    pub fn curve_mut(&mut self, metric: usize) -> &mut Curve {
        if self.curves.len() <= metric {
            self.curves.resize_with(metric + 1, Curve::default);
        }
        &mut self.curves[metric]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_from_one_and_places_from_zero() {
        assert_eq!(RunNumber::new(0), None);
        assert_eq!(RunNumber::new(1), Some(RunNumber::FIRST));
        assert_eq!(RunNumber::from_index(4).get(), 5);
        assert_eq!(RunNumber::from_index(4).index(), 4);
        assert_eq!(RunNumber::FIRST.plus(4), RunNumber::from_index(4));
    }

    #[test]
    fn a_curve_skips_what_is_no_finite_number() {
        let curve = Curve::new([1.0, f64::NAN, 2.0, f64::INFINITY]);
        assert_eq!(curve.valid().collect::<Vec<_>>(), [1.0, 2.0]);
        assert_eq!(curve.last(), Some(2.0));
    }

    #[test]
    fn the_summary_stands_in_for_a_curve_without_values() {
        let curve = Curve { values: vec![f64::NAN], summary: Some(0.5) };
        assert_eq!(curve.last(), Some(0.5));
        assert_eq!(Curve { summary: Some(f64::NAN), ..curve }.last(), None);
    }

    #[test]
    fn the_best_of_a_curve_is_over_its_finite_values_and_the_summary() {
        let curve = Curve { values: vec![2.0, f64::NAN, 1.0, f64::NEG_INFINITY], summary: Some(3.0) };
        assert_eq!(curve.best(Goal::Minimize), Some(1.0));
        assert_eq!(curve.best(Goal::Maximize), Some(3.0));
        assert_eq!(Curve::new([f64::NAN]).best(Goal::Minimize), None);
    }

    #[test]
    fn a_metric_that_was_never_logged_has_an_empty_curve() {
        let mut run = Run::new(Point::default());
        assert_eq!(run.curve(3), &Curve::default());
        run.curve_mut(1).values.push(1.0);
        assert_eq!((run.curves.len(), run.curve(1).last(), run.curve(0).last()), (2, Some(1.0), None));
    }

    #[test]
    fn states_have_the_names_of_files() {
        for state in RunState::ALL {
            assert_eq!(serde_json::to_value(state).ok(), Some(state.as_str().into()));
            assert_eq!(state.to_string(), state.as_str());
        }
    }
}

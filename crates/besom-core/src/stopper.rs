//! The trait of stopping rules.

use serde_json::{Map, Value};

use crate::{BoxError, History, Problem, RunNumber};

/// Selects running runs to end early.
///
/// The history law holds as for [`crate::Search`]: the answer is a function of the arguments. It must contain only runs in
/// state `Running`, each at most once, and none that has not logged a metric yet. It must not panic on runs in any state
/// or on curves that are all NaN.
///
/// ```
/// use besom_core::{BoxError, History, Point, Problem, Run, RunNumber, RunState, Stop, Stopper};
/// # use besom_core::{Goal, Metric, Space};
///
/// /// Ends runs whose latest value is worse than a bound.
/// struct Above(f64);
///
/// impl Stopper for Above {
///     fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
///         let metric = problem.metric().ok_or("a metric is needed")?;
///         let running = history.iter().filter(|(_, run)| run.state == RunState::Running);
///         let stops = running.filter_map(|(number, run)| {
///             let loss = metric.goal.to_loss(run.curve(0).valid().next_back()?);
///             let reason = format!("{loss} is above {}", self.0);
///             (loss > self.0).then_some(Stop::new(number, reason))
///         });
///         Ok(stops.collect())
///     }
/// }
///
/// let problem = Problem::new(Space::default(), Metric::new("loss", Goal::Minimize));
/// let mut history = History::new();
/// for loss in [0.5, 3.0] {
///     let mut run = Run::new(Point::default()).with_state(RunState::Running);
///     run.curve_mut(0).values.push(loss);
///     history.push(run);
/// }
/// let stops = Above(1.0).stop(&problem, &history)?;
/// assert_eq!(stops, [Stop::new(RunNumber::from_index(1), "3 is above 1")]);
/// # Ok::<(), BoxError>(())
/// ```
pub trait Stopper: Send {
    /// The runs to end now, each with a reason for people.
    fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, BoxError>;

    /// What the rule would like to show of its present view (bands, thresholds), as a JSON object.
    fn show(&mut self, problem: &Problem, history: &History) -> Result<Shown, BoxError> {
        let _ = (problem, history);
        Ok(Shown::new())
    }
}

impl<S: Stopper + ?Sized> Stopper for Box<S> {
    fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        (**self).stop(problem, history)
    }

    fn show(&mut self, problem: &Problem, history: &History) -> Result<Shown, BoxError> {
        (**self).show(problem, history)
    }
}

/// A run to end, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stop {
    /// The run.
    pub run: RunNumber,
    /// Why, for people: "17th of 20 at step 8 (0.91 > 0.44)".
    pub reason: String,
}

impl Stop {
    /// The end of a run, for this reason.
    pub fn new(run: RunNumber, reason: impl Into<String>) -> Self {
        Self { run, reason: reason.into() }
    }
}

/// What a stopping rule shows of its view: a JSON object.
pub type Shown = Map<String, Value>;

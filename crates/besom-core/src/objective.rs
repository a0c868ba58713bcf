//! What a run counts with, and which run is the best.
//!
//! These are the only definitions of both: search methods, the store's order, pictures, the command and the Python package
//! use them. They follow W&B's engine, whose answers on recorded histories are part of the tests of `besom-search`, with
//! one exception: a run that failed, crashed or was killed is never the best, whatever it logged.

use serde::{Deserialize, Serialize};

use crate::{Goal, History, Impute, ImputeWhileRunning, Metric, Problem, Run, RunNumber, RunState};

/// What a run counts with in a model of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Counted {
    /// Its own value, as a loss.
    Measured(f64),
    /// A loss that stands in for its own: what `metric.impute` takes of the values of a run that did not finish.
    Imputed(f64),
    /// The worst loss of any ended run, see [`worst_loss`].
    Worst,
    /// Nothing yet: it is pending, in Bayesian optimization's sense: suggested, without a value.
    InFlight,
    /// Nothing, ever: [`Impute::Ignore`].
    LeftOut,
}

impl Counted {
    /// The run's own or imputed loss; `None` if it counts as the worst or not at all.
    pub fn loss(self) -> Option<f64> {
        match self {
            Self::Measured(loss) | Self::Imputed(loss) => Some(loss),
            Self::Worst | Self::InFlight | Self::LeftOut => None,
        }
    }
}

impl Goal {
    /// As [`Goal::to_loss`], but a loss of -0.0 is 0.0: ties are ties in any ordering of floats.
    fn loss(self, value: f64) -> f64 {
        self.to_loss(value) + 0.0
    }
}

impl Metric {
    /// What a run counts with in a model, given its curve's place among those of its problem.
    ///
    /// * A finished run counts with its best value over curve and summary, and so does a running one that has logged,
    ///   unless [`Metric::impute_while_running`] is `False`.
    /// * A run that ended otherwise counts with what [`Metric::impute`] says, or not at all.
    /// * What has logged nothing usable counts as the worst.
    /// * Pending and preempted runs are in flight, and running ones if `impute_while_running` is `False`.
    pub fn counted(&self, run: &Run, place: usize) -> Counted {
        let curve = run.curve(place);
        let loss = |value: f64| self.goal.loss(value);
        let best = || curve.best(self.goal).map(loss);
        let own = match (run.state, self.impute) {
            (RunState::Pending | RunState::Preempted, _) => return Counted::InFlight,
            (RunState::Running, _) if self.impute_while_running == ImputeWhileRunning::False => {
                return Counted::InFlight;
            }
            (RunState::Running | RunState::Finished, _) => best().map(Counted::Measured),
            (_, Impute::Ignore) => return Counted::LeftOut,
            (_, Impute::Worst) => None,
            (_, Impute::Best) => best().map(Counted::Imputed),
            (_, Impute::Latest) => curve.last().map(loss).map(Counted::Imputed),
        };
        own.unwrap_or(Counted::Worst)
    }
}

/// The worst loss that any ended run logged of a metric, over curves and summaries; 0 if none logged a number.
pub fn worst_loss<'a>(metric: &Metric, place: usize, runs: impl IntoIterator<Item = &'a Run>) -> f64 {
    let ended = runs.into_iter().filter(|run| !run.state.is_open());
    let worst = ended.filter_map(|run| run.curve(place).best(metric.goal.opposite()));
    worst.map(|value| metric.goal.loss(value)).reduce(f64::max).unwrap_or(0.0)
}

impl RunState {
    /// Whether a run in this state can be the best of its sweep: it finished, or is running and so is the best so far.
    pub fn can_be_best(self) -> bool {
        matches!(self, Self::Running | Self::Finished)
    }
}

impl Problem {
    /// What a run counts with in a model of the metric at this place: as [`Metric::counted`] says, but with several metrics a run
    /// that finished or is running counts with its [`Problem::value`], or as the worst.
    ///
    /// ```
    /// use besom_core::{Counted, Metric, Point, Problem, Run};
    ///
    /// let problem = Problem::minimize("loss").with_metric(Metric::minimize("latency"));
    /// let run = Run::new(Point::default()).finished_with([0.5, f64::NAN]);
    /// assert_eq!(problem.counted(&run, 0), Counted::Measured(0.5));
    /// assert_eq!(problem.counted(&run, 1), Counted::Worst);
    /// ```
    pub fn counted(&self, run: &Run, place: usize) -> Counted {
        let Some(metric) = self.metrics.get(place) else { return Counted::LeftOut };
        match metric.counted(run, place) {
            Counted::Measured(_) if self.metrics.len() > 1 => self
                .value(run, place)
                .map_or(Counted::Worst, |value| Counted::Measured(metric.goal.loss(value))),
            counted => counted,
        }
    }

    /// The value of a run by which it is compared with others in the metric at this place; finite. With one metric, the
    /// best over curve and summary, as in W&B. With several, the last, and none if that is no finite number: values that
    /// belong together must come from one moment.
    pub fn value(&self, run: &Run, place: usize) -> Option<f64> {
        let metric = self.metrics.get(place)?;
        let curve = run.curve(place);
        match self.metrics.len() {
            1 => curve.best(metric.goal),
            _ => curve.values.last().copied().or(curve.summary).filter(|value| value.is_finite()),
        }
    }

    /// The [values](Problem::value) of a run in all metrics, in their order; `None` unless it has one of each.
    pub fn values(&self, run: &Run) -> Option<Vec<f64>> {
        (0..self.metrics.len()).map(|place| self.value(run, place)).collect()
    }

    /// The same as losses: smaller is better in each.
    ///
    /// ```
    /// use besom_core::{Curve, Metric, Point, Problem, Run};
    ///
    /// let problem = Problem::maximize("accuracy").with_metric(Metric::minimize("latency"));
    /// let run = Run::new(Point::default()).with_curve(0, Curve::new([0.7, 0.9]));
    /// assert_eq!(problem.losses(&run), None);
    /// let run = run.with_curve(1, Curve::new([35.0]));
    /// assert_eq!(problem.losses(&run), Some(vec![-0.9, 35.0]));
    /// ```
    pub fn losses(&self, run: &Run) -> Option<Vec<f64>> {
        let values = self.values(run)?;
        Some(self.metrics.iter().zip(values).map(|(metric, value)| metric.goal.loss(value)).collect())
    }

    /// Whether a run that [can be the best](RunState::can_be_best) has reached the targets of all metrics that have one, of which
    /// there is at least one.
    pub fn reaches_target(&self, run: &Run) -> bool {
        let reached = |(place, metric): (usize, &Metric)| {
            let target = metric.target?;
            let value = self.value(run, place);
            Some(value.is_some_and(|value| metric.goal.loss(value) <= metric.goal.loss(target)))
        };
        let mut reached = self.metrics.iter().enumerate().filter_map(reached).peekable();
        run.state.can_be_best() && reached.peek().is_some() && reached.all(|reached| reached)
    }

    /// Whether any metric has a target.
    pub fn has_target(&self) -> bool {
        self.metrics.iter().any(|metric| metric.target.is_some())
    }
}

/// A run with its value of the first metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Best {
    /// The run.
    pub run: RunNumber,
    /// Its state; a running run is the best so far.
    pub state: RunState,
    /// Its value; finite.
    pub value: f64,
}

impl Best {
    /// A run that is the best, where it stands, and the value with which it is.
    pub fn new(run: RunNumber, state: RunState, value: f64) -> Self {
        Self { run, state, value }
    }
}

impl History {
    /// The run with the best value of the first metric among those that [can be the best](RunState::can_be_best); of equal
    /// ones the earliest.
    ///
    /// ```
    /// use besom_core::{Goal, History, Metric, Point, Problem, Run, RunState, Space};
    ///
    /// let problem = Problem::new(Space::default(), Metric::new("loss", Goal::Minimize));
    /// let mut history = History::new();
    /// for (state, loss) in [(RunState::Finished, 0.5), (RunState::Failed, 0.1), (RunState::Running, 0.4)] {
    ///     let mut run = Run::new(Point::default()).with_state(state);
    ///     run.curve_mut(0).values.push(loss);
    ///     history.push(run);
    /// }
    /// let best = history.best(&problem).expect("two runs count");
    /// assert_eq!((best.run.get(), best.state, best.value), (3, RunState::Running, 0.4));
    /// let better = history.better_uncounted(&problem).expect("one would be better");
    /// assert_eq!((better.run.get(), better.state, better.value), (2, RunState::Failed, 0.1));
    /// ```
    pub fn best(&self, problem: &Problem) -> Option<Best> {
        self.best_of(problem, RunState::can_be_best)
    }

    /// The run that would be the best if runs that failed, crashed or were killed counted; `None` if none of them is
    /// better than [`History::best`].
    pub fn better_uncounted(&self, problem: &Problem) -> Option<Best> {
        let goal = problem.metric()?.goal;
        let uncounted = self.best_of(problem, |state| !state.is_open() && !state.can_be_best())?;
        let counted = self.best(problem);
        counted.is_none_or(|best| goal.loss(uncounted.value) < goal.loss(best.value)).then_some(uncounted)
    }

    fn best_of(&self, problem: &Problem, counts: impl Fn(RunState) -> bool) -> Option<Best> {
        let goal = problem.metric()?.goal;
        let counted = self.iter().filter(|(_, run)| counts(run.state));
        let valued = counted.filter_map(|(number, run)| {
            Some(Best { run: number, state: run.state, value: problem.value(run, 0)? })
        });
        valued.min_by(|a, b| goal.loss(a.value).total_cmp(&goal.loss(b.value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Curve, Point, Space};

    fn run(state: RunState, values: &[f64]) -> Run {
        Run::new(Point::default()).with_curve(0, Curve::new(values)).with_state(state)
    }

    fn problem(goal: Goal) -> Problem {
        Problem::new(Space::default(), Metric::new("m", goal))
    }

    fn metric(impute: Impute, impute_while_running: ImputeWhileRunning) -> Metric {
        Metric::new("m", Goal::Maximize).impute(impute).impute_while_running(impute_while_running)
    }

    #[test]
    fn a_finished_run_counts_with_its_best() {
        let metric = metric(Impute::Worst, ImputeWhileRunning::False);
        assert_eq!(metric.counted(&run(RunState::Finished, &[1.0, 3.0, 2.0]), 0), Counted::Measured(-3.0));
        assert_eq!(metric.counted(&run(RunState::Finished, &[f64::NAN]), 0), Counted::Worst);
    }

    #[test]
    fn a_run_that_did_not_finish_counts_with_what_impute_takes() {
        let counted = |impute, values: &[f64]| {
            metric(impute, ImputeWhileRunning::False).counted(&run(RunState::Failed, values), 0)
        };
        assert_eq!(counted(Impute::Worst, &[1.0, 3.0, 2.0]), Counted::Worst);
        assert_eq!(counted(Impute::Best, &[1.0, 3.0, 2.0]), Counted::Imputed(-3.0));
        assert_eq!(counted(Impute::Latest, &[1.0, 3.0, 2.0]), Counted::Imputed(-2.0));
        assert_eq!(counted(Impute::Latest, &[]), Counted::Worst);
        assert_eq!(counted(Impute::Ignore, &[1.0]), Counted::LeftOut);
    }

    #[test]
    fn a_running_run_counts_with_its_best_unless_it_is_in_flight() {
        use ImputeWhileRunning::{Best, False, Latest, Worst};
        let counted =
            |way, values: &[f64]| metric(Impute::Worst, way).counted(&run(RunState::Running, values), 0);
        assert_eq!(counted(False, &[1.0, 3.0, 2.0]), Counted::InFlight);
        for way in [Worst, Best, Latest] {
            assert_eq!(counted(way, &[1.0, 3.0, 2.0]), Counted::Measured(-3.0));
            assert_eq!(counted(way, &[]), Counted::Worst);
        }
        for state in [RunState::Pending, RunState::Preempted] {
            let metric = metric(Impute::Best, Best);
            assert_eq!(metric.counted(&run(state, &[1.0]), 0), Counted::InFlight);
        }
    }

    #[test]
    fn the_worst_loss_is_that_of_ended_runs() {
        let runs = [
            run(RunState::Running, &[-9.0]),
            run(RunState::Failed, &[1.0, -2.0]),
            run(RunState::Finished, &[f64::NEG_INFINITY, 5.0]),
        ];
        let metric = metric(Impute::Worst, ImputeWhileRunning::False);
        let worst = [&runs[..], &runs[..1]].map(|runs| worst_loss(&metric, 0, runs));
        assert_eq!(worst.map(|loss| format!("{loss}")), ["2", "0"]);
    }

    #[test]
    fn runs_that_did_not_finish_are_never_the_best() {
        let history = History::from_iter([
            run(RunState::Finished, &[1.0]),
            run(RunState::Failed, &[-5.0]),
            run(RunState::Crashed, &[-7.0]),
            run(RunState::Killed, &[-6.0]),
            run(RunState::Preempted, &[-8.0]),
        ]);
        let (minimize, maximize) = (problem(Goal::Minimize), problem(Goal::Maximize));
        assert_eq!(history.best(&minimize).map(|best| (best.run.get(), best.value)), Some((1, 1.0)));
        assert_eq!(
            history.better_uncounted(&minimize).map(|best| (best.run.get(), best.value)),
            Some((3, -7.0))
        );
        assert_eq!(history.better_uncounted(&maximize), None);
    }

    #[test]
    fn of_equal_runs_the_earliest_is_the_best() {
        let history = History::from_iter([run(RunState::Finished, &[0.0]), run(RunState::Finished, &[-0.0])]);
        for goal in [Goal::Minimize, Goal::Maximize] {
            assert_eq!(history.best(&problem(goal)).map(|best| best.run.get()), Some(1));
        }
    }

    #[test]
    fn with_several_metrics_the_last_value_counts() {
        let mut problem = problem(Goal::Minimize);
        let run = run(RunState::Finished, &[1.0, 2.0]);
        assert_eq!(problem.value(&run, 0), Some(1.0));
        problem.metrics.push(Metric::new("n", Goal::Maximize));
        assert_eq!((problem.value(&run, 0), problem.value(&run, 1)), (Some(2.0), None));
        assert_eq!((problem.values(&run), problem.losses(&run)), (None, None));
        let run = run.with_curve(1, Curve::new([3.0]));
        assert_eq!(
            (problem.values(&run), problem.losses(&run)),
            (Some(vec![2.0, 3.0]), Some(vec![2.0, -3.0]))
        );
    }

    #[test]
    fn with_several_metrics_a_run_that_diverged_last_has_no_value() {
        let mut problem = problem(Goal::Minimize);
        let run = run(RunState::Finished, &[1.0, f64::NAN]).with_curve(1, Curve::new([0.5]));
        assert_eq!(problem.value(&run, 0), Some(1.0));
        problem.metrics.push(Metric::new("n", Goal::Minimize));
        assert_eq!((problem.value(&run, 0), problem.losses(&run)), (None, None));
        let summary = run.with_curve(0, Curve::default().with_summary(0.25));
        assert_eq!(problem.losses(&summary), Some(vec![0.25, 0.5]));
    }

    #[test]
    fn one_run_has_to_reach_the_targets_of_all_metrics_that_have_one() {
        let problem = Problem::new(Space::default(), Metric::minimize("loss").target(1.0))
            .with_metric(Metric::maximize("accuracy").target(0.9))
            .with_metric(Metric::minimize("size"));
        let reaches = |state, loss: f64, accuracy: f64| {
            let run = run(state, &[loss]).with_curve(1, Curve::new([accuracy]));
            problem.reaches_target(&run)
        };
        assert!(reaches(RunState::Finished, 1.0, 0.9) && reaches(RunState::Running, 0.5, 0.95));
        assert!(!reaches(RunState::Finished, 0.5, 0.8) && !reaches(RunState::Finished, 1.5, 0.95));
        assert!(!reaches(RunState::Failed, 0.5, 0.95) && !reaches(RunState::Finished, 0.5, f64::NAN));
        let without = Problem::minimize("loss");
        assert!(!without.reaches_target(&run(RunState::Finished, &[0.0])) && !without.has_target());
    }
}

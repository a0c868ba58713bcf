//! What runs have logged of the metric that a rule compares them by, as losses: smaller is better whatever the goal.

use besom_core::{Metric, Problem, Run};

use crate::RuleError;

/// A metric of the problem, and how runs did in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Objective<'a> {
    metric: &'a Metric,
    place: usize,
}

impl<'a> Objective<'a> {
    /// The metric of a problem at a place.
    pub(crate) fn of(problem: &'a Problem, place: usize) -> Result<Self, RuleError> {
        problem.metrics.get(place).map(|metric| Self { metric, place }).ok_or(RuleError::NoMetric)
    }

    /// The metric itself.
    pub(crate) fn metric(self) -> &'a Metric {
        self.metric
    }

    /// The run's valid values as losses, oldest first; the n-th is the run's step n. What is not a finite number is left
    /// out before steps are counted, and a final value outside the curve has no step, so that it is not here.
    pub(crate) fn losses(self, run: &Run) -> impl Iterator<Item = f64> + '_ {
        let goal = self.metric.goal;
        // Adding zero turns -0.0, the loss of a maximized 0, into 0.0: ties are ties in any ordering of floats.
        run.curve(self.place).valid().map(move |value| goal.to_loss(value) + 0.0)
    }

    /// The most steps that the run can have, known without looking at its values.
    pub(crate) fn most_steps(self, run: &Run) -> usize {
        run.curve(self.place).values.len()
    }
}

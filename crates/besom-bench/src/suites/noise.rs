//! Noise: what a method gets to know of a run differs from what it is judged by.

use std::fmt;

use besom_core::{Point, Problem};

use crate::{Keep, Objective, Outcome, Rng};

/// An objective with normal noise on the observed value of every run that finishes. Curves are left as they are.
pub struct Noisy<O> {
    objective: O,
    sd: Box<dyn Fn(f64) -> f64 + Send + Sync>,
}

impl<O: Objective> Noisy<O> {
    /// Noise of the same standard deviation everywhere.
    pub fn new(objective: O, sd: f64) -> Self {
        Self::by_value(objective, move |_| sd)
    }

    /// Noise with a standard deviation that is a function of the true value.
    pub fn by_value(objective: O, sd: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Self {
        Self { objective, sd: Box::new(sd) }
    }
}

impl<O: Objective> Objective for Noisy<O> {
    fn problem(&self) -> Problem {
        self.objective.problem()
    }

    fn best(&self) -> Option<f64> {
        self.objective.best()
    }

    fn run(&self, point: &Point, rng: &mut Rng, log: &mut dyn FnMut(f64) -> Keep) -> Outcome {
        match self.objective.run(point, rng, log) {
            Outcome::Finished { observed, truth } => {
                Outcome::noisy(observed + (self.sd)(truth) * rng.normal(), truth)
            }
            failed => failed,
        }
    }
}

impl<O: fmt::Debug> fmt::Debug for Noisy<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Noisy").field("objective", &self.objective).finish_non_exhaustive()
    }
}

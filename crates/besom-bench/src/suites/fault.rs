//! Runs that fail.

use std::fmt;

use besom_core::{Point, Problem, Space};

use super::function::numbers;
use crate::{Keep, Objective, Outcome, Rng};

/// An objective some of whose runs fail, at once and without a value.
pub struct Failing<O> {
    objective: O,
    fails: Box<Fails>,
}

type Fails = dyn Fn(&Point, &mut Rng) -> bool + Send + Sync;

impl<O: Objective> Failing<O> {
    /// Runs fail by chance, at this rate in [0, 1], wherever they are: a lost machine, a flaky download.
    pub fn by_chance(objective: O, rate: f64) -> Self {
        Self { objective, fails: Box::new(move |_, rng| rng.f64() < rate) }
    }

    /// Runs fail for which `fails` is true, always: out of memory, divergence. It gets numbers as the closure of a
    /// [`Function`](super::Function) does. The optimum must not be among them.
    pub fn in_region(objective: O, fails: impl Fn(&[f64]) -> bool + Send + Sync + 'static) -> Self {
        let space: Space = objective.problem().space;
        Self { objective, fails: Box::new(move |point, _| numbers(&space, point).is_none_or(|v| fails(&v))) }
    }
}

impl<O: Objective> Objective for Failing<O> {
    fn problem(&self) -> Problem {
        self.objective.problem()
    }

    fn best(&self) -> Option<f64> {
        self.objective.best()
    }

    fn run(&self, point: &Point, rng: &mut Rng, log: &mut dyn FnMut(f64) -> Keep) -> Outcome {
        if (self.fails)(point, rng) { Outcome::Failed } else { self.objective.run(point, rng, log) }
    }
}

impl<O: fmt::Debug> fmt::Debug for Failing<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failing").field("objective", &self.objective).finish_non_exhaustive()
    }
}

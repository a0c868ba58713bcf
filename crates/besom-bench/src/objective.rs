//! What is to be optimized.

use besom_core::{Point, Problem};

use crate::{Reference, Rng};

/// A function of a point whose optimum a search method has to find, with everything that is chance taken from a generator.
///
/// ```
/// use besom_bench::{Keep, Objective, Outcome, Rng};
/// use besom_core::{Point, Problem, Space};
///
/// /// The square of the distance to `at`.
/// struct Bowl {
///     at: f64,
/// }
///
/// impl Objective for Bowl {
///     fn problem(&self) -> Problem {
///         let space = Space::builder().uniform("x", -5.0, 5.0).build().expect("an interval");
///         Problem::minimize("loss").space(space)
///     }
///
///     fn best(&self) -> Option<f64> {
///         Some(0.0)
///     }
///
///     fn run(&self, point: &Point, _: &mut Rng, _: &mut dyn FnMut(f64) -> Keep) -> Outcome {
///         point.f64("x").map_or(Outcome::Failed, |x| Outcome::exact((x - self.at).powi(2)))
///     }
/// }
/// ```
pub trait Objective: Send + Sync {
    /// Space and metric. Seed and cap are set by the benchmark.
    fn problem(&self) -> Problem;

    /// The best true value that there is, in the metric's direction; `None` if it is not known. Then the best that anybody
    /// found stands in for it.
    fn best(&self) -> Option<f64> {
        None
    }

    /// What random search reaches, if it was measured before; `None` to have it measured.
    fn reference(&self) -> Option<Reference> {
        None
    }

    /// Tries a point. The same point and the same state of `rng` must give the same outcome: noise and failures by chance come
    /// from `rng` only.
    ///
    /// An objective with a learning curve calls `log` with the metric's value after each epoch, in order; one without never
    /// calls it. What it logs after [`Keep::Stop`] is not read; it should return then.
    fn run(&self, point: &Point, rng: &mut Rng, log: &mut dyn FnMut(f64) -> Keep) -> Outcome;
}

impl<O: Objective + ?Sized> Objective for Box<O> {
    fn problem(&self) -> Problem {
        (**self).problem()
    }

    fn best(&self) -> Option<f64> {
        (**self).best()
    }

    fn reference(&self) -> Option<Reference> {
        (**self).reference()
    }

    fn run(&self, point: &Point, rng: &mut Rng, log: &mut dyn FnMut(f64) -> Keep) -> Outcome {
        (**self).run(point, rng, log)
    }
}

/// Whether a run goes on after it has logged a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Keep {
    /// Continue.
    Going,
    /// End: a stopping rule asked for it, or the budget is spent.
    Stop,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// With values of the metric. An objective that has logged a curve is judged by that, and these repeat its last value.
    Finished {
        /// What the method gets to know.
        observed: f64,
        /// The same without noise: what the method is judged by.
        truth: f64,
    },
    /// Without a value. The method gets to know that it failed.
    Failed,
}

impl Outcome {
    /// A value without noise.
    pub fn exact(value: f64) -> Self {
        Self::Finished { observed: value, truth: value }
    }

    /// A value that differs from what the method gets to know.
    pub fn noisy(observed: f64, truth: f64) -> Self {
        Self::Finished { observed, truth }
    }
}

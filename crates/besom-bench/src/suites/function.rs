//! Objectives that are a function of numbers.

use std::fmt;

use besom_core::{Distribution, Goal, Metric, Parameter, Point, Problem, Space};

use crate::{Keep, Objective, Outcome, Rng};

type Value = dyn Fn(&[f64]) -> f64 + Send + Sync;

/// An objective made of a space and a closure.
///
/// The closure gets one number per parameter, in the order of the space: the value of a numeric parameter, the place (from
/// 0) in the list of a categorical one. A point that is none of the space fails; so does one where the closure returns NaN.
///
/// ```
/// use besom_bench::suites::Function;
/// use besom_bench::{Keep, Objective, Outcome, Rng};
/// use besom_core::Space;
///
/// let space = Space::builder().log_uniform("lr", 1e-5, 1.0).choice("optimizer", ["sgd", "adam"]).build()?;
/// let function = Function::new(space.clone(), |v| (v[0].log10() + 3.0).powi(2) + v[1]).best(0.0);
///
/// let point = space.decode(&[0.4, 0.9]);
/// let outcome = function.run(&point, &mut Rng::new(7), &mut |_| Keep::Going);
/// assert_eq!(outcome, Outcome::exact(1.0));
/// # Ok::<(), besom_core::SpaceError>(())
/// ```
pub struct Function {
    space: Space,
    metric: Metric,
    best: Option<f64>,
    value: Box<Value>,
}

impl Function {
    /// A loss to minimize, whose optimum is not known.
    pub fn new(space: Space, value: impl Fn(&[f64]) -> f64 + Send + Sync + 'static) -> Self {
        Self { space, metric: Metric::new("loss", Goal::Minimize), best: None, value: Box::new(value) }
    }

    /// The same with the best value that there is.
    #[must_use]
    pub fn best(self, best: f64) -> Self {
        Self { best: Some(best), ..self }
    }

    /// The same as a metric to maximize, of this name.
    #[must_use]
    pub fn maximize(self, metric: &str) -> Self {
        Self { metric: Metric::new(metric, Goal::Maximize), ..self }
    }

    /// The value at a point; `None` if it fails.
    fn at(&self, point: &Point) -> Option<f64> {
        let value = (self.value)(&numbers(&self.space, point)?);
        (!value.is_nan()).then_some(value)
    }
}

impl Objective for Function {
    fn problem(&self) -> Problem {
        Problem::new(self.space.clone(), self.metric.clone())
    }

    fn best(&self) -> Option<f64> {
        self.best
    }

    fn run(&self, point: &Point, _: &mut Rng, _: &mut dyn FnMut(f64) -> Keep) -> Outcome {
        self.at(point).map_or(Outcome::Failed, Outcome::exact)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { space, metric, best, value: _ } = self;
        let mut function = f.debug_struct("Function");
        function.field("space", space).field("metric", metric).field("best", best).finish_non_exhaustive()
    }
}

/// The values of all parameters as numbers: the place in the list for a categorical one. `None` if the point is none of the
/// space, or lacks a parameter.
pub(super) fn numbers(space: &Space, point: &Point) -> Option<Vec<f64>> {
    space.parameters().iter().map(|parameter| number(parameter, point)).collect()
}

fn number(parameter: &Parameter, point: &Point) -> Option<f64> {
    let value = point.get(&parameter.name)?;
    match &parameter.distribution {
        Distribution::Categorical { values, .. } => Some(values.iter().position(|v| v == value)? as f64),
        Distribution::Constant(_) => Some(0.0),
        numeric => value.as_f64().filter(|_| numeric.contains(value)),
    }
}

//! What the tests of several methods share.

use besom_core::distribution::Continuous;
use besom_core::{Distribution, Goal, Metric, Parameter, Problem, Space};

/// A problem that minimizes `loss` over these parameters.
pub(crate) fn problem(parameters: Vec<(&str, Distribution)>, seed: u64) -> Problem {
    let parameters = parameters.into_iter().map(|(name, distribution)| Parameter::new(name, distribution));
    let space = Space::new(parameters.collect()).expect("the names differ");
    Problem::new(space, Metric::new("loss", Goal::Minimize)).seed(seed)
}

/// Any number from `min` to `max`.
pub(crate) fn uniform(min: f64, max: f64) -> Distribution {
    Distribution::Continuous(Continuous::Uniform { min, max })
}

//! L-BFGS in a box, as a solver for argmin.
//!
//! argmin's own quasi-Newton methods know no bounds and ask for value and gradient separately, which would
//! factor every covariance matrix twice. The arithmetic is in `lbfgs.rs`; argmin's executor calls it, but on
//! WebAssembly a loop of our own does, to the same end.

#[cfg(not(target_family = "wasm"))]
mod executor;
#[cfg(any(test, target_family = "wasm"))]
mod iterate;
mod lbfgs;
mod objective;

#[cfg(not(target_family = "wasm"))]
use executor::run;
#[cfg(target_family = "wasm")]
use iterate::run;
use lbfgs::{ProjectedLbfgs, project};
use objective::Objective;

/// How exact a minimum [`minimize`] returns: it stops at the first of these.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Tolerance {
    /// The most iterations (one line search each).
    pub iterations: u64,
    /// Enough if no component of the projected gradient is larger.
    pub gradient: f64,
    /// Enough if an iteration improves the value by less than this, relative to its size (at least 1).
    pub improvement: f64,
}

impl Tolerance {
    /// Of at most so many iterations, and what is enough of the gradient and of an iteration's improvement.
    pub const fn new(iterations: u64, gradient: f64, improvement: f64) -> Self {
        Self { iterations, gradient, improvement }
    }
}

impl Default for Tolerance {
    /// For the fit of hyperparameters: 60 iterations, 1e-3, 1e-7.
    fn default() -> Self {
        Self::new(60, 1e-3, 1e-7)
    }
}

/// Where [`minimize`] ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Minimum {
    /// The best argument found; always within the bounds.
    pub argument: Vec<f64>,
    /// The value there; infinite if the objective is not finite at the start.
    pub value: f64,
    /// How often the objective was called.
    pub evaluations: usize,
}

/// Minimizes `objective`, which gives value and gradient together, within `lower` and `upper` from `start`
/// (moved into the box if it lies outside). A value that is not finite is avoided by shorter steps.
/// Deterministic.
///
/// ```
/// use besom_gp::{Tolerance, minimize};
///
/// let bowl = |x: &[f64]| ((x[0] - 3.0).powi(2) + x[1].powi(2), vec![2.0 * (x[0] - 3.0), 2.0 * x[1]]);
/// let end = minimize(bowl, &[0.5, 0.5], &[0.0, 0.0], &[1.0, 1.0], &Tolerance::default());
/// assert_eq!(end.argument, [1.0, 0.0]);
/// ```
///
/// # Panics
/// If `start`, `lower` and `upper` are not of one length.
#[must_use]
pub fn minimize<F>(
    objective: F,
    start: &[f64],
    lower: &[f64],
    upper: &[f64],
    tolerance: &Tolerance,
) -> Minimum
where
    F: Fn(&[f64]) -> (f64, Vec<f64>),
{
    assert!(start.len() == lower.len() && start.len() == upper.len(), "start and bounds are of one length");
    let mut start = start.to_vec();
    project(&mut start, lower, upper);
    let objective = Objective::new(objective);
    let solver = ProjectedLbfgs::new(lower, upper, tolerance);
    let (argument, value) = run(&objective, solver, &start, tolerance.iterations);
    Minimum { argument, value, evaluations: objective.evaluations() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley.
    fn valley(x: &[f64]) -> (f64, Vec<f64>) {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        (a * a + 100.0 * b * b, vec![-2.0 * a - 400.0 * x[0] * b, 200.0 * b])
    }

    /// A bowl with a hole in its domain.
    fn hole(x: &[f64]) -> (f64, Vec<f64>) {
        let value = if x[0] > 0.3 { f64::NAN } else { x[0] + (x[0] - x[1]).powi(2) };
        (value, vec![1.0 + 2.0 * (x[0] - x[1]), -2.0 * (x[0] - x[1])])
    }

    #[test]
    fn the_loop_for_wasm_ends_where_argmin_does() {
        let starts = [[0.0, 0.0], [-1.2, 1.0], [0.9, -2.0], [0.2, 0.7], [2.0, 2.0]];
        for objective in [valley, hole] {
            for start in starts {
                for iterations in [0, 1, 3, 20, 200] {
                    let tolerance = Tolerance { iterations, ..Tolerance::default() };
                    let solver = || ProjectedLbfgs::new(&[-1.5, -1.0], &[1.5, 2.0], &tolerance);
                    let (ours, theirs) = (Objective::new(objective), Objective::new(objective));
                    let found = iterate::run(&ours, solver(), &start, iterations);
                    assert_eq!(found, executor::run(&theirs, solver(), &start, iterations));
                    assert_eq!(ours.evaluations(), theirs.evaluations());
                }
            }
        }
    }
}

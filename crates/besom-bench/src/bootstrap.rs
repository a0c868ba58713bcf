//! Intervals by drawing seeds anew.

use besom_core::Rng;

use crate::numbers::{mean, quantile};

/// How often seeds are drawn anew.
const DRAWS: usize = 1000;

/// A mean over problems with the interval in which 95 of 100 redraws of the seeds lie.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Interval {
    /// The mean over problems of the means over seeds.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The interval of the mean over problems, where seeds are drawn anew within each. A problem with one seed adds nothing to its
/// width. The same values in the same order give the same interval.
pub(crate) fn interval(by_problem: &[Vec<f64>]) -> Interval {
    let means: Vec<f64> = by_problem.iter().map(|values| mean(values)).collect();
    let mut rng = Rng::new(0);
    let mut sums = vec![0.0; DRAWS];
    for values in by_problem.iter().filter(|values| !values.is_empty()) {
        for sum in &mut sums {
            let draw = (0..values.len()).map(|_| values[rng.below(values.len())]).sum::<f64>();
            *sum += draw / values.len() as f64;
        }
    }
    let problems = by_problem.len().max(1) as f64;
    sums.sort_unstable_by(f64::total_cmp);
    let at = |q| quantile(&sums, q) / problems;
    Interval { mean: mean(&means), low: at(0.025), high: at(0.975) }
}

//! One loss out of several, by random weights.

use besom_gp::{Warp, by_loss};
use rand::{Rng, RngExt};

use super::TrainingData;

/// The weight of the sum beside that of the largest term: with the latter alone, points that are as good in the
/// worst term would be as good as one another (Knowles's ρ).
const SUM: f64 = 0.05;

/// The weights of the metrics; they sum to 1.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Weights(pub(in super::super) Vec<f64>);

impl Weights {
    /// Weights that are uniform over all that sum to 1.
    pub(super) fn draw(metrics: usize, rng: &mut impl Rng) -> Self {
        let drawn: Vec<f64> = (0..metrics).map(|_| -libm::log(1.0 - rng.random::<f64>())).collect();
        let sum: f64 = drawn.iter().sum();
        match sum > 0.0 {
            true => Self(drawn.iter().map(|weight| weight / sum).collect()),
            false => Self(vec![1.0 / metrics.max(1) as f64; metrics]),
        }
    }

    /// The augmented weighted Chebyshev norm of all runs, whose losses are warped and scaled to [0, 1] first; up to the
    /// threshold where a metric has one.
    pub(super) fn scalarize(&self, data: &[TrainingData], thresholds: &[Option<f64>]) -> TrainingData {
        let scaled: Vec<Vec<f64>> =
            data.iter().zip(thresholds).map(|(data, threshold)| scaled(&data.losses, *threshold)).collect();
        let loss = |i: usize| {
            let terms = || self.0.iter().zip(&scaled).map(|(weight, scaled)| weight * scaled[i]);
            terms().fold(f64::NEG_INFINITY, f64::max) + SUM * terms().sum::<f64>()
        };
        let losses: Vec<f64> = (0..data[0].rows.len()).map(loss).collect();
        TrainingData { order: by_loss(&losses), losses, ..data[0].clone() }
    }
}

/// Losses as targets between 0 and 1; those that are worse than the threshold lie beyond.
fn scaled(losses: &[f64], threshold: Option<f64>) -> Vec<f64> {
    let warp = Warp::new(losses);
    let targets: Vec<f64> = losses.iter().map(|&loss| warp.forward(loss)).collect();
    let lowest = targets.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = targets.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let end = threshold.map(|loss| warp.forward(loss)).filter(|end| *end > lowest);
    let width = end.map_or(highest, |end| end.min(highest)) - lowest;
    targets.iter().map(|target| if width > 0.0 { (target - lowest) / width } else { 0.0 }).collect()
}

//! How wide the kernels around runs are on one axis.
//!
//! The good runs get kernels as wide as the gap to their farther neighbor, so that they are narrow where good
//! runs are close together; the bad ones common, wider ones, so that a point is not thought free of bad runs
//! because it lies between two of them.

use libm::pow;

/// Which widths the kernels of a density have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bandwidth {
    /// That of the larger gap to a neighbor (Bergstra et al., 2011), but at least this times `least`.
    Neighbors(f64),
    /// One for all: Scott's rule, but at least `least`.
    Common,
}

impl Bandwidth {
    /// The deviation of each run's kernel, given the centers on the quantile scale, in a space of this many
    /// dimensions. A run without a center has none that counts.
    pub(super) fn deviations(self, centers: &[Option<f64>], dimensions: usize) -> Vec<f64> {
        let runs = centers.len();
        match self {
            Self::Common => {
                // A constant of .2 measured better for g than gaps (.562 for .524 on the core suite).
                let scott = 0.2 * pow(runs.max(1) as f64, -1.0 / (dimensions as f64 + 4.0));
                vec![scott.clamp(least(runs), 1.0); runs]
            }
            Self::Neighbors(factor) => gaps(centers, (factor * least(runs)).min(1.0)),
        }
    }
}

/// What keeps kernels of this many runs from becoming spikes (Optuna's "magic clip").
fn least(runs: usize) -> f64 {
    1.0 / (runs as f64 + 2.0).min(100.0)
}

/// For each center the larger of the gaps to its neighbors. The first and the last have one neighbor; a
/// single one has the ends of the axis.
fn gaps(centers: &[Option<f64>], least: f64) -> Vec<f64> {
    let mut order: Vec<(f64, usize)> =
        centers.iter().enumerate().filter_map(|(run, center)| Some(((*center)?, run))).collect();
    order.sort_by(|(a, i), (b, j)| a.total_cmp(b).then(i.cmp(j)));
    let mut deviations = vec![1.0; centers.len()];
    for (place, &(center, run)) in order.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| center - order[before].0);
        let after = order.get(place + 1).map(|(after, _)| after - center);
        let gap = match (before, after) {
            (None, None) => center.max(1.0 - center),
            (before, after) => before.unwrap_or(0.0).max(after.unwrap_or(0.0)),
        };
        deviations[run] = gap.clamp(least, 1.0);
    }
    deviations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bandwidth: Bandwidth, centers: &[Option<f64>], expected: &[f64]) {
        for (found, expected) in bandwidth.deviations(centers, 1).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found} is not {expected}");
        }
    }

    #[test]
    fn a_good_run_is_as_wide_as_its_larger_gap() {
        let centers = [Some(0.9), Some(0.1), None, Some(0.4), Some(0.45), Some(0.425)];
        check(Bandwidth::Neighbors(1.0), &centers, &[0.45, 0.3, 1.0, 0.3, 0.45, 0.125]);
        check(Bandwidth::Neighbors(0.1), &centers, &[0.45, 0.3, 1.0, 0.3, 0.45, 0.025]);
        check(Bandwidth::Neighbors(1.0), &[Some(0.2)], &[0.8]);
        check(Bandwidth::Neighbors(9.0), &[Some(0.2)], &[1.0]);
    }

    #[test]
    fn bad_runs_are_all_as_wide_and_narrower_the_more_there_are() {
        check(Bandwidth::Common, &[Some(0.1); 3], &[0.2; 3]);
        check(Bandwidth::Common, &[Some(0.1); 32], &[0.1; 32]);
        assert!((Bandwidth::Common.deviations(&[None; 32], 11)[0] - 0.158_740_105_196_819_9).abs() < 1e-12);
    }
}

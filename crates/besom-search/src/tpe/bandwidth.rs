//! How wide the kernels around runs are on one axis.
//!
//! The good runs get kernels as wide as the gap to their farther neighbour, so that they are narrow where good runs are
//! close together; the bad ones common, wider ones, so that a point is not thought free of bad runs because it lies
//! between two of them.

use libm::pow;

/// Which widths the kernels of a density have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bandwidth {
    /// That of the larger gap to a neighbour (Bergstra et al., 2011), but at least this times `least`.
    Neighbours(f64),
    /// One for all: Scott's rule, but at least `least`.
    Common,
}

impl Bandwidth {
    /// The deviation of each run's kernel, given the centres on the quantile scale, in a space of so many dimensions. A
    /// run without a centre has none that counts.
    pub(super) fn deviations(self, centres: &[Option<f64>], dimensions: usize) -> Vec<f64> {
        let runs = centres.len();
        match self {
            Self::Common => {
                let scott = 0.2 * pow(runs.max(1) as f64, -1.0 / (dimensions as f64 + 4.0));
                vec![scott.clamp(least(runs), 1.0); runs]
            }
            Self::Neighbours(factor) => gaps(centres, (factor * least(runs)).min(1.0)),
        }
    }
}

/// What keeps kernels of so many runs from becoming spikes (Optuna's "magic clip").
fn least(runs: usize) -> f64 {
    1.0 / (runs as f64 + 2.0).min(100.0)
}

/// For each centre the larger of the gaps to its neighbours. The first and the last have one neighbour; a single one has
/// the ends of the axis.
fn gaps(centres: &[Option<f64>], least: f64) -> Vec<f64> {
    let mut order: Vec<(f64, usize)> =
        centres.iter().enumerate().filter_map(|(run, centre)| Some(((*centre)?, run))).collect();
    order.sort_by(|(a, i), (b, j)| a.total_cmp(b).then(i.cmp(j)));
    let mut deviations = vec![1.0; centres.len()];
    for (place, &(centre, run)) in order.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| centre - order[before].0);
        let after = order.get(place + 1).map(|(after, _)| after - centre);
        let gap = match (before, after) {
            (None, None) => centre.max(1.0 - centre),
            (before, after) => before.unwrap_or(0.0).max(after.unwrap_or(0.0)),
        };
        deviations[run] = gap.clamp(least, 1.0);
    }
    deviations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bandwidth: Bandwidth, centres: &[Option<f64>], expected: &[f64]) {
        for (found, expected) in bandwidth.deviations(centres, 1).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found} is not {expected}");
        }
    }

    #[test]
    fn a_good_run_is_as_wide_as_its_larger_gap() {
        let centres = [Some(0.9), Some(0.1), None, Some(0.4), Some(0.45), Some(0.425)];
        check(Bandwidth::Neighbours(1.0), &centres, &[0.45, 0.3, 1.0, 0.3, 0.45, 0.125]);
        check(Bandwidth::Neighbours(0.1), &centres, &[0.45, 0.3, 1.0, 0.3, 0.45, 0.025]);
        check(Bandwidth::Neighbours(1.0), &[Some(0.2)], &[0.8]);
        check(Bandwidth::Neighbours(9.0), &[Some(0.2)], &[1.0]);
    }

    #[test]
    fn bad_runs_are_all_as_wide_and_narrower_the_more_there_are() {
        check(Bandwidth::Common, &[Some(0.1); 3], &[0.2; 3]);
        check(Bandwidth::Common, &[Some(0.1); 32], &[0.1; 32]);
        assert!((Bandwidth::Common.deviations(&[None; 32], 11)[0] - 0.158_740_105_196_819_9).abs() < 1e-12);
    }
}

//! Weights and learning rates: table 1 of Hansen's tutorial, for a number of dimensions and of runs per
//! generation.

use libm::log;

/// What stays the same over generations. Letters are those of the tutorial.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Constants {
    /// Runs per generation (λ).
    pub(super) population: usize,
    /// How many of them pull the mean (μ).
    pub(super) parents: usize,
    /// One weight for each rank, best first; the first μ are positive and sum to 1, the others are not
    /// positive.
    pub(super) weights: Vec<f64>,
    pub(super) mu_eff: f64,
    pub(super) c_sigma: f64,
    pub(super) d_sigma: f64,
    pub(super) c_c: f64,
    pub(super) c_1: f64,
    pub(super) c_mu: f64,
    /// The expected length of a standard normal vector.
    pub(super) chi: f64,
}

impl Constants {
    /// For this many dimensions, at least 1, and runs per generation, at least 2.
    pub(super) fn new(dimensions: usize, population: usize) -> Self {
        let (n, parents) = (dimensions as f64, population / 2);
        let raw: Vec<f64> =
            (1..=population).map(|rank| log((population as f64 + 1.0) / 2.0) - log(rank as f64)).collect();
        let (mu_eff, mu_eff_minus) = (effective(&raw[..parents]), effective(&raw[parents..]));
        let c_1 = 2.0 / ((n + 1.3) * (n + 1.3) + mu_eff);
        let c_mu =
            (2.0 * (mu_eff - 2.0 + 1.0 / mu_eff) / ((n + 2.0) * (n + 2.0) + mu_eff)).min(1.0 - c_1 - 1e-8);
        let least =
            [1.0 + c_1 / c_mu, 1.0 + 2.0 * mu_eff_minus / (mu_eff + 2.0), (1.0 - c_1 - c_mu) / (n * c_mu)];
        let alpha = least.into_iter().fold(f64::INFINITY, f64::min);
        let positive: f64 = raw.iter().filter(|w| **w > 0.0).sum();
        let negative: f64 = -raw.iter().filter(|w| **w < 0.0).sum::<f64>();
        let weights = raw.iter().map(|w| if *w >= 0.0 { w / positive } else { alpha * w / negative });
        let c_sigma = (mu_eff + 2.0) / (n + mu_eff + 5.0);
        Self {
            population,
            parents,
            weights: weights.collect(),
            mu_eff,
            c_sigma,
            d_sigma: 1.0 + 2.0 * (((mu_eff - 1.0) / (n + 1.0)).sqrt() - 1.0).max(0.0) + c_sigma,
            c_c: (4.0 + mu_eff / n) / (n + 4.0 + 2.0 * mu_eff / n),
            c_1,
            c_mu,
            chi: n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n)),
        }
    }

    /// The usual number of runs per generation.
    pub(super) fn usual_population(dimensions: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and not negative")]
        let more = (3.0 * log(dimensions.max(1) as f64)) as usize;
        4 + more
    }
}

/// How many equally weighted runs these weights are worth.
fn effective(weights: &[f64]) -> f64 {
    let sum: f64 = weights.iter().sum();
    sum * sum / weights.iter().map(|w| w * w).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `cmaes` 0.13.1 for Python (Shibata et al.).
    #[test]
    fn constants_are_those_of_the_reference() {
        let constants = Constants::new(3, 7);
        let weights = [
            0.585_645_106_509_765,
            0.292_822_553_254_882_5,
            0.121_532_340_235_352_45,
            0.0,
            -0.424_126_941_843_174_1,
            -0.770_663_885_705_922_4,
            -1.063_656_696_984_255_6,
        ];
        let pairs = [
            (constants.mu_eff, 2.254_815_082_201_604_4),
            (constants.c_sigma, 0.414_909_001_098_061_6),
            (constants.d_sigma, 1.414_909_001_098_061_6),
            (constants.c_c, 0.558_801_322_886_018_9),
            (constants.c_1, 0.096_409_632_579_272_14),
            (constants.c_mu, 0.051_243_087_013_586_15),
            (constants.chi, 1.596_877_530_258_607_6),
        ];
        for (found, expected) in constants.weights.iter().copied().zip(weights).chain(pairs) {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
        assert_eq!([1, 2, 10, 40].map(Constants::usual_population), [4, 6, 10, 15]);
    }
}

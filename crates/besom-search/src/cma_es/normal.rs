//! The normal distribution that generations are drawn from, and how it learns from one.
//!
//! Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772, equations 38 to 47, with its negative
//! weights. Nothing here knows of sweeps. Letters are those of the tutorial.

use libm::exp;
use nalgebra::{DMatrix, DVector, SymmetricEigen};

use super::constants::Constants;

/// Mean, step size and covariance with their evolution paths.
#[derive(Clone, Debug)]
pub(super) struct Normal {
    pub(super) mean: DVector<f64>,
    pub(super) sigma: f64,
    covariance: DMatrix<f64>,
    /// Eigenvectors of the covariance, and square roots of its eigenvalues.
    axes: DMatrix<f64>,
    lengths: DVector<f64>,
    p_sigma: DVector<f64>,
    p_c: DVector<f64>,
    updates: i32,
    /// Whether the covariance still is one that can be drawn from.
    sound: bool,
}

/// The largest step size: with more, nearly every point would lie outside of the unit cube.
const LARGEST: f64 = 1.0;

/// One run of a generation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    /// Where it is.
    pub(super) x: Vec<f64>,
    /// Whether it was drawn from an earlier distribution; then it moves this one no farther than a usual run
    /// would.
    pub(super) late: bool,
}

impl Normal {
    /// The standard normal distribution times `sigma` around a mean.
    pub(super) fn new(mean: Vec<f64>, sigma: f64) -> Self {
        let n = mean.len();
        Self {
            mean: DVector::from_vec(mean),
            sigma,
            covariance: DMatrix::identity(n, n),
            axes: DMatrix::identity(n, n),
            lengths: DVector::repeat(n, 1.0),
            p_sigma: DVector::zeros(n),
            p_c: DVector::zeros(n),
            updates: 0,
            sound: true,
        }
    }

    /// The point that belongs to a standard normal vector.
    pub(super) fn point(&self, z: &[f64]) -> Vec<f64> {
        let scaled = DVector::from_iterator(z.len(), z.iter().zip(&self.lengths).map(|(z, d)| z * d));
        let y = &self.axes * scaled;
        self.mean.iter().zip(&y).map(|(m, y)| m + self.sigma * y).collect()
    }

    /// The standard deviation in the `j`-th dimension.
    pub(super) fn deviation(&self, j: usize) -> f64 {
        self.sigma * self.covariance[(j, j)].max(0.0).sqrt()
    }

    /// Whether there is nothing left to learn: every deviation is below `least`, or the covariance is
    /// degenerate.
    pub(super) fn is_spent(&self, least: f64) -> bool {
        let (low, high) = (self.lengths.min(), self.lengths.max());
        let n = self.mean.len();
        !self.sound || n > 0 && ((0..n).all(|j| self.deviation(j) < least) || high > 1e7 * low)
    }

    /// Learns from a generation, best first, of at least `constants.population` runs. The first `valued` of
    /// them have a value; only these pull the mean.
    pub(super) fn update(&mut self, constants: &Constants, ranked: &[Sample], valued: usize) {
        let pulling = constants.parents.min(valued);
        if pulling == 0 || self.mean.is_empty() {
            return;
        }
        self.updates = self.updates.saturating_add(1);
        let ys: Vec<DVector<f64>> = ranked.iter().map(|sample| self.direction(sample)).collect();
        let sum: f64 = constants.weights[..pulling].iter().sum();
        let mut y_w = DVector::zeros(self.mean.len());
        for (y, w) in ys.iter().zip(&constants.weights[..pulling]) {
            y_w.axpy(w / sum, y, 1.0);
        }
        self.mean.axpy(self.sigma, &y_w, 1.0);
        let h_sigma = self.adapt_step(constants, &y_w);
        self.adapt_covariance(constants, &ys, &y_w, h_sigma);
        self.decompose();
    }

    /// From the mean to a run, in steps.
    fn direction(&self, sample: &Sample) -> DVector<f64> {
        let y = (DVector::from_column_slice(&sample.x) - &self.mean) / self.sigma;
        if !sample.late {
            return y;
        }
        // Hansen, "Injecting external solutions into CMA-ES", arXiv:1110.4181.
        let n = y.len() as f64;
        let longest = n.sqrt() + 2.0 * n / (n + 2.0);
        let length = self.whiten(&y).norm();
        if length > longest { y * (longest / length) } else { y }
    }

    /// The inverse square root of the covariance times `y`.
    fn whiten(&self, y: &DVector<f64>) -> DVector<f64> {
        &self.axes * self.axes.tr_mul(y).component_div(&self.lengths)
    }

    /// Path and size of the step; 0 if the path is so long that the covariance should wait, else 1.
    fn adapt_step(&mut self, constants: &Constants, y_w: &DVector<f64>) -> f64 {
        let Constants { mu_eff, c_sigma, d_sigma, chi, .. } = *constants;
        let step = self.whiten(y_w) * (c_sigma * (2.0 - c_sigma) * mu_eff).sqrt();
        self.p_sigma = &self.p_sigma * (1.0 - c_sigma) + step;
        let length = self.p_sigma.norm();
        self.sigma = (self.sigma * exp(c_sigma / d_sigma * (length / chi - 1.0))).min(LARGEST);
        let expected = (1.0 - libm::pow(1.0 - c_sigma, 2.0 * (f64::from(self.updates) + 1.0))).sqrt();
        let most = (1.4 + 2.0 / (self.mean.len() as f64 + 1.0)) * chi;
        f64::from(length / expected < most)
    }

    /// The rank-one and the rank-μ update.
    fn adapt_covariance(
        &mut self,
        constants: &Constants,
        ys: &[DVector<f64>],
        y_w: &DVector<f64>,
        h_sigma: f64,
    ) {
        let Constants { mu_eff, c_c, c_1, c_mu, population, parents, .. } = *constants;
        self.p_c = &self.p_c * (1.0 - c_c) + y_w * (h_sigma * (c_c * (2.0 - c_c) * mu_eff).sqrt());
        let delta = (1.0 - h_sigma) * c_c * (2.0 - c_c);
        // The best runs have the first weights and the worst the last; any more between them have none.
        let ranks = (0..parents).chain(ys.len() + parents - population..ys.len());
        let kept = 1.0 + c_1 * delta - c_1 - c_mu * constants.weights.iter().sum::<f64>();
        let mut covariance = &self.covariance * kept;
        covariance.ger(c_1, &self.p_c, &self.p_c, 1.0);
        for (rank, &w) in ranks.zip(&constants.weights) {
            let y = &ys[rank];
            let length = self.whiten(y).norm_squared();
            let w = if w >= 0.0 { w } else { w * y.len() as f64 / (length + 1e-8) };
            covariance.ger(c_mu * w, y, y, 1.0);
        }
        self.covariance = covariance;
    }

    /// Makes the deviation in each dimension at least that of `least`.
    pub(super) fn widen(&mut self, least: &[f64]) {
        let mut widened = false;
        for (j, least) in least.iter().enumerate() {
            let factor = least / self.deviation(j);
            if factor > 1.0 && factor.is_finite() {
                self.covariance.row_mut(j).scale_mut(factor);
                self.covariance.column_mut(j).scale_mut(factor);
                widened = true;
            }
        }
        if widened {
            self.decompose();
        }
    }

    fn decompose(&mut self) {
        let symmetric = (&self.covariance + self.covariance.transpose()) * 0.5;
        let whole = symmetric.iter().all(|x| x.is_finite()) && self.sigma.is_finite() && self.sigma > 0.0;
        let eigen = whole.then(|| SymmetricEigen::try_new(symmetric, f64::EPSILON, 10_000)).flatten();
        match eigen.filter(|eigen| eigen.eigenvalues.iter().all(|&x| x > 0.0)) {
            Some(eigen) => {
                self.lengths = eigen.eigenvalues.map(f64::sqrt);
                self.axes = eigen.eigenvectors;
            }
            None => self.sound = false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(what: &str, found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-7, "{what}: {found} is not {expected}");
        }
    }

    /// A generation, ranked by a quadratic function.
    fn generation(points: [[f64; 3]; 7]) -> Vec<Sample> {
        let loss = |x: &[f64]| (x[0] - 0.3).powi(2) + 4.0 * (x[1] - 0.6).powi(2) + 0.5 * (x[2] - 0.2).powi(2);
        let mut samples: Vec<Sample> =
            points.into_iter().map(|x| Sample { x: x.to_vec(), late: false }).collect();
        samples.sort_by(|a, b| loss(&a.x).total_cmp(&loss(&b.x)));
        samples
    }

    /// Two generations by `cmaes` 0.13.1 for Python (Shibata et al.), given the same points.
    #[test]
    fn two_generations_are_those_of_the_reference() {
        let constants = Constants::new(3, Constants::usual_population(3));
        assert_eq!((constants.population, constants.parents), (7, 3));
        let mut normal = Normal::new(vec![0.5, 0.4, 0.6], 0.3);
        let first = [
            [0.2, 0.3, 0.9],
            [0.8, 0.1, 0.5],
            [0.4, 0.6, 0.7],
            [0.6, 0.4, 0.1],
            [0.3, 0.7, 0.4],
            [0.9, 0.2, 0.8],
            [0.1, 0.9, 0.6],
        ];
        normal.update(&constants, &generation(first), 7);
        let mean = [0.365_741_957_396_094_05, 0.634_258_042_603_906, 0.451_387_063_905_859_03];
        check("mean", normal.mean.as_slice(), &mean);
        check("sigma", &[normal.sigma], &[0.281_540_218_450_721_2]);
        let second = [
            [0.35, 0.45, 0.5],
            [0.5, 0.5, 0.3],
            [0.25, 0.65, 0.45],
            [0.45, 0.3, 0.55],
            [0.6, 0.6, 0.6],
            [0.2, 0.4, 0.2],
            [0.3, 0.55, 0.35],
        ];
        normal.update(&constants, &generation(second), 7);
        let mean = [0.309_665_340_384_326_36, 0.573_205_638_313_720_6, 0.373_205_638_313_720_6];
        check("mean", normal.mean.as_slice(), &mean);
        check("sigma", &[normal.sigma], &[0.249_674_581_549_161_2]);
        let p_sigma = [-0.568_527_205_346_441, 0.282_700_044_777_256_74, -0.696_897_631_230_971_5];
        check("p_sigma", normal.p_sigma.as_slice(), &p_sigma);
        let p_c = [-0.534_475_179_483_667_7, 0.172_032_775_096_673_58, -0.668_725_302_056_411_2];
        check("p_c", normal.p_c.as_slice(), &p_c);
        let covariance = [
            0.739_975_566_229_671_5,
            0.044_530_583_450_207_53,
            0.020_064_047_897_942_64,
            0.044_530_583_450_207_53,
            0.814_400_714_689_667_6,
            -0.058_615_694_813_346_84,
            0.020_064_047_897_942_64,
            -0.058_615_694_813_346_84,
            0.930_851_395_121_782_2,
        ];
        check("covariance", normal.covariance.as_slice(), &covariance);
    }

    #[test]
    fn widening_reaches_the_least_deviation_and_narrows_nothing() {
        let mut normal = Normal::new(vec![0.5, 0.5], 0.1);
        normal.widen(&[0.2, 0.05]);
        check("deviations", &[normal.deviation(0), normal.deviation(1)], &[0.2, 0.1]);
        check("lengths", &[normal.lengths.max(), normal.lengths.min()], &[2.0, 1.0]);
    }

    #[test]
    fn a_late_run_moves_the_mean_no_farther_than_a_usual_one_would() {
        let constants = Constants::new(2, 4);
        let moved = |late: bool| {
            let mut normal = Normal::new(vec![0.5, 0.5], 1e-3);
            let far = Sample { x: vec![0.9, 0.5], late };
            let near = Sample { x: vec![0.5, 0.5], late: false };
            normal.update(&constants, &[far, near.clone(), near.clone(), near], 4);
            normal.mean[0] - 0.5
        };
        assert!(moved(false) > 0.2, "{}", moved(false));
        assert!(moved(true) < 3e-3, "{}", moved(true));
    }

    #[test]
    fn a_distribution_that_cannot_be_drawn_from_is_spent() {
        let constants = Constants::new(1, 4);
        let mut normal = Normal::new(vec![0.5], 0.1);
        assert!(!normal.is_spent(1e-9));
        let samples: Vec<Sample> = (0..4).map(|_| Sample { x: vec![f64::NAN], late: false }).collect();
        normal.update(&constants, &samples, 4);
        assert!(normal.is_spent(1e-9));
    }
}

//! Numbers from high-precision arithmetic and from independent implementations.
#![expect(clippy::unwrap_used, reason = "the inputs are sound")]

use besom_gp::improvement::{log_expected_improvement, log_h};
use besom_gp::normal::{cdf, erfcx};
use besom_gp::{Hyperparameters, Model, Posterior, log_marginal_likelihood};
use nalgebra::{DMatrix, DVector};

#[track_caller]
fn close(found: f64, expected: f64, relative: f64) {
    assert!((found - expected).abs() <= relative * expected.abs(), "{found}, expected {expected}");
}

#[test]
fn log_h_is_exact_from_the_body_to_the_far_tail() {
    let table = [
        (10.0, std::f64::consts::LN_10),
        (5.0, 1.609_437_923_126_431_3),
        (1.0, 0.080_026_218_849_306_94),
        (0.0, -0.918_938_533_204_672_8),
        (-0.5, -1.620_516_264_387_319_9),
        (-1.0, -2.485_121_025_712_641_3),
        (-1.5, -3.529_935_920_805_71),
        (-2.0, -4.768_783_523_917_114),
        (-5.0, -16.744_301_162_660_99),
        (-10.0, -55.553_122_036_122_35),
        (-25.0, -319.861_463_581_495_97),
        (-38.0, -730.196_183_402_113_8),
        (-50.0, -1_258.744_182_868_461),
        (-100.0, -5_010.129_578_800_25),
        (-200.0, -20_011.515_648_259_738),
        (-1000.0, -500_014.734_452_091_16),
        (-10000.0, -50_000_019.339_619_31),
        (-1000000.0, -500_000_000_028.55),
    ];
    for (z, expected) in table {
        close(log_h(z).0, expected, 1e-13);
    }
}

#[test]
fn log_h_has_no_jump_where_its_branches_meet_and_its_slope_is_its_derivative() {
    for z in [-1.0, -200.0] {
        let (left, right) = (log_h(z - 1e-9_f64.min(f64::EPSILON * 1e3)), log_h(z + f64::EPSILON * 1e3));
        close(left.0, right.0, 1e-12);
        close(left.1, right.1, 1e-9);
    }
    for z in [-300.0, -199.0, -50.0, -5.0, -1.5, -0.9, 0.0, 0.7, 3.0] {
        let step = 1e-6 * (1.0_f64).max(-z);
        let difference = (log_h(z + step).0 - log_h(z - step).0) / (2.0 * step);
        close(log_h(z).1, difference, 1e-7);
    }
}

#[test]
fn erfcx_joins_its_branches_and_is_the_error_function_where_that_is_exact() {
    // At 0 by definition; the rest from the continued fraction, 200 terms deep, which converges for x >= 1.
    close(erfcx(0.0), 1.0, 1e-16);
    for i in 0..300 {
        let x = 1.5 + 0.1 * f64::from(i);
        let fraction = (1..=400).rev().fold(x, |tail, k| x + 0.5 * f64::from(k) / tail);
        close(erfcx(x), 1.0 / (std::f64::consts::PI.sqrt() * fraction), 2e-15);
    }
    for i in 0..=30 {
        let x = -3.0 + 0.1 * f64::from(i);
        close(erfcx(x), libm::exp(x * x) * (1.0 + libm::erf(-x)), 4e-15);
    }
    close(cdf(1.959_963_984_540_054), 0.975, 1e-15);
}

fn example() -> (DMatrix<f64>, DVector<f64>, Hyperparameters) {
    let x = DMatrix::from_row_slice(5, 2, &[0.1, 0.2, 0.4, 0.9, 0.7, 0.3, 0.9, 0.8, 0.25, 0.55]);
    let y = DVector::from_column_slice(&[0.5, -1.0, 0.3, 1.2, -0.7]);
    let scales = vec![0.4, 0.8];
    (x, y, Hyperparameters::new(scales, 1.3, 0.01))
}

fn check_example(mean_variance: f64, mean: [f64; 3], sd: [f64; 3], likelihood: f64) {
    let (x, y, hyperparameters) = example();
    let model = Model::new(2).mean_variance(mean_variance).nugget(0.0);
    let posterior = Posterior::new(&model, &hyperparameters, &x, &y).unwrap();
    let at = DMatrix::from_row_slice(3, 2, &[0.5, 0.5, 0.1, 0.2, 0.0, 1.0]);
    let prediction = posterior.predict(&at).unwrap();
    for i in 0..3 {
        close(prediction.mean[i], mean[i], 1e-12);
        close(prediction.sd[i], sd[i], 1e-12);
    }
    let found = log_marginal_likelihood(&model, &hyperparameters, &x, &y).unwrap();
    close(found.value, likelihood, 1e-13);
}

#[test]
fn posterior_with_a_mean_of_zero() {
    check_example(
        0.0,
        [-0.467_275_406_267_670_56, 0.481_006_826_414_605_24, -0.478_431_990_877_525_14],
        [0.405_546_263_866_150_06, 0.098_813_736_359_034_4, 0.873_663_502_004_976_8],
        -6.135_213_233_701_37,
    );
}

#[test]
fn posterior_with_the_mean_integrated_out() {
    check_example(
        1.0,
        [-0.491_120_149_567_995_6, 0.483_200_575_275_350_5, -0.353_577_373_151_049_87],
        [0.408_453_362_666_205_97, 0.098_915_034_772_606_77, 0.910_037_074_698_024_8],
        -6.470_136_616_853_235,
    );
}

#[test]
fn likelihood_gradient_of_the_example() {
    let (x, y, hyperparameters) = example();
    let model = Model::new(2).mean_variance(0.0).nugget(0.0);
    let found = log_marginal_likelihood(&model, &hyperparameters, &x, &y).unwrap();
    close(found.signal_variance, -0.157_240_255_740_861_42, 1e-12);
    close(found.length_scales[0], -0.989_404_352_524_535_4, 1e-12);
    close(found.length_scales[1], 0.234_003_613_891_233_56, 1e-12);
}

#[test]
fn log_expected_improvement_of_the_example() {
    let (x, y, hyperparameters) = example();
    let model = Model::new(2).mean_variance(0.0).nugget(0.0);
    let posterior = Posterior::new(&model, &hyperparameters, &x, &y).unwrap();
    let expected = [-4.020_929_772_646_735, -120.979_122_779_187_86, -1.909_963_167_464_986_2];
    for (point, expected) in [[0.5, 0.5], [0.1, 0.2], [0.0, 1.0]].iter().zip(expected) {
        let at = posterior.predict_with_gradient(point).unwrap();
        close(log_expected_improvement(at.mean, at.sd, -1.0).value, expected, 1e-11);
    }
}

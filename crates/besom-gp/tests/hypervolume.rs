//! Expected hypervolume improvement against numbers of 40 digits, its own definition and differences.
#![expect(clippy::unwrap_used, reason = "the inputs are sound")]
#![expect(clippy::float_cmp, reason = "these are exact")]

use besom_gp::GpError;
use besom_gp::improvement::{HypervolumeImprovement, log_expected_improvement};
use besom_gp::normal::log_cdf;
use proptest::collection::vec;
use proptest::prelude::*;

#[track_caller]
fn close(found: f64, expected: f64, relative: f64) {
    assert!((found - expected).abs() <= relative * expected.abs(), "{found}, expected {expected}");
}

/// What a front leaves below the reference, by the grid through all of its coordinates.
fn grid(front: &[Vec<f64>], reference: &[f64]) -> Vec<(Vec<f64>, Vec<f64>)> {
    let mut boxes = vec![(Vec::new(), Vec::new())];
    for (k, &end) in reference.iter().enumerate() {
        let mut levels: Vec<f64> = front.iter().map(|own| own[k]).chain([f64::NEG_INFINITY, end]).collect();
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        let extended = |(lower, upper): &(Vec<f64>, Vec<f64>)| -> Vec<_> {
            let with = |own: &Vec<f64>, x: f64| own.iter().copied().chain([x]).collect::<Vec<f64>>();
            levels.windows(2).map(|ends| (with(lower, ends[0]), with(upper, ends[1]))).collect()
        };
        boxes = boxes.iter().flat_map(extended).collect();
    }
    let dominated = |lower: &[f64]| front.iter().any(|own| own.iter().zip(lower).all(|(own, l)| own <= l));
    boxes.into_iter().filter(|(lower, _)| !dominated(lower)).collect()
}

fn improvement(front: &[Vec<f64>], reference: &[f64]) -> HypervolumeImprovement {
    let boxes = grid(front, reference);
    HypervolumeImprovement::new(boxes.iter().map(|(l, u)| (&l[..], &u[..]))).unwrap()
}

fn front_of_two() -> Vec<Vec<f64>> {
    vec![vec![0.2, 0.8], vec![0.5, 0.4], vec![0.9, 0.1]]
}

fn front_of_three() -> Vec<Vec<f64>> {
    vec![vec![0.2, 0.8, 0.5], vec![0.5, 0.4, 0.6], vec![0.9, 0.1, 0.3], vec![0.3, 0.6, 0.9]]
}

#[test]
fn two_losses_have_the_expected_improvement_of_high_precision() {
    let ehvi = improvement(&front_of_two(), &[1.0, 1.0]);
    let strips: [(&[f64], &[f64]); 4] = [
        (&[f64::NEG_INFINITY, f64::NEG_INFINITY], &[0.2, 1.0]),
        (&[0.2, f64::NEG_INFINITY], &[0.5, 0.8]),
        (&[0.5, f64::NEG_INFINITY], &[0.9, 0.4]),
        (&[0.9, f64::NEG_INFINITY], &[1.0, 0.1]),
    ];
    let strips = HypervolumeImprovement::new(strips).unwrap();
    let table = [
        ([0.4, 0.5], [0.2, 0.3], -2.561_865_256_069_273_3),
        ([0.1, 0.1], [0.05, 0.05], -0.862_561_313_473_443_8),
        ([0.95, 0.95], [0.02, 0.02], -301.224_994_986_971_5),
        ([5.0, 5.0], [0.1, 0.1], -1_916.016_661_780_256_5),
        ([0.5, 0.4], [0.001, 0.001], -8.050_336_165_732_674),
    ];
    for (mean, sd, expected) in table {
        close(ehvi.log(&mean, &sd).value, expected, 1e-12);
        close(strips.log(&mean, &sd).value, expected, 1e-12);
    }
}

#[test]
fn three_losses_have_the_expected_improvement_of_high_precision() {
    let ehvi = improvement(&front_of_three(), &[1.0; 3]);
    let table = [
        ([0.4, 0.5, 0.4], [0.2, 0.3, 0.1], -2.621_033_749_742_845_1),
        ([0.1, 0.1, 0.1], [0.05, 0.05, 0.05], -0.635_937_720_090_184_2),
        ([2.0, 2.0, 2.0], [0.1, 0.2, 0.3], -97.941_001_356_536_66),
    ];
    for (mean, sd, expected) in table {
        close(ehvi.log(&mean, &sd).value, expected, 1e-12);
    }
}

#[test]
fn the_log_of_the_normal_distribution_is_exact_far_into_its_tail() {
    let table = [
        (5.0, -2.866_516_129_637_636e-7),
        (0.0, -std::f64::consts::LN_2),
        (-1.0, -1.841_021_645_009_263_5),
        (-5.0, -15.064_998_393_988_726),
        (-8.0, -35.013_437_159_914_55),
        (-20.0, -203.917_155_371_097_26),
        (-38.0, -726.557_216_018_820_1),
        (-100.0, -5_005.524_208_694_205),
        (-1000.0, -500_007.826_694_812_18),
    ];
    for (z, expected) in table {
        close(log_cdf(z).0, expected, 1e-12);
        let step = 1e-5 * z.abs().max(1.0);
        let difference = (log_cdf(z + step).0 - log_cdf(z - step).0) / (2.0 * step);
        close(log_cdf(z).1, difference, 1e-6);
    }
}

/// Means and deviations at all distances from the front.
fn posterior(losses: usize) -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    let mean = prop_oneof![0.0..1.0, -3.0..3.0, -30.0..30.0];
    (vec(mean, losses), vec((-6.0_f64..1.0).prop_map(f64::exp), losses))
}

proptest! {
    #[test]
    fn the_gradient_is_that_of_the_value((mean, sd) in posterior(3)) {
        let ehvi = improvement(&front_of_three(), &[1.0; 3]);
        let at = ehvi.log(&mean, &sd);
        for k in 0..3 {
            let difference = |values: &[f64], of: &dyn Fn(&[f64]) -> f64| {
                let step = 1e-5 * sd[k];
                let (mut up, mut down) = (values.to_vec(), values.to_vec());
                (up[k], down[k]) = (values[k] + step, values[k] - step);
                (of(&up) - of(&down)) / (up[k] - down[k])
            };
            let by_mean = difference(&mean, &|mean| ehvi.log(mean, &sd).value);
            let by_sd = difference(&sd, &|sd| ehvi.log(&mean, sd).value);
            // Rounding of the value, by the step.
            let noise = 1e-10 * (1.0 + at.value.abs()) / sd[k];
            prop_assert!((at.by_mean[k] - by_mean).abs() <= 1e-5 * by_mean.abs() + noise, "{:?}: {by_mean}", at);
            prop_assert!((at.by_sd[k] - by_sd).abs() <= 1e-5 * by_sd.abs() + noise, "{:?}: {by_sd}", at);
        }
    }

    #[test]
    fn it_does_not_matter_how_the_boxes_are_cut((mean, sd) in posterior(2), cuts in vec(0.01_f64..1.0, 1..40)) {
        // Points below the reference in one loss cut the grid, but dominate nothing.
        let mut front = front_of_two();
        let plain = improvement(&front, &[1.0, 1.0]);
        front.extend(cuts.iter().flat_map(|&x| [vec![x, 1.0], vec![x + 1e-9, 1.0], vec![1.0, x]]));
        front.retain(|own| own[0] <= 1.0);
        let cut = improvement(&front, &[1.0, 1.0]);
        let (plain, cut) = (plain.log(&mean, &sd), cut.log(&mean, &sd));
        prop_assert!((plain.value - cut.value).abs() <= 1e-11 * (1.0 + plain.value.abs()), "{:?}\n{:?}", plain, cut);
        for k in 0..2 {
            prop_assert!((plain.by_mean[k] - cut.by_mean[k]).abs() <= 1e-8 * (1.0 + plain.by_mean[k].abs()));
            prop_assert!((plain.by_sd[k] - cut.by_sd[k]).abs() <= 1e-8 * (1.0 + plain.by_sd[k].abs()));
        }
    }

    #[test]
    fn of_one_loss_it_is_the_expected_improvement((mean, sd) in posterior(1), best in -1.0_f64..1.0) {
        let ehvi = improvement(&[vec![best]], &[2.0]).log(&mean, &sd);
        let expected = log_expected_improvement(mean[0], sd[0], best);
        prop_assert_eq!(ehvi.value, expected.value);
        prop_assert_eq!((ehvi.by_mean[0], ehvi.by_sd[0]), (expected.by_mean, expected.by_sd));
    }
}

#[test]
fn it_is_the_volume_that_is_gained_where_all_is_certain() {
    let ehvi = improvement(&front_of_two(), &[1.0, 1.0]);
    close(ehvi.log(&[0.1, 0.1], &[0.0, 0.0]).value, (0.81_f64 - 0.39).ln(), 1e-12);
    close(ehvi.log(&[0.4, 0.5], &[0.0, 0.0]).value, 0.03_f64.ln(), 1e-12);
    assert_eq!(ehvi.log(&[0.5, 0.5], &[0.0, 0.0]).value, f64::NEG_INFINITY);
    assert_eq!(ehvi.log(&[2.0, -9.0], &[0.0, 1.0]).value, f64::NEG_INFINITY);
    assert_eq!(ehvi.log(&[0.5], &[0.1]).value, f64::NEG_INFINITY);
    let far = ehvi.log(&[1e9, 1e9], &[1.0, 1.0]);
    assert!(far.value < -1e17 && far.by_mean.iter().all(|slope| *slope < 0.0), "{far:?}");
}

#[test]
fn boxes_that_are_none_are_refused() {
    let of = |lower: &[f64], upper: &[f64]| HypervolumeImprovement::new([(lower, upper)]).unwrap_err();
    assert_eq!(HypervolumeImprovement::new(std::iter::empty()).unwrap_err(), GpError::Empty);
    assert!(matches!(of(&[0.0], &[1.0, 1.0]), GpError::Shape { .. }));
    assert!(matches!(of(&[0.0, 1.0], &[1.0, 1.0]), GpError::Number { .. }));
    assert!(matches!(of(&[0.0], &[f64::INFINITY]), GpError::Number { .. }));
    assert!(matches!(of(&[f64::NAN], &[1.0]), GpError::Number { .. }));
}

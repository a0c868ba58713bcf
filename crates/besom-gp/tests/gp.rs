//! `Gp`: units of the user's, joint posteriors and samples.
#![expect(clippy::unwrap_used, reason = "a failed computation is a failed test")]

use besom_gp::nalgebra::{DMatrix, DVector};
use besom_gp::{Gp, GpError, Hyperparameters, Joint, Kernel, Model, Posterior, Prior, fit};
use proptest::prelude::*;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found}, expected {expected}");
}

/// A standard normal number, by the polar method.
fn normal(rng: &mut impl Rng) -> f64 {
    loop {
        let (u, v) = (rng.random_range(-1.0..1.0), rng.random_range(-1.0..1.0_f64));
        let square: f64 = u * u + v * v;
        if 0.0 < square && square < 1.0 {
            return u * (-2.0 * square.ln() / square).sqrt();
        }
    }
}

/// 40 observations of a function of two inputs.
fn observations() -> (Vec<[f64; 2]>, Vec<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let x: Vec<[f64; 2]> = (0..40).map(|_| [rng.random(), rng.random()]).collect();
    let y = x.iter().map(|[a, b]| (5.0 * a).sin() + b * b + 0.05 * normal(&mut rng)).collect();
    (x, y)
}

#[test]
fn joint_posterior_is_that_of_scikit_learn() {
    let cases: Value = serde_json::from_str(include_str!("data/scikit_learn.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let kernel = match case["kernel"].as_str().unwrap() {
            "matern12" => Kernel::Matern12,
            "matern32" => Kernel::Matern32,
            "matern52" => Kernel::Matern52,
            _ => Kernel::Rbf,
        };
        let number = |key: &str| case[key].as_f64().unwrap();
        let scales = numbers(&case["length_scales"]);
        let hyperparameters =
            Hyperparameters::new(scales, number("signal_variance"), number("noise_variance"));
        let gp = Gp::builder().kernel(kernel).hyperparameters(hyperparameters);
        let gp = gp.fit(&rows(&case["x"]), &numbers(&case["y"])).unwrap();
        let points = rows(&case["points"]);
        let joint = gp.predict_joint(&points).unwrap();
        let (mean, covariance) = (numbers(&case["mean"]), rows(&case["covariance"]));
        for i in 0..points.len() {
            close(joint.mean()[i], mean[i], 1e-8);
            let alone = gp.predict(&points[i]).unwrap();
            close(alone.mean, mean[i], 1e-8);
            close(alone.sd, covariance[i][i].sqrt(), 1e-8);
            for (j, &expected) in covariance[i].iter().enumerate() {
                close(joint.covariance(i, j), expected, 1e-7);
            }
        }
    }
}

#[test]
fn predictions_do_not_depend_on_units() {
    let (x, y) = observations();
    let plain = Gp::fit(&x, &y).unwrap();
    let other: Vec<[f64; 2]> = x.iter().map(|[a, b]| [1e6 * a - 3.0, 1e-4 * b + 7.0]).collect();
    let scaled: Vec<f64> = y.iter().map(|y| 1000.0 + 50.0 * y).collect();
    let scaled = Gp::fit(&other, &scaled).unwrap();
    for [a, b] in [[0.2, 0.3], [0.9, 0.1], [1.4, 0.5]] {
        let found = scaled.predict(&[1e6 * a - 3.0, 1e-4 * b + 7.0]).unwrap();
        let expected = plain.predict(&[a, b]).unwrap();
        close(found.mean, 1000.0 + 50.0 * expected.mean, 0.05);
        close(found.sd, 50.0 * expected.sd, 0.05);
    }
    close(scaled.length_scales()[0], 1e6 * plain.length_scales()[0], 1e3);
    close(scaled.noise_sd(), 50.0 * plain.noise_sd(), 0.05);
}

#[test]
fn new_observations_scatter_with_the_noise() {
    let (x, y) = observations();
    let gp = Gp::fit(&x, &y).unwrap();
    assert!((0.03..0.08).contains(&gp.noise_sd()), "{}", gp.noise_sd());
    let (function, observation) =
        (gp.predict(&[0.5, 0.5]).unwrap(), gp.predict_observation(&[0.5, 0.5]).unwrap());
    close(observation.mean, function.mean, 1e-12);
    close(observation.sd.powi(2), function.sd.powi(2) + gp.noise_sd().powi(2), 1e-12);
}

/// Means and covariances of 20,000 samples, within five standard errors.
#[test]
fn samples_have_the_moments_of_the_joint_posterior() {
    const COUNT: usize = 20_000;
    let (x, y) = observations();
    let gp = Gp::fit(&x[..6], &y[..6]).unwrap();
    let points = [[0.1, 0.1], [0.15, 0.12], [0.8, 0.9], [0.4, 0.6]];
    let joint = gp.predict_joint(&points).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let samples = gp.sample(&points, COUNT, || normal(&mut rng)).unwrap();
    let mean = |of: &dyn Fn(&[f64]) -> f64| samples.iter().map(|s| of(s)).sum::<f64>() / COUNT as f64;
    for i in 0..points.len() {
        let error = joint.sd()[i] / (COUNT as f64).sqrt();
        close(mean(&|s| s[i]), joint.mean()[i], 5.0 * error);
        for j in 0..points.len() {
            let (variances, both) =
                (joint.covariance(i, i) * joint.covariance(j, j), joint.covariance(i, j).powi(2));
            let error = ((variances + both) / COUNT as f64).sqrt();
            let product = mean(&|s| (s[i] - joint.mean()[i]) * (s[j] - joint.mean()[j]));
            close(product, joint.covariance(i, j), 5.0 * error);
        }
    }
}

#[test]
fn samples_at_one_point_many_times_agree() {
    let (x, y) = observations();
    let gp = Gp::fit(&x, &y).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for sample in gp.sample(&[[0.3, 0.3]; 20], 5, || normal(&mut rng)).unwrap() {
        sample.iter().for_each(|value| close(*value, sample[0], 0.01));
    }
}

/// The law of total variance: what an observation at one point takes from the variance at another is what their joint
/// posterior says.
#[test]
fn conditioning_on_a_point_is_what_the_joint_posterior_says() {
    let (x, y) = observations();
    let x = DMatrix::from_fn(20, 2, |i, k| x[i][k]);
    let y = DVector::from_column_slice(&y[..20]);
    let (model, hyperparameters) = (Model::new(2), Hyperparameters::new([0.3, 0.5], 1.2, 0.01));
    let mut posterior = Posterior::new(&model, &hyperparameters, &x, &y).unwrap();
    let points = DMatrix::from_row_slice(2, 2, &[0.3, 0.7, 0.45, 0.6]);
    let joint: Joint = posterior.predict_joint(&points).unwrap();
    posterior.extend(&[0.3, 0.7], 2.0).unwrap();
    let after = posterior.predict(&points).unwrap();
    let gain = joint.covariance(0, 1) / (joint.covariance(0, 0) + 0.01 + model.nugget);
    close(after.mean[1], joint.mean()[1] + gain * (2.0 - joint.mean()[0]), 1e-9);
    close(after.sd[1].powi(2), joint.covariance(1, 1) - gain * joint.covariance(0, 1), 1e-9);
}

#[test]
fn unscaled_targets_are_refused_by_name() {
    let x = DMatrix::from_fn(30, 1, |i, _| i as f64 / 30.0);
    let (model, prior) = (Model::new(1), Prior::for_dimensions(1));
    let fitted = |level: f64, spread: f64| {
        let y = x.column(0).map(|x| level + spread * (6.0 * x).sin());
        fit(&model, &x, &y, &prior, &[prior.mode()])
    };
    assert!(fitted(0.1, 1.3).is_ok());
    assert!(fitted(0.5, 0.0).is_ok(), "a constant is no matter of scale");
    for (level, spread) in [(1000.0, 50.0), (0.0, 50.0), (1000.0, 1.0), (0.0, 1e-4)] {
        let error = fitted(level, spread).unwrap_err();
        assert!(matches!(error, GpError::Unscaled { .. }), "{level} and {spread}: {error:?}");
    }
    let text = fitted(1000.0, 50.0).unwrap_err().to_string();
    assert!(text.starts_with("targets have mean 1000.5") && text.contains("use Gp::fit"), "{text}");
}

#[test]
fn what_is_wrong_is_named() {
    let prior = Prior::for_dimensions(1);
    let (x, y) = (DMatrix::from_element(2, 1, 0.5), DVector::from_element(2, 0.0));
    assert_eq!(fit(&Model::new(1), &x, &y, &prior, &[]).unwrap_err(), GpError::NoStart);

    let none: [[f64; 1]; 0] = [];
    assert_eq!(Gp::fit(&none, &[]).unwrap_err(), GpError::Empty);
    let ragged = Gp::fit(&[vec![1.0, 2.0], vec![1.0]], &[1.0, 2.0]);
    assert!(matches!(ragged, Err(GpError::Shape { expected: 2, found: 1, .. })), "{ragged:?}");
    let short = Gp::fit(&[[1.0], [2.0]], &[1.0]);
    assert!(matches!(short, Err(GpError::Shape { what: "targets", .. })), "{short:?}");
    let nan = Gp::fit(&[[1.0], [2.0]], &[1.0, f64::NAN]);
    assert!(matches!(nan, Err(GpError::Number { what: "target", .. })), "{nan:?}");
    let column = Gp::builder().categorical(&[1]).fit(&[[1.0], [2.0]], &[1.0, 2.0]);
    assert_eq!(column.unwrap_err(), GpError::Column { column: 1, columns: 1 });
    let gp = Gp::fit(&[[1.0], [2.0]], &[1.0, 2.0]).unwrap();
    assert!(matches!(gp.predict(&[1.0, 2.0]), Err(GpError::Shape { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn degenerate_input_never_panics(
        n in 0_usize..6,
        d in 0_usize..4,
        unit in prop::sample::select(vec![0.0, 1.0, 1e-308, 1e-150, 1e140, 1e308, f64::NAN]),
        level in prop::sample::select(vec![0.0, 1e12, -1e149, f64::INFINITY]),
    ) {
        let x: Vec<Vec<f64>> = (0..n).map(|i| vec![unit * (i / 2) as f64; d]).collect();
        let y: Vec<f64> = (0..n).map(|i| level + unit * i as f64).collect();
        if let Ok(gp) = Gp::fit(&x, &y) {
            let at = &x[n - 1];
            let prediction = gp.predict(at).unwrap();
            prop_assert!(prediction.sd >= 0.0 && prediction.mean.is_finite(), "{prediction:?}");
            let sample = gp.sample(&[at, at], 1, || 0.5).unwrap();
            prop_assert!(sample[0][0].is_finite());
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn hyperparameters_come_back_from_json() {
    let (x, y) = observations();
    let gp = Gp::fit(&x, &y).unwrap();
    let text = serde_json::to_string(gp.hyperparameters()).unwrap();
    let again = Gp::builder().hyperparameters(serde_json::from_str(&text).unwrap()).fit(&x, &y).unwrap();
    assert_eq!(again.predict(&[0.5, 0.5]).unwrap(), gp.predict(&[0.5, 0.5]).unwrap());
}

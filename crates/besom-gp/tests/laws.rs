//! What must hold for every input, sound or degenerate.
#![expect(clippy::unwrap_used, reason = "a failed computation is a failed test")]

use besom_gp::improvement::log_expected_improvement;
use besom_gp::{
    Dimension, GpError, Hyperparameters, Kernel, Model, Posterior, Prior, Tolerance, fit, fit_until,
    log_marginal_likelihood,
};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A random regression problem: the last of the `d` dimensions is a category.
#[derive(Debug, Clone)]
struct Case {
    model: Model,
    hyperparameters: Hyperparameters,
    x: DMatrix<f64>,
    y: DVector<f64>,
}

fn case(kernel: Kernel, n: usize, d: usize, seed: u64) -> Case {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut model = Model::new(d).kernel(kernel);
    model.dimensions[d - 1] = Dimension::Categorical;
    let x = DMatrix::from_fn(n, d, |_, k| match k + 1 == d {
        true => f64::from(rng.random_range(0..3)),
        false => rng.random::<f64>(),
    });
    let y = DVector::from_fn(n, |i, _| (5.0 * x[(i, 0)]).sin() + x[(i, d - 1)] + 0.1 * rng.random::<f64>());
    let length_scales: Vec<f64> = (0..d).map(|_| 0.2 + rng.random::<f64>()).collect();
    let (signal_variance, noise_variance) = (0.5 + rng.random::<f64>(), 0.01 + 0.1 * rng.random::<f64>());
    let hyperparameters = Hyperparameters::new(length_scales, signal_variance, noise_variance);
    Case { model, hyperparameters, x, y }
}

fn any_case() -> impl Strategy<Value = Case> {
    let kernels = [Kernel::Matern12, Kernel::Matern32, Kernel::Matern52, Kernel::Rbf];
    (prop::sample::select(kernels.to_vec()), 1_usize..25, 1_usize..5, any::<u64>())
        .prop_map(|(kernel, n, d, seed)| case(kernel, n, d, seed))
}

fn close(found: f64, expected: f64, tolerance: f64) -> Result<(), TestCaseError> {
    let sound = (found - expected).abs() <= tolerance * (1.0 + expected.abs());
    prop_assert!(sound, "{found}, expected {expected}");
    Ok(())
}

fn row(x: &DMatrix<f64>, i: usize) -> Vec<f64> {
    x.row(i).iter().copied().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn likelihood_gradient_is_the_central_difference(case in any_case()) {
        let Case { model, hyperparameters, x, y } = case;
        let at = |change: &dyn Fn(&mut Hyperparameters, f64)| {
            let value = |step: f64| {
                let mut moved = hyperparameters.clone();
                change(&mut moved, step.exp());
                log_marginal_likelihood(&model, &moved, &x, &y).unwrap().value
            };
            (value(1e-5) - value(-1e-5)) / 2e-5
        };
        let found = log_marginal_likelihood(&model, &hyperparameters, &x, &y).unwrap();
        for (k, &slope) in found.length_scales.iter().enumerate() {
            close(slope, at(&|h, factor| h.length_scales[k] *= factor), 1e-6)?;
        }
        close(found.signal_variance, at(&|h, factor| h.signal_variance *= factor), 1e-6)?;
        close(found.noise_variance, at(&|h, factor| h.noise_variance *= factor), 1e-6)?;
    }

    #[test]
    fn prediction_gradient_is_the_central_difference(case in any_case(), at in 0.05_f64..0.95) {
        let Case { model, hyperparameters, x, y } = case;
        let d = x.ncols();
        let posterior = Posterior::new(&model, &hyperparameters, &x, &y).unwrap();
        let mut point = vec![at; d];
        point[d - 1] = 1.0;
        let found = posterior.predict_with_gradient(&point).unwrap();
        let objective = |point: &[f64]| {
            let p = posterior.predict_with_gradient(point).unwrap();
            log_expected_improvement(p.mean, p.sd, -0.5).value
        };
        let slope = log_expected_improvement(found.mean, found.sd, -0.5);
        for k in 0..d - 1 {
            let moved = |step: f64| {
                let mut moved = point.clone();
                moved[k] += step;
                moved
            };
            let difference = (objective(&moved(1e-6)) - objective(&moved(-1e-6))) / 2e-6;
            let gradient = slope.by_mean * found.mean_gradient[k] + slope.by_sd * found.sd_gradient[k];
            close(gradient, difference, 2e-5)?;
        }
        prop_assert!(found.mean_gradient[d - 1].abs() < f64::MIN_POSITIVE, "a category has no slope");
        let batch = posterior.predict(&DMatrix::from_row_slice(1, d, &point)).unwrap();
        close(batch.mean[0], found.mean, 1e-12)?;
        close(batch.sd[0], found.sd, 1e-10)?;
    }

    #[test]
    fn smoothed_targets_are_the_means_at_the_observations(case in any_case()) {
        let Case { model, hyperparameters, x, y } = case;
        let posterior = Posterior::new(&model, &hyperparameters, &x, &y).unwrap();
        let predicted = posterior.predict(&x).unwrap().mean;
        for (found, expected) in posterior.smoothed().iter().zip(&predicted) {
            close(*found, *expected, 1e-9)?;
        }
    }

    #[test]
    fn extension_is_the_same_as_building_anew(case in any_case()) {
        let Case { model, hyperparameters, x, y } = case;
        let n = x.nrows();
        let whole = Posterior::new(&model, &hyperparameters, &x, &y).unwrap();
        let mut grown =
            Posterior::new(&model, &hyperparameters, &x.rows(0, 1).into_owned(), &y.rows(0, 1).into_owned()).unwrap();
        for i in 1..n {
            grown.extend(&row(&x, i), y[i]).unwrap();
        }
        prop_assert_eq!(grown.observations(), n);
        let at = case_points(x.ncols());
        let (whole, grown) = (whole.predict(&at).unwrap(), grown.predict(&at).unwrap());
        for i in 0..at.nrows() {
            close(grown.mean[i], whole.mean[i], 1e-10)?;
            close(grown.sd[i], whole.sd[i], 1e-10)?;
        }
    }

    #[test]
    fn cached_predictions_follow_what_is_added(case in any_case(), first in 1_usize..25) {
        let Case { model, hyperparameters, x, y } = case;
        let (n, first) = (x.nrows(), first.min(x.nrows()));
        let (known, targets) = (x.rows(0, first).into_owned(), y.rows(0, first).into_owned());
        let mut posterior = Posterior::new(&model, &hyperparameters, &known, &targets).unwrap();
        let at = case_points(x.ncols());
        let mut cached = posterior.cached_prediction(&at).unwrap();
        for i in first..n {
            posterior.extend(&row(&x, i), y[i]).unwrap();
            if i % 2 == 0 {
                posterior.refresh(&mut cached);
            }
        }
        posterior.refresh(&mut cached);
        for i in 0..at.nrows() {
            let expected = posterior.predict_with_gradient(&row(&at, i)).unwrap();
            close(cached.mean()[i], expected.mean, 1e-9)?;
            close(cached.sd()[i], expected.sd, 1e-9)?;
        }
    }

    #[test]
    fn order_of_observations_and_names_of_categories_do_not_matter(case in any_case()) {
        let Case { model, hyperparameters, x, y } = case;
        let (n, d) = x.shape();
        let turned = DMatrix::from_fn(n, d, |i, k| x[(n - 1 - i, k)]);
        let mut renamed = turned.clone();
        renamed.column_mut(d - 1).apply(|code| *code = 7.0 - *code);
        let flipped = DVector::from_fn(n, |i, _| y[n - 1 - i]);
        let at = case_points(d);
        let mut renamed_at = at.clone();
        renamed_at.column_mut(d - 1).apply(|code| *code = 7.0 - *code);
        let predict = |x: &DMatrix<f64>, y: &DVector<f64>, at: &DMatrix<f64>| {
            Posterior::new(&model, &hyperparameters, x, y).unwrap().predict(at).unwrap()
        };
        let (plain, other) = (predict(&x, &y, &at), predict(&renamed, &flipped, &renamed_at));
        for i in 0..at.nrows() {
            close(other.mean[i], plain.mean[i], 1e-9)?;
            close(other.sd[i], plain.sd[i], 1e-9)?;
        }
    }

    #[test]
    fn posterior_interpolates_as_the_noise_vanishes(case in any_case()) {
        let Case { model, mut hyperparameters, .. } = case;
        let d = model.dimensions.len();
        hyperparameters.noise_variance = 0.0;
        hyperparameters.signal_variance = 1.0;
        let model = model.nugget(1e-10).kernel(Kernel::Matern52);
        let x = DMatrix::from_fn(4, d, |i, k| if k + 1 == d { i as f64 } else { 0.3 * i as f64 });
        let y = DVector::from_column_slice(&[1.0, -0.5, 2.0, 0.0]);
        let prediction = Posterior::new(&model, &hyperparameters, &x, &y).unwrap().predict(&x).unwrap();
        for i in 0..4 {
            close(prediction.mean[i], y[i], 1e-6)?;
            prop_assert!(prediction.sd[i] < 1e-4);
        }
    }

    #[test]
    fn degenerate_input_never_panics(
        n in 0_usize..6,
        d in 1_usize..4,
        constant in -1e12_f64..1e12,
        odd in prop::sample::select(vec![0.0, f64::NAN, f64::INFINITY, 1e308, -1e308, 1e-308]),
        distinct in any::<bool>(),
    ) {
        let x = DMatrix::from_fn(n, d, |i, _| if distinct { 0.1 * i as f64 } else { 0.5 });
        let mut y = DVector::from_element(n, constant);
        if n > 1 {
            y[0] += odd;
        }
        let (model, prior) = (Model::new(d), Prior::for_dimensions(d));
        if let Ok(fitted) = fit_until(&model, &x, &y, &prior, &[prior.mode()], &Tolerance::default()) {
            let posterior = Posterior::new(&model, &fitted.hyperparameters, &x, &y).unwrap();
            let prediction = posterior.predict(&case_points(d)).unwrap();
            prop_assert!(prediction.sd.iter().all(|sd| *sd > 0.0));
        }
    }
}

/// A few points to predict at.
fn case_points(d: usize) -> DMatrix<f64> {
    DMatrix::from_fn(7, d, |i, k| if k + 1 == d { (i % 3) as f64 } else { 0.15 * i as f64 + 0.01 * k as f64 })
}

#[test]
fn bad_input_is_named() {
    let (model, prior) = (Model::new(2), Prior::for_dimensions(2));
    let modes = [prior.mode()];
    let empty = fit(&model, &DMatrix::zeros(0, 2), &DVector::zeros(0), &prior, &modes);
    assert_eq!(empty.unwrap_err(), GpError::Empty);
    let narrow = fit(&model, &DMatrix::zeros(3, 1), &DVector::zeros(3), &prior, &modes);
    assert!(matches!(narrow, Err(GpError::Shape { expected: 2, found: 1, .. })));
    let short = fit(&model, &DMatrix::zeros(3, 2), &DVector::zeros(2), &prior, &modes);
    assert!(matches!(short, Err(GpError::Shape { expected: 3, found: 2, .. })));
    let nan = fit(&model, &DMatrix::from_element(3, 2, f64::NAN), &DVector::zeros(3), &prior, &modes);
    assert!(matches!(nan, Err(GpError::Number { what: "input", .. })));
    let mut negative = prior.mode();
    negative.signal_variance = -1.0;
    let refused = Posterior::new(&model, &negative, &DMatrix::zeros(1, 2), &DVector::zeros(1));
    assert!(matches!(refused, Err(GpError::Number { what: "signal variance", .. })));
}

#[test]
fn duplicates_without_noise_are_solved_with_jitter() {
    let model = Model::new(1).nugget(0.0);
    let hyperparameters = Hyperparameters::new([0.5], 1.0, 0.0);
    let x = DMatrix::from_column_slice(4, 1, &[0.2, 0.2, 0.2, 0.9]);
    let y = DVector::from_column_slice(&[1.0, 1.0, 1.1, 0.0]);
    assert_eq!(
        log_marginal_likelihood(&model, &hyperparameters, &x, &y).unwrap_err(),
        GpError::NotPositiveDefinite { observations: 4 }
    );
    let mut posterior = Posterior::new(&model, &hyperparameters, &x, &y).unwrap();
    assert!(posterior.jitter() > 0.0);
    let before = posterior.predict(&x).unwrap();
    assert!((before.mean[0] - 1.03).abs() < 0.01);
    assert!(posterior.extend(&[0.2], 1.0).is_ok());
    assert!(posterior.extend(&[f64::NAN], 1.0).is_err());
    assert_eq!(posterior.observations(), 5);
}

#[test]
fn fit_finds_the_length_scales_that_made_the_data() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let x = DMatrix::from_fn(60, 3, |_, _| rng.random::<f64>());
    // The second input matters little, the third not at all.
    let y = DVector::from_fn(60, |i, _| (9.0 * x[(i, 0)]).sin() + 0.3 * x[(i, 1)]);
    let (model, prior) = (Model::new(3), Prior::for_dimensions(3));
    let fitted = fit(&model, &x, &y, &prior, &[prior.mode()]).unwrap();
    let scales = &fitted.hyperparameters.length_scales;
    assert!(scales[0] < scales[1] && scales[1] < scales[2], "{scales:?}");
    assert!(fitted.hyperparameters.noise_variance < 1e-3);
    assert!(fitted.evaluations < 80, "{}", fitted.evaluations);

    let again = fit(&model, &x, &y, &prior, std::slice::from_ref(&fitted.hyperparameters)).unwrap();
    assert!(again.evaluations < fitted.evaluations / 2, "a warm start is cheaper");
    assert!(again.log_posterior >= fitted.log_posterior);
}

/// The history law asks for the same bits every time, wherever the allocator puts the matrices.
#[test]
fn the_same_input_gives_the_same_bits() {
    let Case { model, hyperparameters, x, y } = case(Kernel::Matern52, 77, 4, 5);
    let prior = Prior::for_dimensions(4);
    let answer = || {
        let fitted = fit(&model, &x, &y, &prior, &[prior.mode(), hyperparameters.clone()]).unwrap();
        let mut posterior = Posterior::new(&model, &fitted.hyperparameters, &x, &y).unwrap();
        posterior.extend(&[0.3, 0.4, 0.5, 1.0], 0.2).unwrap();
        (fitted, posterior.predict(&case_points(4)).unwrap())
    };
    let expected = answer();
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for size in 1..12 {
        kept.push(vec![0; 37 * size]);
        assert_eq!(answer(), expected);
    }
    assert_eq!(kept.len(), 11);
}

/// Whatever was known before: rows in front, rows that no longer match, blocks begun and completed.
#[test]
fn conditioning_on_other_data_gives_the_bits_of_building_anew() {
    let Case { model, hyperparameters, x, y } = case(Kernel::Matern52, 150, 3, 8);
    let first = |n: usize| (x.rows(0, n).into_owned(), y.rows(0, n).into_owned());
    let at = case_points(3);
    let build = |x: &DMatrix<f64>, y: &DVector<f64>| Posterior::new(&model, &hyperparameters, x, y).unwrap();
    for known in [1, 31, 32, 33, 64, 100, 149, 150] {
        for n in [1, 20, 32, 50, 64, 65, 96, 101, 150] {
            for changed in [None, Some(n / 2)] {
                let (known_x, known_y) = first(known);
                let (mut x, y) = first(n);
                if let Some(row) = changed {
                    x[(row, 0)] += 0.01;
                }
                let mut posterior = build(&known_x, &known_y);
                posterior.extend(&[0.5, 0.5, 1.0], 0.3).unwrap();
                if known % 2 == 1 {
                    // Back into a block, and out of it again.
                    posterior.truncate(known - known / 3);
                    let next = (known - known / 3).min(known - 1);
                    posterior.extend(&row(&known_x, next), 0.1).unwrap();
                } else {
                    posterior.truncate(known);
                }
                let found = posterior.condition(&x, &y).unwrap().predict(&at).unwrap();
                assert_eq!(found, build(&x, &y).predict(&at).unwrap(), "from {known} to {n}, {changed:?}");
            }
        }
    }
}

#[test]
fn truncation_takes_back_what_extension_added() {
    let Case { model, hyperparameters, x, y } = case(Kernel::Matern32, 40, 2, 2);
    let mut posterior = Posterior::new(&model, &hyperparameters, &x, &y).unwrap();
    let before = posterior.predict(&case_points(2)).unwrap();
    for step in 1..30 {
        posterior.extend(&[0.03 * f64::from(step), 1.0], 0.5).unwrap();
    }
    assert_ne!(posterior.predict(&case_points(2)).unwrap(), before);
    posterior.truncate(40);
    assert_eq!(posterior.predict(&case_points(2)).unwrap(), before);
}

#[test]
fn a_shared_length_scale_has_the_summed_gradient() {
    let Case { model, hyperparameters, x, y } = case(Kernel::Rbf, 20, 3, 9);
    let (mut single, mut each) = (hyperparameters.clone(), hyperparameters);
    (single.length_scales, each.length_scales) = (vec![0.5], vec![0.5; 3]);
    let single = log_marginal_likelihood(&model, &single, &x, &y).unwrap();
    let each = log_marginal_likelihood(&model, &each, &x, &y).unwrap();
    assert!((single.value - each.value).abs() < 1e-12);
    assert!((single.length_scales[0] - each.length_scales.iter().sum::<f64>()).abs() < 1e-9);
}

//! Covariances that are sums of terms, of which some are active in some rows only.
#![expect(clippy::unwrap_used, reason = "a failed computation is a failed test")]

use besom_gp::{
    Dimension, GpError, Hyperparameters, Model, Posterior, Prior, Term, fit, log_marginal_likelihood,
};
use nalgebra::{DMatrix, DVector, SymmetricEigen};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance * (1.0 + expected.abs()), "{found}, expected {expected}");
}

/// Whether two categories, or two activities, are the same.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.5
}

/// A number and a category, and one number under each of two of its three values.
fn tree() -> Model {
    let numeric = Dimension::Numeric;
    Model::new(4).dimensions([numeric, Dimension::Categorical, numeric, numeric]).nugget(0.0).terms([
        Term::over([0, 1]),
        Term::over([2]).conditional(),
        Term::over([3]).conditional(),
    ])
}

/// A row of the tree: what is inactive has any coordinate.
fn row([u, category, v, w]: [f64; 4]) -> [f64; 6] {
    let active = |value: f64| if same(category, value) { 1.0 } else { 0.0 };
    [u, category, v, w, active(0.0), active(1.0)]
}

fn matrix(rows: &[[f64; 6]]) -> DMatrix<f64> {
    DMatrix::from_fn(rows.len(), 6, |i, k| rows[i][k])
}

fn observations() -> (DMatrix<f64>, DVector<f64>) {
    let rows = [
        [0.1, 0.0, 0.3, 9.0],
        [0.4, 0.0, 0.8, 0.5],
        [0.7, 1.0, 0.5, 0.2],
        [0.9, 1.0, -3.0, 0.9],
        [0.25, 2.0, 0.5, 0.5],
    ];
    (matrix(&rows.map(row)), DVector::from_vec(vec![0.5, -1.0, 0.3, 1.2, -0.7]))
}

fn hyperparameters() -> Hyperparameters {
    Hyperparameters::new([0.4, 0.8, 0.3, 0.5], 1.0, 0.01).terms([0.5, 0.6], [])
}

/// From an implementation in another language, by the formula of decision 95 without the term over all dimensions.
#[test]
fn likelihood_and_predictions_are_those_of_the_formula() {
    let ((x, y), model, hyperparameters) = (observations(), tree(), hyperparameters());
    let found = log_marginal_likelihood(&model, &hyperparameters, &x, &y).unwrap();
    close(found.value, -7.193_590_663_017_676, 1e-12);
    let length_scales = [-0.330_177_28, 0.232_122_73, -0.190_091_77, 0.139_948_81];
    for (found, expected) in found.length_scales.iter().zip(length_scales) {
        close(*found, expected, 1e-8);
    }
    close(found.signal_variance, -0.369_651_05, 1e-8);
    close(found.variances[0], 0.059_006_82, 1e-8);
    close(found.variances[1], -0.174_151_41, 1e-8);
    close(found.noise_variance, -0.003_442_78, 1e-8);
    let posterior = Posterior::new(&model, &hyperparameters, &x, &y).unwrap();
    let table = [
        ([0.5, 0.0, 0.5, 7.0], -0.487_827_077_293_466_9, 0.677_006_687_825_089),
        ([0.5, 1.0, 7.0, 0.5], 0.207_340_066_460_222_2, 0.726_727_216_545_497_5),
        ([0.5, 2.0, 7.0, 7.0], -0.559_979_506_838_576_3, 0.642_270_587_812_831_3),
    ];
    for (at, mean, sd) in table {
        let found = posterior.predict_with_gradient(&row(at)).unwrap();
        close(found.mean, mean, 1e-12);
        close(found.sd, sd, 1e-12);
        let other = posterior.predict(&matrix(&[row(at)])).unwrap();
        close(other.mean[0], mean, 1e-12);
        close(other.sd[0], sd, 1e-12);
        close(posterior.predict_joint(&matrix(&[row(at)])).unwrap().sd()[0], sd, 1e-12);
    }
}

#[test]
fn covariances_are_those_of_the_formula() {
    // What one observation without noise says of another point is their covariance by its variance.
    let (model, mut hyperparameters) = (tree(), hyperparameters());
    hyperparameters.noise_variance = 0.0;
    let (x, _) = observations();
    let one = x.rows(0, 1).into_owned();
    let posterior = Posterior::new(&model, &hyperparameters, &one, &DVector::from_element(1, 1.0)).unwrap();
    let means = posterior.predict(&x).unwrap().mean;
    close(means[1] * 2.5, 1.788_253_210_188_164, 1e-12);
    close(means[2] * 2.5, 1.148_860_451_522_4, 1e-12);
}

#[test]
fn one_term_over_all_dimensions_is_the_model_without_terms() {
    let (x, y) = observations();
    let x = x.columns(0, 4).into_owned();
    let plain = Model::new(4);
    let sum = plain.clone().terms([Term::over([0, 1, 2, 3])]);
    let prior = Prior::for_dimensions(4);
    let fitted = |model: &Model| fit(model, &x, &y, &prior, &[prior.mode()]).unwrap();
    assert_eq!(fitted(&plain), fitted(&sum));
}

#[test]
fn terms_that_do_not_fit_the_rest_are_refused() {
    let ((x, y), model) = (observations(), tree());
    let outside = model.clone().terms([Term::over([0, 9])]);
    let found = Posterior::new(&outside, &hyperparameters(), &x, &y).unwrap_err();
    assert_eq!(found, GpError::Column { column: 9, columns: 4 });
    let without = Hyperparameters::new([0.4], 1.0, 0.01);
    let found = Posterior::new(&model, &without, &x, &y).unwrap_err();
    assert!(matches!(found, GpError::Shape { what: "variances of further terms", expected: 2, found: 0 }));
    let found = Posterior::new(&model, &hyperparameters(), &x.columns(0, 4).into_owned(), &y).unwrap_err();
    assert!(matches!(found, GpError::Shape { what: "input dimensions", expected: 6, found: 4 }));
}

/// A random tree with all kinds of terms, the last one over all dimensions and stretched.
#[derive(Clone, Debug)]
struct Case {
    model: Model,
    hyperparameters: Hyperparameters,
    x: DMatrix<f64>,
    y: DVector<f64>,
}

fn case(n: usize, seed: u64) -> Case {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let terms = [
        Term::over([0, 1]),
        Term::over([2]).conditional(),
        Term::over([3]).conditional().stretched(),
        Term::over([0, 1, 2, 3]).stretched(),
    ];
    let model = tree().terms(terms).nugget(1e-6);
    let mut draw = || {
        let category = f64::from(rng.random_range(0..3));
        let canonical = |active: f64, u: f64| if same(category, active) { u } else { 0.5 };
        row([rng.random(), category, canonical(0.0, rng.random()), canonical(1.0, rng.random())])
    };
    let rows: Vec<[f64; 6]> = (0..n).map(|_| draw()).collect();
    let y = DVector::from_fn(n, |i, _| (5.0 * rows[i][0]).sin() + rows[i][1] * rows[i][3] - rows[i][2]);
    let mut positive = |count: usize| (0..count).map(|_| 0.2 + rng.random::<f64>()).collect::<Vec<_>>();
    let hyperparameters = Hyperparameters::new(positive(4), 0.7, 0.03).terms(positive(3), positive(2));
    Case { model, hyperparameters, x: matrix(&rows), y }
}

fn any_case() -> impl Strategy<Value = Case> {
    (1_usize..40, any::<u64>()).prop_map(|(n, seed)| case(n, seed))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn likelihood_gradient_is_the_central_difference(Case { model, hyperparameters, x, y } in any_case()) {
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
            close(slope, at(&|h, factor| h.length_scales[k] *= factor), 1e-6);
        }
        for (k, &slope) in found.variances.iter().enumerate() {
            close(slope, at(&|h, factor| h.variances[k] *= factor), 1e-6);
        }
        for (k, &slope) in found.stretches.iter().enumerate() {
            close(slope, at(&|h, factor| h.stretches[k] *= factor), 1e-6);
        }
        close(found.signal_variance, at(&|h, factor| h.signal_variance *= factor), 1e-6);
        close(found.noise_variance, at(&|h, factor| h.noise_variance *= factor), 1e-6);
    }

    #[test]
    fn prediction_gradient_is_the_central_difference(
        Case { model, hyperparameters, x, y } in any_case(),
        (u, v, w) in (0.05_f64..0.95, 0.05_f64..0.95, 0.05_f64..0.95),
        category in 0_u8..3,
    ) {
        let posterior = Posterior::new(&model, &hyperparameters, &x, &y).unwrap();
        let point = row([u, f64::from(category), v, w]);
        let found = posterior.predict_with_gradient(&point).unwrap();
        for k in 0..6 {
            let at = |step: f64| {
                let mut moved = point;
                moved[k] += step;
                posterior.predict_with_gradient(&moved).unwrap()
            };
            let (above, below) = (at(1e-6), at(-1e-6));
            if [0, 2, 3].contains(&k) {
                close(found.mean_gradient[k], (above.mean - below.mean) / 2e-6, 1e-5);
                close(found.sd_gradient[k], (above.sd - below.sd) / 2e-6, 1e-5);
            } else {
                prop_assert_eq!((found.mean_gradient[k], found.sd_gradient[k]), (0.0, 0.0));
            }
        }
    }

    #[test]
    fn covariances_are_positive_semidefinite(case in any_case()) {
        // The prior, seen through one observation that is all noise.
        let Case { model, hyperparameters: mut drowned, x, .. } = case;
        drowned.noise_variance = 1e14;
        let n = x.nrows();
        let one = x.rows(0, 1).into_owned();
        let prior = Posterior::new(&model, &drowned, &one, &DVector::zeros(1)).unwrap();
        let joint = prior.predict_joint(&x).unwrap();
        let k = DMatrix::from_fn(n, n, |i, j| joint.covariance(i, j));
        let least = SymmetricEigen::new(k).eigenvalues.min();
        prop_assert!(least > -1e-10, "{least}");
    }

    #[test]
    fn a_posterior_that_grew_is_that_of_all_observations(Case { model, hyperparameters, x, y } in any_case()) {
        let n = y.len();
        let whole = Posterior::new(&model, &hyperparameters, &x, &y).unwrap();
        let first = n.div_ceil(2);
        let mut grown =
            Posterior::new(&model, &hyperparameters, &x.rows(0, first).into_owned(), &y.rows(0, first).into_owned()).unwrap();
        let mut cached = grown.cached_prediction(&x).unwrap();
        for i in first..n {
            grown.extend(&x.row(i).iter().copied().collect::<Vec<_>>(), y[i]).unwrap();
        }
        grown.refresh(&mut cached);
        let expected = whole.predict(&x).unwrap();
        for i in 0..n {
            close(cached.mean()[i], expected.mean[i], 1e-6);
            close(cached.sd()[i], expected.sd[i], 1e-6);
        }
        let conditioned = grown.condition(&x, &y).unwrap();
        prop_assert_eq!(conditioned.predict(&x).unwrap(), expected);
    }

    #[test]
    fn what_is_inactive_makes_no_difference(case in any_case(), other in 0.0_f64..1.0) {
        let Case { mut model, hyperparameters, x, y } = case;
        model.terms.pop();
        let hyperparameters = hyperparameters.terms([0.5, 0.6], [1.2]);
        let changed = DMatrix::from_fn(x.nrows(), 6, |i, k| match k {
            2 | 3 if same(x[(i, k + 2)], 0.0) => other,
            _ => x[(i, k)],
        });
        let at = |x: &DMatrix<f64>| log_marginal_likelihood(&model, &hyperparameters, x, &y).unwrap();
        let (one, another) = (at(&x), at(&changed));
        close(one.value, another.value, 1e-12);
        for (one, another) in one.length_scales.iter().zip(&another.length_scales) {
            close(*one, *another, 1e-12);
        }
    }
}

//! The shared vectors of Bayesian search: the reference engine's own numbers.
#![expect(clippy::unwrap_used, reason = "a missing field in a test vector is a failed test")]

use besom_gp::improvement::{expected_improvement, log_expected_improvement, probability_of_improvement};
use besom_gp::{Hyperparameters, Kernel, LogNormal, Model, Posterior, Prior, fit, log_marginal_likelihood};
use nalgebra::{DMatrix, DVector};
use serde_json::Value;

fn cases(kind: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("data/bayes.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    let cases: Vec<Value> = cases.iter().filter(|case| case["kind"] == kind).cloned().collect();
    assert!(!cases.is_empty());
    cases
}

fn number(value: &Value) -> f64 {
    match value.as_str() {
        Some("Infinity") => f64::INFINITY,
        Some("-Infinity") => f64::NEG_INFINITY,
        Some(_) => f64::NAN,
        None => value.as_f64().unwrap(),
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn matrix(value: &Value) -> DMatrix<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])
}

fn vector(value: &Value) -> DVector<f64> {
    DVector::from_vec(numbers(value))
}

fn check(case: &Value, what: &str, found: f64, expected: f64, atol: f64) {
    let tolerance = atol + number(&case["rtol"]) * expected.abs();
    assert!((found - expected).abs() <= tolerance, "{} {what}: {found}, expected {expected}", case["id"]);
}

fn kernel(name: &str) -> Kernel {
    match name {
        "matern12" => Kernel::Matern12,
        "matern32" => Kernel::Matern32,
        "matern52" => Kernel::Matern52,
        "rbf" => Kernel::Rbf,
        other => panic!("unknown kernel {other}"),
    }
}

#[test]
fn posterior_and_likelihood_are_those_of_the_reference() {
    for case in cases("gp") {
        let (x, y) = (matrix(&case["X"]), vector(&case["y"]));
        let spec = &case["kernel"];
        let model = Model::new(x.ncols())
            .kernel(kernel(spec["name"].as_str().unwrap()))
            .mean_variance(0.0)
            .nugget(number(&case["alpha"]));
        let length_scales = if spec["length_scale"].is_array() {
            numbers(&spec["length_scale"])
        } else {
            vec![number(&spec["length_scale"])]
        };
        let signal_variance = spec.get("amplitude").map_or(1.0, number);
        let noise_variance = spec.get("noise").map_or(0.0, number);
        let hyperparameters = Hyperparameters::new(length_scales, signal_variance, noise_variance);
        let expected = &case["expected"];
        let atol = number(&case["atol"]);

        let likelihood = log_marginal_likelihood(&model, &hyperparameters, &x, &y).unwrap();
        check(&case, "lml", likelihood.value, number(&expected["lml"]), atol);
        let mut scales = likelihood.length_scales.iter();
        let names = expected["lml_gradient_wrt"].as_array().unwrap();
        for (name, expected) in names.iter().zip(numbers(&expected["lml_gradient"])) {
            let found = match name.as_str().unwrap() {
                "log amplitude" => likelihood.signal_variance,
                "log noise" => likelihood.noise_variance,
                _ => *scales.next().unwrap(),
            };
            check(&case, "lml_gradient", found, expected, atol);
        }

        let posterior = Posterior::new(&model, &hyperparameters, &x, &y).unwrap();
        let prediction = posterior.predict(&matrix(&expected["test_X"])).unwrap();
        for (i, expected) in numbers(&expected["mean"]).into_iter().enumerate() {
            check(&case, "mean", prediction.mean[i], expected, atol);
        }
        for (i, expected) in numbers(&expected["std"]).into_iter().enumerate() {
            // The reference's deviation includes the noise.
            let found = (prediction.sd[i].powi(2) + hyperparameters.noise_variance).sqrt();
            check(&case, "std", found, expected, number(&case["std_atol"]));
        }
    }
}

#[test]
fn improvement_is_that_of_the_reference() {
    for case in cases("ei") {
        let [mean, sd, best] = ["mu", "sigma", "best"].map(|key| number(&case[key]));
        let expected = &case["expected"];
        let atol = number(&case["atol"]);
        check(&case, "ei", expected_improvement(mean, sd, best), number(&expected["ei"]), atol);
        check(&case, "pi", probability_of_improvement(mean, sd, best), number(&expected["pi"]), atol);
        if !expected["log_ei"].is_null() {
            let found = log_expected_improvement(mean, sd, best).value;
            check(&case, "log_ei", found, number(&expected["log_ei"]), atol);
        }
    }
}

#[test]
fn fit_is_no_worse_than_that_of_the_reference_and_chooses_the_same_candidate() {
    for case in cases("fit") {
        let (x, raw) = (matrix(&case["X"]), vector(&case["y"]));
        let expected = &case["expected"];
        let (mean, sd) = (number(&expected["y_mean"]), number(&expected["y_std"]));
        let y = raw.map(|y| (y - mean) / (sd + 1e-6));
        let bounds = numbers(&case["length_scale_bounds"]);
        let model =
            Model::new(x.ncols()).kernel(Kernel::Matern32).mean_variance(0.0).nugget(number(&case["alpha"]));
        let length_scale = LogNormal::flat(bounds[0], bounds[1]);
        let prior = Prior::new([length_scale], LogNormal::fixed(1.0), LogNormal::fixed(1e-16));
        let fitted = fit(&model, &x, &y, &prior, &[prior.mode()]).unwrap();
        assert!(fitted.log_posterior >= number(&expected["lml"]) - 1e-4, "{}: {fitted:?}", case["id"]);
        let atol = number(&case["atol"]);
        let scale = fitted.hyperparameters.length_scales[0];
        check(&case, "length_scale", scale, number(&expected["length_scale"]), atol);

        let posterior = Posterior::new(&model, &fitted.hyperparameters, &x, &y).unwrap();
        let prediction = posterior.predict(&matrix(&case["candidates"])).unwrap();
        for (i, expected) in numbers(&expected["predicted"]).into_iter().enumerate() {
            check(&case, "predicted", prediction.mean[i] * (sd + 1e-6) + mean, expected, atol);
        }
        let best = y.min();
        let improvement = |i: usize| expected_improvement(prediction.mean[i], prediction.sd[i], best);
        let chosen = (0..prediction.mean.len()).max_by(|&a, &b| improvement(a).total_cmp(&improvement(b)));
        assert_eq!(chosen.map(|i| i as u64), expected["suggested_index"].as_u64(), "{}", case["id"]);
        let found = improvement(chosen.unwrap());
        check(&case, "ei", found, number(&expected["expected_improvement_normalized"]), atol);
    }
}

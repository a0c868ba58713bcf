//! Random search agrees with W&B's engine on shared cases: each draw's distribution within five standard
//! errors.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test's own data is known; a failed case should fail loudly and say which it is"
)]

mod reader;

use besom_core::value::same;
use besom_core::{Answer, Ask, History, Point, Run};
use serde_json::{Value, json};

/// Points drawn for a configuration, one after the other.
fn draw(config: &Value, seed: u64, n: usize, count: usize) -> Vec<Point> {
    let (problem, search) = reader::read(config, seed);
    let mut search = search.unwrap();
    let mut history = History::new();
    while history.len() < n {
        let Answer::Try(suggestions) = search.suggest(&Ask::new(&problem, &history).count(count)).unwrap()
        else {
            panic!("random search always has a point");
        };
        assert!(!suggestions.is_empty() && suggestions.len() <= count);
        for suggestion in suggestions {
            history.push(Run::new(suggestion.point));
        }
    }
    history.runs()[..n].iter().map(|run| run.point.clone()).collect()
}

#[test]
fn random_agrees_with_the_reference() {
    let file: Value = serde_json::from_str(include_str!("data/random.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        println!("{}", case["id"]);
        let n = usize::try_from(case["n"].as_u64().unwrap()).unwrap();
        let points = draw(&case["config"], 1, n, 100);
        check_shape(case, &points);
        let columns = columns(case, &points);
        check_values(case, &columns[0]);
        check_numbers(case, &columns);
    }
}

/// The draws at the case's paths; without paths, those of the only parameter.
fn columns(case: &Value, points: &[Point]) -> Vec<Vec<Value>> {
    let only = json!([["x"]]);
    let paths = case.get("paths").unwrap_or(&only).as_array().unwrap();
    let at = |point: &Point, path: &Value| {
        let path = path.as_array().unwrap().iter().map(|key| key.as_str().unwrap());
        path.fold(Value::from(point.to_json()), |value, key| value[key].clone())
    };
    paths.iter().map(|path| points.iter().map(|point| at(point, path)).collect()).collect()
}

fn check_shape(case: &Value, points: &[Point]) {
    let Some(shape) = case.get("config_shape") else { return };
    for point in points {
        let shown: Value = point
            .to_json()
            .into_iter()
            .map(|(key, value)| (key, json!({"value": shape_of(&value)})))
            .collect();
        assert_eq!(shown, *shape);
    }
}

fn shape_of(value: &Value) -> Value {
    match value {
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), shape_of(value))).collect(),
        Value::Number(_) => "number".into(),
        other => panic!("{other} is not a number"),
    }
}

fn check_values(case: &Value, draws: &[Value]) {
    if let Some(value) = case.get("all_equal") {
        assert!(draws.iter().all(|draw| draw == value));
    }
    let Some(frequencies) = case.get("frequencies") else { return };
    let mut seen = 0;
    for entry in frequencies.as_array().unwrap() {
        let count = draws.iter().filter(|draw| same(draw, &entry["value"])).count();
        seen += count;
        let frequency = count as f64 / draws.len() as f64;
        assert!((frequency - number(&entry["p"])).abs() <= number(&entry["tol"]), "{entry}: {frequency}");
    }
    if case["closed_support"] == true {
        assert_eq!(seen, draws.len(), "no other value may occur");
    }
}

fn check_numbers(case: &Value, columns: &[Vec<Value>]) {
    let columns: Vec<Vec<f64>> =
        columns.iter().map(|column| column.iter().filter_map(Value::as_f64).collect()).collect();
    let draws = &columns[0];
    let mut sorted = draws.clone();
    sorted.sort_by(f64::total_cmp);
    for quantile in case.get("quantiles").and_then(Value::as_array).into_iter().flatten() {
        let place = (number(&quantile["p"]) * sorted.len() as f64).ceil();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
        let value = sorted[(place as usize).saturating_sub(1)];
        let slack = 1e-12 * value.abs();
        assert!(
            number(&quantile["lo"]) - slack <= value && value <= number(&quantile["hi"]) + slack,
            "{quantile}: {value}"
        );
    }
    let (mean, deviation) = moments(draws);
    check_near(case, "mean", mean);
    check_near(case, "std", deviation);
    if let Some(support) = case.get("support") {
        let (low, high) = (number(&support[0]), number(&support[1]));
        let slack = 1e-12 * (high - low).min(1.0);
        assert!(sorted[0] >= low - slack && sorted[sorted.len() - 1] <= high + slack);
    }
    if let Some(step) = case.get("multiple_of") {
        let steps = |x: f64| x / number(step);
        assert!(draws.iter().all(|&x| (steps(x) - steps(x).round()).abs() < 1e-9));
    }
    if let Some(most) = case.get("max_abs_correlation") {
        for (i, a) in columns.iter().enumerate() {
            assert!(columns[..i].iter().all(|b| correlation(a, b).abs() <= number(most)));
        }
    }
    if let Some(most) = case.get("max_abs_autocorrelation_lag1") {
        assert!(correlation(&draws[1..], &draws[..draws.len() - 1]).abs() <= number(most));
    }
}

fn check_near(case: &Value, key: &str, found: f64) {
    if let Some(expected) = case.get(key) {
        assert!(
            (found - number(&expected["value"])).abs() <= number(&expected["tol"]),
            "{key} {found}: {expected}"
        );
    }
}

fn moments(draws: &[f64]) -> (f64, f64) {
    let n = draws.len() as f64;
    let mean = draws.iter().sum::<f64>() / n;
    (mean, (draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt())
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let ((mean_a, deviation_a), (mean_b, deviation_b)) = (moments(a), moments(b));
    let products = a.iter().zip(b).map(|(x, y)| (x - mean_a) * (y - mean_b));
    products.sum::<f64>() / a.len() as f64 / deviation_a / deviation_b
}

fn number(value: &Value) -> f64 {
    match value.as_str() {
        Some("Infinity") => f64::INFINITY,
        Some("-Infinity") => f64::NEG_INFINITY,
        _ => value.as_f64().unwrap(),
    }
}

fn some_config() -> Value {
    json!({"method": "random", "parameters": {"a": {"min": 0.0, "max": 1.0}, "b": {"values": ["x", "y", "z"]}}})
}

#[test]
fn draws_do_not_depend_on_how_many_are_asked_for_at_once() {
    let config = some_config();
    assert_eq!(draw(&config, 3, 12, 1), draw(&config, 3, 12, 5));
}

#[test]
fn seeds_make_different_draws() {
    let config = some_config();
    assert_ne!(draw(&config, 3, 5, 1), draw(&config, 4, 5, 1));
}

#[test]
fn random_has_no_options() {
    let mut config = some_config();
    config["order"] = "sorted".into();
    let message = reader::read(&config, 0).1.err().unwrap();
    assert_eq!(message, "search method 'random': unknown option 'order'; the method has none");
}

//! Which run enters a model with which value: the shared cases of the reference engine, or their mended
//! outcomes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own data is known")]

mod reader;

use besom_core::{Curve, Goal, History, Impute, ImputeWhileRunning, Metric, Problem, Run, RunState};
use besom_search::{Bayes, Observations};
use serde_json::{Map, Value};

/// The metric's section of a configuration.
fn metric(config: &Value) -> Metric {
    let word = |key: &str| config[key].as_str().unwrap_or_default();
    let goal = if word("goal") == "maximize" { Goal::Maximize } else { Goal::Minimize };
    let impute = match word("impute") {
        "best" => Impute::Best,
        "latest" => Impute::Latest,
        _ => Impute::Worst,
    };
    let impute_while_running = match word("impute_while_running") {
        "worst" => ImputeWhileRunning::Worst,
        "best" => ImputeWhileRunning::Best,
        "latest" => ImputeWhileRunning::Latest,
        _ => ImputeWhileRunning::False,
    };
    Metric::new(word("name"), goal).impute(impute).impute_while_running(impute_while_running)
}

/// A run in W&B's form; a metric that is not a number is NaN.
fn run(problem: &Problem, metric: &str, run: &Value) -> Run {
    let unwrapped =
        |(key, value): (&String, &Value)| (key.clone(), value.get("value").unwrap_or(value).clone());
    let config: Map<String, Value> = run["config"].as_object().unwrap().iter().map(unwrapped).collect();
    let state = match run["state"].as_str().unwrap() {
        "preempting" => RunState::Preempted,
        state => state.parse().unwrap(),
    };
    let logged = run["history"].as_array().into_iter().flatten().filter_map(|row| row.get(metric));
    let values: Vec<f64> = logged.map(|value| value.as_f64().unwrap_or(f64::NAN)).collect();
    let summary = run["summary_metrics"].get(metric).and_then(Value::as_f64);
    Run::new(problem.space.read(&config))
        .with_curve(0, Curve::new(values).with_summary(summary))
        .with_state(state)
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

/// The case's sweep and what its runs come to, with columns in the order of names, as the reference has them.
fn observe(case: &Value) -> (Problem, Observations, Vec<Vec<String>>) {
    let config = &case["config"];
    let (mut problem, _) = reader::read(config, 0);
    problem.metrics = vec![metric(&config["metric"])];
    let runs = case["runs"].as_array().unwrap().iter();
    let history: History = runs.map(|r| run(&problem, &problem.metrics[0].name, r)).collect();
    let mut observations = Observations::new(&problem, &history);
    let names: Vec<Vec<String>> = problem.space.searchable().map(|p| p.name.path().to_vec()).collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&k| &names[k]);
    let sorted = |cube: &Vec<f64>| order.iter().map(|&k| cube[k]).collect::<Vec<_>>();
    observations.valued.iter_mut().for_each(|o| o.cube = sorted(&o.cube));
    observations.in_flight.iter_mut().for_each(|o| o.cube = sorted(&o.cube));
    let columns = order.iter().map(|&k| names[k].clone()).collect();
    (problem, observations, columns)
}

#[test]
fn runs_enter_as_in_the_reference_or_better() {
    let file: Value = serde_json::from_str(include_str!("data/bayes.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let (problem, observations, columns) = observe(case);
        let expected = case.get("fixed").unwrap_or(&case["expected"]);
        if expected.get("error").is_some() {
            assert!(Bayes::new(&problem, &Map::new()).is_err(), "{id}");
            continue;
        }
        if let Some(expected) = case["expected"].get("columns") {
            assert_eq!(&serde_json::json!(columns), expected, "{id}");
        }
        let close = |found: &[f64], expected: &[f64]| {
            let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 + 1e-9 * b.abs();
            assert!(
                found.len() == expected.len() && found.iter().zip(expected).all(near),
                "{id}: {found:?}, expected {expected:?}"
            );
        };
        let losses: Vec<f64> = observations.valued.iter().map(|o| o.loss).collect();
        close(&losses, &numbers(&expected["y"]));
        for (key, cubes) in [
            ("X", observations.valued.iter().map(|o| &o.cube).collect::<Vec<_>>()),
            ("current_X", observations.in_flight.iter().map(|o| &o.cube).collect()),
        ] {
            let expected = rows(&expected[key]);
            assert_eq!(cubes.len(), expected.len(), "{id}: {key}");
            cubes.iter().zip(expected).for_each(|(found, expected)| close(found, &expected));
        }
    }
}

#[test]
fn runs_say_whether_their_value_is_their_own() {
    let file: Value = serde_json::from_str(include_str!("data/bayes.json")).unwrap();
    let case = file["cases"].as_array().unwrap().iter().find(|c| c["id"] == "bayes-data-worst-from-failed");
    let (_, observations, _) = observe(case.unwrap());
    let own: Vec<bool> = observations.valued.iter().map(|o| o.measured).collect();
    assert_eq!(own, [true, false, false]);
    assert_eq!(observations.measured(), 1);
}

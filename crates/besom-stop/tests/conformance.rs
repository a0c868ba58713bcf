//! The rules agree with W&B's engine on shared cases.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test's own data is known; a failed case should fail loudly and say which it is"
)]

use besom_core::value::same;
use besom_core::{
    Curve, Distribution, Goal, History, Metric, Options, Parameter, Point, Problem, Registry, Run, RunNumber,
    RunState, Space,
};
use serde_json::Value;

#[test]
fn hyperband_agrees_with_the_reference() {
    check(include_str!("data/hyperband.json"), |case, shown| {
        let Some(bands) = case["expected"].get("bands") else {
            assert!(shown.is_empty(), "nothing to show");
            return;
        };
        let thresholds = case["expected"]["thresholds"].as_array().unwrap();
        let mut expected: Vec<_> = bands.as_array().unwrap().iter().zip(thresholds).collect();
        expected.dedup_by_key(|(band, _)| *band);
        let bands: Value = expected.iter().map(|(band, _)| (*band).clone()).collect();
        let thresholds: Value = expected.iter().map(|(_, threshold)| (*threshold).clone()).collect();
        assert!(same(&bands, &shown["bands"]), "bands {bands} and {}", shown["bands"]);
        assert!(
            same(&thresholds, &shown["thresholds"]),
            "thresholds {thresholds} and {}",
            shown["thresholds"]
        );
    });
}

#[test]
fn envelope_agrees_with_the_reference() {
    check(include_str!("data/envelope.json"), |case, shown| {
        let envelope = &case["expected"]["envelope"];
        assert!(same(envelope, &shown["envelope"]), "envelope {envelope} and {}", shown["envelope"]);
    });
}

/// Runs every case; `check_shown` compares what the rule shows.
fn check(file: &str, check_shown: impl Fn(&Value, &besom_core::Shown)) {
    let mut registry = Registry::new();
    besom_stop::register(&mut registry);
    let file: Value = serde_json::from_str(file).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        println!("{}", case["id"]);
        let expected = case.get("fixed").unwrap_or(&case["expected"]);
        let (kind, mut stopper) = match build(&registry, &case["config"]) {
            Ok((problem, stopper)) => (problem, stopper),
            Err(error) => {
                assert_eq!(expected["error"], true, "{error}");
                continue;
            }
        };
        assert!(expected.get("error").is_none(), "an error was expected");
        let runs = case["runs"].as_array().unwrap();
        let history = history(runs, &kind.metric().unwrap().name);
        let stops = stopper.stop(&kind, &history).unwrap();
        let mut names: Vec<_> = stops.iter().map(|stop| name(runs, stop.run)).collect();
        names.sort_unstable();
        let mut expected: Vec<_> =
            expected["stop"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        expected.sort_unstable();
        assert_eq!(names, expected);
        check_shown(case, &stopper.show(&kind, &history).unwrap());
    }
}

fn name(runs: &[Value], number: RunNumber) -> &str {
    runs[number.index()]["name"].as_str().unwrap()
}

fn build(registry: &Registry, config: &Value) -> Result<(Problem, besom_core::Rule), String> {
    let a = Parameter::new("a", Distribution::Constant(1.into()));
    let mut problem = Problem::new(Space::new(vec![a]).unwrap(), Metric::new("", Goal::Minimize));
    problem.metrics.clear();
    if let Some(metric) = config.get("metric") {
        let goal = match metric.get("goal").and_then(Value::as_str) {
            None | Some("minimize") => Goal::Minimize,
            Some("maximize") => Goal::Maximize,
            Some(other) => return Err(format!("unknown goal {other}")),
        };
        problem.metrics.push(Metric::new(metric["name"].as_str().unwrap(), goal));
    }
    let mut options: Options = config["early_terminate"].as_object().unwrap().clone();
    let kind = options.remove("type").unwrap();
    let stopper = registry.stopper(kind.as_str().unwrap(), &problem, &options).map_err(|e| e.to_string())?;
    Ok((problem, stopper))
}

fn history(runs: &[Value], metric: &str) -> History {
    runs.iter()
        .map(|run| {
            let values = run["history"].as_array().unwrap().iter().filter_map(|row| row.get(metric));
            let mut new = Run::new(Point::default());
            new.state = match run["state"].as_str().unwrap() {
                "preempting" => RunState::Preempted,
                state => state.parse().unwrap_or_else(|error| panic!("{error}")),
            };
            let values: Vec<f64> = values.map(|value| value.as_f64().unwrap_or(f64::NAN)).collect();
            let summary = run["summary_metrics"].get(metric).and_then(Value::as_f64);
            new.curves.push(Curve::new(values).with_summary(summary));
            new
        })
        .collect()
}

//! Where values are noisy, the command names the run that is expected to be the best beside the one that was observed to be.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use besom::core::Rng;
use besom::engine::{RunOptions, run};
use command::Desk;
use serde_json::json;

const SWEEP: &str = "
method: random
run_cap: 80
seed: 1
metric: {name: loss}
parameters: {x: {min: -1.0, max: 1.0}, y: {min: -1.0, max: 1.0}}
";

/// A desk with a sweep of a bowl, with normal noise of this deviation on its values.
fn swept(deviation: f64) -> Desk {
    let desk = Desk::new();
    run(SWEEP, &RunOptions::new(desk.path().join(".besom")).unwrap(), |run| {
        let square = |name: &str| run.params()[name].as_f64().map_or(0.0, |x| x * x);
        let loss = square("x") + square("y") + deviation * Rng::new(run.number().get()).normal();
        Ok(run.log_json(json!({ "loss": loss }))?)
    })
    .unwrap();
    desk
}

#[test]
fn with_noise_both_are_named() {
    let desk = swept(0.3);
    let best = desk.json(&["best", "--json"]);
    let expected = best["best_expected"].clone();
    let (number, other) = (&best["number"], &expected["run"]);
    let (value, sd) = (expected["value"].as_f64().unwrap(), expected["sd"].as_f64().unwrap());
    assert!(best["best"].as_f64().unwrap() < value && sd > 0.0, "{best}");
    assert!(expected["params"]["x"].as_f64().unwrap().abs() < 0.5, "{best}");
    assert!((expected["noise_sd"].as_f64().unwrap() - 0.3).abs() < 0.1, "{best}");
    assert_eq!(desk.json(&["status", &desk.newest(), "--json"])["best_expected"], expected);

    let lines = desk.call(&["best"]).out;
    assert!(lines.starts_with("best observed loss ") && lines.contains("\nbest expected loss "), "{lines}");
    assert!(lines.contains(&format!(" in run {number}\n  x ")), "{lines}");
    assert!(number == other || lines.contains(&format!(" in run {other}\n  x ")), "{lines}");
    let lines = desk.call(&["status"]).out;
    assert!(lines.contains("\n  best observed  loss "), "{lines}");
    assert!(
        lines.contains("\n  best expected  loss ") && lines.contains(&format!(" (run {other})\n")),
        "{lines}"
    );
    assert!(lines.contains(" ± "), "{lines}");
}

#[test]
fn without_noise_there_is_one_best() {
    let desk = swept(0.0);
    assert!(desk.json(&["best", "--json"])["best_expected"].is_null());
    assert!(desk.json(&["status", &desk.newest(), "--json"])["best_expected"].is_null());
    let lines = desk.call(&["best"]).out + &desk.call(&["status"]).out;
    assert!(!lines.contains("expected") && !lines.contains("observed"), "{lines}");
    assert!(lines.starts_with("best loss ") && lines.contains("\n  best           loss "), "{lines}");
}

//! A sweep inside a program of your own: the training function is a closure, runs and results are in a store.
//!
//! `cargo run --release -p besom --example embed`

#![expect(clippy::print_stdout, reason = "a program that prints what it found")]

use besom::engine::{RunOptions, run};
use serde_json::json;

const SWEEP: &str = "
method: bayes
run_cap: 30
seed: 7
metric: {name: loss, goal: minimize}
parameters:
  lr: {distribution: log_uniform_values, min: 1e-5, max: 1}
  dropout: {min: 0.0, max: 0.8}
  layers: {min: 1, max: 8}
";

/// What is to be minimized; stands for your training.
fn train(lr: f64, dropout: f64, layers: f64) -> f64 {
    (lr.log10() + 2.5).powi(2) + (dropout - 0.2).powi(2) + 0.1 * (layers - 3.0).abs()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `options.registry.add_search(..)` adds a search method of your own, see own_search.rs; `options.jobs = 4` executes
    // four runs in parallel.
    let options = RunOptions::new(".besom")?;
    let ran = run(SWEEP, &options, |run| {
        let number = |name| run.params()[name].as_f64().expect("all parameters are numbers");
        let loss = train(number("lr"), number("dropout"), number("layers"));
        Ok(run.log_json(json!({ "loss": loss }))?)
    })?;
    let best = ran.best.ok_or("no run has a loss")?;
    let point = serde_json::Value::Object(best.point);
    println!("sweep {}: best loss {:?} in run {}: {point}", ran.sweep.new.id, best.best, best.number);
    Ok(())
}

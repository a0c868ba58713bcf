//! The sweep loop inside a program of your own: no store, no files, no threads.
//!
//! `cargo run --release -p besom --example embed`

#![expect(clippy::print_stdout, reason = "a program that says what it found")]

use besom::controller::Sweep;
use besom::core::distribution::Continuous::{LogUniformValues, Uniform};
use besom::core::{Answer, Distribution, Goal, Metric, Name, Parameter, Problem, Registry, RunState, Space};

/// What is to be minimised; stands for your training.
fn train(lr: f64, dropout: f64, layers: i64) -> f64 {
    (lr.log10() + 2.5).powi(2) + (dropout - 0.2).powi(2) + 0.1 * (layers - 3).unsigned_abs() as f64
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let parameter = |name: &str, distribution| Parameter { name: Name::from(name), distribution };
    let space = Space::new(vec![
        parameter("lr", Distribution::Continuous(LogUniformValues { min: 1e-5, max: 1.0 })),
        parameter("dropout", Distribution::Continuous(Uniform { min: 0.0, max: 0.8 })),
        parameter("layers", Distribution::IntUniform { min: 1, max: 8 }),
    ])?;
    let problem =
        Problem { seed: 7, run_cap: Some(30), ..Problem::new(space, Metric::new("loss", Goal::Minimize)) };

    let mut registry = Registry::new();
    besom::search::register(&mut registry);
    let search = registry.search("bayes", &problem, &serde_json::Map::new())?;

    let mut sweep = Sweep::new(problem, search);
    while let Answer::Try(runs) = sweep.ask(1)? {
        for run in runs {
            let params = sweep.params(run).expect("the run was just made");
            let number = |name: &str| params[name].as_f64().expect("all three are numbers");
            let layers = params["layers"].as_i64().expect("an integer stays one");
            sweep.report(run, train(number("lr"), number("dropout"), layers))?;
            sweep.end(run, RunState::Finished)?;
        }
    }

    let best = sweep.best().expect("every run has reported");
    let point = serde_json::Value::Object(sweep.params(best.run).expect("the best run is in the history"));
    println!("best loss {:.4} in run {} of {}: {point}", best.value, best.run, sweep.history().len());
    Ok(())
}

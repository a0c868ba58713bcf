//! What the benchmarks share: problems and histories of the sizes that `docs/benchmarks.md` speaks of.

pub mod stores;

use besom_core::distribution::{Continuous, Step};
use besom_core::{
    Curve, Distribution, Goal, History, Metric, News, ParamPath, Parameter, Problem, Run, RunNumber,
    RunState, Space, seed,
};
use rand::RngExt;
use serde_json::Value;

/// A problem over these distributions, its parameters called `p0`, `p1` ...
///
/// # Panics
/// Never: the names differ.
pub fn problem(distributions: impl IntoIterator<Item = Distribution>) -> Problem {
    let parameters = distributions
        .into_iter()
        .enumerate()
        .map(|(place, distribution)| Parameter::new(ParamPath::new([format!("p{place}")]), distribution));
    let space = Space::new(parameters.collect()).expect("the names differ");
    Problem::new(space, Metric::new("loss", Goal::Minimize)).seed(7)
}

/// Ten parameters as people mix them: rates, counts, choices, steps.
pub fn mixed_problem() -> Problem {
    let rate = Distribution::Continuous(Continuous::LogUniformValues { min: 1e-5, max: 1.0 });
    let share = Distribution::Continuous(Continuous::Uniform { min: 0.0, max: 0.9 });
    let count = Distribution::IntUniform { min: 1, max: 12 };
    let step = Step { q: 0.05, integer: false };
    let stepped = Distribution::Quantized(Continuous::Uniform { min: 0.0, max: 0.5 }, step);
    let choice = |values: &[&str]| Distribution::Categorical {
        values: values.iter().map(|&value| Value::from(value)).collect(),
        probabilities: None,
    };
    let normal = Distribution::Continuous(Continuous::Normal { mu: 0.0, sigma: 1.0 });
    problem([
        rate.clone(),
        rate,
        share.clone(),
        share,
        count.clone(),
        count,
        stepped,
        choice(&["adam", "sgd", "rmsprop"]),
        choice(&["relu", "tanh"]),
        normal,
    ])
}

/// Twelve parameters of ten values each: 10^12 points.
pub fn large_grid() -> Problem {
    problem((0..12).map(|_| Distribution::IntUniform { min: 0, max: 9 }))
}

/// Finished runs at these coordinates, each with one value: the distance from a point in the cube, with a little noise.
pub fn finished_runs(problem: &Problem, count: usize) -> History {
    let dimensions = problem.space.dimensions();
    let runs = (0..count).map(|index| {
        let mut rng = seed::rng(problem.seed, RunNumber::from_index(index));
        let cube: Vec<f64> = (0..dimensions).map(|_| rng.random()).collect();
        let loss = cube.iter().map(|u| (u - 0.3) * (u - 0.3)).sum::<f64>() + 0.01 * rng.random::<f64>();
        let mut run = Run::new(problem.space.decode(&cube));
        run.state = RunState::Finished;
        run.curves = vec![Curve::new([loss])];
        run
    });
    runs.collect()
}

/// Running runs with falling curves of `steps` values.
pub fn running_runs(problem: &Problem, count: usize, steps: u32) -> History {
    let mut history = finished_runs(problem, count);
    for index in 0..count {
        let mut rng = seed::rng(problem.seed + 1, RunNumber::from_index(index));
        let speed = rng.random::<f64>();
        let mut loss = |step: u32| 1.0 / (1.0 + speed * f64::from(step)) + 0.05 * rng.random::<f64>();
        let values = (1..=steps).map(&mut loss).collect();
        let number = RunNumber::from_index(index);
        history.record(number, News::State(RunState::Running)).expect("it exists");
        history.record(number, News::Values { metric: 0, from: 0, values }).expect("it exists");
    }
    history
}

//! Where the time of a Bayesian suggestion goes: the parts of the Gaussian process, and a whole suggestion.

use std::hint::black_box;
use std::time::Duration;

use besom_benches::{finished_runs, mixed_problem};
use besom_core::{Answer, Ask, Curve, History, Options, Problem, Run, RunNumber, RunState, Search, seed};
use besom_gp::{Model, Posterior, Prior, fit, log_marginal_likelihood};
use besom_search::Bayes;
use criterion::{BatchSize, BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use nalgebra::{DMatrix, DVector};
use rand::RngExt;

const DIMENSIONS: usize = 10;

/// Random points and a smooth function of them.
fn data(n: usize) -> (DMatrix<f64>, DVector<f64>) {
    let mut rng = seed::rng(7, RunNumber::from_index(0));
    let x = DMatrix::from_fn(n, DIMENSIONS, |_, _| rng.random::<f64>());
    let y =
        DVector::from_fn(n, |i, _| f64::sin(6.0 * x[(i, 0)]) + (x[(i, 1)] - 0.3).powi(2) + 0.1 * x[(i, 2)]);
    (x, y)
}

/// The parts, at numbers of observations that occur: hyperparameters are fitted to 300 at most, posteriors hold 1,500.
fn parts(c: &mut Criterion) {
    let (model, prior) = (Model::new(DIMENSIONS), Prior::for_dimensions(DIMENSIONS));
    let hyperparameters = prior.mode();
    let mut group = c.benchmark_group("gp/10 dimensions");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).warm_up_time(Duration::from_millis(100));
    for n in [10, 100, 300, 1000] {
        let (x, y) = data(n);
        group.bench_function(BenchmarkId::new("likelihood and gradient", n), |b| {
            b.iter(|| black_box(log_marginal_likelihood(&model, &hyperparameters, &x, &y)));
        });
        if n <= 300 {
            group.bench_function(BenchmarkId::new("fit from the mode", n), |b| {
                b.iter(|| black_box(fit(&model, &x, &y, &prior, std::slice::from_ref(&hyperparameters))));
            });
        }
        let build = || Posterior::new(&model, &hyperparameters, &x, &y).expect("a posterior");
        group.bench_function(BenchmarkId::new("posterior", n), |b| b.iter(|| black_box(build())));
        let posterior = build();
        let point = [0.4; DIMENSIONS];
        group.bench_function(BenchmarkId::new("extend", n), |b| {
            let extend = |posterior: &mut Posterior| posterior.extend(&point, 0.5);
            b.iter_batched_ref(|| posterior.clone(), extend, BatchSize::LargeInput);
        });
        let (many, _) = data(256);
        group.bench_function(BenchmarkId::new("predict 256 points", n), |b| {
            b.iter(|| black_box(posterior.predict(&many)));
        });
        group.bench_function(BenchmarkId::new("predict with gradient", n), |b| {
            b.iter(|| black_box(posterior.predict_with_gradient(&point)));
        });
    }
}

/// What follows a result in a long sweep: the same instance, one more run.
fn follow(c: &mut Criterion) {
    let problem = mixed_problem();
    let mut group = c.benchmark_group("bayes/10 mixed parameters, next suggestion");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).warm_up_time(Duration::from_millis(100));
    for runs in [10, 100, 1000, 10_000] {
        for count in [1, 8] {
            let mut history = finished_runs(&problem, runs);
            let mut bayes = Bayes::new(&problem, &Options::new()).expect("a method");
            next(&mut bayes, &problem, &mut history, 1);
            group.bench_function(BenchmarkId::new(format!("{count} at once"), runs), |b| {
                b.iter(|| next(&mut bayes, &problem, &mut history, count));
            });
        }
    }
}

/// Asks for so many, and finishes the first of them.
fn next(bayes: &mut Bayes, problem: &Problem, history: &mut History, count: usize) {
    let ask = Ask::new(problem, history).count(count);
    let Ok(Answer::Try(mut suggestions)) = bayes.suggest(&ask) else {
        panic!("there is always another point")
    };
    let first = suggestions.remove(0);
    let loss = (history.len() as f64).sin();
    let run = Run::new(first.point).with_state(RunState::Finished).with_note(first.note);
    history.push(run.with_curve(0, Curve::new([loss])));
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    targets = parts, follow
}
criterion_main!(benches);

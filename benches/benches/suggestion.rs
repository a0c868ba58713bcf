//! How long it takes to name the next point.

use std::hint::black_box;
use std::time::Duration;

use besom_benches::{finished_runs, large_grid, mixed_problem};
use besom_core::{Answer, Ask, History, Options, Problem, Run, RunState, Search};
use besom_search::{Bayes, Grid, Random};
use criterion::{BatchSize, BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use serde_json::json;

/// One more point.
fn next(search: &mut dyn Search, problem: &Problem, history: &History) -> Answer {
    search.suggest(&Ask::new(problem, history)).expect("an answer")
}

/// The next point of a grid of 10^12, with 10^5 runs done: by an instance that followed the history, run by run, and
/// by one that sees it for the first time.
fn grid(c: &mut Criterion) {
    const DONE: usize = 100_000;
    let problem = large_grid();
    for order in ["sorted", "random"] {
        let options = Options::from_iter([("order".to_owned(), json!(order))]);
        let make = || Grid::new(&problem, &options).expect("a grid");
        let mut follower = make();
        let done = |k| Run::new(follower.point(k).expect("a point")).with_state(RunState::Finished);
        let mut history: History = (0..DONE as u128).map(done).collect();
        let mut group = c.benchmark_group("grid/10^12 cells, 10^5 runs done");
        group.sample_size(10).bench_function(format!("first, {order}"), |b| {
            b.iter_batched_ref(
                make,
                |grid| black_box(next(grid, &problem, &history)),
                BatchSize::PerIteration,
            );
        });
        let _ = next(&mut follower, &problem, &history);
        group.sample_size(100).bench_function(format!("next, {order}"), |b| {
            b.iter(|| {
                let Answer::Try(mut points) = next(&mut follower, &problem, &history) else {
                    panic!("it is not done")
                };
                // The suggestion becomes a run, so that every answer is a new one.
                history.push(Run::new(points.remove(0).point))
            });
        });
        group.finish();
    }
}

fn random(c: &mut Criterion) {
    let problem = mixed_problem();
    let history = finished_runs(&problem, 1000);
    let mut random = Random;
    c.bench_function("random/10 parameters", |b| b.iter(|| black_box(next(&mut random, &problem, &history))));
}

/// A suggestion after n finished runs, with everything fitted anew, as after each new result.
fn bayes(c: &mut Criterion) {
    let problem = mixed_problem();
    let mut group = c.benchmark_group("bayes/10 mixed parameters");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).warm_up_time(Duration::from_millis(100));
    for runs in [10, 100, 300, 1000] {
        let history = finished_runs(&problem, runs);
        let make = || Bayes::new(&problem, &Options::new()).expect("a method");
        group.bench_function(BenchmarkId::new("runs", runs), |b| {
            b.iter_batched_ref(
                make,
                |bayes| black_box(next(bayes, &problem, &history)),
                BatchSize::PerIteration,
            );
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = grid, random, bayes
}
criterion_main!(benches);

//! How long it takes to decide which of 1,000 running runs with 1,000 values each to stop.

use std::hint::black_box;
use std::time::Duration;

use besom_benches::{mixed_problem, running_runs};
use besom_core::{News, Options, RunNumber, RunState, Stopper};
use besom_stop::{Envelope, Hyperband};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};

fn options(options: &Value) -> Options {
    options.as_object().cloned().expect("an object")
}

fn hyperband(c: &mut Criterion) {
    let problem = mixed_problem();
    let history = running_runs(&problem, 1000, 1000);
    let mut group = c.benchmark_group("stopping/1,000 runs of 1,000 values");
    for (name, strict) in [("hyperband, strict", true), ("hyperband, not strict", false)] {
        let options = options(&json!({"min_iter": 3, "eta": 3, "strict": strict}));
        let mut rule = Hyperband::new(&problem, &options).expect("a rule");
        group.bench_function(name, |b| {
            b.iter(|| black_box(rule.stop(&problem, &history).expect("an answer")));
        });
    }
}

/// Half of the runs are finished, because these make the envelope.
fn envelope(c: &mut Criterion) {
    let problem = mixed_problem();
    let mut history = running_runs(&problem, 1000, 1000);
    for index in 0..500 {
        let finished = News::State(RunState::Finished);
        history.record(RunNumber::from_index(index), finished).expect("it exists");
    }
    let mut rule = Envelope::new(&problem, &Options::new()).expect("a rule");
    let mut group = c.benchmark_group("stopping/1,000 runs of 1,000 values");
    group.bench_function("envelope", |b| {
        b.iter(|| black_box(rule.stop(&problem, &history).expect("an answer")));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = hyperband, envelope
}
criterion_main!(benches);

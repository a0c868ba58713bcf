//! How long it takes to read a sweep file of 1,000 parameters.

use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

fn sweep_file(parameters: usize) -> String {
    let mut text =
        "method: random\nrun_cap: 100\nmetric: {name: loss, goal: minimize}\nparameters:\n".to_owned();
    for i in 0..parameters {
        let kind = match i % 4 {
            0 => "min: 1\n    max: 64",
            1 => "distribution: log_uniform_values\n    min: 1e-5\n    max: 1.0",
            2 => "values: [adam, sgd, rmsprop]",
            _ => "distribution: q_uniform\n    min: 0.0\n    max: 0.5\n    q: 0.05",
        };
        writeln!(text, "  parameter_{i}:\n    {kind}").expect("a string takes everything");
    }
    text
}

fn read(c: &mut Criterion) {
    let text = sweep_file(1000);
    let mut registry = besom_core::Registry::new();
    besom_search::register(&mut registry);
    besom_stop::register(&mut registry);
    let reader = besom_config::Reader::new(&registry);
    let read = |text: &str| reader.read(text, "sweep.yaml").expect("a right file");
    c.bench_function("config/1,000 parameters, YAML", |b| b.iter(|| black_box(read(&text))));
    let json = read(&text).config.filled.to_string();
    c.bench_function("config/1,000 parameters, JSON", |b| b.iter(|| black_box(read(&json))));
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = read
}
criterion_main!(benches);

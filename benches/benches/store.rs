//! The store from a single process: on the disk of the build directory where the disk is what counts, else in memory.
//!
//! Several processes at one store, and what the bare disk allows, are measured by
//! `cargo run --release -p besom-store --example store_bench`.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use besom_benches::stores::{FINISHED, add_sweep, claim, clock, execute, rows, sweep};
use besom_store::{Queue, SqliteStore, Store};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

/// A new store on the disk.
fn on_disk(name: &str) -> SqliteStore {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{name}.db"));
    for end in ["", "-wal", "-shm", "-turn"] {
        // It need not be there.
        std::fs::remove_file(format!("{}{end}", path.display())).ok();
    }
    SqliteStore::open(&path, clock()).expect("a store")
}

fn in_memory() -> SqliteStore {
    SqliteStore::in_memory(clock()).expect("a store")
}

/// Two transactions: taking a run and finishing it.
fn claim_and_finish(c: &mut Criterion) {
    let mut group = c.benchmark_group("store/claim and finish");
    group.measurement_time(Duration::from_secs(1));
    for (name, mut store) in [("durable", on_disk("claims")), ("in memory", in_memory())] {
        // More than can be done in that time.
        let agent = add_sweep(&mut store, "random", 100_000).expect("a sweep");
        let mut request = 0;
        group.sample_size(10).sampling_mode(SamplingMode::Flat).bench_function(name, |b| {
            b.iter(|| {
                request += 1;
                let lease = claim(&mut store, agent, request).expect("a run");
                store.finish(&lease, &FINISHED).expect("an answer")
            });
        });
    }
}

/// 1,000 rows in one durable report.
fn report(c: &mut Criterion) {
    const ROWS: u64 = 1000;
    let mut store = on_disk("rows");
    let agent = add_sweep(&mut store, "random", 1).expect("a sweep");
    let lease = claim(&mut store, agent, 1).expect("a run");
    let mut first = 1;
    let mut group = c.benchmark_group("store/metric rows");
    group.throughput(Throughput::Elements(ROWS)).sample_size(20).sampling_mode(SamplingMode::Flat);
    group.bench_function("1,000 a report, durable", |b| {
        b.iter_batched(
            || {
                first += ROWS;
                rows(first - ROWS, ROWS)
            },
            |rows| store.report(&lease, &rows).expect("an answer"),
            criterion::BatchSize::PerIteration,
        );
    });
}

/// What a controller reads when it starts, and what `besom status` reads, of 10^5 finished runs with 3 values each.
fn read(c: &mut Criterion) {
    const RUNS: usize = 100_000;
    let mut store = in_memory();
    let agent = add_sweep(&mut store, "random", RUNS).expect("a sweep");
    execute(&mut store, agent, RUNS as u64, 3).expect("a store");
    let mut group = c.benchmark_group("store/10^5 runs");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.bench_function("status", |b| b.iter(|| black_box(store.status(&sweep()).expect("an answer"))));
    group.bench_function("changes since 0", |b| {
        b.iter(|| black_box(store.changes(&sweep(), 0).expect("an answer")));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    targets = claim_and_finish, report, read
}
criterion_main!(benches);

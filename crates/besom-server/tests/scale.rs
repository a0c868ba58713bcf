//! A hundred thousand runs: how long the first answer takes, and how much memory. Run it alone, for its figures:
//! `cargo test --release -p besom-server --test scale -- --ignored --nocapture`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "its figures are what it is for")]

mod sample;
mod stage;

use std::time::{Duration, Instant};

use besom_core::RunState;
use besom_server::ServerOptions;
use besom_store::{End, NewRun, NewSweep, PastRun, Store};
use serde_json::json;
use stage::Stage;

const RUNS: u32 = 100_000;

/// A sweep of so many runs of six parameters, each with a note as `bayes` writes it and three rows.
fn prepare(store: &mut dyn Store) {
    let text = sample::TEXT.replace("run_cap: 40", "run_cap: 1000000");
    let new =
        NewSweep::new("scale001").text(text).metric("loss", besom_core::Goal::Minimize).run_cap(1_000_000);
    let run = |i: u32| {
        let x = f64::from(i) / f64::from(RUNS);
        let point = json!({ "lr": 0.0001 + x * 0.9, "momentum": x * 0.9, "layers": 1 + i % 4, "optimizer": "adam", "noise": x, "api_key": "k" });
        let note = json!({ "why": "largest expected improvement of loss: 0.1 below the best value 1 (predicted 0.5 ± 0.1)", "kind": "model",
            "predicted_mean": x, "predicted_sd": 0.1, "length_scales": { "lr": 0.1, "momentum": 0.5, "layers": 1.0, "optimizer": 2.0, "noise": 3.0 } });
        let rows = (1..=3).map(|step| sample::object(json!({ "loss": x + 1.0 / f64::from(step) })));
        PastRun::new(
            NewRun::new(sample::object(point)).note(sample::object(note)),
            End::new(RunState::Finished),
        )
        .rows(rows.collect())
    };
    store.create_with(&new, &(0..RUNS).map(run).collect::<Vec<_>>()).unwrap();
}

/// A line of the process's status, in MiB.
fn memory(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
#[ignore = "takes a minute; its figures are for docs/benchmarks.md"]
fn a_hundred_thousand_runs_are_shown_at_once_and_fit_in_memory() {
    let stage = Stage::with(ServerOptions::default(), prepare).restart();
    // Peaks count from here: the runs were made in this process.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = memory("VmRSS");
    let mut took: Vec<(&str, Duration)> = Vec::new();
    for view in ["", "/scale001/columns", "/scale001", "/scale001/importance", "/scale001/timeline"] {
        let began = Instant::now();
        let answer = stage.get(&format!("/v1/sweeps{view}"));
        took.push((view, began.elapsed()));
        assert_eq!(answer.status, 200, "{view}");
        println!("{view}: {:?}, {} bytes, peak {} MiB", began.elapsed(), answer.body.len(), memory("VmHWM"));
    }
    let used = memory("VmHWM").saturating_sub(before);
    println!("{used} MiB above the {before} MiB before");
    assert!(used < 150, "{used} MiB");
    assert!(took[0].1 < Duration::from_millis(if cfg!(debug_assertions) { 3_000 } else { 300 }), "{took:?}");
}

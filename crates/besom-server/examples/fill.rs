//! Fills a store with made-up sweeps of many runs, to see how a server and its pages fare with them.
//!
//! ```sh
//! cargo run --release -p besom-server --example fill -- STORE [RUNS ..]
//! ```
#![expect(clippy::unwrap_used, reason = "a program that fails says so by a panic")]
#![expect(clippy::print_stdout, reason = "it is a program")]

use besom_core::{Goal, Rng, RunState};
use besom_engine::Place;
use besom_store::{End, NewRun, NewSweep, PastRun};
use serde_json::{Map, Value, json};

const TEXT: &str = "\
name: digits
method: bayes
metric: {name: val_loss, goal: minimize}
early_terminate: {type: hyperband, min_iter: 3, eta: 3}
run_cap: 1000000
parameters:
  learning_rate: {distribution: log_uniform_values, min: 1.0e-5, max: 0.1}
  weight_decay: {distribution: log_uniform_values, min: 1.0e-6, max: 0.1}
  dropout: {min: 0.0, max: 0.5}
  hidden: {min: 16, max: 512}
  batch_size: {values: [16, 32, 64, 128]}
  optimizer: {values: [adamw, sgd, lion]}
  momentum: {min: 0.0, max: 0.98}
";

fn main() {
    let mut words = std::env::args().skip(1);
    let place = Place::new(words.next().expect("the directory of the store")).unwrap();
    let counts: Vec<u32> = words.map(|word| word.parse().unwrap()).collect();
    let mut store = place.open_or_create().unwrap();
    for count in if counts.is_empty() { vec![60, 20_000, 100_000] } else { counts } {
        let mut rng = Rng::new(count.into());
        let runs: Vec<PastRun> =
            (0..count).map(|place| run(&mut rng, f64::from(place) / f64::from(count))).collect();
        let new = NewSweep::new(format!("n{count:07}").as_str())
            .text(TEXT)
            .metric("val_loss", Goal::Minimize)
            .run_cap(1_000_000);
        store.create_with(&new, &runs).unwrap();
        println!("{}: {count} runs", new.id);
    }
}

/// A run; later ones are nearer to the optimum, as if a model had suggested them.
fn run(rng: &mut Rng, progress: f64) -> PastRun {
    let near = |rng: &mut Rng, best: f64| -> f64 {
        let free = rng.f64();
        let close = (best + 0.1 * (rng.f64() + rng.f64() - 1.0)).clamp(0.0, 1.0);
        if rng.f64() < 0.75 * progress { close } else { free }
    };
    let (lr, decay, dropout) = (near(rng, 0.62), near(rng, 0.35), near(rng, 0.3));
    let (hidden, momentum) = (near(rng, 0.7), near(rng, 0.9));
    let optimizer = rng.below(3);
    let off = 2.2 * (lr - 0.62).powi(2)
        + 0.25 * (decay - 0.35).powi(2)
        + 0.5 * (dropout - 0.3).powi(2)
        + 0.35 * (hidden - 0.7).powi(2)
        + 0.3 * (momentum - 0.9).powi(2)
        + 0.05 * (optimizer as f64);
    let end = 0.043 + 0.9 * off + 0.012 * rng.f64() + if lr > 0.93 { 2.3 } else { 0.0 };
    let (batch, kind) = ([16, 32, 64, 128][rng.below(4)], ["adamw", "sgd", "lion"][optimizer]);
    #[expect(clippy::cast_possible_truncation, reason = "at most 512")]
    let hidden_units = (16.0 + 496.0 * hidden).round() as i64;
    let point = json!({
        "learning_rate": 1e-5 * 1e4_f64.powf(lr), "weight_decay": 1e-6 * 1e5_f64.powf(decay), "dropout": 0.5 * dropout,
        "hidden": hidden_units, "batch_size": batch,
        "optimizer": kind, "momentum": 0.98 * momentum,
    });
    let note = json!({ "why": "largest expected improvement of val_loss", "kind": "model", "predicted_mean": end + 0.05 * (rng.f64() - 0.5), "predicted_sd": 0.03 });
    let steps = if rng.f64() < 0.3 { 3 } else { 9 };
    let rows = (1..=steps).map(|step| {
        let loss = end + 2.0 * (-0.3 * f64::from(step)).exp();
        object(json!({ "val_loss": loss, "accuracy": (1.0 - loss).max(0.1), "epoch": step }))
    });
    let state = if rng.f64() < 0.03 { RunState::Failed } else { RunState::Finished };
    PastRun::new(NewRun::new(object(point)).note(object(note)), End::new(state)).rows(rows.collect())
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

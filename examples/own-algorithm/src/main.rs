//! The command `besom` with a search method and a stopping rule of one's own: sweep files, `plan`, `run`, `methods`, `ask-tell` and `bench` know them
//! as they know besom's own.
//!
//! `cargo run -p own-algorithm -- run own-algorithm/sweep.yaml`

use besom::App;
use own_algorithm::{Lag, ThresholdAccepting};

fn main() -> std::process::ExitCode {
    App::new()
        .search("threshold", ThresholdAccepting::SPEC, |_problem, options| ThresholdAccepting::new(options))
        .stopper("lag", Lag::SPEC, |_problem, options| Lag::new(options))
        .main()
}

//! The command `besom` with a stopping rule of your own: `early_terminate: {type: patience, steps: 5}` stops a run
//! whose best value is more than so many steps old.
//!
//! `cargo run --release -p besom --example own_stopper -- run SWEEP.yaml`

use besom::core::{BoxError, History, Problem, RunState, Stop, Stopper};

struct Patience {
    steps: usize,
}

impl Stopper for Patience {
    fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        let metric = problem.metric().ok_or("patience needs a metric")?;
        let mut stops = Vec::new();
        for (number, run) in history.iter().filter(|(_, run)| run.state == RunState::Running) {
            let losses: Vec<f64> = run.curve(0).valid().map(|value| metric.goal.to_loss(value)).collect();
            let best = losses.iter().enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
            let Some((at, _)) = best else { continue };
            let age = losses.len() - 1 - at;
            if age > self.steps {
                let reason = format!("no better {} for {age} steps", metric.name);
                stops.push(Stop { run: number, reason });
            }
        }
        Ok(stops)
    }
}

fn main() -> std::process::ExitCode {
    besom::App::new()
        .stopper("patience", |_problem, options| {
            let steps = options.get("steps").map_or(Some(5), serde_json::Value::as_u64);
            let steps = steps.ok_or("'steps' must be a whole number")?;
            Ok(Patience { steps: usize::try_from(steps)? })
        })
        .main()
}

//! The command `besom` with a stopping rule of your own: `early_terminate: {type: patience, steps: 5}` stops a run
//! whose best value is more than so many steps old.
//!
//! `cargo run --release -p besom --example own_stopper -- run SWEEP.yaml`

use besom::core::{
    BoxError, History, OptionDefault, OptionKind, OptionReader, OptionSpec, Problem, RunState, Spec, Stop,
    Stopper,
};

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

/// What the file's check, `besom methods` and an editor know of it. It takes the place of besom's own rule of that name.
const PATIENCE: Spec =
    Spec::new("Stops runs that have not improved lately").needs_metric().options(&[OptionSpec::new(
        "steps",
        OptionKind::at_least(1),
        OptionDefault::Count(5),
        "How many steps without an improvement stop a run.",
    )]);

fn main() -> std::process::ExitCode {
    besom::App::new()
        .stopper("patience", PATIENCE, |_problem, options| {
            let read = OptionReader::new(PATIENCE, options);
            let steps = read.count("steps");
            Ok(read.finish(Patience { steps })?)
        })
        .main()
}

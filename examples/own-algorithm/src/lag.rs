//! A stopping rule: a run must not lag far behind the best one.

use besom::core::{
    BoxError, Curve, Goal, History, OptionDefault, OptionKind, OptionReader, OptionSpec, Options, Problem,
    RunState, Spec, Stop, Stopper,
};

/// Stops a run that is as good as the best run was many steps earlier.
#[derive(Debug)]
pub struct Lag {
    steps: usize,
}

impl Lag {
    /// What the check of sweep files, `besom methods` and an editor know of it.
    pub const SPEC: Spec =
        Spec::new("Stops runs that lag behind the best one").needs_metric().options(&[OptionSpec::new(
            "steps",
            OptionKind::at_least(1),
            OptionDefault::Count(5),
            "By how many steps a run may lag.",
        )]);

    /// The rule with options that the spec allows.
    pub fn new(options: &Options) -> Result<Self, BoxError> {
        let read = OptionReader::new(Self::SPEC, options);
        let steps = read.count("steps");
        Ok(read.finish(Self { steps })?)
    }
}

/// The best loss of a curve up to each of its steps.
fn best_so_far(curve: &Curve, goal: Goal) -> Vec<f64> {
    let losses = curve.valid().map(|value| goal.to_loss(value));
    losses
        .scan(f64::INFINITY, |best, loss| {
            *best = best.min(loss);
            Some(*best)
        })
        .collect()
}

impl Stopper for Lag {
    fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        let metric = problem.metric().ok_or("lag needs a metric")?;
        let Some(best) = history.best(problem) else { return Ok(Vec::new()) };
        let leader =
            history.get(best.run).map(|run| best_so_far(run.curve(0), metric.goal)).unwrap_or_default();
        let mut stops = Vec::new();
        for (number, run) in
            history.iter().filter(|(number, run)| run.state == RunState::Running && *number != best.run)
        {
            let losses = best_so_far(run.curve(0), metric.goal);
            let Some(&reached) = losses.last() else { continue };
            let Some(earlier) = leader.iter().position(|&loss| loss <= reached) else { continue };
            let lag = losses.len().saturating_sub(earlier + 1);
            if lag > self.steps {
                stops.push(Stop::new(number, format!("run {} was as good {lag} steps earlier", best.run)));
            }
        }
        Ok(stops)
    }
}

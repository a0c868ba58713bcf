//! Envelope stopping, W&B's rule before 2021: a run that has never been inside the band of the best finished runs is
//! stopped.
//!
//! The envelope is the worst best-so-far of the best finished runs, step by step. It needs no schedule, only some
//! finished runs, and so suits sweeps whose runs differ in length.

use std::cmp::Ordering;

use besom_core::value::float;
use besom_core::{
    Advice, BoxError, Faults, History, OptionDefault, OptionKind, Options, Problem, Rule, Run, RunState,
    Shown, Spec, Stop, Stopper, Supports, typed_options,
};
use serde_json::Value;

use crate::front::beaten;
use crate::objective::Objective;
use crate::options::{named, reader, truncated, watched};
use crate::reason::NotBetter;

/// Stops a run whose best is not strictly better than the worst that any of the best finished runs had by that step.
///
/// Options: see [`Envelope::SPEC`]. `fraction` of the finished runs, but at least `min_runs`, make the envelope; fewer finished
/// runs than `min_runs` stop nothing. A run is judged once it has more than `start_iter` values.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    fraction: f64,
    min_runs: usize,
    start_iter: usize,
    /// The place of the metric that is looked at.
    metric: usize,
}

typed_options! {
    /// Options of [`Envelope`], which is built with them by `with`.
    pub struct EnvelopeOptions {
        /// The share of finished runs, best first, that runs are compared with; 1 means all.
        fraction: f64 = OptionKind::not_below(0.0), OptionDefault::Number(0.3);
        /// How many runs must have finished; runs are compared with at least this many.
        min_runs: usize = OptionKind::at_least(0), OptionDefault::Count(3);
        /// Runs with at most this many steps continue.
        start_iter: usize = OptionKind::at_least(0), OptionDefault::Count(3);
        /// Of several metrics, the one whose values are looked at.
        metric: String = OptionKind::Metric, OptionDefault::Chosen("the first");
    }
}

impl Envelope {
    /// What the rule says of itself; its defaults are W&B's.
    pub const SPEC: Spec =
        Spec::new("Stops runs that were never better than the worst of the best finished runs")
            .needs_metric()
            .supports(Supports::ONE_METRIC.conditions().any_metrics())
            .options(EnvelopeOptions::SPECS)
            .advice(all_are_kept);

    /// The rule with these options, or everything that is wrong with them.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        let mut read = reader(Self::SPEC, problem, options);
        let (fraction, min_runs, start_iter) =
            (read.number("fraction"), read.count("min_runs"), read.count("start_iter"));
        let metric = watched(&mut read, problem);
        read.finish(Self { fraction, min_runs, start_iter, metric })
    }

    /// As [`Envelope::new`] with typed options; named and guarded, as a registry builds it.
    ///
    /// # Errors
    /// As [`Envelope::new`].
    pub fn with(problem: &Problem, options: EnvelopeOptions) -> Result<Rule, Faults> {
        named("envelope", Self::SPEC, (problem, options), Self::new)
    }

    /// The best finished runs' envelope; `None` if too few runs are finished.
    fn bound(&self, objective: Objective<'_>, history: &History) -> Option<Bound> {
        let finished = history.runs().iter().filter(|run| run.state == RunState::Finished);
        let mut finished: Vec<_> =
            finished.filter_map(|run| Some((objective.losses(run).reduce(f64::min)?, run))).collect();
        if finished.is_empty() || finished.len() < self.min_runs {
            return None;
        }
        let share = truncated((self.fraction * finished.len() as f64).ceil());
        let runs = share.max(self.min_runs).clamp(1, finished.len());
        // The sort is stable: of equally good runs the earlier ones are kept.
        finished.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(Ordering::Equal));

        finished.truncate(runs);
        Some(Bound { worst: worst_so_far(objective, finished.iter().map(|(_, run)| *run)), runs })
    }

    /// Why the run is stopped, if it is.
    fn verdict(&self, objective: Objective<'_>, bound: &Bound, run: &Run) -> Option<String> {
        if objective.most_steps(run) <= self.start_iter {
            return None;
        }
        let (mut steps, mut best) = (0, f64::INFINITY);
        for loss in objective.losses(run) {
            steps += 1;
            best = best.min(loss);
        }
        let limit = *bound.worst.get(steps.min(bound.worst.len()).checked_sub(1)?)?;
        (steps > self.start_iter && best >= limit).then(|| {
            let compared = NotBetter { metric: objective.metric(), loss: best, limit };
            let runs = bound.runs;
            format!("after {steps} steps not better than the best {runs} finished runs (best {compared})")
        })
    }
}

/// W&B takes a fraction above 1, which cannot keep more than all.
fn all_are_kept(options: &Options) -> Vec<Advice> {
    let above = options.get("fraction").and_then(Value::as_f64).is_some_and(|fraction| fraction > 1.0);
    let message = "a fraction of more than 1 keeps all finished runs, as 1 does";
    if above { vec![Advice::new("fraction", message)] } else { Vec::new() }
}

impl Stopper for Envelope {
    fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        let objective = Objective::of(problem, self.metric)?;
        if history.count(RunState::Running) == 0 {
            return Ok(Vec::new());
        }
        let Some(bound) = self.bound(objective, history) else { return Ok(Vec::new()) };
        let running = history.iter().filter(|(_, run)| run.state == RunState::Running);
        let stops = running.filter_map(|(number, run)| {
            let reason = self.verdict(objective, &bound, run)?;
            Some(Stop::new(number, reason))
        });
        Ok(beaten(problem, history, stops.collect()))
    }

    /// `{"envelope": [..]}`: the loss that a run must beat, step by step, negated when maximizing; `null` if too few
    /// runs are finished.
    fn show(&mut self, problem: &Problem, history: &History) -> Result<Shown, BoxError> {
        let bound = self.bound(Objective::of(problem, self.metric)?, history);
        let envelope = bound.map_or(Value::Null, |bound| bound.worst.into_iter().map(float).collect());
        Ok(Shown::from_iter([("envelope".to_owned(), envelope)]))
    }
}

/// The envelope as it stands.
struct Bound {
    /// The worst best-so-far of the kept runs, by step; not empty, never rising.
    worst: Vec<f64>,
    /// How many runs were kept.
    runs: usize,
}

/// The worst best-so-far of the runs at each step, as long as the longest; a short run carries its best on.
fn worst_so_far<'a>(objective: Objective<'_>, runs: impl Iterator<Item = &'a Run>) -> Vec<f64> {
    let mut worst = Vec::new();
    let mut ends = Vec::new();
    for run in runs {
        let (mut steps, mut best) = (0, f64::INFINITY);
        for loss in objective.losses(run) {
            best = best.min(loss);
            if steps == worst.len() {
                worst.push(f64::NEG_INFINITY);
            }
            worst[steps] = worst[steps].max(best);
            steps += 1;
        }
        ends.push((steps, best));
    }
    for (steps, best) in ends {
        for worst in &mut worst[steps..] {
            *worst = worst.max(best);
        }
    }
    worst
}

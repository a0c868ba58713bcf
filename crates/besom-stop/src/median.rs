//! The median rule: a run that is worse than half of all runs were at its step is stopped.
//!
//! The gentlest of the rules that compare runs: it needs no schedule, and half of the runs survive every step.
//! Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017, with the best so far in place of the
//! running average.

use std::collections::BTreeMap;

use besom_core::{
    BoxError, Faults, History, OptionDefault, OptionKind, Options, Problem, Rule, RunNumber, Shown, Spec,
    Stop, Stopper, Supports, typed_options,
};
use serde_json::Value;

use crate::front::beaten;
use crate::objective::Objective;
use crate::options::{named, reader, watched};
use crate::peers::{Field, running, shown, usual_length};
use crate::reason::{NotBetter, ordinal};

/// The part of the usual length of runs before which none is judged, unless the options say where: early values say little
/// of where a curve ends, and a tenth lost is cheap.
const GRACE: usize = 10;

/// Stops a run whose best so far is worse than the median of what the others had reached by the same step.
///
/// Options: see [`Median::SPEC`]. `grace` is by default a tenth of the usual length of runs, rounded up. Runs of every state are
/// compared with; only running ones are stopped; equal to the median survives.
#[derive(Clone, Debug, PartialEq)]
pub struct Median {
    grace: Option<usize>,
    min_peers: usize,
    /// The place of the metric that is looked at.
    metric: usize,
}

typed_options! {
    /// Options of [`Median`], which is built with them by `with`.
    pub struct MedianOptions {
        /// The first step at which runs are compared.
        grace: usize = OptionKind::at_least(1), OptionDefault::Chosen("a tenth of the usual length of runs");
        /// How many other runs must have made as many steps before any is stopped.
        min_peers: usize = OptionKind::at_least(1), OptionDefault::Count(5);
        /// Of several metrics, the one whose values are looked at.
        metric: String = OptionKind::Metric, OptionDefault::Chosen("the first");
    }
}

impl Median {
    /// What the rule says of itself. `min_peers` is the number of runs that Optuna's `MedianPruner` waits for.
    pub const SPEC: Spec = Spec::new("Stops runs that are worse than half of the others at the same step")
        .needs_metric()
        .supports(Supports::ONE_METRIC.conditions().any_metrics())
        .options(MedianOptions::SPECS);

    /// The rule with these options, or everything that is wrong with them.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        let mut read = reader(Self::SPEC, problem, options);
        let (grace, min_peers) = (read.given_count("grace"), read.count("min_peers"));
        let metric = watched(&mut read, problem);
        read.finish(Self { grace, min_peers, metric })
    }

    /// As [`Median::new`] with typed options; named and guarded, as a registry builds it.
    ///
    /// # Errors
    /// As [`Median::new`].
    pub fn with(problem: &Problem, options: MedianOptions) -> Result<Rule, Faults> {
        named("median", Self::SPEC, (problem, options), Self::new)
    }

    fn first_step(&self, objective: Objective<'_>, history: &History) -> usize {
        self.grace.unwrap_or_else(|| usual_length(objective, history).div_ceil(GRACE)).max(1)
    }

    /// The running runs that may be judged, by how many steps they have made.
    fn judged(&self, objective: Objective<'_>, history: &History) -> BTreeMap<usize, Vec<RunNumber>> {
        let first = self.first_step(objective, history);
        let mut judged: BTreeMap<usize, Vec<RunNumber>> = BTreeMap::new();
        for (run, steps) in running(objective, history).into_iter().filter(|&(_, steps)| steps >= first) {
            judged.entry(steps).or_default().push(run);
        }
        judged
    }

    /// The median of the others' losses; `None` if they are too few.
    fn limit(&self, field: &Field, own: Option<f64>) -> Option<f64> {
        let mut others = field.losses().to_vec();
        if let Some(own) = own {
            others.remove(field.place(own) - 1);
        }
        let (count, middle) = (others.len(), others.len() / 2);
        if count < self.min_peers.max(1) {
            return None;
        }
        // Halved before the sum, which might overflow.
        Some(if count % 2 == 1 { others[middle] } else { others[middle - 1] / 2.0 + others[middle] / 2.0 })
    }
}

impl Stopper for Median {
    fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        let objective = Objective::of(problem, self.metric)?;
        let mut stops = Vec::new();
        for (step, runs) in self.judged(objective, history) {
            let field = Field::at(objective, history, step);
            for run in runs {
                let Some(loss) = field.loss(run) else { continue };
                let Some(limit) = self.limit(&field, Some(loss)).filter(|&limit| loss > limit) else {
                    continue;
                };
                let (place, of) = (ordinal(field.place(loss)), field.len());
                let compared = NotBetter { metric: objective.metric(), loss, limit };
                let reason =
                    format!("{place} of {of} at step {step}, worse than the median (best {compared})");
                stops.push(Stop::new(run, reason));
            }
        }
        stops.sort_by_key(|stop| stop.run);
        Ok(beaten(problem, history, stops))
    }

    /// `{"grace": 5, "medians": {"12": ..}}`: the first step at which runs are judged, and for each step at which
    /// running runs are the median of all runs that got there, negated when maximizing (`null`: too few).
    fn show(&mut self, problem: &Problem, history: &History) -> Result<Shown, BoxError> {
        let objective = Objective::of(problem, self.metric)?;
        let steps = self.judged(objective, history).into_keys();
        let medians = steps.map(|step| {
            let field = Field::at(objective, history, step);
            (step.to_string(), shown(self.limit(&field, None)))
        });
        Ok(Shown::from_iter([
            ("grace".to_owned(), self.first_step(objective, history).into()),
            ("medians".to_owned(), Value::Object(medians.collect())),
        ]))
    }
}

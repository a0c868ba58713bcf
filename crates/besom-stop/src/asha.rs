//! Asynchronous successive halving, the form that stops: at few steps only the best part continues.
//!
//! Steps called *rungs* are r, rη, rη² …: a run that gets to one continues if its best so far is among the best 1/η of all
//! runs that ever got there. Unlike W&B's `hyperband`, it needs no option (r follows from how long runs are),
//! judges by the best so far and not by one noisy value, waits until there is something to compare with, and never
//! stops the run that has the best value of all.
//!
//! Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020; the form that stops instead of
//! pausing is that of Ray Tune and syne-tune.

use besom_core::{
    BoxError, Faults, History, OptionDefault, OptionKind, Options, Problem, Rule, RunNumber, Shown, Spec,
    Stop, Stopper, Supports, typed_options,
};
use serde_json::Value;

use crate::front::beaten;
use crate::objective::Objective;
use crate::options::{named, reader, truncated, watched};
use crate::peers::{Field, lowest, running, shown, usual_length};
use crate::reason::{NotBetter, ordinal};

/// How many times shorter than a whole run the first rung is, unless the options say where it is: a power of the default
/// `eta`, measured in ADR 22.
const FIRST_RUNG: usize = 64;

/// Stops a run that is not among the best 1/eta at the last rung that it reached.
///
/// Options: see [`Asha::SPEC`]. `min_iter` is the first rung, by default a 64th of the usual length of runs, rounded up. Of the
/// runs at a rung a 1/eta part survives, rounded down but at least one; equals survive together. The run with the lowest loss
/// of the history is never stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct Asha {
    eta: f64,
    min_iter: Option<usize>,
    min_peers: usize,
    /// The place of the metric that is looked at.
    metric: usize,
}

typed_options! {
    /// Options of [`Asha`], which is built with them by `with`.
    pub struct AshaOptions {
        /// One in `eta` runs survives each comparison.
        eta: f64 = OptionKind::above(1.0), OptionDefault::Number(4.0);
        /// The first step at which runs are compared.
        min_iter: usize =
            OptionKind::at_least(1),
            OptionDefault::Chosen("a 64th of the usual length of runs");
        /// How many other runs must have reached a step before any is stopped there.
        min_peers: usize = OptionKind::at_least(1), OptionDefault::Count(4);
        /// Of several metrics, the one whose values are looked at.
        metric: String = OptionKind::Metric, OptionDefault::Chosen("the first");
    }
}

impl Asha {
    /// What the rule says of itself.
    pub const SPEC: Spec = Spec::new(
        "Stops runs that are not among the best at a few steps, which depend on the length of runs",
    )
    .needs_metric()
    .supports(Supports::ONE_METRIC.conditions().any_metrics())
    .options(AshaOptions::SPECS);

    /// The rule with these options, or everything that is wrong with them.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        let mut read = reader(Self::SPEC, problem, options);
        let (eta, min_iter, min_peers) =
            (read.number("eta"), read.given_count("min_iter"), read.count("min_peers"));
        let metric = watched(&mut read, problem);
        read.finish(Self { eta, min_iter, min_peers, metric })
    }

    /// As [`Asha::new`] with typed options; named and guarded, as a registry builds it.
    ///
    /// # Errors
    /// As [`Asha::new`].
    pub fn with(problem: &Problem, options: AshaOptions) -> Result<Rule, Faults> {
        named("asha", Self::SPEC, (problem, options), Self::new)
    }

    /// The rungs up to `longest` steps, increasing.
    fn rungs(&self, objective: Objective<'_>, history: &History, longest: usize) -> Vec<usize> {
        let first = self.min_iter.unwrap_or_else(|| usual_length(objective, history).div_ceil(FIRST_RUNG));
        let rungs = std::iter::successors(Some(first.max(1) as f64), |rung| Some(rung * self.eta));
        let mut rungs: Vec<usize> = rungs.map(truncated).take_while(|&rung| rung <= longest).collect();
        rungs.dedup();
        rungs
    }

    /// The largest loss that survives at a rung; `None` if too few runs have got there to stop any.
    fn threshold(&self, field: &Field) -> Option<f64> {
        if field.len() <= self.min_peers {
            return None;
        }
        let survivors = truncated(field.len() as f64 / self.eta).max(1);
        field.losses().get(survivors - 1).copied()
    }

    fn verdict(
        &self,
        objective: Objective<'_>,
        (rung, field): (usize, &Field),
        run: RunNumber,
    ) -> Option<String> {
        let (loss, limit) = (field.loss(run)?, self.threshold(field)?);
        (loss > limit).then(|| {
            let compared = NotBetter { metric: objective.metric(), loss, limit };
            format!("{} of {} at step {rung} (best {compared})", ordinal(field.place(loss)), field.len())
        })
    }
}

impl Stopper for Asha {
    fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        let objective = Objective::of(problem, self.metric)?;
        let running = running(objective, history);
        let Some(longest) = running.iter().map(|&(_, steps)| steps).max() else { return Ok(Vec::new()) };
        let rungs = self.rungs(objective, history, longest);
        let fields: Vec<(usize, Field)> =
            rungs.iter().map(|&rung| (rung, Field::at(objective, history, rung))).collect();
        let lowest = lowest(objective, history);
        let stops = running.into_iter().filter_map(|(run, steps)| {
            let (rung, field) = &fields[rungs.partition_point(|&rung| rung <= steps).checked_sub(1)?];
            // The run that has the lowest loss of all may have found it after the rung.
            let best = history.get(run).is_some_and(|run| objective.losses(run).any(|loss| loss <= lowest));
            let reason = self.verdict(objective, (*rung, field), run).filter(|_| !best)?;
            Some(Stop::new(run, reason))
        });
        Ok(beaten(problem, history, stops.collect()))
    }

    /// `{"rungs": [..], "runs": [..], "thresholds": [..]}`: the steps at which runs are judged as far as any run has
    /// got, how many runs reached them, and the largest loss that survives there, negated when maximizing (`null`: too
    /// few runs to stop any).
    fn show(&mut self, problem: &Problem, history: &History) -> Result<Shown, BoxError> {
        let objective = Objective::of(problem, self.metric)?;
        let longest = history.runs().iter().map(|run| objective.losses(run).count()).max().unwrap_or(0);
        let rungs = self.rungs(objective, history, longest);
        let fields: Vec<Field> = rungs.iter().map(|&rung| Field::at(objective, history, rung)).collect();
        let thresholds = fields.iter().map(|field| shown(self.threshold(field)));
        Ok(Shown::from_iter([
            ("rungs".to_owned(), Value::from(rungs)),
            ("runs".to_owned(), fields.iter().map(Field::len).collect()),
            ("thresholds".to_owned(), thresholds.collect()),
        ]))
    }
}

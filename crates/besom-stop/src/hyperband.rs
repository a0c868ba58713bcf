//! Hyperband's successive halving as W&B does it.
//!
//! At steps called *bands* every run that gets there is compared with all that got there before it, and stopped if it is
//! not among the best 1/η (`eta`). Bands are r, rη, rη² … for r = `min_iter`, or R/η, R/η² … (`s` of them) for
//! R = `max_iter`. The rule is asynchronous: no run waits, and each is judged by its last band at every step of the sweep.
//!
//! Which element of the sorted losses is the threshold, how bands are rounded and what counts as a step are W&B's, to
//! the bit of the floating point product. The idea is Li et al., "Hyperband: A Novel Bandit-Based Approach to
//! Hyperparameter Optimization", JMLR 18 (2018); without brackets it is the asynchronous halving of Li et al., "A
//! System for Massively Parallel Hyperparameter Tuning", MLSys 2020.

use besom_core::value::float;
use besom_core::{
    Advice, BoxError, Fault, Faults, History, OptionDefault, OptionKind, OptionReader, Options, Problem,
    Rule, Run, RunNumber, RunState, Shown, Spec, Stop, Stopper, Supports, typed_options,
};
use serde_json::Value;

use crate::RuleError;
use crate::front::beaten;
use crate::objective::Objective;
use crate::options::{named, reader, truncated, watched};
use crate::reason::{NotBetter, ordinal};

/// How many bands `min_iter` makes: W&B's number, so that thresholds agree with it.
const BANDS: usize = 100;

/// The most bands that `max_iter` and `s` may make, so that memory is bounded; only an `eta` next to 1 needs more.
const MOST_BANDS: usize = 10_000;

/// Stops a run that is worse at its last band than the best 1/eta of all runs there.
///
/// Options: see [`Hyperband::SPEC`]. `min_iter` is the first band; or there are `s` bands below `max_iter`. With both forms,
/// `max_iter` wins. Runs of every state set thresholds; only running ones are stopped; equal to the threshold survives.
#[derive(Clone, Debug, PartialEq)]
pub struct Hyperband {
    /// Steps at which runs are judged; increasing, from 1.
    bands: Vec<usize>,
    eta: f64,
    strict: bool,
    /// The place of the metric that is looked at.
    metric: usize,
}

typed_options! {
    /// Options of [`Hyperband`], which is built with them by `with`.
    pub struct HyperbandOptions {
        /// The first step at which runs are compared; the others are this step times powers of `eta`.
        min_iter: usize = OptionKind::at_least(1), OptionDefault::Chosen("none");
        /// Instead of `min_iter`, the last step of a run: runs are compared at this step divided by powers of
        /// `eta`.
        max_iter: usize = OptionKind::at_least(1), OptionDefault::Chosen("none");
        /// With `max_iter`, the number of steps at which runs are compared.
        s: usize = OptionKind::at_least(1), OptionDefault::Chosen("none");
        /// One in `eta` runs survives each comparison.
        eta: f64 = OptionKind::above(1.0), OptionDefault::Number(3.0);
        /// Whether a run is judged by its value at the step itself instead of its best value so far.
        strict: bool = OptionKind::Flag, OptionDefault::Flag(true);
        /// Of several metrics, the one whose values are looked at.
        metric: String = OptionKind::Metric, OptionDefault::Chosen("the first");
    }
}

impl Hyperband {
    /// What the rule says of itself; its defaults are W&B's. It needs `min_iter`, or `max_iter` and `s`.
    pub const SPEC: Spec = Spec::new("Stops runs that are not among the best at a few steps, as W&B does")
        .needs_metric()
        .supports(Supports::ONE_METRIC.conditions().any_metrics())
        .in_wandb()
        .options(HyperbandOptions::SPECS)
        .forms(&[&["max_iter", "s"], &["min_iter"]])
        .advice(unused_form);

    /// The rule with these options, or everything that is wrong with them.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        let mut read = reader(Self::SPEC, problem, options);
        let (eta, strict) = (read.number("eta"), read.flag("strict"));
        let bands = read_bands(&mut read, eta);
        let metric = watched(&mut read, problem);
        read.finish(Self { bands, eta, strict, metric })
    }

    /// As [`Hyperband::new`] with typed options; named and guarded, as a registry builds it.
    ///
    /// # Errors
    /// As [`Hyperband::new`].
    pub fn with(problem: &Problem, options: HyperbandOptions) -> Result<Rule, Faults> {
        named("hyperband", Self::SPEC, (problem, options), Self::new)
    }

    /// The steps at which runs are judged: increasing, without repetitions. Steps count a run's valid values, from 1.
    pub fn bands(&self) -> &[usize] {
        &self.bands
    }

    fn field(&self, objective: Objective<'_>, history: &History) -> Field {
        let mut losses = vec![Vec::new(); self.bands.len()];
        let mut standings = Vec::new();
        for (number, run) in history.iter() {
            let running = run.state == RunState::Running;
            let standing = self.climb(objective, run, running && !self.strict, &mut losses);
            if let (true, Some(standing)) = (running, standing) {
                standings.push((number, standing));
            }
        }
        for losses in &mut losses {
            losses.sort_unstable_by(f64::total_cmp);
        }
        Field { losses, standings }
    }

    /// Follows a run up its bands, adding its loss at each to that band's. `None` if it reached none.
    ///
    /// Its best loss is only right if asked for: then the curve is read to its end, else to the last band.
    fn climb(
        &self,
        objective: Objective<'_>,
        run: &Run,
        best: bool,
        losses: &mut [Vec<f64>],
    ) -> Option<Standing> {
        let reachable = self.bands.partition_point(|&band| band <= objective.most_steps(run));
        let mut next = 0;
        let mut standing = None;
        let mut lowest = f64::INFINITY;
        for (step, loss) in (1..).zip(objective.losses(run)) {
            if next == reachable && !best {
                break;
            }
            lowest = lowest.min(loss);
            if next < reachable && self.bands[next] == step {
                losses[next].push(loss);
                standing = Some((next, loss));
                next += 1;
            }
        }
        standing.map(|(band, at_band)| Standing { band, at_band, lowest })
    }

    /// The largest loss that survives among sorted losses; infinite if there are none.
    fn threshold(&self, losses: &[f64]) -> f64 {
        // W&B multiplies by the rounded reciprocal: with eta 49 and 49 runs the product is a little below 1.
        let rank = truncated((1.0 / self.eta) * losses.len() as f64);
        let last = losses.len().saturating_sub(1);
        losses.get(rank.min(last)).copied().unwrap_or(f64::INFINITY)
    }

    fn verdict(
        &self,
        objective: Objective<'_>,
        field: &Field,
        run: RunNumber,
        standing: Standing,
    ) -> Option<Stop> {
        let losses = &field.losses[standing.band];
        let limit = self.threshold(losses);
        let loss = if self.strict { standing.at_band } else { standing.lowest };
        (loss > limit).then(|| {
            let place = ordinal(losses.partition_point(|&other| other < loss) + 1);
            let best = if self.strict { "" } else { "best " };
            let compared = NotBetter { metric: objective.metric(), loss, limit };
            let (of, step) = (losses.len(), self.bands[standing.band]);
            Stop::new(run, format!("{place} of {of} at step {step} ({best}{compared})"))
        })
    }
}

impl Stopper for Hyperband {
    fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        let objective = Objective::of(problem, self.metric)?;
        if history.count(RunState::Running) == 0 {
            return Ok(Vec::new());
        }
        let field = self.field(objective, history);
        let stops = field
            .standings
            .iter()
            .filter_map(|&(run, standing)| self.verdict(objective, &field, run, standing));
        Ok(beaten(problem, history, stops.collect()))
    }

    /// `{"bands": [..], "thresholds": [..]}`: the largest loss that survives at each band, negated when maximizing,
    /// up to the first band that no run has got to (`"Infinity"`: anything survives). Empty when no run is running.
    fn show(&mut self, problem: &Problem, history: &History) -> Result<Shown, BoxError> {
        let objective = Objective::of(problem, self.metric)?;
        if history.count(RunState::Running) == 0 {
            return Ok(Shown::new());
        }
        let longest = history.runs().iter().map(|run| objective.most_steps(run)).max().unwrap_or(0);
        let count = self.bands.len().min(self.bands.partition_point(|&band| band <= longest) + 1);
        let field = self.field(objective, history);
        let thresholds = field.losses[..count].iter().map(|losses| match self.threshold(losses) {
            f64::INFINITY => Value::from("Infinity"),
            threshold => float(threshold),
        });
        Ok(Shown::from_iter([
            ("bands".to_owned(), Value::from(&self.bands[..count])),
            ("thresholds".to_owned(), thresholds.collect()),
        ]))
    }
}

/// The standings of all runs.
struct Field {
    /// For each band the losses of the runs that reached it, sorted.
    losses: Vec<Vec<f64>>,
    /// The running runs that reached a band.
    standings: Vec<(RunNumber, Standing)>,
}

/// The standing of one run.
#[derive(Clone, Copy)]
struct Standing {
    /// The last band that it reached, as index.
    band: usize,
    /// Its loss there.
    at_band: f64,
    /// Its lowest loss anywhere.
    lowest: f64,
}

/// Which of the two forms is ignored beside the other.
fn unused_form(options: &Options) -> Vec<Advice> {
    let has = |key| options.contains_key(key);
    let unused = match (has("min_iter"), has("max_iter"), has("s")) {
        (true, true, true) => Some(("min_iter", "this has no effect beside max_iter and s")),
        (true, false, true) => Some(("s", "this has no effect without max_iter")),
        _ => None,
    };
    unused.map(|(key, message)| Advice::new(key, message)).into_iter().collect()
}

/// The bands that the options ask for; empty if a fault was found.
fn read_bands(read: &mut OptionReader<'_>, eta: f64) -> Vec<usize> {
    if read.has("max_iter") {
        let (Some(max_iter), Some(s)) = (read.given_count("max_iter"), read.given_count("s")) else {
            return Vec::new();
        };
        return bands_below(max_iter, s, eta).unwrap_or_else(|(key, error)| {
            read.fault(Fault::of_option(key, error));
            Vec::new()
        });
    }
    read.given_count("min_iter").map(|min_iter| bands_from(min_iter, eta)).unwrap_or_default()
}

/// r, rη, rη² …, rounded down. The largest saturate, far above any curve.
fn bands_from(min_iter: usize, eta: f64) -> Vec<usize> {
    let bands = std::iter::successors(Some(min_iter as f64), |band| Some(band * eta));
    let mut bands: Vec<usize> = bands.take(BANDS).map(truncated).collect();
    bands.dedup();
    bands
}

/// R/η, R/η² …, `s` of them unless they fall below 1 before, rounded down; or the option at fault.
fn bands_below(max_iter: usize, s: usize, eta: f64) -> Result<Vec<usize>, (&'static str, RuleError)> {
    let bands = std::iter::successors(Some(max_iter as f64 / eta), |band| Some(band / eta));
    let most = s.min(MOST_BANDS + 1);
    let mut bands: Vec<usize> = bands.take_while(|&band| band >= 1.0).take(most).map(truncated).collect();
    if bands.is_empty() {
        return Err(("max_iter", RuleError::NoBands { max_iter, eta }));
    }
    if bands.len() > MOST_BANDS {
        return Err(("eta", RuleError::TooManyBands { eta, limit: MOST_BANDS }));
    }
    bands.reverse();
    bands.dedup();
    Ok(bands)
}

//! Thresholds: a run that diverges, or leaves bounds that its owner set, is stopped at once.
//!
//! Divergence is what no training recovers from: a metric that is not a number, or a loss beyond all proportion. The
//! proportion is taken from the runs that are over: losses are measured from their median in units of the spread of
//! their better half, and logarithmically beyond one such unit, so that an earlier explosion does not hide the next.

use besom_core::{
    BoxError, Fault, Faults, Goal, History, OptionDefault, OptionError, OptionKind, OptionReader, Options,
    Problem, Rule, Run, RunState, Shown, Spec, Stop, Stopper, Supports, typed_options,
};

use crate::RuleError;
use crate::objective::Objective;
use crate::options::{named, reader, watched};
use crate::peers::shown;
use crate::reason::{NotBetter, value};

/// The spread of losses that are all but equal, as part of their size: far above rounding errors, far below differences that
/// matter.
const LEAST_SPREAD: f64 = 1e-12;

/// Fewer finished runs give no proportion: the spread of the better half needs two runs.
const FEWEST: usize = 4;

/// Stops a run whose latest values are no numbers, or whose latest value is out of bounds or out of proportion.
///
/// Options: see [`Threshold::SPEC`]. `upper` and `lower` bound the metric as logged; `divergence` is measured on the scale
/// above.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    nan: usize,
    upper: Option<f64>,
    lower: Option<f64>,
    divergence: f64,
    min_iter: usize,
    /// The place of the metric that is looked at.
    metric: usize,
}

typed_options! {
    /// Options of [`Threshold`], which is built with them by `with`.
    pub struct ThresholdOptions {
        /// How many non-numeric values in a row stop a run; 0 turns this off.
        nan: usize = OptionKind::at_least(0), OptionDefault::Count(1);
        /// The largest allowed value of the metric.
        upper: f64 = OptionKind::NUMBER, OptionDefault::Chosen("none");
        /// The smallest allowed value of the metric.
        lower: f64 = OptionKind::NUMBER, OptionDefault::Chosen("none");
        /// How many times as bad as the worst finished run a loss must be to stop its run, at least 1; 0 turns
        /// this off.
        divergence: f64 = OptionKind::not_below(0.0), OptionDefault::Number(10.0);
        /// The first step at which bounds and divergence are checked.
        min_iter: usize = OptionKind::at_least(1), OptionDefault::Count(1);
        /// Of several metrics, the one whose values are looked at.
        metric: String = OptionKind::Metric, OptionDefault::Chosen("the first");
    }
}

impl Threshold {
    /// What the rule says of itself.
    pub const SPEC: Spec = Spec::new("Stops runs that diverge, log NaN or leave given bounds")
        .needs_metric()
        .supports(Supports::ONE_METRIC.conditions().any_metrics())
        .options(ThresholdOptions::SPECS);

    /// The rule with these options, or everything that is wrong with them.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        let mut read = reader(Self::SPEC, problem, options);
        let (upper, lower) = (read.given_number("upper"), read.given_number("lower"));
        if let (Some(lower), Some(upper)) = (lower, upper)
            && lower >= upper
        {
            read.fault(Fault::of_option("lower", RuleError::EmptyBounds { lower, upper }));
        }
        let divergence = read_divergence(&mut read);
        let (nan, min_iter) = (read.count("nan"), read.count("min_iter"));
        let metric = watched(&mut read, problem);
        read.finish(Self { nan, upper, lower, divergence, min_iter, metric })
    }

    /// As [`Threshold::new`] with typed options; named and guarded, as a registry builds it.
    ///
    /// # Errors
    /// As [`Threshold::new`].
    pub fn with(problem: &Problem, options: ThresholdOptions) -> Result<Rule, Faults> {
        named("threshold", Self::SPEC, (problem, options), Self::new)
    }

    /// The loss beyond which a run has diverged; `None` if too few runs are over.
    fn limit(&self, objective: Objective<'_>, history: &History) -> Option<f64> {
        if self.divergence == 0.0 {
            return None;
        }
        let finished = history.runs().iter().filter(|run| run.state == RunState::Finished);
        let mut losses: Vec<f64> = finished.filter_map(|run| objective.losses(run).last()).collect();
        if losses.len() < FEWEST {
            return None;
        }
        losses.sort_unstable_by(f64::total_cmp);
        let better = &losses[..losses.len().div_ceil(2)];
        let median = losses[losses.len() / 2];
        let squares: f64 = better.iter().map(|loss| (median - loss) * (median - loss)).sum();
        let spread = (squares / better.len() as f64).sqrt().max(LEAST_SPREAD * (1.0 + median.abs()));
        let worst = (losses[losses.len() - 1] - median) / spread;
        let worst = if worst > 1.0 { 1.0 + libm::log(worst) } else { 1.0 };
        let limit = median + spread * libm::exp(self.divergence * worst - 1.0);
        limit.is_finite().then_some(limit)
    }

    fn verdict(&self, objective: Objective<'_>, limit: Option<f64>, run: &Run) -> Option<String> {
        let bad = run.curve(self.metric).values.iter().rev().take_while(|value| !value.is_finite()).count();
        if self.nan > 0 && bad >= self.nan {
            let times = if bad == 1 { "value" } else { "values" };
            return Some(format!("{} is not a finite number (last {bad} {times})", objective.metric().name));
        }
        let steps = objective.losses(run).count();
        let loss = objective.losses(run).last().filter(|_| steps >= self.min_iter)?;
        let metric = objective.metric();
        let logged = metric.goal.to_loss(loss);
        if let Some(upper) = self.upper.filter(|&upper| logged > upper) {
            return Some(format!("{} at step {steps} is above upper {upper}", value(metric, loss)));
        }
        if let Some(lower) = self.lower.filter(|&lower| logged < lower) {
            return Some(format!("{} at step {steps} is below lower {lower}", value(metric, loss)));
        }
        let limit = limit.filter(|&limit| loss > limit)?;
        Some(format!("diverged at step {steps} ({})", NotBetter { metric, loss, limit }))
    }
}

/// The option `divergence`, which is off at 0; below 1 it would stop runs that are no worse than finished ones.
fn read_divergence(read: &mut OptionReader<'_>) -> f64 {
    let divergence = read.number("divergence");
    if 0.0 < divergence && divergence < 1.0 {
        let expected = "0 or a number of at least 1".to_owned();
        let found = divergence.to_string();
        read.fault(OptionError::Wrong { key: "divergence", expected, found, nearest: None });
    }
    divergence
}

impl Stopper for Threshold {
    fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        let objective = Objective::of(problem, self.metric)?;
        if history.count(RunState::Running) == 0 {
            return Ok(Vec::new());
        }
        let limit = self.limit(objective, history);
        let running = history.iter().filter(|(_, run)| run.state == RunState::Running);
        let stops = running.filter_map(|(run, state)| {
            let reason = self.verdict(objective, limit, state)?;
            Some(Stop::new(run, reason))
        });
        Ok(stops.collect())
    }

    /// `{"upper": .., "lower": ..}`: the bounds of the metric as logged that hold now, given or by divergence; `null` if
    /// there is none.
    fn show(&mut self, problem: &Problem, history: &History) -> Result<Shown, BoxError> {
        let objective = Objective::of(problem, self.metric)?;
        let limit = self.limit(objective, history);
        let (mut upper, mut lower) = (self.upper, self.lower);
        match objective.metric().goal {
            Goal::Minimize => upper = upper.into_iter().chain(limit).reduce(f64::min),
            Goal::Maximize => lower = lower.into_iter().chain(limit.map(|l| -l)).reduce(f64::max),
        }
        Ok(Shown::from_iter([("upper".to_owned(), shown(upper)), ("lower".to_owned(), shown(lower))]))
    }
}

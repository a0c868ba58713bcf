//! Patience: a run that has not improved for long is stopped, whatever the others do.
//!
//! It saves the tail of runs that have converged, and so suits any search; it does not distinguish good runs from bad
//! ones.

use besom_core::{
    BoxError, Faults, History, OptionDefault, OptionKind, Options, Problem, Rule, Run, RunState, Shown, Spec,
    Stop, Stopper, Supports, typed_options,
};

use crate::objective::Objective;
use crate::options::{named, reader, watched};
use crate::reason::value;

/// Stops a run that has made `patience` steps since it last improved by more than `min_delta`.
///
/// Options: see [`Patience::SPEC`].
#[derive(Clone, Debug, PartialEq)]
pub struct Patience {
    patience: usize,
    min_delta: f64,
    min_iter: usize,
    /// The place of the metric that is looked at.
    metric: usize,
}

typed_options! {
    /// Options of [`Patience`], which is built with them by `with`.
    pub struct PatienceOptions {
        /// How many steps without an improvement stop a run.
        patience: usize = OptionKind::at_least(1), OptionDefault::Count(10);
        /// How much better a value must be to count as an improvement, in units of the metric.
        min_delta: f64 = OptionKind::not_below(0.0), OptionDefault::Number(0.0);
        /// Runs with fewer steps continue.
        min_iter: usize = OptionKind::at_least(1), OptionDefault::Count(1);
        /// Of several metrics, the one whose values are looked at.
        metric: String = OptionKind::Metric, OptionDefault::Chosen("the first");
    }
}

impl Patience {
    /// What the rule says of itself.
    pub const SPEC: Spec = Spec::new("Stops runs that no longer improve")
        .needs_metric()
        .supports(Supports::ONE_METRIC.conditions().any_metrics())
        .options(PatienceOptions::SPECS);

    /// The rule with these options, or everything that is wrong with them.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        let mut read = reader(Self::SPEC, problem, options);
        let (patience, min_delta, min_iter) =
            (read.count("patience"), read.number("min_delta"), read.count("min_iter"));
        let metric = watched(&mut read, problem);
        read.finish(Self { patience, min_delta, min_iter, metric })
    }

    /// As [`Patience::new`] with typed options; named and guarded, as a registry builds it.
    ///
    /// # Errors
    /// As [`Patience::new`].
    pub fn with(problem: &Problem, options: PatienceOptions) -> Result<Rule, Faults> {
        named("patience", Self::SPEC, (problem, options), Self::new)
    }

    /// How the run has fared; `None` if it has logged no number.
    fn plateau(&self, objective: Objective<'_>, run: &Run) -> Option<Plateau> {
        let mut losses = (1..).zip(objective.losses(run));
        let (first, loss) = losses.next()?;
        let mut plateau = Plateau { loss, since: first, steps: first };
        for (step, loss) in losses {
            plateau.steps = step;
            if loss < plateau.loss - self.min_delta {
                plateau = Plateau { loss, since: step, steps: step };
            }
        }
        Some(plateau)
    }
}

impl Stopper for Patience {
    fn stop(&mut self, problem: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        let objective = Objective::of(problem, self.metric)?;
        let running = history.iter().filter(|(_, run)| run.state == RunState::Running);
        let stops = running.filter_map(|(number, run)| {
            let Plateau { loss, since, steps } = self.plateau(objective, run)?;
            let idle = steps - since;
            (idle >= self.patience && steps >= self.min_iter).then(|| {
                let best = value(objective.metric(), loss);
                let reason = format!("no improvement for {idle} steps ({best} since step {since})");
                Stop::new(number, reason)
            })
        });
        Ok(stops.collect())
    }

    /// `{"idle": {"3": 4}}`: for each running run that has logged a number the steps since it last improved.
    fn show(&mut self, problem: &Problem, history: &History) -> Result<Shown, BoxError> {
        let objective = Objective::of(problem, self.metric)?;
        let running = history.iter().filter(|(_, run)| run.state == RunState::Running);
        let idle = running.filter_map(|(number, run)| {
            let plateau = self.plateau(objective, run)?;
            Some((number.to_string(), (plateau.steps - plateau.since).into()))
        });
        Ok(Shown::from_iter([("idle".to_owned(), serde_json::Value::Object(idle.collect()))]))
    }
}

/// How long a run has not improved.
struct Plateau {
    /// Its loss when it last improved.
    loss: f64,
    /// The step of that.
    since: usize,
    /// The steps that it has made.
    steps: usize,
}

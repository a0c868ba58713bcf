//! Patience: a run that has not improved for long is stopped, whatever the others do.
//!
//! It saves the tail of runs that have converged, and so goes well with any search; it does not tell good runs from
//! bad ones.

use besom_core::{BoxError, History, Options, Problem, Run, RunState, Shown, Stop, Stopper};

use crate::RuleError;
use crate::objective::Objective;
use crate::options::reader;
use crate::reason::value;

/// Stops a run that has made `patience` steps since it last improved by more than `min_delta`.
///
/// Options: `patience` (10 steps, at least 1); `min_delta` (0): what counts as no improvement, in units of the metric;
/// `min_iter` (1): a run of fewer steps goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Patience {
    patience: usize,
    min_delta: f64,
    min_iter: usize,
}

impl Patience {
    /// The rule with these options, or everything that is wrong with them.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, RuleError> {
        let mut read = reader(problem, options, &["patience", "min_delta", "min_iter"]);
        let patience = read.count("patience", 1).unwrap_or(10);
        let min_delta = read.number("min_delta", "a number of at least 0", |x| x >= 0.0).unwrap_or(0.0);
        let min_iter = read.count("min_iter", 1).unwrap_or(1);
        Ok(read.finish(Self { patience, min_delta, min_iter })?)
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
        let objective = Objective::of(problem)?;
        let running = history.iter().filter(|(_, run)| run.state == RunState::Running);
        let stops = running.filter_map(|(number, run)| {
            let Plateau { loss, since, steps } = self.plateau(objective, run)?;
            let idle = steps - since;
            (idle >= self.patience && steps >= self.min_iter).then(|| {
                let best = value(objective.metric(), loss);
                let reason = format!("no improvement for {idle} steps ({best} since step {since})");
                Stop { run: number, reason }
            })
        });
        Ok(stops.collect())
    }

    /// `{"idle": {"3": 4}}`: for each running run that has logged a number the steps since it last improved.
    fn show(&mut self, problem: &Problem, history: &History) -> Result<Shown, BoxError> {
        let objective = Objective::of(problem)?;
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

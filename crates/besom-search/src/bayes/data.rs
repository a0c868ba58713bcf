//! Which run enters a model with which value: W&B's rules, with the faults of its engine mended.
//!
//! * A finished run counts with its best value over curve and summary.
//! * A failed, crashed or killed one, and a finished one that never logged a number, counts with what
//!   `metric.impute` says.
//! * Runs that are not over are in flight and have no value, unless `metric.impute_while_running` gives a running one a
//!   value: its own best, or in place of that the imputed one.
//! * A run that lacks a searchable parameter, or has a value there that the space does not know, is left out. Numbers
//!   beyond their bounds count as the bound.

use besom_core::{
    Distribution, Goal, History, Impute, ImputeWhileRunning, Metric, Point, Problem, Run, RunNumber,
    RunState, Space,
};
use serde_json::Value;

/// A run that enters with a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The run.
    pub run: RunNumber,
    /// Its place in the unit cube as W&B sees it: one cdf per searchable parameter, in declared order.
    pub cube: Vec<f64>,
    /// Its value as something to minimise; finite.
    pub loss: f64,
    /// Whether the run logged the value itself; otherwise it is imputed.
    pub measured: bool,
}

/// A run that is not over and has no value.
#[derive(Clone, Debug, PartialEq)]
pub struct InFlight {
    /// The run.
    pub run: RunNumber,
    /// As in [`Observation`].
    pub cube: Vec<f64>,
}

/// The runs of a history that enter a model, each kind in the order of the runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observations {
    /// Those with a value.
    pub valued: Vec<Observation>,
    /// Those without.
    pub in_flight: Vec<InFlight>,
}

impl Observations {
    /// Reads a history as a model of the first metric sees it; nothing if the problem has no metric.
    pub fn new(problem: &Problem, history: &History) -> Self {
        let Some(metric) = problem.metric() else {
            return Self::default();
        };
        let placed: Vec<_> = history
            .iter()
            .filter_map(|(number, run)| Some((number, run, cube(&problem.space, &run.point)?)))
            .collect();
        let ended = placed.iter().filter(|(_, run, _)| !run.state.is_open());
        let worst = ended.flat_map(|(_, run, _)| losses(metric.goal, run)).reduce(f64::max).unwrap_or(0.0);
        let mut observations = Self::default();
        for (number, run, cube) in placed {
            match loss(metric, run, worst) {
                Some((loss, measured)) => {
                    observations.valued.push(Observation { run: number, cube, loss, measured });
                }
                None => observations.in_flight.push(InFlight { run: number, cube }),
            }
        }
        observations
    }

    /// How many runs logged their value themselves.
    pub fn measured(&self) -> usize {
        self.valued.iter().filter(|observation| observation.measured).count()
    }
}

/// The value of a run and whether it is its own; `None` if the run is in flight.
fn loss(metric: &Metric, run: &Run, worst: f64) -> Option<(f64, bool)> {
    let best = || losses(metric.goal, run).reduce(f64::min);
    let latest = || run.curve(0).last().map(|value| metric.goal.to_loss(value));
    let imputed = match run.state {
        RunState::Pending | RunState::Preempted => return None,
        RunState::Running => match metric.impute_while_running {
            ImputeWhileRunning::False => return None,
            ImputeWhileRunning::Worst => Impute::Worst,
            ImputeWhileRunning::Best => Impute::Best,
            ImputeWhileRunning::Latest => Impute::Latest,
        },
        _ => metric.impute,
    };
    if let (RunState::Running | RunState::Finished, Some(best)) = (run.state, best()) {
        return Some((best, true));
    }
    let own = match imputed {
        Impute::Worst => None,
        Impute::Best => best(),
        Impute::Latest => latest(),
    };
    Some((own.unwrap_or(worst), false))
}

/// All values that a run logged, as losses: the finite ones of its curve, then its summary.
fn losses(goal: Goal, run: &Run) -> impl Iterator<Item = f64> + '_ {
    let curve = run.curve(0);
    let summary = curve.summary.filter(|value| value.is_finite());
    curve.valid().chain(summary).map(move |value| goal.to_loss(value))
}

/// Where a point lies in the unit cube; `None` if it lacks a parameter or has a value of a wrong kind.
fn cube(space: &Space, point: &Point) -> Option<Vec<f64>> {
    space.searchable().map(|p| p.distribution.cdf(&as_number(&p.distribution, point.get(&p.name)?))).collect()
}

/// The value as the distribution sees it: where numbers are expected, `true` is 1 and `false` is 0.
pub(super) fn as_number(distribution: &Distribution, value: &Value) -> Value {
    match (distribution, value) {
        (Distribution::Categorical { .. }, _) => value.clone(),
        (_, Value::Bool(b)) => u8::from(*b).into(),
        _ => value.clone(),
    }
}

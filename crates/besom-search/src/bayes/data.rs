//! Which run enters a model with which value: W&B's rules, with the faults of its engine mended.
//!
//! * A run counts with what [`besom_core::Metric::counted`] says.
//! * A run that lacks a searchable parameter, or has a value there that the space does not know, is left out. Numbers
//!   beyond their bounds count as the bound.

use besom_core::{Counted, Distribution, History, Point, Problem, RunNumber, Space, worst_loss};
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
        let worst = worst_loss(metric, 0, placed.iter().map(|(_, run, _)| *run));
        let mut observations = Self::default();
        for (number, run, cube) in placed {
            let (loss, measured) = match metric.counted(run, 0) {
                Counted::Measured(loss) => (loss, true),
                Counted::Imputed(loss) => (loss, false),
                Counted::Worst => (worst, false),
                Counted::InFlight => {
                    observations.in_flight.push(InFlight { run: number, cube });
                    continue;
                }
            };
            observations.valued.push(Observation { run: number, cube, loss, measured });
        }
        observations
    }

    /// How many runs logged their value themselves.
    pub fn measured(&self) -> usize {
        self.valued.iter().filter(|observation| observation.measured).count()
    }
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

//! Which run enters a model with which value: W&B's rules, with the faults of its engine mended.
//!
//! * A run counts with what [`besom_core::Metric::counted`] says.
//! * A run with a value that the space never gives is left out. Numbers beyond their bounds count as the
//!   bound.
//! * A parameter that is inactive in a run ([`besom_core::When`]) lies at its canonical coordinate, whatever the run
//!   has there.
//! * A run that lacks an active searchable parameter is left out of [`Observations::new`], as in the corrected
//!   answers of W&B's engine. The model takes it, at the canonical coordinate of the parameter (decision 33).

use besom_core::{Counted, Distribution, History, Parameter, Point, Problem, RunNumber, Space, worst_loss};
use serde_json::Value;

/// A run that enters with a value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Observation {
    /// The run.
    pub run: RunNumber,
    /// Its place in the unit cube as W&B sees it: one cdf per searchable parameter, in declared order.
    pub cube: Vec<f64>,
    /// Its value as something to minimize; finite.
    pub loss: f64,
    /// Whether the run logged the value itself; otherwise it is imputed.
    pub measured: bool,
}

/// A run that has not ended and has no value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct InFlight {
    /// The run.
    pub run: RunNumber,
    /// As in [`Observation`].
    pub cube: Vec<f64>,
}

/// The runs of a history that enter a model, each kind in the order of the runs.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Observations {
    /// Those with a value.
    pub valued: Vec<Observation>,
    /// Those without.
    pub in_flight: Vec<InFlight>,
}

impl Observations {
    /// The runs that have all searchable parameters, with their values of the first metric; nothing if the
    /// problem has no metric.
    pub fn new(problem: &Problem, history: &History) -> Self {
        Self::read(problem, history, |_| None)
    }

    /// As [`Observations::new`], with the runs that have at least one searchable parameter.
    pub(super) fn with_incomplete(problem: &Problem, history: &History) -> Self {
        Self::read(problem, history, |distribution| Some(distribution.canonical_coordinate()))
    }

    /// Reads a history; `missing` is the coordinate of a parameter that a run lacks.
    fn read(problem: &Problem, history: &History, missing: impl Fn(&Distribution) -> Option<f64>) -> Self {
        let Some(metric) = problem.metric() else {
            return Self::default();
        };
        let placed: Vec<_> = history
            .iter()
            .filter_map(|(number, run)| Some((number, run, cube(&problem.space, &run.point, &missing)?)))
            .collect();
        let worst = worst_loss(metric, 0, placed.iter().map(|(_, run, _)| *run));
        let mut observations = Self::default();
        for (number, run, cube) in placed {
            let (loss, measured) = match metric.counted(run, 0) {
                Counted::Measured(loss) => (loss, true),
                Counted::Imputed(loss) => (loss, false),
                Counted::Worst => (worst, false),
                Counted::LeftOut => continue,
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

/// What a run enters models of several metrics with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Together {
    /// A loss in each metric, in their order; finite.
    Valued {
        losses: Vec<f64>,
        /// Whether the run logged all of them itself.
        is_measured: bool,
    },
    /// Nothing yet.
    InFlight,
}

/// The runs that enter models of several metrics, in their order. In a metric of which it has no value of its own, a run counts
/// with the worst value of the others.
pub(super) fn runs_together(problem: &Problem, history: &History) -> Vec<(RunNumber, Together)> {
    let missing = |distribution: &Distribution| Some(distribution.canonical_coordinate());
    let mut runs = Vec::new();
    let mut worst = vec![f64::NEG_INFINITY; problem.metrics.len()];
    for (number, run) in history.iter().filter(|(_, run)| cube(&problem.space, &run.point, missing).is_some())
    {
        let counted: Vec<Counted> =
            (0..problem.metrics.len()).map(|place| problem.counted(run, place)).collect();
        if counted.contains(&Counted::LeftOut) {
            continue;
        }
        for (worst, counted) in worst.iter_mut().zip(&counted) {
            *worst = counted.loss().map_or(*worst, |loss| worst.max(loss));
        }
        runs.push((number, counted));
    }
    let together = |counted: Vec<Counted>| {
        if counted.contains(&Counted::InFlight) {
            return Together::InFlight;
        }
        let losses = counted
            .iter()
            .zip(&worst)
            .map(|(counted, &worst)| counted.loss().unwrap_or(if worst.is_finite() { worst } else { 0.0 }));
        let is_measured = counted.iter().all(|counted| matches!(counted, Counted::Measured(_)));
        Together::Valued { losses: losses.collect(), is_measured }
    };
    runs.into_iter().map(|(number, counted)| (number, together(counted))).collect()
}

/// Where a point lies in the unit cube; `None` if it has none of the parameters, one of them has a value of a
/// wrong kind, or lacks one that has no coordinate by `missing`.
fn cube(space: &Space, point: &Point, missing: impl Fn(&Distribution) -> Option<f64>) -> Option<Vec<f64>> {
    let lacks = |p: &Parameter| point.get(&p.name).is_none();
    if space.dimensions() > 0 && space.searchable().all(lacks) {
        return None;
    }
    let coordinate = |(p, active): (&Parameter, bool)| match point.get(&p.name) {
        _ if p.distribution.is_constant() => None,
        _ if !active => Some(Some(p.distribution.canonical_coordinate())),
        Some(value) => Some(p.distribution.cdf(&as_number(&p.distribution, value))),
        None => Some(missing(&p.distribution)),
    };
    space.parameters().iter().zip(space.active_in(point)).filter_map(coordinate).collect()
}

/// The value as the distribution sees it: where numbers are expected, `true` is 1 and `false` is 0.
pub(super) fn as_number(distribution: &Distribution, value: &Value) -> Value {
    match (distribution, value) {
        (Distribution::Categorical { .. }, _) => value.clone(),
        (_, Value::Bool(b)) => u8::from(*b).into(),
        _ => value.clone(),
    }
}

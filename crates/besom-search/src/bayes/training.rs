//! The history as models see it: training data, and the pending points `X_pending`.

use besom_core::{Ask, Metric, Problem, Run, RunNumber, RunState, pareto};
use besom_gp::by_loss;

use super::curves::{Extrapolation, Forecast};
use super::data::{Observations, Together, runs_together};
use super::encode::Encoding;
use super::fit::TrainingData;
use super::note::by_name;
use crate::FailedRuns;

/// A run without a value.
pub(super) struct Pending<'a> {
    pub(super) coordinates: Vec<f64>,
    pub(super) run: &'a Run,
    /// What its curve says of its end.
    pub(super) forecast: Option<Forecast>,
}

/// A history in the coordinates of a model.
pub(super) struct Training<'a> {
    /// By metric, in the order of [`by_name`]; the rows are the same.
    pub(super) data: Vec<TrainingData>,
    /// Which runs can be on the front of several metrics: finished ones with a value of each, none worse than its threshold.
    pub(super) feasible: Vec<bool>,
    pub(super) pending: Vec<Pending<'a>>,
    /// How many points come before the model decides.
    pub(super) planned: usize,
    /// How many runs logged a value of each metric.
    pub(super) measured: usize,
    /// How many runs failed and do not count.
    left_out: usize,
}

impl<'a> Training<'a> {
    /// Reads the history of an ask; `planned` points come before the model decides.
    pub(super) fn new(ask: &Ask<'a>, encoding: &Encoding, planned: usize, failed: &FailedRuns) -> Self {
        if ask.problem.metrics.len() > 1 {
            return Self::of_several(ask, encoding, planned, failed);
        }
        let observations = Observations::with_incomplete(ask.problem, ask.history);
        let extrapolation = ask.problem.metric().map(|metric| Extrapolation::new(metric, ask.history));
        let placed = |number| placed(ask, encoding, number);
        let mut data = TrainingData { planned, ..TrainingData::default() };
        for observation in &observations.valued {
            if failed.leave_out(observation.run) {
                continue;
            }
            if let Some((row, run)) = placed(observation.run) {
                let end = extrapolation.as_ref().and_then(|extrapolation| extrapolation.final_loss(run));
                data.rows.push(row);
                data.losses.push(end.unwrap_or(observation.loss));
            }
        }
        let pending = observations.in_flight.iter().filter_map(|in_flight| {
            let (coordinates, run) = placed(in_flight.run)?;
            let forecast = extrapolation.as_ref().and_then(|extrapolation| extrapolation.forecast(run));
            Some(Pending { coordinates, run, forecast })
        });
        let (pending, measured) = (pending.collect(), observations.measured());
        data.order = by_loss(&data.losses);
        let (data, feasible) = (vec![data], Vec::new());
        Self { data, feasible, pending, planned, measured, left_out: failed.left_out() }
    }

    /// The same with several metrics. Curves are not extrapolated: values that belong together come from one moment.
    fn of_several(ask: &Ask<'a>, encoding: &Encoding, planned: usize, failed: &FailedRuns) -> Self {
        let places = by_name(ask.problem);
        let mut data = vec![TrainingData { planned, ..TrainingData::default() }; places.len()];
        let (mut feasible, mut pending, mut measured) = (Vec::new(), Vec::new(), 0);
        for (number, together) in runs_together(ask.problem, ask.history) {
            if failed.leave_out(number) {
                continue;
            }
            let Some((coordinates, run)) = placed(ask, encoding, number) else { continue };
            let Together::Valued { losses, is_measured } = together else {
                pending.push(Pending { coordinates, run, forecast: None });
                continue;
            };
            measured += usize::from(is_measured);
            feasible.push(is_measured && run.state == RunState::Finished && is_worth(ask.problem, &losses));
            for (data, &place) in data.iter_mut().zip(&places) {
                data.rows.push(coordinates.clone());
                data.losses.push(losses[place]);
            }
        }
        let order = order(&data, &feasible);
        data.iter_mut().for_each(|data| data.order.clone_from(&order));
        Self { data, feasible, pending, planned, measured, left_out: failed.left_out() }
    }

    /// How many runs have a value in the model.
    pub(super) fn valued(&self) -> usize {
        self.data.first().map_or(0, |data| data.rows.len())
    }

    /// How many runs are in the model or pending, or were left out: a first point that failed by chance is not made up for
    /// (decision 87).
    pub(super) fn handed_out(&self) -> usize {
        self.valued() + self.pending.len() + self.left_out
    }
}

/// A run with its coordinates; `None` if a model cannot take it.
fn placed<'a>(ask: &Ask<'a>, encoding: &Encoding, number: RunNumber) -> Option<(Vec<f64>, &'a Run)> {
    let run = ask.history.get(number)?;
    let row = encoding.encode(&run.point).filter(|row| !row.is_empty())?;
    Some((row, run))
}

/// Whether no loss is worse than the threshold of its metric.
fn is_worth(problem: &Problem, losses: &[f64]) -> bool {
    let within = |(metric, &loss): (&Metric, &f64)| {
        let threshold = metric.threshold.filter(|threshold| threshold.is_finite());
        threshold.is_none_or(|threshold| loss <= metric.goal.to_loss(threshold))
    };
    problem.metrics.iter().zip(losses).all(within)
}

/// The places of runs with several losses, best first: the front, then the others by the sum of their ranks.
fn order(data: &[TrainingData], feasible: &[bool]) -> Vec<usize> {
    let members: Vec<usize> = (0..feasible.len()).filter(|&i| feasible[i]).collect();
    let losses: Vec<Vec<f64>> =
        members.iter().map(|&i| data.iter().map(|data| data.losses[i]).collect()).collect();
    let mut sums = vec![0; feasible.len()];
    for data in data {
        by_loss(&data.losses).into_iter().enumerate().for_each(|(rank, i)| sums[i] += rank + 1);
    }
    pareto::front(&losses).into_iter().for_each(|i| sums[members[i]] = 0);
    let mut order: Vec<usize> = (0..feasible.len()).collect();
    order.sort_by_key(|&i| sums[i]);
    order
}

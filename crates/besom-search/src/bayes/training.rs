//! The history as models see it: training data, and the pending points `X_pending`.

use besom_core::{Ask, Run, RunNumber};

use super::curves::{Extrapolation, Forecast};
use super::data::Observations;
use super::encode::Encoding;
use super::fit::TrainingData;
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
    pub(super) data: TrainingData,
    pub(super) pending: Vec<Pending<'a>>,
    /// How many runs logged a value.
    pub(super) measured: usize,
    /// How many runs failed and do not count.
    left_out: usize,
}

impl<'a> Training<'a> {
    /// Reads the history of an ask; `planned` points come before the model decides.
    pub(super) fn new(ask: &Ask<'a>, encoding: &Encoding, planned: usize, failed: &FailedRuns) -> Self {
        let observations = Observations::with_incomplete(ask.problem, ask.history);
        let extrapolation = ask.problem.metric().map(|metric| Extrapolation::new(metric, ask.history));
        let placed = |number: RunNumber| {
            let run = ask.history.get(number)?;
            let row = encoding.encode(&run.point).filter(|row| !row.is_empty())?;
            Some((row, run))
        };
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
        Self { data, pending, measured, left_out: failed.left_out() }
    }

    /// How many runs have a value in the model.
    pub(super) fn valued(&self) -> usize {
        self.data.rows.len()
    }

    /// How many runs are in the model or pending, or were left out: a first point that failed by chance is not made up for
    /// (decision 87).
    pub(super) fn handed_out(&self) -> usize {
        self.valued() + self.pending.len() + self.left_out
    }
}

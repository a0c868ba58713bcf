//! How good a sweep is.
//!
//! With R the loss that median random search ends with, B the optimum or the best known, and m the method's loss: 0 is random
//! search, 1 the optimum.

use serde::Serialize;

use crate::{Record, Reference};

/// What one sweep is worth. ADR 43 argues these measures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Score {
    /// `(R - m) / (R - B)` at the end, from -1 to 1.
    pub score: f64,
    /// The same after half the budget; R stays that of the whole.
    pub half: f64,
    /// `log10((R - B) / (m - B))`: orders of magnitude of regret below random search, at most 4.
    pub decades: f64,
    /// The natural logarithm of the speedup: of the budget divided by the first run that is at least as good as R, or of 0.5 if
    /// none is.
    pub log_speedup: f64,
}

/// The smallest share of random search's regret that counts.
const LEAST_REGRET: f64 = 1e-4;

/// A sweep without any value counts with twice random search's regret: the worst that the score tells apart.
const NO_VALUE: f64 = 2.0;

impl Score {
    /// The score of a sweep; `None` if it has no result. `best` is the smallest loss that is known of the instance, which other
    /// sweeps may have found.
    pub fn of(record: &Record, reference: &Reference, best: f64) -> Option<Self> {
        Yardstick::new(record, reference, best)?.score(record)
    }
}

/// What the losses of a sweep are measured by.
#[derive(Clone, Copy)]
pub(crate) struct Yardstick {
    /// What median random search ends with.
    random: f64,
    best: f64,
    /// Random search's regret.
    gap: f64,
}

impl Yardstick {
    /// That of a sweep; `None` if the reference has no run.
    pub(crate) fn new(record: &Record, reference: &Reference, best: f64) -> Option<Self> {
        let random = random_at(reference, record.budget())?;
        Some(Self { random, best, gap: f64::max(random - best, 1e-12) })
    }

    /// The score of a sweep; `None` if it has no result.
    pub(crate) fn score(&self, record: &Record) -> Option<Score> {
        let curve = &record.curve;
        let last = record.last()?;
        let middle = curve[(curve.len() / 2).checked_sub(1).unwrap_or(curve.len() - 1)];
        let reached = curve.iter().position(|loss| *loss <= self.random);
        let speedup = reached.map_or(0.5, |place| curve.len() as f64 / (place + 1) as f64);
        Some(Score {
            score: self.norm(last),
            half: self.norm(middle),
            decades: self.decades(last),
            log_speedup: speedup.ln(),
        })
    }

    fn norm(&self, loss: f64) -> f64 {
        match (self.random - loss) / self.gap {
            // Losses near the largest floats have no differences.
            share if share.is_nan() => -1.0,
            share => share.clamp(-1.0, 1.0),
        }
    }

    /// Regret as a share of random search's, at least the smallest that counts; infinite without a value.
    pub(crate) fn regret(&self, loss: f64) -> f64 {
        self.share(loss).max(LEAST_REGRET)
    }

    /// Orders of magnitude of regret below random search, at most 4.
    pub(crate) fn decades(&self, loss: f64) -> f64 {
        let share = self.share(loss);
        let share = if share.is_finite() { share } else { NO_VALUE };
        -share.max(LEAST_REGRET).log10()
    }

    fn share(&self, loss: f64) -> f64 {
        (loss - self.best) / self.gap
    }
}

/// The loss that median random search has after so many runs; its last where they are more than were measured.
fn random_at(reference: &Reference, runs: usize) -> Option<f64> {
    let last = reference.random.len().checked_sub(1)?;
    reference.random.get(runs.saturating_sub(1).min(last)).copied()
}

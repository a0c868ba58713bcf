//! Several metrics: a model of each, and the point that gains most beside the front of the runs.
//!
//! What a point gains is the expected improvement of the front's hypervolume, in closed form. It depends on the corner
//! below which a volume counts. A corner near the front never looks beside a front that began narrow; a wide one
//! polishes its ends for ever. So three criteria take turns, by the number of the run (decision 99):
//!
//! | turn | criterion |
//! |---|---|
//! | near | hypervolume up to a corner just beyond the front |
//! | wide | hypervolume up to a corner beyond all runs |
//! | scalarized | expected improvement of a random combination of the metrics, with a model of its own (ParEGO: J. Knowles, *ParEGO: A Hybrid Algorithm With On-Line Landscape Approximation for Expensive Multiobjective Optimization Problems*, IEEE Transactions on Evolutionary Computation 10(1), 2006) |
//!
//! With more than three metrics, boxes below the front are too many, and all runs are scalarized.
//!
//! Metrics are taken in the order of their names, so that the order in which they are declared makes no difference.

mod front;
mod scalarize;

use besom_core::{Ask, Metric, Problem, RunNumber};
use besom_gp::GpError;
use besom_gp::improvement::HypervolumeImprovement;
use rand::Rng;

use super::acquire::{CandidateModel, Landscape, Proposal, Scored, maximize};
use super::acquisition::Acquisition;
use super::candidates::{Candidates, matrix};
use super::context::SuggestContext;
use super::encode::Encoding;
use super::fit::{Fit, TrainingData};
use super::models::{CachedModel, Suggested};
use super::note::{self, EarlierFits, by_name};
use super::proposers::{CANDIDATES, CLIMBS, generator};
use super::surrogate::Surrogate;
use super::training::Training;
pub(super) use front::Corner;
use front::Front;
pub(super) use scalarize::Weights;

/// The most metrics with boxes below the front.
const BOXED: usize = 3;

/// What chooses the point of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Turn {
    Beside(Corner),
    Scalarized,
}

impl Turn {
    fn of(run: RunNumber, metrics: usize) -> Self {
        match run.index() % 3 {
            0 if metrics <= BOXED => Self::Beside(Corner::Near),
            1 if metrics <= BOXED => Self::Beside(Corner::Wide),
            _ => Self::Scalarized,
        }
    }
}

/// The models of one answer with several metrics; each is made when first wanted.
pub(super) struct Several {
    /// The runs with their losses in each metric.
    data: Vec<TrainingData>,
    /// Which of the runs can be on the front.
    feasible: Vec<bool>,
    /// What is worth nothing, as losses.
    thresholds: Vec<Option<f64>>,
    earlier: EarlierFits,
    cached: Vec<Option<CachedModel>>,
    fitted: Option<Fitted>,
    /// `X_pending`.
    pending: Vec<Vec<f64>>,
}

/// A model of each metric, and the front in their units.
struct Fitted {
    models: Vec<CandidateModel>,
    candidates: Candidates,
    front: Front,
}

/// A point that gains beside the front, and what the models say of it.
pub(super) struct Gaining {
    pub(super) corner: Corner,
    /// The volume that is expected to be gained, as a share of what the front has.
    pub(super) share: f64,
    /// How many runs are on the front.
    pub(super) front: usize,
    /// Means and deviations, as targets of the models.
    pub(super) predicted: Vec<(f64, f64)>,
}

impl Several {
    /// Of these runs, with what earlier answers left.
    pub(super) fn new(
        problem: &Problem,
        training: &Training<'_>,
        earlier: EarlierFits,
        cached: Vec<CachedModel>,
    ) -> Self {
        let threshold = |metric: &Metric| {
            metric
                .threshold
                .filter(|threshold| threshold.is_finite())
                .map(|threshold| metric.goal.to_loss(threshold))
        };
        let mut cached: Vec<Option<CachedModel>> = cached.into_iter().map(Some).collect();
        cached.resize_with(problem.metrics.len(), || None);
        Self {
            data: training.data.clone(),
            feasible: training.feasible.clone(),
            thresholds: by_name(problem)
                .into_iter()
                .map(|place| threshold(&problem.metrics[place]))
                .collect(),
            earlier,
            cached,
            fitted: None,
            pending: Vec::new(),
        }
    }

    /// What is worth keeping for the next answers.
    pub(super) fn into_cached(self) -> Vec<CachedModel> {
        let Some(Fitted { models, .. }) = self.fitted else {
            return self.cached.into_iter().flatten().collect();
        };
        let entries = self.data.into_iter().zip(self.earlier.of_metrics).zip(models);
        entries.map(|((data, earlier), model)| CachedModel::new(data, earlier, model.surrogate)).collect()
    }

    /// Adds a pending point.
    pub(super) fn add_pending(&mut self, coordinates: &[f64]) {
        if let Some(fitted) = &mut self.fitted {
            fitted.add_pending(coordinates);
        }
        self.pending.push(coordinates.to_vec());
    }

    /// The point to try next, with its note.
    pub(super) fn propose(
        &mut self,
        run: RunNumber,
        context: &SuggestContext<'_>,
        rng: &mut impl Rng,
    ) -> Result<Option<Suggested>, GpError> {
        let climbs = if self.pending.is_empty() { CLIMBS } else { 1 };
        match Turn::of(run, self.data.len()) {
            Turn::Beside(corner) => self.propose_beside(corner, context, rng, climbs),
            Turn::Scalarized => self.propose_scalarized(context, rng, climbs),
        }
    }

    fn propose_beside(
        &mut self,
        corner: Corner,
        context: &SuggestContext<'_>,
        rng: &mut impl Rng,
        climbs: usize,
    ) -> Result<Option<Suggested>, GpError> {
        let SuggestContext { ask, encoding, tried, .. } = context;
        let Fitted { models, candidates, front } = self.fitted(ask, encoding)?;
        let gain = Gain { models, improvement: front.improvement(corner) };
        let scores = gain.scores_of_candidates(candidates.rows.len());
        let best = maximize(&gain, encoding, candidates, &scores, rng, tried, climbs)?;
        let Some(Scored { coordinates, .. }) = best else { return Ok(None) };
        // What is suggested is rounded.
        let point = encoding.decode(&coordinates);
        let coordinates = encoding.encode(&point).unwrap_or(coordinates);
        let (predicted, log) = gain.at(&coordinates)?;
        let share = libm::exp(log) / front.volume(corner);
        let gaining = Gaining { corner, share, front: front.len(), predicted };
        let surrogates: Vec<&Surrogate> = models.iter().map(|model| &model.surrogate).collect();
        let note = note::beside_front(ask.problem, encoding, &surrogates, &gaining);
        Ok(Some(Suggested { point, coordinates, note }))
    }

    fn propose_scalarized(
        &mut self,
        context: &SuggestContext<'_>,
        rng: &mut impl Rng,
        climbs: usize,
    ) -> Result<Option<Suggested>, GpError> {
        let SuggestContext { ask, encoding, tried, .. } = context;
        let weights = Weights::draw(self.data.len(), rng);
        let data = weights.scalarize(&self.data, &self.thresholds);
        // The losses are others each time: where the last fit ended is where this one starts.
        let earlier = self.earlier.scalarized.clone().map(|fit| Fit { runs: 0, ..fit });
        let surrogate = Surrogate::new(encoding, &data, earlier.as_ref(), None, Acquisition::default())?;
        let (runs, seeded) = (data.rows.len(), &mut generator(ask, data.rows.len(), CANDIDATES));
        let candidates = Candidates::new(&ask.problem.space, encoding, runs, &surrogate.top_points, seeded);
        let mut model = CandidateModel::new(surrogate, &candidates)?;
        for coordinates in &self.pending {
            model.add_pending(coordinates, None).ok();
        }
        let proposal = model.acquire(encoding, &candidates, rng, tried, climbs)?;
        // As the note of the suggestion has it, for the next one of the answer.
        self.earlier.scalarized = Some(model.surrogate.fit.clone());
        Ok(proposal.map(|Proposal { point, coordinates, .. }| {
            let note = note::scalarized(ask.problem, encoding, &model.surrogate, &weights);
            Suggested { point, coordinates, note }
        }))
    }

    /// The models of the metrics, with all pending points.
    fn fitted(&mut self, ask: &Ask<'_>, encoding: &Encoding) -> Result<&Fitted, GpError> {
        let fitted = match self.fitted.take() {
            Some(fitted) => fitted,
            None => self.fit(ask, encoding)?,
        };
        Ok(self.fitted.insert(fitted))
    }

    fn fit(&mut self, ask: &Ask<'_>, encoding: &Encoding) -> Result<Fitted, GpError> {
        let entries = self.data.iter().zip(&self.earlier.of_metrics).zip(&mut self.cached);
        let surrogate =
            |((data, earlier), cached): ((&TrainingData, &Option<Fit>), &mut Option<CachedModel>)| {
                CachedModel::surrogate(
                    cached.take(),
                    encoding,
                    data,
                    earlier.as_ref(),
                    Acquisition::default(),
                )
            };
        let surrogates: Vec<Surrogate> = entries.map(surrogate).collect::<Result<_, _>>()?;
        let front = Front::new(&self.data, &self.feasible, &self.thresholds, &surrogates)?;
        // Each candidate costs a prediction of each model.
        let predictions = surrogates.len() * surrogates[0].posterior.observations();
        let (rows, rng) = (&self.data[0].rows, &mut generator(ask, self.data[0].rows.len(), CANDIDATES));
        let candidates =
            Candidates::new(&ask.problem.space, encoding, predictions, &front.some_rows(rows), rng);
        let models = surrogates.into_iter().map(|surrogate| CandidateModel::new(surrogate, &candidates));
        let mut fitted = Fitted { models: models.collect::<Result<_, _>>()?, candidates, front };
        self.pending.iter().for_each(|coordinates| fitted.add_pending(coordinates));
        Ok(fitted)
    }
}

impl Fitted {
    /// Adds a pending point: the models are conditioned on what they predict there, and the front has it.
    fn add_pending(&mut self, coordinates: &[f64]) {
        let mean = |model: &CandidateModel| {
            model.surrogate.posterior.predict_with_gradient(coordinates).map(|at| at.mean)
        };
        let means: Result<Vec<f64>, GpError> = self.models.iter().map(mean).collect();
        // What cannot be added (a copy of another, without noise) says nothing new.
        means.and_then(|means| self.front.believe(means)).ok();
        for model in &mut self.models {
            model.add_pending(coordinates, None).ok();
        }
    }
}

/// The logarithm of the expected hypervolume improvement as a function of the point.
struct Gain<'a> {
    models: &'a [CandidateModel],
    improvement: &'a HypervolumeImprovement,
}

impl Gain<'_> {
    /// What the models predict at a point, and the score there.
    fn at(&self, row: &[f64]) -> Result<(Vec<(f64, f64)>, f64), GpError> {
        let mut predicted = Vec::new();
        for model in self.models {
            let at = model.surrogate.posterior.predict_with_gradient(row)?;
            predicted.push((at.mean, at.sd));
        }
        let (mean, sd): (Vec<f64>, Vec<f64>) = predicted.iter().copied().unzip();
        Ok((predicted, self.improvement.log(&mean, &sd).value))
    }

    fn scores_of_candidates(&self, count: usize) -> Vec<f64> {
        let predictions: Vec<_> = self.models.iter().map(CandidateModel::predictions).collect();
        self.scores_of(count, |metric, i| (predictions[metric].0[i], predictions[metric].1[i]))
    }

    /// The scores at so many points with these means and deviations.
    fn scores_of(&self, count: usize, at: impl Fn(usize, usize) -> (f64, f64)) -> Vec<f64> {
        let (mut mean, mut sd) = (vec![0.0; self.models.len()], vec![0.0; self.models.len()]);
        let score = |i| {
            for (metric, (mean, sd)) in mean.iter_mut().zip(&mut sd).enumerate() {
                (*mean, *sd) = at(metric, i);
            }
            self.improvement.log(&mean, &sd).value
        };
        (0..count).map(score).collect()
    }
}

impl Landscape for Gain<'_> {
    fn scores(&self, rows: &[Vec<f64>]) -> Result<Vec<f64>, GpError> {
        let x = matrix(rows);
        let predict = |model: &CandidateModel| model.surrogate.posterior.cached_prediction(&x);
        let predictions = self.models.iter().map(predict).collect::<Result<Vec<_>, _>>()?;
        let at = |metric: usize, i: usize| (predictions[metric].mean()[i], predictions[metric].sd()[i]);
        Ok(self.scores_of(rows.len(), at))
    }

    fn slope(&self, row: &[f64]) -> Result<(f64, Vec<f64>), GpError> {
        let mut predictions = Vec::new();
        for model in self.models {
            predictions.push(model.surrogate.posterior.predict_with_gradient(row)?);
        }
        let mean: Vec<f64> = predictions.iter().map(|at| at.mean).collect();
        let sd: Vec<f64> = predictions.iter().map(|at| at.sd).collect();
        let log = self.improvement.log(&mean, &sd);
        let mut slope = vec![0.0; row.len()];
        for (k, at) in predictions.iter().enumerate() {
            let gradients = at.mean_gradient.iter().zip(&at.sd_gradient);
            for (slope, (by_mean, by_sd)) in slope.iter_mut().zip(gradients) {
                *slope += log.by_mean[k] * by_mean + log.by_sd[k] * by_sd;
            }
        }
        Ok((log.value, slope))
    }

    /// The shortest of the models.
    fn length_scale(&self, axis: usize) -> f64 {
        self.models.iter().map(|model| model.surrogate.length_scale(axis)).fold(f64::INFINITY, f64::min)
    }
}

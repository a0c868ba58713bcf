//! Maximizing the acquisition function, in spaces of numbers and categories together.
//!
//! Scores a few hundred candidates at once, then climbs from the best of them: along the gradient in the
//! continuous coordinates, through all or many alternatives in the others, in turn until no alternative is
//! better. Both halves matter: the best of many random points alone gives away half of what the model knows.

use std::collections::BTreeSet;

use besom_core::Point;
use besom_gp::improvement::log_expected_improvement;
use besom_gp::{CachedPrediction, GpError, Tolerance, Warp, minimize};
use rand::{Rng, RngExt};

use super::axis::Key;
use super::candidates::{Candidates, matrix};
use super::curves::Forecast;
use super::encode::Encoding;
use super::surrogate::Surrogate;

/// How often gradient and alternatives take turns; a climb usually ends before.
const TURNS: usize = 4;
/// What an alternative must gain, in log expected improvement, to count as better: more than rounding does.
const GAIN: f64 = 1e-9;
/// When a climb along the gradient is done: suggestions are rounded and runs are noisy, so that the last
/// digits of a maximum are worth nothing.
const CLIMB: Tolerance = Tolerance::new(40, 1e-4, 1e-5);

/// The point that maximizes the acquisition function of a model, and what the model predicts there.
#[derive(Clone, Debug)]
pub(super) struct Proposal {
    pub(super) point: Point,
    pub(super) coordinates: Vec<f64>,
    /// Predicted target and its standard deviation: mu(x) and sigma(x).
    pub(super) mean: f64,
    pub(super) sd: f64,
    /// EI(x), in units of targets.
    pub(super) improvement: f64,
    /// What these units are, and the incumbent in them.
    pub(super) warp: Warp,
    pub(super) incumbent: f64,
}

impl Proposal {
    /// The expected improvement in units of loss: it lies among the good ones, where the warp is a straight
    /// line.
    pub(super) fn gain(&self) -> f64 {
        match self.improvement > 0.0 {
            true => (self.improvement * self.warp.slope()).min(f64::MAX),
            false => 0.0,
        }
    }
}

/// A point with its score: the value of the acquisition function.
#[derive(Clone, Debug)]
pub(super) struct Scored {
    pub(super) coordinates: Vec<f64>,
    pub(super) score: f64,
}

/// What is maximized: a function over the space.
pub(super) trait Landscape {
    /// The scores at any points.
    fn scores(&self, rows: &[Vec<f64>]) -> Result<Vec<f64>, GpError>;

    /// The score at a point, and its derivative by each coordinate.
    fn slope(&self, row: &[f64]) -> Result<(f64, Vec<f64>), GpError>;

    /// The distance along a coordinate over which the score changes.
    fn length_scale(&self, axis: usize) -> f64;
}

impl Landscape for Surrogate {
    fn scores(&self, rows: &[Vec<f64>]) -> Result<Vec<f64>, GpError> {
        Ok(scores(self, &self.posterior.cached_prediction(&matrix(rows))?))
    }

    fn slope(&self, row: &[f64]) -> Result<(f64, Vec<f64>), GpError> {
        let at = self.posterior.predict_with_gradient(row)?;
        let score = self.score(at.mean, at.sd);
        let pairs = at.mean_gradient.iter().zip(&at.sd_gradient);
        Ok((score.value, pairs.map(|(mean, sd)| score.by_mean * mean + score.by_sd * sd).collect()))
    }

    fn length_scale(&self, axis: usize) -> f64 {
        self.posterior.hyperparameters().length_scale(axis)
    }
}

/// A model with its predictions at the candidates, which are kept up to date as pending points are added.
pub(super) struct CandidateModel {
    pub(super) surrogate: Surrogate,
    predictions: CachedPrediction,
}

impl CandidateModel {
    pub(super) fn new(surrogate: Surrogate, candidates: &Candidates) -> Result<Self, GpError> {
        let predictions = surrogate.posterior.cached_prediction(&matrix(&candidates.rows))?;
        Ok(Self { surrogate, predictions })
    }

    /// As [`Surrogate::add_pending`].
    pub(super) fn add_pending(
        &mut self,
        coordinates: &[f64],
        forecast: Option<Forecast>,
    ) -> Result<(), GpError> {
        self.surrogate.add_pending(coordinates, forecast)?;
        self.surrogate.posterior.refresh(&mut self.predictions);
        Ok(())
    }

    /// The untried point with the largest score that at most `climbs` climbs found, or else the best untried
    /// candidate; `None` if all candidates were tried.
    pub(super) fn acquire(
        &self,
        encoding: &Encoding,
        candidates: &Candidates,
        rng: &mut impl Rng,
        tried: &BTreeSet<Vec<Key>>,
        climbs: usize,
    ) -> Result<Option<Proposal>, GpError> {
        let scores = scores(&self.surrogate, &self.predictions);
        let best = maximize(&self.surrogate, encoding, candidates, &scores, rng, tried, climbs)?;
        best.map(|best| proposal(encoding, &self.surrogate, &best)).transpose()
    }

    /// The predictions at the candidates: means and standard deviations.
    pub(super) fn predictions(&self) -> (&[f64], &[f64]) {
        (self.predictions.mean(), self.predictions.sd())
    }
}

/// The untried point with the largest score that at most `climbs` climbs found, given the scores of the candidates, or else the
/// best untried candidate; `None` if all candidates were tried.
pub(super) fn maximize(
    landscape: &impl Landscape,
    encoding: &Encoding,
    candidates: &Candidates,
    scores: &[f64],
    rng: &mut impl Rng,
    tried: &BTreeSet<Vec<Key>>,
    climbs: usize,
) -> Result<Option<Scored>, GpError> {
    let untried = |coordinates: &[f64]| {
        encoding.allows(coordinates)
            && encoding.key(&encoding.decode(coordinates)).is_some_and(|key| !tried.contains(&key))
    };
    let mut best: Option<Scored> = None;
    if climbs > 0 && !candidates.complete {
        for start in starts(candidates, scores, rng, climbs) {
            let climbed = climb(encoding, landscape, start, rng)?;
            let highest = best.as_ref().map_or(f64::NEG_INFINITY, |best| best.score);
            if climbed.score > highest && untried(&climbed.coordinates) {
                best = Some(climbed);
            }
        }
    }
    Ok(best.or_else(|| best_candidate(candidates, scores, untried)))
}

/// The first untried candidate from the best down.
fn best_candidate(
    candidates: &Candidates,
    scores: &[f64],
    untried: impl Fn(&[f64]) -> bool,
) -> Option<Scored> {
    let mut places: Vec<usize> = (0..scores.len()).filter(|&i| scores[i] > f64::NEG_INFINITY).collect();
    places.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let best = places.into_iter().find(|&i| untried(&candidates.rows[i]))?;
    Some(Scored { coordinates: candidates.rows[best].clone(), score: scores[best] })
}

/// What the model says of the value that really is suggested, after rounding.
fn proposal(encoding: &Encoding, surrogate: &Surrogate, chosen: &Scored) -> Result<Proposal, GpError> {
    let point = encoding.decode(&chosen.coordinates);
    let coordinates = encoding.encode(&point).unwrap_or_else(|| chosen.coordinates.clone());
    let at = surrogate.posterior.predict_with_gradient(&coordinates)?;
    let improvement = libm::exp(log_expected_improvement(at.mean, at.sd, surrogate.incumbent).value);
    let Surrogate { warp, incumbent, .. } = *surrogate;
    Ok(Proposal { point, coordinates, mean: at.mean, sd: at.sd, improvement, warp, incumbent })
}

/// The scores at the points of a prediction.
fn scores(surrogate: &Surrogate, predictions: &CachedPrediction) -> Vec<f64> {
    let pairs = predictions.mean().iter().zip(predictions.sd());
    pairs.map(|(&mean, &sd)| surrogate.score(mean, sd).value).collect()
}

/// Where to climb from, at most `climbs`: the best draw from the prior, the best point near a run, and one
/// that is drawn in proportion to its improvement.
fn starts(candidates: &Candidates, scores: &[f64], rng: &mut impl Rng, climbs: usize) -> Vec<Scored> {
    let best = |range: std::ops::Range<usize>| {
        range.reduce(|best, i| if scores[i] > scores[best] { i } else { best })
    };
    let mut places: Vec<usize> =
        [best(0..candidates.global), best(candidates.global..scores.len())].into_iter().flatten().collect();
    places.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    places.extend(drawn(scores, places.first().map_or(f64::NEG_INFINITY, |&i| scores[i]), rng));
    let mut distinct: Vec<Scored> = Vec::new();
    for i in places.into_iter().take(climbs) {
        let coordinates = &candidates.rows[i];
        if scores[i].is_finite() && distinct.iter().all(|other| other.coordinates != *coordinates) {
            distinct.push(Scored { coordinates: coordinates.clone(), score: scores[i] });
        }
    }
    distinct
}

/// One place, drawn in proportion to the exponential of its score.
fn drawn(scores: &[f64], highest: f64, rng: &mut impl Rng) -> Option<usize> {
    let weights: Vec<f64> = scores.iter().map(|score| libm::exp(score - highest).max(0.0)).collect();
    let mut left = rng.random::<f64>() * weights.iter().sum::<f64>();
    weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    })
}

/// The top of the hill on which `at` stands.
fn climb(
    encoding: &Encoding,
    landscape: &impl Landscape,
    mut at: Scored,
    rng: &mut impl Rng,
) -> Result<Scored, GpError> {
    for _ in 0..TURNS {
        at = ascend(encoding, landscape, at);
        if encoding.is_constrained() {
            at = along_border(encoding, landscape, at, rng)?;
        }
        let before = at.score;
        at = step(encoding, landscape, at)?;
        if at.score <= before {
            break;
        }
    }
    Ok(at)
}

/// Follows the gradient in the continuous coordinates, each measured in its length scale where that is short.
fn ascend(encoding: &Encoding, landscape: &impl Landscape, at: Scored) -> Scored {
    let axes = encoding.axes();
    let active = encoding.active_axes(&at.coordinates);
    let continuous: Vec<usize> = (0..axes.len()).filter(|&k| axes[k].is_continuous() && active[k]).collect();
    if continuous.is_empty() {
        return at;
    }
    let unit: Vec<f64> = continuous.iter().map(|&k| landscape.length_scale(k).min(1.0)).collect();
    let scale = |value: &dyn Fn(usize) -> f64| -> Vec<f64> {
        continuous.iter().zip(&unit).map(|(&k, unit)| value(k) / unit).collect()
    };
    let row = |v: &[f64]| {
        let mut row = at.coordinates.clone();
        for ((&k, v), unit) in continuous.iter().zip(v).zip(&unit) {
            let (low, high) = axes[k].range();
            row[k] = (v * unit).clamp(low, high);
        }
        encoding.canonical(row)
    };
    let objective = |v: &[f64]| {
        let row = row(v);
        let Some((score, slope)) = landscape.slope(&row).ok().filter(|_| encoding.allows(&row)) else {
            return (f64::INFINITY, vec![0.0; v.len()]);
        };
        (-score, continuous.iter().zip(&unit).map(|(&k, unit)| -slope[k] * unit).collect())
    };
    let end = minimize(
        objective,
        &scale(&|k| at.coordinates[k]),
        &scale(&|k| axes[k].range().0),
        &scale(&|k| axes[k].range().1),
        &CLIMB,
    );
    if -end.value > at.score { Scored { coordinates: row(&end.argument), score: -end.value } } else { at }
}

/// How far points are tried along the border of what is legal, where the gradient leads no further.
const BORDER: [f64; 5] = [0.1, 0.05, 0.02, 0.01, 0.003];
/// How many times each, and how many points at a time.
const ROUNDS: usize = 2;
const ROUND: usize = 24;
/// How likely each coordinate is moved.
const MOVED: f64 = 0.6;

/// The best of legal points nearby: the climb along the gradient stops where the next point breaks a constraint.
fn along_border(
    encoding: &Encoding,
    landscape: &impl Landscape,
    mut at: Scored,
    rng: &mut impl Rng,
) -> Result<Scored, GpError> {
    let axes = encoding.axes();
    for width in BORDER.into_iter().flat_map(|width| [width; ROUNDS]) {
        let active = encoding.active_axes(&at.coordinates);
        let mut moved = || {
            let coordinates = axes.iter().zip(&active).zip(&at.coordinates).map(|((axis, active), &u)| {
                match *active && axis.is_continuous() && rng.random::<f64>() < MOVED {
                    true => axis.snap(u + width * rng.sample::<f64, _>(rand_distr::StandardNormal)),
                    false => u,
                }
            });
            encoding.canonical(coordinates.collect())
        };
        let rows: Vec<Vec<f64>> = (0..ROUND).map(|_| moved()).filter(|row| encoding.allows(row)).collect();
        if rows.is_empty() {
            continue;
        }
        let scores = landscape.scores(&rows)?;
        for (coordinates, score) in rows.into_iter().zip(scores) {
            if score > at.score {
                at = Scored { coordinates, score };
            }
        }
    }
    Ok(at)
}

/// Moves the other coordinates to better alternatives: each to its best, or only the one that gains most.
fn step(encoding: &Encoding, landscape: &impl Landscape, at: Scored) -> Result<Scored, GpError> {
    let active = encoding.active_axes(&at.coordinates);
    let axes = encoding.axes().iter().enumerate().filter(|(k, _)| active[*k]);
    let alternatives: Vec<(usize, f64)> = axes
        .flat_map(|(k, axis)| axis.neighbors(at.coordinates[k]).into_iter().map(move |u| (k, u)))
        .filter(|&move_| {
            !encoding.is_constrained() || encoding.allows(&encoding.canonical(moved(&at.coordinates, move_)))
        })
        .collect();
    if alternatives.is_empty() {
        return Ok(at);
    }
    let rows: Vec<Vec<f64>> =
        alternatives.iter().map(|&move_| encoding.canonical(moved(&at.coordinates, move_))).collect();
    let scores = landscape.scores(&rows)?;
    let best = best_of_each(&alternatives, &scores, at.score + GAIN);
    let Some(&single) = best.iter().reduce(|a, b| if scores[*b] > scores[*a] { b } else { a }) else {
        return Ok(at);
    };
    let alone = Scored { coordinates: rows[single].clone(), score: scores[single] };
    if best.len() == 1 {
        return Ok(alone);
    }
    let all = encoding.canonical(best.iter().fold(at.coordinates, |row, &i| moved(&row, alternatives[i])));
    if !encoding.allows(&all) {
        return Ok(alone);
    }
    let score = landscape.scores(std::slice::from_ref(&all))?[0];
    Ok(if score > alone.score { Scored { coordinates: all, score } } else { alone })
}

/// The row with another coordinate in one place.
fn moved(row: &[f64], (k, u): (usize, f64)) -> Vec<f64> {
    let mut row = row.to_vec();
    row[k] = u;
    row
}

/// The best alternative of each coordinate that has one better than `least`. Alternatives come coordinate by
/// coordinate.
fn best_of_each(alternatives: &[(usize, f64)], scores: &[f64], least: f64) -> Vec<usize> {
    let mut best: Vec<usize> = Vec::new();
    for i in (0..scores.len()).filter(|&i| scores[i] > least) {
        match best.last_mut().filter(|last| alternatives[**last].0 == alternatives[i].0) {
            Some(last) if scores[i] > scores[*last] => *last = i,
            Some(_) => {}
            None => best.push(i),
        }
    }
    best
}

//! The point with the largest expected improvement, in spaces of numbers and categories together.
//!
//! Scores a few hundred candidates at once, then climbs from the best of them: along the gradient in the continuous
//! coordinates, through all or many alternatives in the others, in turn until no alternative is better. Both halves
//! matter: the best of many random points alone gives away half of what the model knows.

use std::collections::BTreeSet;

use besom_core::Point;
use besom_gp::improvement::log_expected_improvement;
use besom_gp::{GpError, Stopping, Watch, minimize};
use nalgebra::DMatrix;
use rand::{Rng, RngExt};

use super::axis::{Key, same_category};
use super::curves::Promise;
use super::encode::Encoding;
use super::surrogate::Surrogate;
use super::transform::Warp;

/// How many candidates come from the prior: more where each costs little, that is where runs are few.
const GLOBAL: std::ops::RangeInclusive<usize> = 128..=512;
/// How many of these serve in a branch.
const IN_BRANCH: usize = 64;
/// How many pairs of a candidate and a run are looked at if the limits allow.
const PAIRS: usize = 30_000;
/// How many perturbations of each leading run and each width.
const LOCAL: usize = 16;
/// The widths, in coordinates.
const WIDTHS: [f64; 2] = [0.1, 0.02];
/// A space of at most so many points is scored completely.
const ENUMERATED: u128 = 2000;
/// How often gradient and alternatives take turns.
const TURNS: usize = 4;

/// The point that was chosen, and what the model says of it.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) point: Point,
    pub(super) coordinates: Vec<f64>,
    /// Predicted target and its standard deviation.
    pub(super) mean: f64,
    pub(super) sd: f64,
    /// In units of targets.
    pub(super) improvement: f64,
    /// What these units are, and what is to be improved on in them.
    pub(super) warp: Warp,
    pub(super) incumbent: f64,
}

impl Choice {
    /// The expected improvement in units of loss: it lies among the good ones, where the warp is a straight line.
    pub(super) fn gain(&self) -> f64 {
        match self.improvement > 0.0 {
            true => (self.improvement * self.warp.slope()).min(f64::MAX),
            false => 0.0,
        }
    }
}

/// A point with its score: the logarithm of expected improvement, or what the options have in its place.
#[derive(Clone, Debug)]
struct Scored {
    coordinates: Vec<f64>,
    score: f64,
}

/// Points to score and to climb from: all of a small space, else draws from the prior and points around the best runs.
/// The same for everything that is asked until the next run is over, and for a model and its doubts.
#[derive(Debug)]
pub(super) struct Candidates {
    rows: Vec<Vec<f64>>,
    /// How many are draws from the prior; all others are near the best runs.
    global: usize,
    /// Whether there is no other point.
    complete: bool,
}

impl Candidates {
    /// For this model.
    pub(super) fn new(encoding: &Encoding, surrogate: &Surrogate, rng: &mut impl Rng) -> Self {
        if let Some(count) = encoding.count().filter(|&count| count <= ENUMERATED) {
            let rows: Vec<_> = (0..count).map(|k| encoding.at(k)).collect();
            return Self { global: rows.len(), rows, complete: true };
        }
        let mut rows = global(encoding, surrogate, rng);
        let global = rows.len();
        rows.extend(local(encoding, surrogate, rng));
        Self { rows, global, complete: false }
    }

    /// Those of one branch, a few.
    pub(super) fn within(
        &self,
        axis: usize,
        value: f64,
        encoding: &Encoding,
        surrogate: &Surrogate,
        rng: &mut impl Rng,
    ) -> Self {
        if self.complete {
            let rows: Vec<_> =
                self.rows.iter().filter(|row| same_category(row[axis], value)).cloned().collect();
            return Self { global: rows.len(), rows, complete: true };
        }
        let mut rows = self.rows[..self.global.min(IN_BRANCH)].to_vec();
        let global = rows.len();
        rows.extend(local(encoding, surrogate, rng));
        rows.iter_mut().for_each(|row| row[axis] = value);
        Self { rows, global, complete: false }
    }
}

/// A model that looks at candidates.
pub(super) struct View {
    pub(super) surrogate: Surrogate,
    watch: Watch,
}

impl View {
    pub(super) fn new(surrogate: Surrogate, candidates: &Candidates) -> Result<Self, GpError> {
        let watch = surrogate.posterior.watch(&matrix(&candidates.rows))?;
        Ok(Self { surrogate, watch })
    }

    /// Takes note of a run without a value, as the model does.
    pub(super) fn believe(&mut self, coordinates: &[f64], promise: Option<Promise>) -> Result<(), GpError> {
        self.surrogate.believe(coordinates, promise)?;
        self.surrogate.posterior.follow(&mut self.watch);
        Ok(())
    }

    /// The untried point with the largest expected improvement that was found in so many `climbs`; `None` if all
    /// candidates were tried.
    pub(super) fn acquire(
        &self,
        encoding: &Encoding,
        candidates: &Candidates,
        rng: &mut impl Rng,
        tried: &BTreeSet<Vec<Key>>,
        climbs: usize,
    ) -> Result<Option<Choice>, GpError> {
        let Self { surrogate, watch } = self;
        let new = |coordinates: &[f64]| {
            encoding.key(&encoding.decode(coordinates)).is_some_and(|key| !tried.contains(&key))
        };
        let scores = scores(surrogate, watch);
        let mut best = None;
        if climbs > 0 && !candidates.complete {
            for start in starts(candidates, &scores, rng, climbs) {
                let climbed = climb(encoding, surrogate, start)?;
                if climbed.score > best.as_ref().map_or(f64::NEG_INFINITY, |best: &Scored| best.score)
                    && new(&climbed.coordinates)
                {
                    best = Some(climbed);
                }
            }
        }
        let best = best.or_else(|| {
            let mut places: Vec<usize> =
                (0..scores.len()).filter(|&i| scores[i] > f64::NEG_INFINITY).collect();
            places.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
            let best = places.into_iter().find(|&i| new(&candidates.rows[i]))?;
            Some(Scored { coordinates: candidates.rows[best].clone(), score: scores[best] })
        });
        best.map(|best| choice(encoding, surrogate, &best)).transpose()
    }
}

/// What the model says of the value that really is suggested, after rounding.
fn choice(encoding: &Encoding, surrogate: &Surrogate, chosen: &Scored) -> Result<Choice, GpError> {
    let point = encoding.decode(&chosen.coordinates);
    let coordinates = encoding.encode(&point).unwrap_or_else(|| chosen.coordinates.clone());
    let at = surrogate.posterior.predict_with_gradient(&coordinates)?;
    let improvement = libm::exp(log_expected_improvement(at.mean, at.sd, surrogate.incumbent).value);
    let Surrogate { warp, incumbent, .. } = *surrogate;
    Ok(Choice { point, coordinates, mean: at.mean, sd: at.sd, improvement, warp, incumbent })
}

fn matrix(rows: &[Vec<f64>]) -> DMatrix<f64> {
    DMatrix::from_fn(rows.len(), rows.first().map_or(0, Vec::len), |i, k| rows[i][k])
}

/// The scores of all points that are watched.
fn scores(surrogate: &Surrogate, watch: &Watch) -> Vec<f64> {
    watch.mean().iter().zip(watch.sd()).map(|(&mean, &sd)| surrogate.score(mean, sd).value).collect()
}

/// The same at any points.
fn rated(surrogate: &Surrogate, rows: &[Vec<f64>]) -> Result<Vec<f64>, GpError> {
    Ok(scores(surrogate, &surrogate.posterior.watch(&matrix(rows))?))
}

/// Draws from the prior.
fn global(encoding: &Encoding, surrogate: &Surrogate, rng: &mut impl Rng) -> Vec<Vec<f64>> {
    let mut cube = vec![0.0; encoding.axes().len()];
    let draw = |_| {
        cube.fill_with(|| rng.random());
        encoding.sample(&cube)
    };
    let count = PAIRS / surrogate.posterior.observations();
    (0..count.clamp(*GLOBAL.start(), *GLOBAL.end())).map(draw).collect()
}

/// The leading runs and perturbations of them.
fn local(encoding: &Encoding, surrogate: &Surrogate, rng: &mut impl Rng) -> Vec<Vec<f64>> {
    let axes = encoding.axes();
    let share = (3.0 / axes.len() as f64).clamp(0.3, 1.0);
    let mut rows = Vec::new();
    for leader in &surrogate.leaders {
        rows.push(leader.clone());
        for width in WIDTHS {
            for _ in 0..LOCAL {
                let perturbed = axes.iter().zip(leader).map(|(axis, &u)| {
                    if rng.random::<f64>() >= share {
                        u
                    } else if !axis.is_categorical() {
                        axis.snap(u + width * rng.sample::<f64, _>(rand_distr::StandardNormal))
                    } else if rng.random() {
                        axis.sample(rng.random())
                    } else {
                        u
                    }
                });
                rows.push(perturbed.collect());
            }
        }
    }
    rows
}

/// Where to climb from, at most `climbs`: the best candidates, and one that is drawn in proportion to its improvement.
fn starts(candidates: &Candidates, scores: &[f64], rng: &mut impl Rng, climbs: usize) -> Vec<Scored> {
    let best = |range: std::ops::Range<usize>| {
        range.reduce(|best, i| if scores[i] > scores[best] { i } else { best })
    };
    let mut places: Vec<usize> =
        [best(0..candidates.global), best(candidates.global..scores.len())].into_iter().flatten().collect();
    places.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let highest = places.first().map_or(f64::NEG_INFINITY, |&i| scores[i]);
    let weights: Vec<f64> = scores.iter().map(|score| libm::exp(score - highest).max(0.0)).collect();
    let mut left = rng.random::<f64>() * weights.iter().sum::<f64>();
    places.extend(weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    }));
    let mut distinct: Vec<Scored> = Vec::new();
    for i in places.into_iter().take(climbs) {
        let coordinates = &candidates.rows[i];
        if scores[i].is_finite() && distinct.iter().all(|other| other.coordinates != *coordinates) {
            distinct.push(Scored { coordinates: coordinates.clone(), score: scores[i] });
        }
    }
    distinct
}

/// The top of the hill on which `at` stands.
fn climb(encoding: &Encoding, surrogate: &Surrogate, mut at: Scored) -> Result<Scored, GpError> {
    for _ in 0..TURNS {
        at = ascend(encoding, surrogate, at);
        let before = at.score;
        at = step(encoding, surrogate, at)?;
        if at.score <= before {
            break;
        }
    }
    Ok(at)
}

/// Follows the gradient in the continuous coordinates, each measured in its length scale where that is short.
fn ascend(encoding: &Encoding, surrogate: &Surrogate, at: Scored) -> Scored {
    let axes = encoding.axes();
    let continuous: Vec<usize> = (0..axes.len()).filter(|&k| axes[k].is_continuous()).collect();
    if continuous.is_empty() {
        return at;
    }
    let unit: Vec<f64> =
        continuous.iter().map(|&k| surrogate.posterior.hyperparameters().length_scale(k).min(1.0)).collect();
    let scale = |value: &dyn Fn(usize) -> f64| -> Vec<f64> {
        continuous.iter().zip(&unit).map(|(&k, unit)| value(k) / unit).collect()
    };
    let row = |v: &[f64]| {
        let mut row = at.coordinates.clone();
        for ((&k, v), unit) in continuous.iter().zip(v).zip(&unit) {
            let (low, high) = axes[k].range();
            row[k] = (v * unit).clamp(low, high);
        }
        row
    };
    let objective = |v: &[f64]| {
        let Ok(p) = surrogate.posterior.predict_with_gradient(&row(v)) else {
            return (f64::INFINITY, vec![0.0; v.len()]);
        };
        let improvement = surrogate.score(p.mean, p.sd);
        let slope =
            |k: usize| improvement.by_mean * p.mean_gradient[k] + improvement.by_sd * p.sd_gradient[k];
        (-improvement.value, continuous.iter().zip(&unit).map(|(&k, unit)| -slope(k) * unit).collect())
    };
    let stopping = Stopping { iterations: 40, gradient: 1e-4, improvement: 1e-5 };
    let end = minimize(
        objective,
        &scale(&|k| at.coordinates[k]),
        &scale(&|k| axes[k].range().0),
        &scale(&|k| axes[k].range().1),
        &stopping,
    );
    if -end.value > at.score { Scored { coordinates: row(&end.argument), score: -end.value } } else { at }
}

/// Moves the other coordinates to better alternatives: each to its best, or only the one that gains most.
fn step(encoding: &Encoding, surrogate: &Surrogate, at: Scored) -> Result<Scored, GpError> {
    let moved = |row: &[f64], k: usize, u: f64| {
        let mut row = row.to_vec();
        row[k] = u;
        row
    };
    let alternatives = encoding
        .axes()
        .iter()
        .enumerate()
        .flat_map(|(k, axis)| axis.neighbours(at.coordinates[k]).into_iter().map(move |u| (k, u)));
    let alternatives: Vec<(usize, f64)> = alternatives.collect();
    if alternatives.is_empty() {
        return Ok(at);
    }
    let rows: Vec<Vec<f64>> = alternatives.iter().map(|&(k, u)| moved(&at.coordinates, k, u)).collect();
    let scores = rated(surrogate, &rows)?;
    // The best alternative of each coordinate that has a better one.
    let mut best: Vec<usize> = Vec::new();
    for i in (0..rows.len()).filter(|&i| scores[i] > at.score + 1e-9) {
        match best.last_mut().filter(|last| alternatives[**last].0 == alternatives[i].0) {
            Some(last) if scores[i] > scores[*last] => *last = i,
            Some(_) => {}
            None => best.push(i),
        }
    }
    let Some(&single) = best.iter().reduce(|a, b| if scores[*b] > scores[*a] { b } else { a }) else {
        return Ok(at);
    };
    let alone = Scored { coordinates: rows[single].clone(), score: scores[single] };
    if best.len() == 1 {
        return Ok(alone);
    }
    let all =
        best.iter().fold(at.coordinates.clone(), |row, &i| moved(&row, alternatives[i].0, alternatives[i].1));
    let score = rated(surrogate, std::slice::from_ref(&all))?[0];
    Ok(if score > alone.score { Scored { coordinates: all, score } } else { alone })
}

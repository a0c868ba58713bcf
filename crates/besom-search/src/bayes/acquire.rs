//! The point with the largest expected improvement, in spaces of numbers and categories together.
//!
//! Scores a few hundred candidates at once, then climbs from the best of them: along the gradient in the continuous
//! coordinates, through all or many alternatives in the others, in turn until no alternative is better. Both halves
//! matter: the best of many random points alone gives away half of what the model knows.

use std::collections::BTreeSet;

use besom_core::Point;
use besom_gp::improvement::log_expected_improvement;
use besom_gp::{GpError, Stopping, minimize};
use nalgebra::DMatrix;
use rand::{Rng, RngExt};

use super::axis::Key;
use super::encode::Encoding;
use super::surrogate::Surrogate;

/// How many candidates come from the prior: more where each costs little, that is where runs are few.
const GLOBAL: std::ops::RangeInclusive<usize> = 128..=512;
/// How many pairs of a candidate and a run are looked at if the limits allow.
const PAIRS: usize = 60_000;
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
}

/// A candidate with the logarithm of its expected improvement.
#[derive(Clone, Debug)]
struct Scored {
    coordinates: Vec<f64>,
    score: f64,
}

/// The untried point with the largest expected improvement that was found; `None` if all candidates were tried.
pub(super) fn acquire(
    encoding: &Encoding,
    surrogate: &Surrogate,
    rng: &mut impl Rng,
    tried: &BTreeSet<Vec<Key>>,
) -> Result<Option<Choice>, GpError> {
    let new = |scored: &&Scored| {
        let key = encoding.key(&encoding.decode(&scored.coordinates));
        scored.score > f64::NEG_INFINITY && key.is_some_and(|key| !tried.contains(&key))
    };
    if let Some(count) = encoding.count().filter(|&count| count <= ENUMERATED) {
        let all = scored(surrogate, (0..count).map(|k| encoding.at(k)).collect())?;
        return best(all.iter().filter(new)).map(|best| choice(encoding, surrogate, best)).transpose();
    }
    let mut candidates = scored(surrogate, global(encoding, surrogate, rng))?;
    let around = scored(surrogate, local(encoding, surrogate, rng))?;
    let starts = starts(&candidates, &around, rng);
    candidates.extend(around);
    let mut climbed = Vec::with_capacity(starts.len());
    for start in starts {
        climbed.push(climb(encoding, surrogate, start)?);
    }
    let chosen = best(climbed.iter().filter(new)).or_else(|| best(candidates.iter().filter(new)));
    chosen.map(|chosen| choice(encoding, surrogate, chosen)).transpose()
}

/// What the model says of the value that really is suggested, after rounding.
fn choice(encoding: &Encoding, surrogate: &Surrogate, chosen: &Scored) -> Result<Choice, GpError> {
    let point = encoding.decode(&chosen.coordinates);
    let coordinates = encoding.encode(&point).unwrap_or_else(|| chosen.coordinates.clone());
    let at = surrogate.posterior.predict_with_gradient(&coordinates)?;
    let improvement = libm::exp(log_expected_improvement(at.mean, at.sd, surrogate.incumbent).value);
    Ok(Choice { point, coordinates, mean: at.mean, sd: at.sd, improvement })
}

/// The first of the best; NaN is never best.
fn best<'a>(candidates: impl Iterator<Item = &'a Scored>) -> Option<&'a Scored> {
    candidates.reduce(|best, other| if other.score > best.score { other } else { best })
}

fn scored(surrogate: &Surrogate, rows: Vec<Vec<f64>>) -> Result<Vec<Scored>, GpError> {
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let x = DMatrix::from_fn(rows.len(), first.len(), |i, k| rows[i][k]);
    let prediction = surrogate.posterior.predict(&x)?;
    let score = |(i, coordinates)| {
        let score = log_expected_improvement(prediction.mean[i], prediction.sd[i], surrogate.incumbent).value;
        Scored { coordinates, score }
    };
    Ok(rows.into_iter().enumerate().map(score).collect())
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

/// Where to climb from: the best candidates, and two more that are drawn in proportion to their improvement.
fn starts(global: &[Scored], local: &[Scored], rng: &mut impl Rng) -> Vec<Scored> {
    let all: Vec<&Scored> = global.iter().chain(local).collect();
    let highest = all.iter().map(|s| s.score).fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = all.iter().map(|s| libm::exp(s.score - highest).max(0.0)).collect();
    let total: f64 = weights.iter().sum();
    let mut starts: Vec<Scored> =
        [best(global.iter()), best(local.iter())].into_iter().flatten().cloned().collect();
    for _ in 0..2 {
        let mut left = rng.random::<f64>() * total;
        let drawn = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        starts.extend(drawn.map(|i| all[i].clone()));
    }
    let mut distinct: Vec<Scored> = Vec::new();
    for start in starts {
        if start.score.is_finite() && distinct.iter().all(|other| other.coordinates != start.coordinates) {
            distinct.push(start);
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
        let improvement = log_expected_improvement(p.mean, p.sd, surrogate.incumbent);
        let slope =
            |k: usize| improvement.by_mean * p.mean_gradient[k] + improvement.by_sd * p.sd_gradient[k];
        (-improvement.value, continuous.iter().zip(&unit).map(|(&k, unit)| -slope(k) * unit).collect())
    };
    let stopping = Stopping { iterations: 40, gradient: 1e-4, improvement: 1e-7 };
    let end = minimize(
        objective,
        &scale(&|k| at.coordinates[k]),
        &scale(&|k| axes[k].range().0),
        &scale(&|k| axes[k].range().1),
        &stopping,
    );
    if -end.value > at.score { Scored { coordinates: row(&end.argument), score: -end.value } } else { at }
}

/// Moves every other coordinate, one after the other, to its best alternative.
fn step(encoding: &Encoding, surrogate: &Surrogate, mut at: Scored) -> Result<Scored, GpError> {
    for (k, axis) in encoding.axes().iter().enumerate() {
        let moved = |u: f64| {
            let mut row = at.coordinates.clone();
            row[k] = u;
            row
        };
        let rows = axis.neighbours(at.coordinates[k]).into_iter().map(moved).collect();
        let alternatives = scored(surrogate, rows)?;
        if let Some(best) = best(alternatives.iter()).filter(|best| best.score > at.score + 1e-9) {
            at = best.clone();
        }
    }
    Ok(at)
}

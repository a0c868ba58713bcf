//! Candidates: the points at which the acquisition function is looked at first.

use besom_core::Space;
use nalgebra::DMatrix;
use rand::{Rng, RngExt};

use super::axis::same_category;
use super::encode::Encoding;
use super::surrogate::Surrogate;

/// How many candidates come from the prior: more where each costs little, that is where runs are few. 128
/// candidates and three climbs scored .767, 512 and four .792, which may be chance (decision 20).
const GLOBAL: std::ops::RangeInclusive<usize> = 128..=512;
/// How many pairs of a candidate and a run are looked at if the limits allow: keeps the time of scoring,
/// which grows with the pairs, about the same between 60 and 230 runs.
const PAIRS: usize = 30_000;
/// How many of the draws from the prior serve in a branch (decision 23).
const IN_BRANCH: usize = 64;
/// How many points are drawn at most for each candidate that keeps all constraints ...
const DRAWS: usize = 20;
/// ... and how many candidates there are at least: the rest costs a random walk each.
const WALKED: usize = 64;
/// How many perturbations of each top point and each width: together with the draws a few hundred candidates.
const LOCAL: usize = 16;
/// The standard deviations of perturbations, in coordinates: a step to the neighborhood, and one within it.
const WIDTHS: [f64; 2] = [0.1, 0.02];
/// Perturbations change this many coordinates on average where there are more: one that changes all is not
/// near any more.
const CHANGED: f64 = 3.0;
/// A space of at most this many points is scored completely, a few times as many as there are candidates
/// otherwise: then the maximum is exact.
const ENUMERATED: u128 = 2000;

/// Points to score and to climb from: all of a small space, else draws from the prior and points around the
/// best runs. They stay the same until the next run ends, for a model and those that differ from it in their
/// length scales.
#[derive(Debug)]
pub(super) struct Candidates {
    pub(super) rows: Vec<Vec<f64>>,
    /// How many are draws from the prior; all others are near the best runs.
    pub(super) global: usize,
    /// Whether there is no other point.
    pub(super) complete: bool,
}

impl Candidates {
    /// For models of so many runs with a value together, of which those at `top_points` are the best.
    pub(super) fn new(
        space: &Space,
        encoding: &Encoding,
        runs: usize,
        top_points: &[Vec<f64>],
        rng: &mut impl Rng,
    ) -> Self {
        if let Some(count) = encoding.count().filter(|&count| count <= ENUMERATED) {
            let rows: Vec<_> = (0..count).map(|k| encoding.at(k)).collect();
            return Self { global: rows.len(), rows, complete: true };
        }
        let mut rows = global(space, encoding, runs, rng);
        let global = rows.len();
        rows.extend(local(encoding, top_points, rng).into_iter().filter(|row| encoding.allows(row)));
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
        rows.extend(local(encoding, &surrogate.top_points, rng));
        let in_branch = |mut row: Vec<f64>| {
            row[axis] = value;
            encoding.canonical(row)
        };
        let mut rows: Vec<Vec<f64>> = rows.into_iter().map(in_branch).collect();
        let mut global = global;
        if encoding.is_constrained() {
            let legal: Vec<bool> = rows.iter().map(|row| encoding.allows(row)).collect();
            global = legal[..global].iter().filter(|legal| **legal).count();
            let mut legal = legal.into_iter();
            rows.retain(|_| legal.next().unwrap_or(false));
        }
        Self { rows, global, complete: false }
    }
}

/// Draws from the prior.
fn global(space: &Space, encoding: &Encoding, runs: usize, rng: &mut impl Rng) -> Vec<Vec<f64>> {
    let mut cube = vec![0.0; encoding.axes().len()];
    let count = PAIRS / runs.max(1);
    let count = count.clamp(*GLOBAL.start(), *GLOBAL.end());
    if !encoding.is_constrained() {
        let draw = |_| {
            cube.fill_with(|| rng.random());
            encoding.sample(&cube)
        };
        return (0..count).map(draw).collect();
    }
    let mut rows = Vec::new();
    for _ in 0..count * DRAWS {
        cube.fill_with(|| rng.random());
        rows.extend(Some(encoding.sample(&cube)).filter(|row| encoding.allows(row)));
        if rows.len() == count {
            return rows;
        }
    }
    let lacking = WALKED.saturating_sub(rows.len());
    rows.extend((0..lacking).filter_map(|_| encoding.draw(space, rng)));
    rows
}

/// The top points and perturbations of them.
fn local(encoding: &Encoding, top_points: &[Vec<f64>], rng: &mut impl Rng) -> Vec<Vec<f64>> {
    let share = (CHANGED / encoding.axes().len() as f64).clamp(0.3, 1.0);
    let mut rows = Vec::new();
    for top in top_points {
        rows.push(top.clone());
        for width in WIDTHS {
            for _ in 0..LOCAL {
                rows.push(perturbed(encoding, top, share, width, rng));
            }
        }
    }
    rows
}

/// A point near another: each coordinate is changed with a probability of `share`, numbers by about `width`. What
/// becomes active by that begins in the middle.
fn perturbed(encoding: &Encoding, point: &[f64], share: f64, width: f64, rng: &mut impl Rng) -> Vec<f64> {
    let moved = encoding.axes().iter().zip(point).map(|(axis, &u)| {
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
    encoding.canonical(moved.collect())
}

/// Rows as a matrix.
pub(super) fn matrix(rows: &[Vec<f64>]) -> DMatrix<f64> {
    DMatrix::from_fn(rows.len(), rows.first().map_or(0, Vec::len), |i, k| rows[i][k])
}

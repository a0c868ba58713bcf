//! Points that need no model: the first ones, and those in place of a model that failed.

use std::collections::BTreeSet;

use besom_core::{Problem, RunNumber};
use rand::{Rng, RngExt};

use super::axis::Key;
use super::encode::Encoding;
use crate::sobol;

/// How many points are handed out before the model decides: two more than dimensions, between 4 and 10, but
/// not more than a quarter of a bounded sweep.
pub(super) fn count(problem: &Problem, dimensions: usize) -> usize {
    sobol::initial_points(problem, (dimensions + 2).clamp(4, 10))
}

/// The run's own point of the quasi-random sequence, with a coordinate of their own for parameters that are inactive
/// there.
pub(super) fn open(problem: &Problem, encoding: &Encoding, run: RunNumber) -> Vec<f64> {
    encoding.sample_all(&sobol::point(problem.seed, run.index(), encoding.axes().len()))
}

/// The coordinates of an untried point: the run's own point of the quasi-random sequence, or a random one if
/// that was tried already. `None` if the space is finite and all its points were tried; a tried point if none
/// other was found in an endless one. With the coordinate of `owed` in its axis, unless only points without are left.
pub(super) fn untried(
    problem: &Problem,
    encoding: &Encoding,
    run: RunNumber,
    rng: &mut impl Rng,
    tried: &BTreeSet<Vec<Key>>,
    owed: Option<(usize, f64)>,
) -> Option<Vec<f64>> {
    let new = |coordinates: &[f64]| {
        let key = encoding.key(&encoding.decode(coordinates));
        key.is_none_or(|key| !tried.contains(&key))
    };
    let pinned = |mut row: Vec<f64>| {
        owed.into_iter().for_each(|(axis, coordinate)| row[axis] = coordinate);
        encoding.canonical(row)
    };
    let dimensions = encoding.axes().len();
    let first = pinned(open(problem, encoding, run));
    if new(&first) {
        return Some(first);
    }
    let mut cube = vec![0.0; dimensions];
    for _ in 0..64 {
        cube.fill_with(|| rng.random());
        let coordinates = pinned(encoding.sample_all(&cube));
        if new(&coordinates) {
            return Some(coordinates);
        }
    }
    let Some(count) = encoding.reachable() else {
        return Some(first);
    };
    // Among one more consecutive points than were tried there is a new one, if there is any.
    let start = rng.random_range(0..count);
    let steps = count.min(tried.len() as u128 + 1);
    (0..steps).map(|step| encoding.at(start.wrapping_add(step) % count)).find(|coordinates| new(coordinates))
}

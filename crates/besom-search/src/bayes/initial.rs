//! Points that need no model: the first ones, and those in place of a model that failed.

use std::collections::BTreeSet;

use besom_core::{ParamPath, Point, Problem, RunNumber, Space};
use rand::{Rng, RngExt};
use serde_json::Value;

use super::axis::{Axis, Key};
use super::encode::Encoding;
use crate::sobol::{self, LegalPoints};

/// How many points are handed out before the model decides: two more than dimensions, between 4 and 10, but
/// not more than a quarter of a bounded sweep.
pub(super) fn count(problem: &Problem, dimensions: usize) -> usize {
    sobol::initial_points(problem, (dimensions + 2).clamp(4, 10))
}

/// The run's own point: the middle for the first run, else that of the quasi-random sequence. Parameters that are
/// inactive there have a coordinate of their own.
pub(super) fn open(problem: &Problem, encoding: &Encoding, run: RunNumber) -> Vec<f64> {
    middle(problem, encoding, run).unwrap_or_else(|| encoding.sample_all(&sequence(problem, encoding, run)))
}

/// The first run's point: every number at the median of its distribution, categories as the sequence has them. `None`
/// for other runs, if there are only categories, or if a constraint forbids it. Ranges are put around what is expected
/// to be good (decision 100).
pub(super) fn middle(problem: &Problem, encoding: &Encoding, run: RunNumber) -> Option<Vec<f64>> {
    let axes = encoding.axes();
    if run != RunNumber::FIRST || axes.iter().all(Axis::is_categorical) {
        return None;
    }
    let mut cube = sequence(problem, encoding, run);
    let numbers = axes.iter().zip(&mut cube).filter(|(axis, _)| !axis.is_categorical());
    numbers.for_each(|(_, u)| *u = 0.5);
    let row = encoding.sample_all(&cube);
    encoding.allows(&encoding.canonical(row.clone())).then_some(row)
}

fn sequence(problem: &Problem, encoding: &Encoding, run: RunNumber) -> Vec<f64> {
    sobol::point(problem.seed, run.index(), encoding.axes().len())
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
    if encoding.is_constrained() {
        return legal(problem, encoding, run, rng, new, pinned);
    }
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

/// How often a point is drawn again.
const DRAWS: usize = 2000;
/// How many points are drawn of which the one that is farthest from all runs is tried, where legal points are rare.
const SPREAD: usize = 20;
/// Up to this run, points are those of the sequence: to find a later one, all before it have to be looked at.
const SEQUENCE: usize = 100;

/// As [`untried`] in a space with constraints: the run's own legal point of the sequence, or else one that is drawn.
fn legal(
    problem: &Problem,
    encoding: &Encoding,
    run: RunNumber,
    rng: &mut impl Rng,
    new: impl Fn(&[f64]) -> bool,
    pinned: impl Fn(Vec<f64>) -> Vec<f64>,
) -> Option<Vec<f64>> {
    let space = &problem.space;
    let is_rare = space.is_rarely_legal();
    if let Some(middle) = middle(problem, encoding, run).map(&pinned).filter(|middle| new(middle)) {
        return Some(middle);
    }
    if !is_rare && run.index() < SEQUENCE {
        let cube = LegalPoints::default().point(problem, run.index(), rng);
        let own = cube.and_then(|cube| encoding.encode(&space.decode(&cube))).map(&pinned);
        if let Some(own) = own.filter(|own| encoding.allows(own) && new(own)) {
            return Some(own);
        }
    }
    let mut cube = vec![0.0; encoding.axes().len()];
    let mut tried = None;
    for _ in 0..DRAWS {
        cube.fill_with(|| rng.random());
        let coordinates = pinned(encoding.sample_all(&cube));
        if encoding.allows(&coordinates) {
            if new(&coordinates) {
                return Some(coordinates);
            }
            tried = Some(coordinates);
        }
        if is_rare && tried.is_none() {
            break;
        }
    }
    let drawn: Vec<Vec<f64>> = (0..SPREAD).filter_map(|_| encoding.draw(space, rng)).collect();
    if let Some(drawn) = drawn.iter().find(|drawn| new(drawn)) {
        return Some(drawn.clone());
    }
    match encoding.reachable() {
        Some(0) => None,
        Some(count) => {
            let start = rng.random_range(0..count);
            (0..count).map(|step| encoding.at((start + step) % count)).find(|coordinates| new(coordinates))
        }
        None => tried.or_else(|| drawn.into_iter().next()),
    }
}

/// A legal point with the values that are given, and the others drawn; `None` if there is hardly one.
pub(super) fn completed(
    space: &Space,
    encoding: &Encoding,
    given: &[(ParamPath, Value)],
    rng: &mut impl Rng,
) -> Option<Point> {
    let mut cube = vec![0.0; encoding.axes().len()];
    (0..DRAWS).find_map(|_| {
        cube.fill_with(|| rng.random());
        let point = encoding.decode_around(given, &encoding.sample_all(&cube));
        space.allows(&point).then_some(point)
    })
}

/// The generator for what must be found again.
pub(super) fn generator() -> besom_core::Rng {
    besom_core::Rng::new(u64::from_le_bytes(*b"complete"))
}

//! What generations are drawn from: a normal distribution over numbers, and a list of probabilities for each
//! category.
//!
//! The model is a function of the generations that it learned from, one after the other, and so can always be
//! made anew from the history.

use besom_core::special::normal_quantile;
use libm::pow;
use rand::distr::Open01;
use rand::{Rng, RngExt};

use super::constants::Constants;
use super::normal::{Normal, Sample};
use crate::axis::{Axis, Levels, pick};
use crate::sobol::scrambled;

/// How far probabilities of categories move towards the best runs of a generation: about as fast as the
/// covariance learns in a few dimensions; a choice, not measured.
const CATEGORY_RATE: f64 = 0.2;
/// Below this deviation in every dimension a distribution is spent: points differ in no digit that matters.
const LEAST_DEVIATION: f64 = 1e-9;
/// Populations double with each new start (Auger and Hansen, "A Restart CMA Evolution Strategy With
/// Increasing Population Size", CEC 2005), at most this often, so that a sweep of thousands of runs still
/// fills generations.
const MOST_DOUBLINGS: u32 = 5;
/// How often a point outside the unit cube is drawn again before it is moved to the border: in few dimensions
/// one of the first draws lies inside, in many none may.
const DRAWS: usize = 100;

/// What stays the same over a sweep.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) axes: Vec<Axis>,
    pub(super) population: usize,
    pub(super) step: f64,
    pub(super) seed: u64,
}

impl Plan {
    /// How many runs a generation has after this many new starts.
    pub(super) fn population(&self, starts: u32) -> usize {
        self.population << starts.min(MOST_DOUBLINGS)
    }
}

/// A generation that has ended, as the model learns from it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Update {
    /// How many new starts there were before the next generation.
    pub(super) starts: u32,
    /// Its runs, best first.
    pub(super) runs: Vec<Sample>,
    /// For each run the level on each categorical axis, if it is known.
    pub(super) levels: Vec<Vec<Option<usize>>>,
    /// How many of the runs have a value.
    pub(super) valued: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) constants: Constants,
    pub(super) normal: Normal,
    pub(super) starts: u32,
    /// The probabilities of the levels of each categorical axis.
    categories: Vec<Vec<f64>>,
}

impl Plan {
    /// The axes of numbers.
    pub(super) fn numeric(&self) -> impl Iterator<Item = &Axis> {
        self.axes.iter().filter(|axis| axis.categories().is_none())
    }

    /// The levels of the axes of categories.
    pub(super) fn categorical(&self) -> impl Iterator<Item = &Levels> {
        self.axes.iter().filter_map(Axis::categories)
    }
}

impl Model {
    /// The model before any result: around the middle of the space, and around another point after each new
    /// start.
    pub(super) fn new(plan: &Plan, starts: u32) -> Self {
        let numbers = plan.numeric().count();
        let mean = if starts == 0 { vec![0.5; numbers] } else { scrambled(plan.seed, starts, numbers) };
        Self {
            constants: Constants::new(numbers.max(1), plan.population(starts)),
            normal: Normal::new(mean, plan.step),
            starts,
            categories: plan.categorical().map(Levels::probabilities).collect(),
        }
    }

    /// Learns from one more generation, or starts anew after it.
    pub(super) fn learn(&mut self, plan: &Plan, update: &Update) {
        if update.starts > self.starts {
            *self = Self::new(plan, update.starts);
            return;
        }
        self.normal.update(&self.constants, &update.runs, update.valued);
        let least: Vec<f64> =
            plan.numeric().enumerate().map(|(j, axis)| self.least_deviation(axis, j)).collect();
        self.normal.widen(&least);
        let kinds = self.categories.len();
        for (k, levels) in plan.categorical().enumerate() {
            let best = update.levels.iter().take(self.constants.parents.min(update.valued));
            let places: Vec<Option<usize>> = best.map(|levels| levels[k]).collect();
            favor(&mut self.categories[k], &self.constants.weights, &places);
            keep_alive(&mut self.categories[k], &levels.probabilities(), kinds);
        }
    }

    /// Whether the distribution of numbers has nothing left to learn.
    pub(super) fn is_spent(&self) -> bool {
        self.normal.is_spent(LEAST_DEVIATION)
    }

    /// The deviation that a number needs for its mean's level to be left about once in a generation by some
    /// number. After Hamano et al., "CMA-ES with Margin", GECCO 2022; here the deviation alone is corrected.
    fn least_deviation(&self, axis: &Axis, j: usize) -> f64 {
        let Some(levels) = axis.levels() else { return 0.0 };
        let mean = self.normal.mean[j];
        let (from, to) = levels.cell(levels.at(mean));
        let below = if from > 0.0 { mean - from } else { f64::INFINITY };
        let above = if to < 1.0 { to - mean } else { f64::INFINITY };
        let margin = 1.0 / (self.constants.population * self.normal.mean.len().max(1)) as f64;
        let nearest = below.min(above);
        if nearest.is_finite() { nearest.max(0.0) / normal_quantile(1.0 - margin.min(0.4)) } else { 0.0 }
    }

    /// A point: the numbers, and the coordinates of all parameters.
    pub(super) fn draw(&self, plan: &Plan, rng: &mut impl Rng) -> (Vec<f64>, Vec<f64>) {
        let numbers = self.numbers(rng);
        let (mut x, mut categories) = (numbers.iter(), self.categories.iter());
        let cube = plan.axes.iter().map(|axis| match axis.categories() {
            None => x.next().copied().unwrap_or(0.5),
            Some(levels) => {
                let probabilities = categories.next().map_or(&[][..], Vec::as_slice);
                let (from, to) = levels.cell(pick(probabilities, rng.sample(Open01), 0.0));
                from / 2.0 + to / 2.0
            }
        });
        let cube = cube.collect();
        (numbers, cube)
    }

    fn numbers(&self, rng: &mut impl Rng) -> Vec<f64> {
        let mut z = vec![0.0; self.normal.mean.len()];
        let mut x = Vec::new();
        for _ in 0..DRAWS {
            z.fill_with(|| normal_quantile(rng.sample(Open01)));
            x = self.normal.point(&z);
            if x.iter().all(|x| (0.0..=1.0).contains(x)) {
                return x;
            }
        }
        x.iter_mut().for_each(|x| *x = if x.is_nan() { 0.5 } else { x.clamp(0.0, 1.0) });
        x
    }
}

/// Moves probabilities towards the levels of the best runs: the natural gradient of a categorical
/// distribution.
fn favor(probabilities: &mut [f64], weights: &[f64], best: &[Option<usize>]) {
    let known = || best.iter().zip(weights).filter_map(|(level, w)| Some(((*level)?, w)));
    let sum: f64 = known().map(|(_, w)| w).sum();
    if sum > 0.0 {
        probabilities.iter_mut().for_each(|p| *p *= 1.0 - CATEGORY_RATE);
        known().for_each(|(level, w)| probabilities[level] += CATEGORY_RATE * w / sum);
    }
}

/// Keeps each level so likely that of all `kinds` of categories together one lies elsewhere than its
/// likeliest level in about a quarter of the runs (Hamano et al., "CatCMA", GECCO 2024), but no likelier than
/// it was to begin with.
fn keep_alive(probabilities: &mut [f64], prior: &[f64], kinds: usize) {
    let others = prior.iter().filter(|p| **p > 0.0).count().max(2) - 1;
    let margin = (1.0 - pow(0.73, 1.0 / kinds as f64)) / others as f64;
    for (p, prior) in probabilities.iter_mut().zip(prior) {
        *p = p.max(margin.min(*prior));
    }
    let sum: f64 = probabilities.iter().sum();
    probabilities.iter_mut().for_each(|p| *p /= sum);
}

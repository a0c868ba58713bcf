//! Gallagher's functions 21 and 22: the highest of many peaks, each an ellipsoid of a direction and condition of its own.

use libm::{exp, pow};

use super::matrix::Matrix;
use super::random::{order, rotation, uniform};
use super::transform::{oscillate, penalty, share};

/// How many peaks, how far their centers spread, and how long the best one is.
struct Shape {
    peaks: usize,
    spread: f64,
    best_condition: f64,
}

/// The peaks of one instance.
#[derive(Debug)]
pub(super) struct Peaks {
    r: Matrix,
    peaks: Vec<Peak>,
    /// The place of the best peak.
    pub(super) optimum: Vec<f64>,
}

#[derive(Debug)]
struct Peak {
    height: f64,
    /// Its center, rotated.
    center: Vec<f64>,
    scales: Vec<f64>,
}

impl Peaks {
    /// 101 peaks, the best of a condition of 30.
    pub(super) fn many(dimension: usize, seed: u64) -> Self {
        Self::new(dimension, seed, &Shape { peaks: 101, spread: 10.0, best_condition: 1000.0_f64.sqrt() })
    }

    /// 21 peaks, the best of a condition of 1000.
    pub(super) fn few(dimension: usize, seed: u64) -> Self {
        Self::new(dimension, seed, &Shape { peaks: 21, spread: 9.8, best_condition: 1000.0 })
    }

    fn new(dimension: usize, seed: u64, shape: &Shape) -> Self {
        let r = rotation(dimension, seed);
        let places = uniform(dimension * shape.peaks, seed);
        let centers = places.chunks(dimension).enumerate().map(|(peak, place)| {
            // The best peak keeps away from the bounds.
            let shrink = if peak == 0 { 0.8 } else { 1.0 };
            place.iter().map(|u| shrink * (shape.spread * u - 0.5 * shape.spread)).collect::<Vec<_>>()
        });
        let centers: Vec<Vec<f64>> = centers.collect();
        let conditions = conditions(shape, seed);
        let peak = |i: usize| Peak {
            height: height(i, shape.peaks),
            center: r.times(&centers[i]),
            scales: scales(dimension, conditions[i], seed + 1000 * i as u64),
        };
        let peaks = (0..shape.peaks).map(peak).collect();
        Self { r, peaks, optimum: centers[0].clone() }
    }

    pub(super) fn value(&self, x: &[f64]) -> f64 {
        let turned = self.r.times(x);
        let highest = self.peaks.iter().map(|peak| peak.at(&turned)).fold(0.0, f64::max);
        let below = oscillate(10.0 - highest);
        below * below + penalty(x)
    }
}

impl Peak {
    fn at(&self, turned: &[f64]) -> f64 {
        let term = |((x, center), scale): ((&f64, &f64), &f64)| scale * (x - center) * (x - center);
        let distance: f64 = turned.iter().zip(&self.center).zip(&self.scales).map(term).sum();
        self.height * exp(-0.5 / turned.len() as f64 * distance)
    }
}

/// 10 for the best peak, then from 1.1 to 9.1.
fn height(peak: usize, peaks: usize) -> f64 {
    if peak == 0 { 10.0 } else { 1.1 + 8.0 * share(peak - 1, peaks - 1) }
}

/// The roots of the conditions α of all peaks: those of the others are 1 to 1000, shuffled.
fn conditions(shape: &Shape, seed: u64) -> Vec<f64> {
    let others = order(&uniform(shape.peaks - 1, seed));
    let condition = |place: usize| pow(1000.0, share(place, shape.peaks - 1));
    std::iter::once(shape.best_condition).chain(others.into_iter().map(condition)).collect()
}

/// The diagonal of C, shuffled.
fn scales(dimension: usize, condition: f64, seed: u64) -> Vec<f64> {
    let places = order(&uniform(dimension, seed));
    places.into_iter().map(|place| pow(condition, share(place, dimension) - 0.5)).collect()
}

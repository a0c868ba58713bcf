//! The generator of BBOB, which the shifts, rotations and optimum values of every instance come from.
//!
//! Uniform numbers are those of Park and Miller's minimal standard generator, shuffled through a table of 32 (Bays and
//! Durham); normal ones come from pairs of them by the transform of Box and Muller. The suite demands these very numbers, so
//! that this generator is used nowhere else.

use std::f64::consts::TAU;

use libm::{cos, log};

use super::matrix::Matrix;

const MODULUS: i64 = 2_147_483_647;

/// `n` uniform numbers in (0, 1).
pub(super) fn uniform(n: usize, seed: u64) -> Vec<f64> {
    let mut state = i64::try_from(seed).expect("seeds of instances are small").max(1);
    let mut step = || {
        state = 16_807 * state % MODULUS;
        state
    };
    let mut table = [0; 32];
    for place in (0..40).rev() {
        let drawn = step();
        if let Some(entry) = table.get_mut(place) {
            *entry = drawn;
        }
    }
    let mut last = table[0];
    let mut draw = || {
        let place = usize::try_from(last / 67_108_865).expect("it is never negative");
        last = std::mem::replace(&mut table[place], step());
        last as f64 / MODULUS as f64
    };
    (0..n).map(|_| draw().max(1e-99)).collect()
}

/// `n` normal numbers.
pub(super) fn normal(n: usize, seed: u64) -> Vec<f64> {
    let drawn = uniform(2 * n, seed);
    let (radii, angles) = drawn.split_at(n);
    let pair = |(r, a): (&f64, &f64)| (-2.0 * log(*r)).sqrt() * cos(TAU * a);
    let nonzero = |x: f64| if x == 0.0 { 1e-99 } else { x };
    radii.iter().zip(angles).map(pair).map(nonzero).collect()
}

/// An orthogonal matrix: the columns of a normal one, made orthonormal by the process of Gram and Schmidt.
pub(super) fn rotation(dimension: usize, seed: u64) -> Matrix {
    let mut columns: Vec<Vec<f64>> =
        normal(dimension * dimension, seed).chunks(dimension).map(<[f64]>::to_vec).collect();
    for i in 0..dimension {
        let (done, rest) = columns.split_at_mut(i);
        let column = &mut rest[0];
        for earlier in done {
            let share = dot(column, earlier);
            column.iter_mut().zip(earlier).for_each(|(x, e)| *x -= share * *e);
        }
        let length = dot(column, column).sqrt();
        column.iter_mut().for_each(|x| *x /= length);
    }
    Matrix::from_columns(&columns)
}

/// The place of the optimum in [-4, 4] that most functions have, at multiples of 0.0008 and never 0.
pub(super) fn optimum(dimension: usize, seed: u64) -> Vec<f64> {
    let place = |u: f64| 8.0 * (1e4 * u).floor() / 1e4 - 4.0;
    let nonzero = |x: f64| if x == 0.0 { -1e-5 } else { x };
    uniform(dimension, seed).into_iter().map(place).map(nonzero).collect()
}

/// The value of the optimum: a Cauchy number to two decimals, within [-1000, 1000].
pub(super) fn optimum_value(seed: u64) -> f64 {
    let cauchy = normal(1, seed)[0] / normal(1, seed + 1)[0];
    ((1e4 * cauchy + 0.5).floor() / 100.0).clamp(-1000.0, 1000.0)
}

/// The places of the numbers in ascending order.
pub(super) fn order(numbers: &[f64]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..numbers.len()).collect();
    places.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    places
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

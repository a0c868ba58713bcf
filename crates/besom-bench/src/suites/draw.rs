//! The chance that makes instances.

use besom_core::{Rng, RunNumber, seed};

use crate::numbers::digest;

/// The generator of an instance: a function of the task's name and the instance's number.
pub(super) fn generator(name: &str, instance: u64) -> Rng {
    let number = RunNumber::FIRST.plus(usize::try_from(instance).unwrap_or(usize::MAX - 1));
    seed::rng(digest(name), number)
}

/// A number between two bounds.
pub(super) fn between(rng: &mut Rng, min: f64, max: f64) -> f64 {
    min + (max - min) * rng.f64()
}

/// As many numbers between two bounds.
pub(super) fn array<const N: usize>(rng: &mut Rng, min: f64, max: f64) -> [f64; N] {
    [(); N].map(|()| between(rng, min, max))
}

/// As many normal numbers with this standard deviation.
pub(super) fn normals<const N: usize>(rng: &mut Rng, sd: f64) -> [f64; N] {
    [(); N].map(|()| sd * rng.normal())
}

/// The numbers from 0 on in random order.
pub(super) fn permutation<const N: usize>(rng: &mut Rng) -> [usize; N] {
    let mut order = std::array::from_fn(|i| i);
    for i in (1..N).rev() {
        order.swap(i, rng.below(i + 1));
    }
    order
}

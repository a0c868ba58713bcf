//! The generator of random numbers: one type of our own, so that no version of a random crate is part of an interface.

use std::convert::Infallible;

use rand::distr::Open01;
use rand::rand_core::TryRng;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::special;

/// Random numbers that are the same on every machine: ChaCha8. A search gets its generators from
/// [`Ask::rng`](crate::Ask::rng).
///
/// Its own methods do for most algorithms. For the rest it implements the traits of the crate `rand`, which is re-exported
/// as `besom_core::rand`, so that versions match.
///
/// ```
/// use besom_core::Rng;
/// use besom_core::rand::RngExt;
///
/// let mut rng = Rng::new(7);
/// assert!((0.0..1.0).contains(&rng.f64()));
/// assert!(rng.below(3) < 3);
/// assert!(rng.normal().is_finite());
/// let heads: bool = rng.random();
/// # let _ = heads;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng(ChaCha8Rng);

impl Rng {
    /// The generator of this seed. It shares no numbers with those of runs ([`seed::rng`](crate::seed::rng)).
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The generator of a run: its number is the stream, so that those of different runs never overlap.
    pub(crate) fn of_stream(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// A number in [0, 1), uniform: a multiple of 2^-53.
    pub fn f64(&mut self) -> f64 {
        self.0.random()
    }

    /// A whole number from 0 to `n - 1`, uniform.
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "no whole number is below 0");
        self.0.random_range(0..n)
    }

    /// A number of the standard normal distribution, by its quantile function.
    pub fn normal(&mut self) -> f64 {
        special::normal_quantile(self.0.sample(Open01))
    }
}

impl TryRng for Rng {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    #[inline]
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let mut rng = Rng::new(1);
        let draws: Vec<f64> = (0..10_000).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 1e4;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1e4;
        // Four standard errors.
        assert!(mean.abs() < 0.04 && (variance - 1.0).abs() < 0.057, "mean {mean}, variance {variance}");
    }

    #[test]
    fn numbers_below_n_are_all_of_them() {
        let mut rng = Rng::new(1);
        let mut seen = [false; 5];
        (0..100).for_each(|_| seen[rng.below(5)] = true);
        assert_eq!(seen, [true; 5]);
    }

    #[test]
    fn a_generator_of_a_seed_is_none_of_a_run() {
        assert_ne!(Rng::new(7), Rng::of_stream(7, 1));
    }
}

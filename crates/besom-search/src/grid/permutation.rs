//! A permutation of 0 .. n that is computed, not stored.
//!
//! A Feistel network over two digits (l, r) of bases a, b with a b just above n, whose rounds add a keyed
//! hash of one digit to the other; numbers that land at n or above are sent through again ("cycle walking").
//! Black and Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002. It shuffles well and is not meant
//! to keep secrets.

use besom_core::{RunNumber, seed};
use rand::RngExt;

/// Rounds enough that every order of a small grid comes about equally often.
const ROUNDS: usize = 12;

/// A permutation of the numbers below a size, chosen by a seed.
#[derive(Clone, Debug)]
pub(crate) struct Permutation {
    size: u128,
    /// The base of the upper digit: the root of the size, rounded up.
    a: u128,
    /// The base of the lower digit.
    b: u128,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// The permutation of the numbers below `size` (at least 1) for a sweep's seed.
    pub(crate) fn new(size: u128, seed: u64) -> Self {
        let a = (size - 1).isqrt() + 1;
        let mut rng = seed::rng(seed, RunNumber::FIRST);
        Self { size, a, b: size.div_ceil(a), keys: std::array::from_fn(|_| rng.random()) }
    }

    /// Where `k` goes; `k` must be less than the size.
    pub(crate) fn apply(&self, k: u128) -> u128 {
        // The walk ends: it follows a cycle of a permutation of 0 .. a b, and that cycle holds k.
        let mut image = self.once(k);
        while image >= self.size {
            image = self.once(image);
        }
        image
    }

    /// The network: a permutation of the numbers below a b.
    fn once(&self, k: u128) -> u128 {
        let (mut l, mut r) = (k / self.b, k % self.b);
        for (round, &key) in self.keys.iter().enumerate() {
            if round % 2 == 0 {
                l = (l + mix(key, r)) % self.a;
            } else {
                r = (r + mix(key, l)) % self.b;
            }
        }
        l * self.b + r
    }
}

/// A hash of a digit, below 2^64. The digit is, too: its base is at most 2^64.
fn mix(key: u64, digit: u128) -> u128 {
    // The finalizer of SplitMix64: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators",
    // 2014.
    #[expect(clippy::cast_possible_truncation, reason = "a digit is below 2^64")]
    let mut x = (digit as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ key;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    u128::from(x ^ (x >> 31))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_a_permutation() {
        for size in 1..=300 {
            for seed in 0..3 {
                let permutation = Permutation::new(size, seed);
                let mut images: Vec<_> = (0..size).map(|k| permutation.apply(k)).collect();
                images.sort_unstable();
                assert_eq!(images, (0..size).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn all_orders_of_a_small_grid_come_about_equally_often() {
        for (size, orders) in [(2, 2), (3, 6), (4, 24)] {
            let mut counts: HashMap<Vec<u128>, f64> = HashMap::new();
            let seeds = 1000 * orders;
            for seed in 0..seeds {
                let permutation = Permutation::new(size, seed);
                *counts.entry((0..size).map(|k| permutation.apply(k)).collect()).or_default() += 1.0;
            }
            assert_eq!(counts.len() as u64, orders);
            // Five standard deviations of a count with mean 1000.
            assert!(counts.values().all(|count| (count - 1000.0).abs() < 160.0), "{counts:?}");
        }
    }

    proptest! {
        #[test]
        fn images_of_huge_grids_are_cells_and_differ(size in 2_u128.., seed: u64, i: u128, j: u128) {
            let permutation = Permutation::new(size, seed);
            let (i, j) = (i % size, j % size);
            prop_assert!(permutation.apply(i) < size);
            prop_assert_eq!(permutation.apply(i) == permutation.apply(j), i == j);
        }

        #[test]
        fn it_is_a_function_of_the_seed(size in 1_u128..1000, seed: u64) {
            let (a, b) = (Permutation::new(size, seed), Permutation::new(size, seed));
            prop_assert!((0..size).all(|k| a.apply(k) == b.apply(k)));
        }
    }
}

//! The seed law: the generator for a run is a function of (sweep seed, run number).

use std::hash::{BuildHasher, RandomState};

use crate::{Rng, RunNumber};

/// The generator for one run. ChaCha8 with the sweep's seed as key and the run number as stream, so that generators
/// of different runs never overlap and the same pair gives the same numbers on every machine.
pub fn rng(seed: u64, run: RunNumber) -> Rng {
    Rng::of_stream(seed, run.get())
}

/// A seed for a sweep that was given none: 32 bits, few enough to be typed again and to survive any JSON reader. The
/// only chance in this crate; it comes from the operating system by way of [`RandomState`].
///
/// `wasm32-unknown-unknown` has no source of chance: there it may be the same in every process, so give a seed.
pub fn fresh() -> u64 {
    RandomState::new().hash_one(0_u8) >> 32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::Rng;

    use super::*;

    fn first(seed: u64, run: usize) -> u64 {
        rng(seed, RunNumber::from_index(run)).next_u64()
    }

    #[test]
    fn generators_of_runs_and_seeds_differ() {
        let firsts: BTreeSet<u64> =
            (0..100).flat_map(|seed| (0..100).map(move |run| first(seed, run))).collect();
        assert_eq!(firsts.len(), 10_000);
    }

    #[test]
    fn fresh_seeds_differ_and_have_32_bits() {
        let seeds: BTreeSet<u64> = (0..100).map(|_| fresh()).collect();
        assert!(seeds.len() > 98, "{seeds:?}");
        assert!(seeds.iter().all(|&seed| seed <= u64::from(u32::MAX)));
    }

    #[test]
    fn generators_stay_the_same_over_versions() {
        let firsts = [first(0, 0), first(0, 1), first(u64::MAX, 9)];
        assert_eq!(
            firsts,
            [13_937_087_304_575_520_531, 6_128_383_831_660_698_443, 16_106_966_206_185_993_933]
        );
    }
}

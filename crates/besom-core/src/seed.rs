//! The seed law: the generator for a run is a function of (sweep seed, run number).

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::RunNumber;

/// The generator for one run. ChaCha8 with the sweep's seed as key and the run number as stream, so that generators
/// of different runs never overlap and the same pair gives the same numbers on every machine.
pub fn rng(seed: u64, run: RunNumber) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(run.get());
    rng
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand_chacha::rand_core::Rng;

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
    fn generators_stay_the_same_over_versions() {
        let firsts = [first(0, 0), first(0, 1), first(u64::MAX, 9)];
        assert_eq!(
            firsts,
            [13_937_087_304_575_520_531, 6_128_383_831_660_698_443, 16_106_966_206_185_993_933]
        );
    }
}

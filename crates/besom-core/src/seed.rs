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

//! Where the cases of a suite come from.

use std::env;

use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestRng, TestRunner};

/// Selects other cases, for those who look for more than a fixed choice finds.
const SEED: &str = "BESOM_LAWS_SEED";

/// Returns a runner that draws the same cases in every execution, so that a suite has one verdict. A whole number in the
/// environment's `BESOM_LAWS_SEED` selects other cases, the same for the same number.
///
/// # Panics
/// If that variable holds anything else.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "it selects tests; what is tested reads nothing")]
pub fn runner(config: Config) -> TestRunner {
    seeded(config, env::var(SEED).ok().as_deref())
}

fn seeded(config: Config, seed: Option<&str>) -> TestRunner {
    let Some(seed) = seed else {
        return TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    };
    let seed =
        seed.parse().unwrap_or_else(|_| panic!("{SEED} is {seed:?}; it must be a whole number from 0"));
    TestRunner::new(Config { rng_seed: RngSeed::Fixed(seed), ..config })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any};
    use proptest::strategy::ValueTree;

    use super::*;

    fn drawn(seed: Option<&str>) -> u64 {
        let mut runner = seeded(Config::default(), seed);
        any::<u64>().new_tree(&mut runner).expect("numbers can be drawn").current()
    }

    #[test]
    fn a_suite_draws_the_same_cases_unless_a_seed_selects_others() {
        assert_eq!(drawn(None), drawn(None));
        assert_eq!(drawn(Some("1")), drawn(Some("1")));
        assert_ne!(drawn(Some("1")), drawn(Some("2")));
        assert_ne!(drawn(None), drawn(Some("1")));
    }

    #[test]
    #[should_panic(expected = "BESOM_LAWS_SEED is \"one\"; it must be a whole number from 0")]
    fn a_seed_that_is_no_number_is_refused() {
        drawn(Some("one"));
    }
}

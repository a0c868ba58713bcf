//! Distributions at the edge of what floats and integers hold, as a fuzzer found them.

#![expect(clippy::unwrap_used, reason = "what is unwrapped is there, or the test fails")]

use besom_core::Distribution;
use besom_core::distribution::{Continuous, Step};

/// Whatever is drawn is a value of the distribution.
fn check(distribution: &Distribution) {
    for u in [0.0, 1e-300, 0.25, 0.5, 0.75, 1.0 - f64::EPSILON, 1.0] {
        let value = distribution.quantile(u);
        assert!(distribution.contains(&value), "{value} at {u}: {distribution:?}");
    }
}

fn rounded(shape: Continuous, q: f64) -> Distribution {
    Distribution::Quantized(shape, Step { q, integer: true })
}

#[test]
fn values_whose_exponential_leaves_the_floats_are_the_outermost_ones() {
    for (min, max) in [(1e100, 1e101), (-1e101, -1e100), (-1e300, 1e300), (709.0, 800.0)] {
        check(&Distribution::Continuous(Continuous::LogUniform { min, max }));
        check(&Distribution::Continuous(Continuous::InvLogUniform { min, max }));
    }
}

#[test]
fn multiples_beyond_the_integers_are_the_outermost_ones() {
    for q in [1.0, 3.0, 1000.0] {
        check(&rounded(Continuous::LogUniform { min: 50.0, max: 1e24 }, q));
        check(&rounded(Continuous::LogUniform { min: 9e15, max: 1e24 }, q));
        check(&rounded(Continuous::Uniform { min: -1e300, max: -1e299 }, q));
        let within = rounded(Continuous::Uniform { min: 0.0, max: 10.0 }, q);
        assert!(!within.contains(&i64::MAX.into()) && !within.contains(&i64::MIN.into()));
    }
}

#[test]
fn a_probability_is_never_above_one() {
    for exponent in -300..0 {
        for (a, b) in [(1e300, 1e-300), (1e300, 1e-100), (0.01, 1e300)] {
            assert!((0.0..=1.0).contains(&Continuous::Beta { a, b }.cdf(2.9 * 10_f64.powi(exponent))));
        }
    }
}

#[test]
fn steps_that_floats_do_not_tell_apart_are_no_levels() {
    assert!(rounded(Continuous::Uniform { min: -1e308, max: -2.5 }, 1.0).levels().is_none());
    assert!(rounded(Continuous::Uniform { min: 0.0, max: 1e16 }, 1.0).levels().is_none());
    let most = rounded(Continuous::Uniform { min: 0.0, max: 1e12 }, 1.0).levels().unwrap();
    assert_eq!(most.count(), 1_000_000_000_000);
    for k in [0, 1, 123_456_789_012, 999_999_999_999] {
        assert_eq!(most.index(&most.value(k).unwrap()), Some(k));
    }
}

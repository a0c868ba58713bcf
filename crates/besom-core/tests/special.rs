//! Special functions against tables of `mpmath` with 60 digits (`data/special.csv`).

#![expect(clippy::unwrap_used, reason = "the table is ours")]

use besom_core::special::{beta_cdf, beta_quantile, normal_cdf, normal_quantile};

/// Checks one function against its rows: `f(a, b, argument)`, shapes empty where there are none.
fn check(function: &str, f: impl Fn(f64, f64, f64) -> f64) {
    let mut rows = 0;
    for line in include_str!("data/special.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[0] != function {
            continue;
        }
        let number = |cell: &str| if cell.is_empty() { 0.0 } else { cell.parse::<f64>().unwrap() };
        let (a, b, x, expected) = (number(cells[1]), number(cells[2]), number(cells[3]), number(cells[4]));
        let found = f(a, b, x);
        let error = (found - expected).abs() / expected.abs().max(f64::MIN_POSITIVE);
        assert!(error <= 1e-12, "{line}: {found:e}, relative error {error:e}");
        rows += 1;
    }
    assert!(rows > 20, "{function} has its rows");
}

#[test]
fn normal_cdf_is_accurate_in_the_tail() {
    check("normal_cdf", |_, _, z| normal_cdf(z));
}

#[test]
fn normal_quantile_is_accurate_down_to_the_smallest_float() {
    check("normal_quantile", |_, _, p| normal_quantile(p));
}

#[test]
fn beta_cdf_is_accurate_for_small_and_large_shapes() {
    check("beta_cdf", beta_cdf);
}

#[test]
fn beta_quantile_is_accurate_for_small_and_large_shapes() {
    check("beta_quantile", beta_quantile);
}

#[test]
fn beta_quantile_returns_for_absurd_shapes() {
    for a in [1e-300, 1e-9, 1.0, 1e6, 1e15, 1e300] {
        for b in [1e-300, 1e-9, 1.0, 1e6, 1e15, 1e300] {
            for p in [0.0, 5e-324, 1e-100, 0.3, 0.5, 0.9, 1.0 - f64::EPSILON, 1.0] {
                let x = beta_quantile(a, b, p);
                assert!((0.0..=1.0).contains(&x), "{x} for {a}, {b}, {p}");
            }
        }
    }
}

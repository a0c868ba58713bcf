//! The standard normal distribution and its relatives, accurate where expected improvement needs them.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// `√(2π)`.
const SQRT_TAU: f64 = 2.506_628_274_631_000_7;
/// `½ ln 2π`.
pub(crate) const HALF_LN_TAU: f64 = 0.918_938_533_204_672_7;
/// `√(π/2)`.
pub(crate) const SQRT_HALF_PI: f64 = 1.253_314_137_315_500_3;

/// The density `φ(z)`.
pub fn pdf(z: f64) -> f64 {
    libm::exp(-0.5 * z * z) / SQRT_TAU
}

/// The distribution function `Φ(z)`, accurate relative to itself far into the lower tail.
pub fn cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// `ln Φ(z)` and its derivative `φ(z) / Φ(z)`, for every finite z without underflow.
pub fn log_cdf(z: f64) -> (f64, f64) {
    if z > 0.0 {
        let above = cdf(-z);
        return (libm::log1p(-above), pdf(z) / (1.0 - above));
    }
    // Φ = φ(z) c: the exponential is taken out before it underflows.
    let c = SQRT_HALF_PI * erfcx(-z * FRAC_1_SQRT_2);
    (-0.5 * z * z - HALF_LN_TAU + libm::log(c), 1.0 / c)
}

/// The scaled complementary error function `exp(x²) erfc(x)`; positive, about `1 / (√π x)` for large x,
/// infinite below about -26.6.
pub fn erfcx(x: f64) -> f64 {
    if x >= 12.0 { erfcx_asymptotic(x) } else { exp_square(x) * libm::erfc(x) }
}

/// `exp(x²)`. The square is split into a rounded part and what the rounding lost, because an error of half a
/// unit in the last place of x² = 100 would already cost two digits of the result.
fn exp_square(x: f64) -> f64 {
    let high = f64::from_bits(x.to_bits() & 0xffff_ffff_f800_0000);
    let low = x - high;
    libm::exp(high * high) * libm::exp(low * (high + x))
}

/// The asymptotic series `1/(√π x) Σ (-1)^k (2k-1)!! / (2x²)^k`; from x = 12 on twelve terms reach full
/// precision.
fn erfcx_asymptotic(x: f64) -> f64 {
    let q = 1.0 / (2.0 * x * x);
    let series = (1..=12).rev().fold(1.0, |sum, k| 1.0 - f64::from(2 * k - 1) * q * sum);
    series / (PI.sqrt() * x)
}

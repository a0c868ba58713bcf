//! Special functions behind the distributions, accurate to 1e-12 relative where they are well conditioned.
//!
//! Common statistics libraries lose half the digits of the normal cdf and fail to return from the beta quantile in the
//! tails, hence these. Everything rests on the crate `libm`, not on the platform's mathematics library, so that a
//! sweep gives the same numbers on every machine. Tested against tables made with `mpmath`.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use libm::{exp, expm1, lgamma, log, log1p};

/// The standard normal distribution function: the probability of values up to `z`.
///
/// By the complementary error function, which keeps the lower tail's relative accuracy.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// The value below which a standard normal variable lies with probability `p`; infinite at 0 and 1, NaN outside.
///
/// Algorithm AS 241 (PPND16) of M. J. Wichura, "The percentage points of the normal distribution", Applied Statistics
/// 37 (1988), 477-484: three rational approximations, relative error about 1e-16.
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return q * ratio(&CENTRAL, 0.180_625 - q * q);
    }
    let tail = p.min(1.0 - p);
    if tail <= 0.0 {
        return q.signum() * f64::INFINITY;
    }
    let r = (-log(tail)).sqrt();
    let z = if r <= 5.0 { ratio(&MIDDLE, r - 1.6) } else { ratio(&FAR, r - 5.0) };
    z.copysign(q)
}

/// Coefficients of a rational function: numerator and denominator, constant term first.
type Rational = [[f64; 8]; 2];

const CENTRAL: Rational = [
    [
        3.387_132_872_796_366_5,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_854e3,
    ],
];

const MIDDLE: Rational = [
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
];

const FAR: Rational = [
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_049e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_7e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
];

fn ratio([numerator, denominator]: &Rational, r: f64) -> f64 {
    let horner = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, &c| sum * r + c);
    horner(numerator) / horner(denominator)
}

/// The beta distribution function with shapes `a` and `b`: the regularized incomplete beta function I_x(a, b).
pub fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        0.0
    } else if x >= 1.0 {
        1.0
    } else {
        // Rounding may lead a little above 1.
        exp(ln_beta_inc(a, b, x, 1.0 - x).0).min(1.0)
    }
}

/// The value below which a beta variable with positive shapes `a` and `b` lies with probability `p`, in [0, 1].
///
/// Newton's method on ln I in ln x, kept inside a shrinking bracket. In these coordinates both tails are nearly
/// straight lines, so that values down to the smallest float are found in a few steps.
pub fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    if p <= 0.0 {
        0.0
    } else if p >= 1.0 {
        1.0
    } else if p.total_cmp(&0.5).is_eq() && a.total_cmp(&b).is_eq() {
        // Symmetric: exact, because rounding to a step may depend on it.
        0.5
    } else if p <= 0.5 {
        exp(ln_beta_quantile(a, b, p))
    } else {
        // The nearer end is searched: 1 - p is exact here, p itself would hide the tail.
        -expm1(ln_beta_quantile(b, a, 1.0 - p))
    }
}

/// ln x with I_x(a, b) = p, for p in (0, 0.5].
fn ln_beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let ln_p = log(p);
    // Where I_x is x^a / (a B(a, b)), the head of its power series.
    let mut t = ((ln_p + log(a) + ln_beta(a, b)) / a).min(-f64::EPSILON);
    if t < LN_SMALLEST {
        return t;
    }
    let (mut low, mut high) = (f64::NEG_INFINITY, 0.0);
    for _ in 0..200 {
        let (ln_i, slope) = ln_beta_inc(a, b, exp(t), -expm1(t));
        let excess = ln_i - ln_p;
        if excess > 0.0 {
            high = t;
        } else {
            low = t;
        }
        let newton = t - excess / slope;
        let next = if newton > low && newton < high {
            newton
        } else if low.is_finite() {
            f64::midpoint(low, high)
        } else {
            2.0 * t - 1.0
        };
        if (next - t).abs() <= f64::EPSILON * t.abs().min(4.0) {
            return next;
        }
        t = next;
    }
    t
}

/// Below this logarithm a float is 0.
const LN_SMALLEST: f64 = -746.0;

/// ln I_x(a, b) and its slope in ln x, for x in (0, 1) and y = 1 - x.
///
/// By the continued fraction on the side of the mean where it converges fast, and by its complement on the other.
fn ln_beta_inc(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    let ln_front = ln_beta_power(a, b, x, y);
    let ln_i = if x * (a + b + 2.0) < a + 1.0 {
        ln_front - log(a) + log(beta_fraction(a, b, x))
    } else {
        let upper = exp(ln_front - log(b) + log(beta_fraction(b, a, y)));
        log1p(-upper.min(1.0))
    };
    (ln_i, exp(ln_front - log(y) - ln_i))
}

/// ln (x^a y^b / B(a, b)) without the cancellation of large logarithms: as in C. Loader, "Fast and accurate computation
/// of binomial probabilities" (2000), the large parts are combined into deviances, which have one sign.
fn ln_beta_power(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    let ln_scale = 0.5 * log(a / n * b / TAU);
    ln_scale - deviance(a, n * x) - deviance(b, n * y) + stirling_rest(n)
        - stirling_rest(a)
        - stirling_rest(b)
}

/// x ln(x / m) + m - x, which is not negative and 0 at x = m.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * log(x / m) + m - x;
    }
    // With v = (x - m) / (x + m): ln(x / m) = 2 artanh v, as a series.
    let v = (x - m) / (x + m);
    let mut sum = (x - m) * v;
    let mut power = 2.0 * x * v;
    for j in 1..1000 {
        power *= v * v;
        let next = sum + power / f64::from(2 * j + 1);
        if next.to_bits() == sum.to_bits() {
            break;
        }
        sum = next;
    }
    sum
}

/// What Stirling's formula misses of ln n!: ln Γ(n + 1) - (n + 1/2) ln n + n - ln √(2π).
fn stirling_rest(n: f64) -> f64 {
    if n < 10.0 {
        return lgamma(n + 1.0) - (n + 0.5) * log(n) + n - 0.5 * log(TAU);
    }
    // The divergent series of DLMF 5.11.1; at 10 its last term here is below 1e-15.
    const TERMS: [f64; 7] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
    ];
    let square = 1.0 / (n * n);
    TERMS.iter().rev().fold(0.0, |sum, term| sum * square + term) / n
}

/// ln B(a, b).
fn ln_beta(a: f64, b: f64) -> f64 {
    let n = a + b;
    let ln_scale = 0.5 * log(a / n * b / TAU);
    let deviances = a * log1p(b / a) + b * log1p(a / b);
    stirling_rest(a) + stirling_rest(b) - stirling_rest(n) - deviances - ln_scale
}

/// The continued fraction of DLMF 8.17.22 by the modified method of Lentz; for x below about a / (a + b) it takes some
/// √max(a, b) steps, and is cut off where shapes beyond 1e8 would need more than 20,000.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) / (a + 1.0) * x);
    let mut fraction = d;
    for m in 1..20_000 {
        let m = f64::from(m);
        let even = m / (a + 2.0 * m) * ((b - m) / (a + 2.0 * m - 1.0)) * x;
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) / (a + 2.0 * m) * ((a + b + m) / (a + 2.0 * m + 1.0)) * x;
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let factor = d * c;
        fraction *= factor;
        if (factor - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction
}

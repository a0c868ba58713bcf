//! Loops over slices, compiled for the widest registers of the CPU at hand.
//!
//! No loop here depends on the width for its result: elementwise arithmetic rounds the same in any register,
//! sums are kept in eight interleaved parts whatever the hardware offers, and a fused product is fused
//! everywhere.

/// Runs `work` compiled for the CPU at hand. What it calls must be inlined to profit.
#[inline(always)]
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// The sum of `term(a, b)` in eight interleaved parts: a fixed order that still vectorizes.
#[inline(always)]
pub(crate) fn sum_of(a: &[f64], b: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut parts = [0.0; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let mut rest = 0.0;
    for (&a, &b) in a8.remainder().iter().zip(b8.remainder()) {
        rest += term(a, b);
    }
    for (a, b) in a8.zip(b8) {
        for (lane, part) in parts.iter_mut().enumerate() {
            *part += term(a[lane], b[lane]);
        }
    }
    let [a, b, c, d, e, f, g, h] = parts;
    ((a + e) + (b + f)) + ((c + g) + (d + h)) + rest
}

/// `a` times `b`.
#[inline(always)]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    sum_of(a, b, |a, b| a * b)
}

/// Eight numbers that are worked on at once.
pub(crate) type Lanes = [f64; 8];

/// The products of several columns with `k`, all of one length, each in eight interleaved parts: a column's
/// product does not depend on those beside it.
#[inline(always)]
pub(crate) fn dots<const C: usize>(columns: [&[Lanes]; C], k: &[Lanes]) -> [f64; C] {
    let columns = columns.map(|column| &column[..k.len()]);
    let mut parts = [[0.0; 8]; C];
    for t in 0..k.len() {
        for c in 0..C {
            parts[c] = fused(&columns[c][t], &k[t], parts[c]);
        }
    }
    parts.map(|[a, b, c, d, e, f, g, h]| ((a + e) + (b + f)) + ((c + g) + (d + h)))
}

/// `a * b + c` in each lane.
#[inline(always)]
fn fused(a: &Lanes, b: &Lanes, c: Lanes) -> Lanes {
    std::array::from_fn(|lane| a[lane].mul_add(b[lane], c[lane]))
}

/// Adds the columns times their factors to `out`, one after the other.
#[inline(always)]
pub(crate) fn add_columns<const C: usize>(out: &mut [Lanes], factors: [f64; C], columns: [&[Lanes]; C]) {
    let columns = columns.map(|column| &column[..out.len()]);
    for t in 0..out.len() {
        let mut sum = out[t];
        for c in 0..C {
            sum = fused(&columns[c][t], &[factors[c]; 8], sum);
        }
        out[t] = sum;
    }
}

/// `exp(x)` for x <= 0 to two units in the last place, without a branch; below -700 it stays at `exp(-700)`.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    /// Adding it rounds to a whole number, which then stands in the low bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LN_2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
    const LN_2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
    /// `1/k!` for k from 13 down to 0.
    const TAYLOR: [f64; 14] = [
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ];
    let x = if x > -700.0 { x } else { -700.0 };
    let rounded = x * std::f64::consts::LOG2_E + ROUND;
    let whole = rounded - ROUND;
    let rest = (x - whole * LN_2_HIGH) - whole * LN_2_LOW;
    let mut sum = TAYLOR[0];
    for coefficient in &TAYLOR[1..] {
        sum = sum.mul_add(rest, *coefficient);
    }
    sum * f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52)
}

#[cfg(test)]
mod tests {
    #[test]
    fn exp_is_that_of_libm() {
        for i in 0..=700_000 {
            let x = -f64::from(i) / 1000.0;
            let (found, expected) = (super::exp(x), libm::exp(x));
            assert!((found - expected).abs() <= 4e-16 * expected, "exp({x}) = {found}, expected {expected}");
        }
        assert!(super::exp(f64::NEG_INFINITY) < 1e-300);
    }
}

//! Rounding to multiples of a step.

use serde_json::Value;

use super::Continuous;
use crate::value::float;

/// The step of a quantized distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The step; positive.
    pub q: f64,
    /// Whether the sweep file wrote the step as an integer: then values are integers, else floats.
    pub integer: bool,
}

impl Step {
    /// A step between floats.
    pub fn new(q: f64) -> Self {
        Self { q, integer: false }
    }

    /// A step between integers.
    pub fn integer(q: u32) -> Self {
        Self { q: q.into(), integer: true }
    }

    /// `x` at the nearest multiple, half to even; an integer if the step was written as one.
    pub(super) fn round(self, x: f64) -> Value {
        let steps = x / self.q;
        let candidates = [steps.round_ties_even() * self.q, steps.trunc() * self.q];
        // Near the largest floats the next multiple may lie beyond them; far finer multiples than floats are all there.
        let multiple = candidates.into_iter().find(|multiple| multiple.is_finite()).unwrap_or(x);
        self.value(multiple, decimals(self.q))
    }

    /// A multiple as a JSON number, a float at its short decimal.
    pub(crate) fn value(self, multiple: f64, decimals: usize) -> Value {
        if self.integer { self.whole(multiple).into() } else { float(round_decimal(multiple, decimals)) }
    }

    /// A multiple as an integer; the outermost multiple that is one where it is too large.
    fn whole(self, multiple: f64) -> i64 {
        // Float casts saturate.
        #[expect(clippy::cast_possible_truncation, reason = "the outermost integers are meant")]
        let (nearest, step) = (multiple as i64, (self.q as i64).max(1));
        if nearest == i64::MAX || nearest == i64::MIN { nearest / step * step } else { nearest }
    }

    /// Whether some value of `shape` is rounded to `x`, up to rounding errors.
    pub(super) fn contains(self, shape: Continuous, x: f64) -> bool {
        if !x.is_finite() {
            return false;
        }
        let nearest = (x / self.q).round_ties_even() * self.q;
        let noise = 1e-9 * self.q + 4.0 * f64::EPSILON * x.abs();
        let (low, high) = shape.support();
        let half = 0.5 * self.q + noise;
        // The outermost integers stand for all multiples beyond them.
        let stands_for = |end: f64| self.integer && (x - self.whole(end) as f64).abs() <= noise;
        let high = if stands_for(f64::NEG_INFINITY) { f64::INFINITY } else { high };
        let low = if stands_for(f64::INFINITY) { f64::NEG_INFINITY } else { low };
        (!nearest.is_finite() || (x - nearest).abs() <= noise) && low <= x + half && x - half <= high
    }
}

/// How many decimal places the shortest decimal of `x` has.
pub(crate) fn decimals(x: f64) -> usize {
    if x.fract() == 0.0 {
        return 0;
    }
    let text = x.to_string();
    text.split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

/// The float nearest to `x` rounded to this many decimal places: sums and multiples of short decimals lose their binary
/// noise (0.3, not 0.30000000000000004). Zero has no sign.
pub(crate) fn round_decimal(x: f64, decimals: usize) -> f64 {
    let rounded =
        if decimals == 0 || x.fract() == 0.0 { x } else { format!("{x:.decimals$}").parse().unwrap_or(x) };
    rounded + 0.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rounded(q: f64, integer: bool, x: f64) -> Value {
        Step { q, integer }.round(x)
    }

    #[test]
    fn multiples_are_short_decimals() {
        assert_eq!(rounded(0.1, false, 0.3).to_string(), "0.3");
        assert_eq!(rounded(0.1, false, 0.69).to_string(), "0.7");
        assert_eq!(rounded(1e-7, false, 3.1e-7).to_string(), "3e-7");
        assert_eq!(rounded(1.0, false, 3.2).to_string(), "3.0");
        assert_eq!(rounded(1.0, false, -0.2).to_string(), "0.0");
    }

    #[test]
    fn halves_go_to_the_even_multiple() {
        assert_eq!(rounded(1.0, true, 2.5), json!(2));
        assert_eq!(rounded(1.0, true, 3.5), json!(4));
        assert_eq!(rounded(2.0, true, -7.0), json!(-8));
    }

    #[test]
    fn multiples_beyond_integers_or_floats_are_the_outermost_ones() {
        assert_eq!(rounded(3.0, true, 1e300), json!(i64::MAX / 3 * 3));
        assert_eq!(rounded(3.0, true, -1e300), json!(i64::MIN / 3 * 3));
        assert_eq!(rounded(1e308, false, f64::MAX), json!(1e308));
        assert_eq!(rounded(1e-300, false, 1e300), json!(1e300));
    }
}

//! The part of a metric's values that a picture shows.

use crate::ticks;

/// Positive values are laid out by their logarithms if their median is more than this many times the smallest: below two
/// decades a linear axis still separates them. The median, because one diverged run must not decide.
const RATIO: f64 = 100.0;

/// A range of values, and how to lay it out.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Span {
    /// Its lower end, as a decimal logarithm if `logarithmic`.
    pub low: f64,
    /// Its upper end, above the lower one.
    pub high: f64,
    /// Whether values are laid out by their logarithms.
    pub logarithmic: bool,
}

impl Span {
    /// From `low` to `high`, which is above it, laid out as they are.
    pub fn new(low: f64, high: f64) -> Self {
        Self { low, high, logarithmic: false }
    }

    /// The range that suits the finite ones of `values`, with a margin; from 0 to 1 if there are none. Losses have a long
    /// bad tail: what lies further from the middle half than three times its width is left out (Tukey's outer fences), so
    /// that one diverged run does not flatten all others.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (Some(&least), Some(&most)) = (sorted.first(), sorted.last()) else {
            return Self { low: 0.0, high: 1.0, logarithmic: false };
        };
        let quartile = |k: usize| sorted[(sorted.len() - 1) * k / 4];
        let logarithmic = least > 0.0 && quartile(2) / least > RATIO;
        let to = |v: f64| if logarithmic { v.log10() } else { v };
        let (q1, q3) = (to(quartile(1)), to(quartile(3)));
        let reach = 3.0 * (q3 - q1);
        let (mut low, mut high) = (to(least), to(most));
        if reach > 0.0 && reach.is_finite() {
            // To the outermost values within the fences, as the whiskers of a box plot: beyond them is nothing to be seen.
            let within = || sorted.iter().map(|&v| to(v)).filter(|&v| q1 - reach <= v && v <= q3 + reach);
            (low, high) = (within().next().unwrap_or(low), within().next_back().unwrap_or(high));
        }
        Self { low, high, logarithmic }.with_margin()
    }

    /// The same, made wide enough for `value` if that is finite and can be laid out.
    pub fn including(self, value: f64) -> Self {
        let place = self.place(value);
        if !place.is_finite() || (0.0..=1.0).contains(&place) {
            return self;
        }
        let value = self.laid_out(value);
        Self { low: self.low.min(value), high: self.high.max(value), ..self }.with_margin()
    }

    fn with_margin(self) -> Self {
        let Self { low, high, .. } = self;
        // Half of a difference of the largest floats is still one.
        let margin = 0.04 * (high / 2.0 - low / 2.0) * 2.0;
        // What differs by rounding only is equal.
        let noise = 1e-13 * low.abs().max(high.abs());
        let margin =
            if margin > noise && margin.is_finite() { margin } else { (high.abs() * 0.1).clamp(1e-9, 1e300) };
        let low = (low - margin).clamp(-1e307, 9e306);
        let high = (high + margin).clamp(low + margin.min(1e300), 1e307);
        Self { low, high, ..self }
    }

    /// Where a value lies: from 0 to 1 within the span, less or more beyond its ends.
    pub fn place(&self, value: f64) -> f64 {
        (self.laid_out(value) - self.low) / (self.high - self.low)
    }

    /// Round values to write beside the span, as places and texts, in order; decades where it is logarithmic. Different
    /// values have different texts.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        if self.logarithmic {
            return self.placed(&ticks::decades(self.low, self.high), ticks::texts_of_decades);
        }
        self.placed(&ticks::even(self.low, self.high, None), ticks::texts)
    }

    /// The same of whole numbers, for counts.
    pub fn whole_ticks(&self) -> Vec<(f64, String)> {
        self.placed(&ticks::whole(self.low, self.high), ticks::texts)
    }

    fn placed(&self, values: &[f64], texts: fn(&[f64]) -> Vec<String>) -> Vec<(f64, String)> {
        values.iter().map(|&value| self.place(value)).zip(texts(values)).collect()
    }

    fn laid_out(&self, value: f64) -> f64 {
        if self.logarithmic { value.log10() } else { value }
    }
}

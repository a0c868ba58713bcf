//! The axis of a metric: which values are shown, where, and which are written beside it.

use besom_insight::Span;

/// A map from values to [0, 1], linear or logarithmic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale(Span);

impl Scale {
    /// The scale that suits finite `values`.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        Self(Span::of(values))
    }

    /// The scale from end to end of `span`.
    pub(crate) fn over(span: Span) -> Self {
        Self(span)
    }

    /// A linear scale from zero.
    pub(crate) fn from_zero(high: f64) -> Self {
        Self(Span::new(0.0, if high > 0.0 { high } else { 1.0 }))
    }

    /// From one whole number to another.
    pub(crate) fn between(low: f64, high: f64) -> Self {
        Self(Span::new(low, if high > low { high } else { low + 1.0 }))
    }

    /// A logarithmic scale over the positive ones of `values`, from 1 to 10 if there are none.
    pub(crate) fn logarithmic(values: impl Iterator<Item = f64>) -> Self {
        let ends = |(low, high): (f64, f64), v: f64| (low.min(v.log10()), high.max(v.log10()));
        let (low, high) =
            values.filter(|v| *v > 0.0 && v.is_finite()).fold((f64::INFINITY, f64::NEG_INFINITY), ends);
        let mut span = match (low < high, low.is_finite()) {
            (true, _) => Span::new(low, high),
            (false, true) => Span::new(low - 0.5, low + 0.5),
            (false, false) => Span::new(0.0, 1.0),
        };
        span.logarithmic = true;
        Self(span)
    }

    /// Where a value lies; less than 0 or more than 1 beyond the ends.
    pub(crate) fn place(&self, value: f64) -> f64 {
        self.0.place(value)
    }

    /// Round values to write beside the axis, as places and texts.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        self.0.ticks()
    }

    /// The same of whole numbers.
    pub(crate) fn whole_ticks(&self) -> Vec<(f64, String)> {
        self.0.whole_ticks()
    }
}

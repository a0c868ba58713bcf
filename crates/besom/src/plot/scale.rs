//! The axis of a metric: which values are shown, where, and which are written beside it.

use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;

/// How many decades of positive values are shown in logarithms.
const DECADES: f64 = 100.0;

/// A map from values to [0, 1], linear or logarithmic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Scale {
    /// The scale that suits finite `values`. Losses of training have a long bad tail; what lies further from the
    /// middle half than three times its width is left out, so that one diverged run does not flatten all others.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (Some(&least), Some(&most)) = (sorted.first(), sorted.last()) else {
            return Self { low: 0.0, high: 1.0, logarithmic: false };
        };
        let quartile = |k: usize| sorted[(sorted.len() - 1) * k / 4];
        let logarithmic = least > 0.0 && quartile(2) / least > DECADES;
        let to = |v: f64| if logarithmic { v.log10() } else { v };
        let (q1, q3) = (to(quartile(1)), to(quartile(3)));
        let reach = 3.0 * (q3 - q1);
        let (mut low, mut high) = (to(least), to(most));
        if reach > 0.0 && reach.is_finite() {
            (low, high) = (low.max(q1 - reach), high.min(q3 + reach));
        }
        // Half of a difference of the largest floats is still one.
        let margin = 0.04 * (high / 2.0 - low / 2.0) * 2.0;
        let margin =
            if margin > 0.0 && margin.is_finite() { margin } else { (high.abs() * 0.1).clamp(1e-9, 1e300) };
        Self { low: (low - margin).max(-1e307), high: (high + margin).min(1e307), logarithmic }
    }

    /// The same, down to and with zero.
    pub(super) fn from_zero(high: f64) -> Self {
        Self { low: 0.0, high: if high > 0.0 { high } else { 1.0 }, logarithmic: false }
    }

    /// From one whole number to another.
    pub(super) fn between(low: f64, high: f64) -> Self {
        Self { low, high: if high > low { high } else { low + 1.0 }, logarithmic: false }
    }

    /// Where a value lies; less than 0 or more than 1 beyond the ends.
    pub(super) fn place(&self, value: f64) -> f64 {
        let value = if self.logarithmic { value.log10() } else { value };
        (value - self.low) / (self.high - self.low)
    }

    /// Values to write beside the axis, with their places.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let range = RangedCoordf64::from(self.low..self.high);
        let points = range.key_points(6).into_iter().filter(|v| (self.low..=self.high).contains(v));
        let tick =
            |v: f64| (self.place_of_scaled(v), short(if self.logarithmic { 10_f64.powf(v) } else { v }));
        points.map(tick).collect()
    }

    fn place_of_scaled(&self, v: f64) -> f64 {
        (v - self.low) / (self.high - self.low)
    }
}

/// A number in at most four significant digits.
pub(super) fn short(x: f64) -> String {
    let rounded: f64 = format!("{x:.3e}").parse().unwrap_or(x);
    let magnitude = rounded.abs();
    if magnitude != 0.0 && !(1e-3..1e5).contains(&magnitude) {
        return format!("{rounded:e}");
    }
    rounded.to_string()
}

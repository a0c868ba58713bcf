//! Numbers as people read them.

use std::ops::Range;

/// A number in at most `digits` significant digits, with an exponent if its magnitude lies outside `plain`.
///
/// ```
/// use besom_insight::number;
///
/// assert_eq!(number(0.123456, 4, 1e-3..1e5), "0.1235");
/// assert_eq!(number(1_234_567.0, 4, 1e-3..1e5), "1.235e6");
/// assert_eq!(number(0.0005, 4, 1e-3..1e5), "5e-4");
/// ```
pub fn number(x: f64, digits: usize, plain: Range<f64>) -> String {
    let decimals = digits.saturating_sub(1);
    let rounded: f64 = format!("{x:.decimals$e}").parse().unwrap_or(x);
    if rounded == 0.0 || !rounded.is_finite() || plain.contains(&rounded.abs()) {
        rounded.to_string()
    } else {
        format!("{rounded:e}")
    }
}

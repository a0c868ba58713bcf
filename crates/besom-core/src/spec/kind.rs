//! What an option may be.

use std::fmt;
use std::ops::Bound;

use serde_json::Value;

use crate::nearest;

/// What an option may be; printed as `a whole number of at least 1`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum OptionKind {
    /// A whole number; `2.0` is one.
    Count {
        /// The smallest that is allowed.
        least: u64,
        /// The largest that is allowed.
        most: u64,
    },
    /// A finite number.
    Number {
        /// Where the range begins.
        low: Bound<f64>,
        /// Where it ends.
        high: Bound<f64>,
    },
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// True or false.
    Flag,
    /// A list of points; the algorithm checks them against the space.
    Points,
    /// The name of a metric; the algorithm checks it against those of the problem.
    Metric,
    /// Any value; the algorithm checks it.
    Any,
}

impl OptionKind {
    /// Any finite number.
    pub const NUMBER: Self = Self::Number { low: Bound::Unbounded, high: Bound::Unbounded };

    /// A whole number of at least `least`.
    pub const fn at_least(least: u64) -> Self {
        Self::Count { least, most: u64::MAX }
    }

    /// A number greater than `low`.
    pub const fn above(low: f64) -> Self {
        Self::Number { low: Bound::Excluded(low), high: Bound::Unbounded }
    }

    /// A number of at least `low`.
    pub const fn not_below(low: f64) -> Self {
        Self::Number { low: Bound::Included(low), high: Bound::Unbounded }
    }

    /// Whether a value is of this kind.
    pub fn allows(&self, value: &Value) -> bool {
        match *self {
            Self::Count { least, most } => {
                whole_number(value).is_some_and(|count| (least..=most).contains(&count))
            }
            Self::Number { low, high } => value.as_f64().is_some_and(|x| {
                let above = match low {
                    Bound::Included(low) => x >= low,
                    Bound::Excluded(low) => x > low,
                    Bound::Unbounded => true,
                };
                let below = match high {
                    Bound::Included(high) => x <= high,
                    Bound::Excluded(high) => x < high,
                    Bound::Unbounded => true,
                };
                x.is_finite() && above && below
            }),
            Self::Choice(choices) => value.as_str().is_some_and(|word| choices.contains(&word)),
            Self::Flag => value.is_boolean(),
            Self::Points => value.is_array(),
            Self::Metric => value.is_string(),
            Self::Any => true,
        }
    }

    /// The allowed word that a wrong one stands for.
    pub fn nearest(&self, value: &Value) -> Option<&'static str> {
        match self {
            Self::Choice(choices) => nearest(value.as_str()?, choices.iter().copied()),
            _ => None,
        }
    }
}

impl fmt::Display for OptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Count { least, most: u64::MAX } => write!(f, "a whole number of at least {least}"),
            Self::Count { least, most } => write!(f, "a whole number from {least} to {most}"),
            Self::Number { low, high } => write_range(f, low, high),
            Self::Choice(choices) => f.write_str(&one_of(choices)),
            Self::Flag => f.write_str("true or false"),
            Self::Points => f.write_str("a list of points"),
            Self::Metric => f.write_str("the name of a metric"),
            Self::Any => f.write_str("any value"),
        }
    }
}

fn write_range(f: &mut fmt::Formatter<'_>, low: Bound<f64>, high: Bound<f64>) -> fmt::Result {
    use Bound::{Excluded, Included, Unbounded};
    match (low, high) {
        (Unbounded, Unbounded) => f.write_str("a finite number"),
        (Excluded(low), Unbounded) => write!(f, "a number greater than {low}"),
        (Included(low), Unbounded) => write!(f, "a number of at least {low}"),
        (Unbounded, Excluded(high)) => write!(f, "a number less than {high}"),
        (Unbounded, Included(high)) => write!(f, "a number of at most {high}"),
        (Excluded(low), Excluded(high)) => write!(f, "a number between {low} and {high}"),
        (Included(low), Included(high)) => write!(f, "a number from {low} to {high}"),
        (Excluded(low), Included(high)) => write!(f, "a number above {low} and at most {high}"),
        (Included(low), Excluded(high)) => write!(f, "a number of at least {low} and less than {high}"),
    }
}

/// `a, b or c`.
fn one_of(choices: &[&str]) -> String {
    match choices {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => choices.concat(),
    }
}

/// The whole number that a value is, whether or not it is written with a dot.
pub(crate) fn whole_number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().and_then(whole))
}

/// The whole number that `x` is, if it is one that floats count exactly.
pub(crate) fn whole(x: f64) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and in range, as just checked"
    )]
    let whole = (x.fract() == 0.0 && (0.0..=EXACT).contains(&x)).then_some(x as u64);
    whole
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_are_those_that_floats_count_exactly() {
        assert_eq!(whole(9_007_199_254_740_992.0), Some(1 << 53));
        assert_eq!([whole(1e300), whole(-1.0), whole(f64::NAN), whole(0.5)], [None; 4]);
    }

    #[test]
    fn bounds_are_in_or_out_as_they_say() {
        let half_open = OptionKind::Number { low: Bound::Excluded(0.0), high: Bound::Included(1.0) };
        let allowed = |kind: OptionKind, x: f64| kind.allows(&json!(x));
        assert_eq!([0.0, 1e-300, 1.0, 1.5].map(|x| allowed(half_open, x)), [false, true, true, false]);
        assert_eq!([0.5, 1.0, 3.0].map(|x| allowed(OptionKind::at_least(1), x)), [false, true, true]);
        assert!(!OptionKind::NUMBER.allows(&json!("1")));
    }

    #[test]
    fn a_kind_is_printed_in_words() {
        let between = OptionKind::Number { low: Bound::Excluded(0.0), high: Bound::Excluded(1.0) };
        assert_eq!(between.to_string(), "a number between 0 and 1");
        assert_eq!(OptionKind::Choice(&["up", "down", "left"]).to_string(), "up, down or left");
    }
}

//! Wording why a run is stopped, in the metric's own terms: a maximized metric is shown as it was logged.

use std::cmp::Ordering;
use std::fmt;

use besom_core::{Goal, Metric};

/// `17th` for 17.
pub(crate) fn ordinal(n: usize) -> String {
    let suffix = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{suffix}")
}

/// A loss that is not good enough, printed as `loss 0.91 > 0.44`, or `accuracy 0.44 < 0.91` when maximizing, or
/// `loss 2 = 2`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotBetter<'a> {
    /// The metric whose values are compared.
    pub(crate) metric: &'a Metric,
    /// The run's loss.
    pub(crate) loss: f64,
    /// The loss that it is compared with.
    pub(crate) limit: f64,
}

impl fmt::Display for NotBetter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { metric, loss, limit } = *self;
        let sign = match (loss.total_cmp(&limit), metric.goal) {
            (Ordering::Equal, _) => '=',
            (Ordering::Greater, Goal::Minimize) | (Ordering::Less, Goal::Maximize) => '>',
            (Ordering::Less, Goal::Minimize) | (Ordering::Greater, Goal::Maximize) => '<',
        };
        let (loss, limit) = (metric.goal.to_loss(loss), metric.goal.to_loss(limit));
        let (mut left, mut right) = (short(loss), short(limit));
        if left == right && sign != '=' {
            (left, right) = (loss.to_string(), limit.to_string());
        }
        write!(f, "{} {left} {sign} {right}", metric.name)
    }
}

/// A loss as the metric was logged, printed as `accuracy 0.44`.
pub(crate) fn value(metric: &Metric, loss: f64) -> String {
    format!("{} {}", metric.name, short(metric.goal.to_loss(loss)))
}

/// The number to four significant digits.
fn short(x: f64) -> String {
    let scientific = format!("{x:.3e}");
    let exponent: i32 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    if !(-4..6).contains(&exponent) {
        return trimmed(&scientific);
    }
    let decimals = usize::try_from(3 - exponent).unwrap_or(0);
    trimmed(&format!("{x:.decimals$}"))
}

/// Without zeros at the end of the fraction.
fn trimmed(number: &str) -> String {
    let (digits, exponent) = number.find('e').map_or((number, ""), |at| number.split_at(at));
    let digits =
        if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    let digits = if digits == "-0" { "0" } else { digits };
    format!("{digits}{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(goal: Goal, loss: f64, limit: f64, expected: &str) {
        let metric = Metric::new("m", goal);
        assert_eq!(NotBetter { metric: &metric, loss, limit }.to_string(), expected);
    }

    #[test]
    fn ordinals_follow_english() {
        let words: Vec<_> = [1, 2, 3, 4, 11, 12, 13, 21, 101, 111, 112, 1003].map(ordinal).into();
        let expected =
            ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "101st", "111th", "112th", "1003rd"];
        assert_eq!(words, expected);
    }

    #[test]
    fn a_comparison_shows_values_as_they_were_logged() {
        check(Goal::Minimize, 0.91, 0.44, "m 0.91 > 0.44");
        check(Goal::Maximize, -0.44, -0.91, "m 0.44 < 0.91");
        check(Goal::Minimize, 2.0, 2.0, "m 2 = 2");
        check(Goal::Minimize, 123_456.0, 0.0, "m 123456 > 0");
        check(Goal::Maximize, 0.0, -1.0, "m 0 < 1");
        check(Goal::Minimize, 1.5e300, 1.0e-12, "m 1.5e300 > 1e-12");
    }

    #[test]
    fn numbers_that_look_alike_are_shown_in_full() {
        check(Goal::Minimize, 1.000_000_2, 1.000_000_1, "m 1.0000002 > 1.0000001");
    }
}

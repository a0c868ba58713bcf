//! What a distribution gives, in words.

use crate::Distribution;
use crate::distribution::Continuous;
use crate::value::spaced;

/// How many values of a list are named.
const NAMED: usize = 8;

/// `a number from -5.0 to 5.0`, `one of "sgd", "adam"`.
pub(crate) fn allowed(distribution: &Distribution) -> String {
    let range =
        || format!("from {} to {}", spaced(&distribution.quantile(0.0)), spaced(&distribution.quantile(1.0)));
    match distribution {
        Distribution::Constant(value) => spaced(value),
        Distribution::Categorical { values, .. } => {
            let named: Vec<String> = values.iter().take(NAMED).map(spaced).collect();
            let more = if values.len() > NAMED { ", .." } else { "" };
            format!("one of {}{more}", named.join(", "))
        }
        Distribution::IntUniform { min, max } => format!("a whole number from {min} to {max}"),
        Distribution::Continuous(Continuous::Normal { .. }) => "a number".to_owned(),
        Distribution::Continuous(Continuous::LogNormal { .. }) => "a number above 0".to_owned(),
        Distribution::Continuous(_) => format!("a number {}", range()),
        Distribution::Quantized(Continuous::Normal { .. } | Continuous::LogNormal { .. }, step) => {
            format!("a multiple of {}", step.q)
        }
        Distribution::Quantized(_, step) => format!("a multiple of {} {}", step.q, range()),
    }
}

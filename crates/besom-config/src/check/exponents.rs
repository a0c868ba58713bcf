//! `log_uniform` and its like, whose bounds are exponents of e: W&B gave them up, warns, and takes them.

use super::Checker;
use super::distribution::Leaf;
use super::field::{Number, number};
use super::kind::Kind;
use crate::tree::Entry;

impl Checker<'_> {
    /// Warns of a distribution that W&B has deprecated in favor of `successor`. Bounds that look like the values themselves are an error
    /// that asks which is meant: almost everybody who writes `log_uniform, min: 1e-5, max: 0.1` means these bounds.
    pub(super) fn deprecated(&mut self, entry: &Entry, leaf: Leaf<'_>, kind: &Kind, successor: &str) {
        let path = leaf.path.key("distribution");
        let name = kind.name;
        let bound = |key: &str| number(&leaf.node.entry(key)?.node);
        let (Some(min), Some(max)) = (bound("min"), bound("max")) else {
            let message = format!("the bounds of {name} are exponents of e, and W&B has given it up");
            let diagnostic = self.diagnostics.error(entry.node.place, &path, message);
            diagnostic.suggest(format!("write {successor} with the bounds themselves"));
            return;
        };
        let [low, high] = powers(name, min, max);
        let meaning = format!("distribution: {successor}, min: {low}, max: {high}");
        if is_range_of_values(min, max) && !self.for_wandb() {
            let message = format!(
                "the bounds of {name} are exponents of e, so that the values are {low} .. {high}: which is meant?"
            );
            let diagnostic = self.diagnostics.error(entry.node.place, &path, message);
            diagnostic.suggest(format!(
                "for values from {min} to {max}, write distribution: {successor}, min: {min}, max: {max}; for the exponents, {meaning}"
            ));
            return;
        }
        let message = format!("W&B has deprecated {name}, whose bounds are exponents of e");
        let diagnostic = match self.for_wandb() {
            true => self.diagnostics.error(entry.node.place, &path, message),
            false => self.diagnostics.warn(entry.node.place, &path, message),
        };
        // Exponents so far from 0 that the values under- or overflow have no replacement.
        if 0.0 < low && low < high && high.is_finite() {
            diagnostic.suggest(format!("write {meaning}"));
        }
    }
}

/// Whether bounds that should be exponents look like the values: between 0 and 1, and at least a factor of ten apart.
fn is_range_of_values(min: Number, max: Number) -> bool {
    let (min, max) = (min.as_f64(), max.as_f64());
    0.0 < min && max <= 1.0 && min * 10.0 <= max
}

/// The smallest and the largest value, to six digits.
fn powers(name: &str, min: Number, max: Number) -> [f64; 2] {
    let (min, max) = (min.as_f64(), max.as_f64());
    let (low, high) = if name == "inv_log_uniform" { (-max, -min) } else { (min, max) };
    [low, high].map(|exponent| {
        let value = exponent.exp();
        format!("{value:.5e}").parse().unwrap_or(value)
    })
}

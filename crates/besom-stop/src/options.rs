//! Reading a rule's options.

use besom_core::{Faults, OptionReader, Options, Problem};

use crate::RuleError;

/// A reader of a rule's options, of which only `known` may be there. A rule without a metric is at fault, too.
pub(crate) fn reader<'a>(
    problem: &Problem,
    options: &'a Options,
    known: &[&'static str],
) -> OptionReader<'a, RuleError> {
    let mut read = OptionReader::new(options, known);
    if problem.metric().is_none() {
        read.fault(RuleError::NoMetric);
    }
    read
}

impl From<Faults<RuleError>> for RuleError {
    fn from(Faults(mut faults): Faults<RuleError>) -> Self {
        if faults.len() == 1 { faults.remove(0) } else { Self::Several(faults) }
    }
}

/// A count made of a real number as the reference makes it: the fraction is cut off. What is negative or NaN is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cut is meant; the cast saturates"
)]
pub(crate) fn truncated(x: f64) -> usize {
    x as usize
}

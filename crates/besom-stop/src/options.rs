//! Reading a rule's options.

use besom_core::{Fault, OptionReader, Options, Problem, Spec};

use crate::RuleError;

/// A reader of a rule's options. A problem without a metric is a fault, too.
pub(crate) fn reader<'a>(spec: Spec, problem: &Problem, options: &'a Options) -> OptionReader<'a> {
    let mut read = OptionReader::new(spec, options);
    if problem.metric().is_none() {
        read.fault(Fault::of_problem(RuleError::NoMetric));
    }
    read
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

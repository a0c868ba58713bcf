//! Reading a rule's options.

use besom_core::{Fault, Faults, OptionReader, Options, Problem, Rule, Spec, Stopper};

use crate::RuleError;

/// A reader of a rule's options. A problem without a metric is a fault, too.
pub(crate) fn reader<'a>(spec: Spec, problem: &Problem, options: &'a Options) -> OptionReader<'a> {
    let mut read = OptionReader::new(spec, options);
    if problem.metric().is_none() {
        read.fault(Fault::of_problem(RuleError::NoMetric));
    }
    read
}

/// A rule as a registry builds it: named, guarded, and built again after a panic.
pub(crate) fn named<S: Stopper + 'static>(
    name: &str,
    spec: Spec,
    (problem, options): (&Problem, impl Into<Options>),
    new: fn(&Problem, &Options) -> Result<S, Faults>,
) -> Result<Rule, Faults> {
    let (problem, options) = (problem.clone(), options.into());
    Ok(Rule::new(name, spec, move || Ok(new(&problem, &options)?))?)
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

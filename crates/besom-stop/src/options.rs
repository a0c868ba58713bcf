//! Reading a rule's options.

use besom_core::{Fault, Faults, OptionError, OptionReader, Options, Problem, Rule, Spec, Stopper, nearest};
use serde_json::Value;

use crate::RuleError;

/// A reader of a rule's options. A problem without a metric is a fault, too.
pub(crate) fn reader<'a>(spec: Spec, problem: &Problem, options: &'a Options) -> OptionReader<'a> {
    let mut read = OptionReader::new(spec, options);
    if problem.metric().is_none() {
        read.fault(Fault::of_problem(RuleError::NoMetric));
    }
    read
}

/// The place of the metric whose values a rule looks at: that of the option `metric`, else the first.
pub(crate) fn watched(read: &mut OptionReader<'_>, problem: &Problem) -> usize {
    let Some(name) = read.given("metric").and_then(Value::as_str) else { return 0 };
    let place = problem.metrics.iter().position(|metric| metric.name == name);
    place.unwrap_or_else(|| {
        let known: Vec<&str> = problem.metrics.iter().map(|metric| metric.name.as_str()).collect();
        // A problem without a metric has a fault already.
        if !known.is_empty() {
            let expected = format!("a metric of the sweep: {}", known.join(", "));
            let nearest = nearest(name, known.iter().copied()).map(str::to_owned);
            read.fault(OptionError::Wrong { key: "metric", expected, found: format!("{name:?}"), nearest });
        }
        0
    })
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

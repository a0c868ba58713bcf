//! Reading a method's options.

use besom_core::{Fault, Faults, OptionReader, Options, Problem, Spec};

use crate::SearchError;

/// The check of a method's options where nothing else can be wrong.
pub(crate) fn check(spec: Spec, options: &Options) -> Result<(), Faults> {
    OptionReader::new(spec, options).finish(())
}

/// A reader of the options of a method that learns. A problem without a metric or without a parameter to
/// search is a fault, too.
pub(crate) fn learner<'a>(spec: Spec, problem: &Problem, options: &'a Options) -> OptionReader<'a> {
    let mut read = OptionReader::new(spec, options);
    if problem.metrics.is_empty() {
        read.fault(Fault::of_problem(SearchError::NoMetric));
    }
    if problem.space.dimensions() == 0 {
        read.fault(Fault::of_problem(SearchError::NothingToSearch));
    }
    read
}

//! Reading a method's options.

use besom_core::{Fault, Faults, Method, OptionReader, Options, Problem, Search, Spec};

use crate::SearchError;

/// The check of a method's options where only the constraints of the problem can be wrong, too.
pub(crate) fn check(spec: Spec, problem: &Problem, options: &Options) -> Result<(), Faults> {
    let mut read = OptionReader::new(spec, options);
    check_legal(&mut read, problem);
    read.finish(())
}

/// A problem of which no legal point is known is a fault.
pub(crate) fn check_legal(read: &mut OptionReader<'_>, problem: &Problem) {
    if !problem.space.has_legal_point() {
        read.fault(Fault::of_problem(SearchError::NoLegalPoint));
    }
}

/// A method as a registry builds it: named, guarded, and built again after a panic.
pub(crate) fn named<S: Search + 'static>(
    name: &str,
    spec: Spec,
    problem: &Problem,
    options: impl Into<Options>,
    new: fn(&Problem, &Options) -> Result<S, Faults>,
) -> Result<Method, Faults> {
    let (problem, options) = (problem.clone(), options.into());
    Ok(Method::new(name, spec, move || Ok(new(&problem, &options)?))?)
}

/// The methods that take any number of metrics into account, because they look at none.
const OF_ANY_METRICS: [&str; 3] = ["random", "sobol", "grid"];

/// A reader of the options of a method that learns. A problem without a metric, with more metrics than the method takes, or without
/// a parameter to search is a fault, too.
pub(crate) fn learner<'a>(spec: Spec, problem: &Problem, options: &'a Options) -> OptionReader<'a> {
    let mut read = OptionReader::new(spec, options);
    if problem.metrics.is_empty() {
        read.fault(Fault::of_problem(SearchError::NoMetric));
    }
    if let Err(error) = spec.supports.check_metrics(problem, OF_ANY_METRICS) {
        read.fault(Fault::of_problem(error));
    }
    if problem.space.dimensions() == 0 {
        read.fault(Fault::of_problem(SearchError::NothingToSearch));
    }
    check_legal(&mut read, problem);
    read
}

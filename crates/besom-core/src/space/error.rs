//! What keeps parameters from being a space.

use std::collections::HashSet;
use std::fmt;

use thiserror::Error;

use super::Parameter;
use super::when_fault::{self, WhenFault};
use crate::distribution::DistributionFault;
use crate::{Constraint, ExprError, ParamPath};

/// All that is wrong with parameters that do not make a space.
#[derive(Clone, Debug, PartialEq, Error)]
pub struct SpaceError(Vec<SpaceFault>);

/// One thing that is wrong with a parameter.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SpaceFault {
    /// Its name is another one's, too.
    #[error("parameter {name} is declared twice")]
    Duplicate {
        /// The name.
        name: ParamPath,
    },
    /// It lies inside another one that has values of its own.
    #[error("parameter {inner} lies inside parameter {outer}")]
    Inside {
        /// The parameter with values of its own.
        outer: ParamPath,
        /// The one below it.
        inner: ParamPath,
    },
    /// Its distribution is none.
    #[error("parameter {name}: {fault}")]
    Distribution {
        /// The parameter.
        name: ParamPath,
        /// What is wrong.
        fault: DistributionFault,
    },
    /// Its condition is none.
    #[error("parameter {name}: {fault}")]
    When {
        /// The parameter.
        name: ParamPath,
        /// What is wrong.
        fault: WhenFault,
    },
    /// A constraint is none, or none over these parameters.
    #[error("constraint '{constraint}': {fault}")]
    Constraint {
        /// The constraint as it was written.
        constraint: String,
        /// What is wrong.
        fault: ExprError,
    },
}

impl SpaceError {
    /// What is wrong, in the order of the parameters; at least one fault.
    pub fn faults(&self) -> &[SpaceFault] {
        &self.0
    }

    /// Whether these parameters make a space.
    pub(super) fn none_in(parameters: &[Parameter]) -> Result<(), Self> {
        let mut seen: HashSet<&[String]> = HashSet::with_capacity(parameters.len());
        let doubled: Vec<bool> = parameters.iter().map(|p| !seen.insert(p.name.path())).collect();
        let mut faults = Vec::new();
        for (Parameter { name, distribution, .. }, doubled) in parameters.iter().zip(doubled) {
            if doubled {
                faults.push(SpaceFault::Duplicate { name: name.clone() });
            }
            let path = name.path();
            if let Some(len) = (1..path.len()).find(|&len| seen.contains(&path[..len])) {
                let outer = ParamPath::new(path[..len].iter().cloned());
                faults.push(SpaceFault::Inside { outer, inner: name.clone() });
            }
            let fault = |fault| SpaceFault::Distribution { name: name.clone(), fault };
            faults.extend(distribution.check().into_iter().map(fault));
        }
        faults.extend(when_fault::faults(parameters));
        if faults.is_empty() { Ok(()) } else { Err(Self(faults)) }
    }
}

impl SpaceError {
    /// Reads constraints on these parameters.
    pub(super) fn constraints<T: AsRef<str>>(
        texts: impl IntoIterator<Item = T>,
        parameters: &[Parameter],
    ) -> Result<Vec<Constraint>, Self> {
        let (mut constraints, mut faults) = (Vec::new(), Vec::new());
        for text in texts {
            let text = text.as_ref();
            let wrong = match Constraint::parse(text) {
                Ok(constraint) => {
                    let wrong = constraint.faults(parameters);
                    constraints.push(constraint);
                    wrong
                }
                Err(fault) => vec![fault],
            };
            let fault = |fault| SpaceFault::Constraint { constraint: text.to_owned(), fault };
            faults.extend(wrong.into_iter().map(fault));
        }
        if faults.is_empty() { Ok(constraints) } else { Err(Self(faults)) }
    }
}

impl fmt::Display for SpaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&faults.join("; "))
    }
}

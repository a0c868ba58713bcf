//! Constraints between parameters: `warmup < epochs`.

use std::fmt;
use std::str::FromStr;

use crate::{Expr, ExprError, Parameter, Point};

/// A condition that points must keep, in the language of [`Expr`].
///
/// A parameter that a point lacks, because it is inactive there or for any other reason, makes unknown what depends on it, and a
/// constraint that is unknown is kept. What is not a number, such as the logarithm of -1, holds in no comparison.
///
/// ```
/// use besom_core::{Constraint, Space};
///
/// let space = Space::builder().int("warmup", 0, 50).int("epochs", 10, 100).constraint("warmup < epochs").build()?;
/// let constraint = &space.constraints()[0];
/// let point = space.decode(&[1.0, 0.0]);
/// assert_eq!(constraint.violation(&point), 40.0);
/// assert!(!space.allows(&point));
/// # Ok::<(), besom_core::SpaceError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    text: String,
    expr: Expr,
}

impl Constraint {
    /// Reads a constraint.
    ///
    /// # Errors
    /// The first place that does not fit.
    pub fn parse(text: &str) -> Result<Self, ExprError> {
        Ok(Self { text: text.to_owned(), expr: Expr::parse(text)? })
    }

    /// The constraint as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names that occur, in the order of the text, each once.
    pub fn names(&self) -> Vec<&str> {
        self.expr.names()
    }

    /// How far a point is from keeping it: at most 0 where it is kept; see [`Expr::violation`].
    pub fn violation(&self, point: &Point) -> f64 {
        self.expr.violation(&|name| point.printed(name).cloned())
    }

    /// Whether a point keeps it.
    pub fn holds(&self, point: &Point) -> bool {
        self.violation(point) <= 0.0
    }

    /// All that is wrong with it over these parameters: unknown names, text that is compared with a number, values that a parameter
    /// never has.
    pub fn faults(&self, parameters: &[Parameter]) -> Vec<ExprError> {
        self.expr.faults(parameters)
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Constraint {
    type Err = ExprError;

    fn from_str(text: &str) -> Result<Self, ExprError> {
        Self::parse(text)
    }
}

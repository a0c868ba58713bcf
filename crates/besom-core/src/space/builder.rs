//! Spaces made by hand, one parameter after another.

use serde_json::Value;

use super::{Parameter, Space, SpaceError, When};
use crate::distribution::{Continuous, Step};
use crate::{Distribution, ParamPath};

/// A space in the making; see [`Space::builder`]. Most methods add a parameter, in the order of the
/// space. A name is a string, or an array of strings for a nested one: see [`ParamPath`].
///
/// ```
/// use besom_core::{Distribution, Space};
///
/// let space = Space::builder()
///     .log_uniform("lr", 1e-5, 1e-1)
///     .int("layers", 1, 8)
///     .choice(["optimizer", "name"], ["adam", "sgd"])
///     .constant("epochs", 30)
///     .parameter("dropout", Distribution::beta(2.0, 5.0))
///     .build()?;
/// assert_eq!(space.dimensions(), 4);
/// # Ok::<(), besom_core::SpaceError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct SpaceBuilder {
    parameters: Vec<Parameter>,
    constraints: Vec<String>,
}

impl SpaceBuilder {
    /// A real number, even between two bounds.
    pub fn uniform(self, name: impl Into<ParamPath>, min: f64, max: f64) -> Self {
        self.parameter(name, Distribution::uniform(min, max))
    }

    /// A real number, even in its logarithm between two positive bounds: W&B's `log_uniform_values`.
    pub fn log_uniform(self, name: impl Into<ParamPath>, min: f64, max: f64) -> Self {
        self.parameter(name, Distribution::log_uniform(min, max))
    }

    /// A multiple of `q`, nearest to a real number that is even between two bounds.
    pub fn q_uniform(self, name: impl Into<ParamPath>, min: f64, max: f64, q: f64) -> Self {
        self.parameter(name, Distribution::Quantized(Continuous::Uniform { min, max }, Step::new(q)))
    }

    /// A normal number.
    pub fn normal(self, name: impl Into<ParamPath>, mu: f64, sigma: f64) -> Self {
        self.parameter(name, Distribution::normal(mu, sigma))
    }

    /// A positive number whose logarithm is normal.
    pub fn log_normal(self, name: impl Into<ParamPath>, mu: f64, sigma: f64) -> Self {
        self.parameter(name, Distribution::log_normal(mu, sigma))
    }

    /// A whole number, both ends included.
    pub fn int(self, name: impl Into<ParamPath>, min: i64, max: i64) -> Self {
        self.parameter(name, Distribution::int(min, max))
    }

    /// One of these values, all equally likely.
    pub fn choice<V: Into<Value>>(
        self,
        name: impl Into<ParamPath>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.parameter(name, Distribution::choice(values))
    }

    /// This value, never varied.
    pub fn constant(self, name: impl Into<ParamPath>, value: impl Into<Value>) -> Self {
        self.parameter(name, Distribution::Constant(value.into()))
    }

    /// A parameter of any distribution.
    pub fn parameter(mut self, name: impl Into<ParamPath>, distribution: Distribution) -> Self {
        self.parameters.push(Parameter::new(name, distribution));
        self
    }

    /// The parameter that was added last exists only under this condition; nothing if there is none yet. A second condition must
    /// hold, too.
    pub fn when(mut self, when: When) -> Self {
        if let Some(last) = self.parameters.pop() {
            self.parameters.push(last.when(when));
        }
        self
    }

    /// Points must keep this: `warmup < epochs`; see [`Constraint`](crate::Constraint).
    pub fn constraint(mut self, constraint: impl Into<String>) -> Self {
        self.constraints.push(constraint.into());
        self
    }

    /// The space of all these parameters, as [`Space::new`] makes it, with these constraints.
    ///
    /// # Errors
    /// All that is wrong with any of the parameters, or else of the constraints.
    pub fn build(self) -> Result<Space, SpaceError> {
        Space::new(self.parameters)?.with_constraints(self.constraints)
    }
}

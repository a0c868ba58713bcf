//! When a parameter exists: conditions on the values of other parameters.
//!
//! A condition names a parameter, the *parent*, and what it must be. Conditions are combined by *all of* and *any of*, so that what
//! holds for a group and what holds for one of its members can be kept side by side. A parent that does not exist itself has no
//! value, and no condition on it holds.

use std::fmt;

use serde_json::Value;

use crate::ParamPath;
use crate::value::{same_ignoring_injected_keys, spaced};

/// When a parameter is active, that is, exists.
///
/// ```
/// use besom_core::{Space, When};
///
/// let space = Space::builder()
///     .choice("optimizer", ["sgd", "adam"])
///     .int("layers", 1, 4)
///     .uniform("momentum", 0.0, 0.99)
///     .when(When::is("optimizer", "sgd"))
///     .int("width_2", 16, 512)
///     .when(When::at_least("layers", 2.0).or(When::is("optimizer", "adam")))
///     .build()?;
/// let names = |cube: &[f64]| space.decode(cube).iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>();
/// assert_eq!(names(&[0.0, 0.0, 0.5, 0.5]), ["optimizer", "layers", "momentum"]);
/// assert_eq!(names(&[0.9, 0.0, 0.5, 0.5]), ["optimizer", "layers", "width_2"]);
/// # Ok::<(), besom_core::SpaceError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum When {
    /// A parameter has a value that is wanted.
    Is {
        /// The parameter.
        parent: ParamPath,
        /// What it must be.
        wanted: Wanted,
    },
    /// All of these hold.
    All(Vec<When>),
    /// One of these holds.
    Any(Vec<When>),
}

/// What the value of a parameter must be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Wanted {
    /// One of these values; numbers count by value.
    Values(Vec<Value>),
    /// A number from `min` to `max`, both included; infinite where there is no bound.
    Range {
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
    },
}

impl When {
    /// The parameter has this value.
    pub fn is(parent: impl Into<ParamPath>, value: impl Into<Value>) -> Self {
        Self::one_of(parent, [value])
    }

    /// The parameter has one of these values.
    pub fn one_of<V: Into<Value>>(parent: impl Into<ParamPath>, values: impl IntoIterator<Item = V>) -> Self {
        Self::wants(parent, Wanted::Values(values.into_iter().map(Into::into).collect()))
    }

    /// The parameter is a number of at least `min`.
    pub fn at_least(parent: impl Into<ParamPath>, min: f64) -> Self {
        Self::between(parent, min, f64::INFINITY)
    }

    /// The parameter is a number of at most `max`.
    pub fn at_most(parent: impl Into<ParamPath>, max: f64) -> Self {
        Self::between(parent, f64::NEG_INFINITY, max)
    }

    /// The parameter is a number from `min` to `max`, both included.
    pub fn between(parent: impl Into<ParamPath>, min: f64, max: f64) -> Self {
        Self::wants(parent, Wanted::Range { min, max })
    }

    /// The parameter is as wanted.
    pub fn wants(parent: impl Into<ParamPath>, wanted: Wanted) -> Self {
        Self::Is { parent: parent.into(), wanted }
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut all) => {
                all.push(other);
                Self::All(all)
            }
            first => Self::All(vec![first, other]),
        }
    }

    /// One of the two holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match self {
            Self::Any(mut any) => {
                any.push(other);
                Self::Any(any)
            }
            first => Self::Any(vec![first, other]),
        }
    }

    /// The single conditions in it, in the order in which they are written: what [`WhenFault`](crate::WhenFault) counts.
    pub fn leaves(&self) -> Vec<(&ParamPath, &Wanted)> {
        match self {
            Self::Is { parent, wanted } => vec![(parent, wanted)],
            Self::All(inner) | Self::Any(inner) => inner.iter().flat_map(Self::leaves).collect(),
        }
    }
}

impl Wanted {
    /// Whether a value is wanted.
    pub fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Values(values) => values.iter().any(|wanted| same_ignoring_injected_keys(wanted, value)),
            Self::Range { min, max } => value.as_f64().is_some_and(|x| *min <= x && x <= *max),
        }
    }
}

impl fmt::Display for Wanted {
    /// `"sgd"`, `"sgd" or "adam"`, `at least 2`, `from 2 to 5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Values(values) => {
                let texts: Vec<String> = values.iter().map(plain).collect();
                f.write_str(&texts.join(" or "))
            }
            Self::Range { min, max } if max.is_infinite() => write!(f, "at least {min}"),
            Self::Range { min, max } if min.is_infinite() => write!(f, "at most {max}"),
            Self::Range { min, max } => write!(f, "from {min} to {max}"),
        }
    }
}

/// A value as a sweep file has it: texts without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| spaced(value), str::to_owned)
}

impl fmt::Display for When {
    /// `optimizer is sgd and layers is at least 2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (inner, word) = match self {
            Self::Is { parent, wanted } => return write!(f, "{parent} is {wanted}"),
            Self::All(inner) => (inner, "and"),
            Self::Any(inner) => (inner, "or"),
        };
        for (place, when) in inner.iter().enumerate() {
            if place > 0 {
                write!(f, " {word} ")?;
            }
            let is_single = matches!(when, Self::Is { .. });
            if is_single || inner.len() == 1 { write!(f, "{when}")? } else { write!(f, "({when})")? }
        }
        Ok(())
    }
}

//! Names of parameters: paths, because parameters nest.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::ParseError;

/// The name of a parameter: the path from the top of the sweep file's `parameters` to it.
///
/// `optimizer: {parameters: {lr: ..}}` has the path `["optimizer", "lr"]`, printed `optimizer.lr`. A dot inside one
/// component is not a separator: `["opt.lr"]` is another name. Names order component by component, by code point, as
/// W&B sorts nested parameters. Cloning is cheap.
///
/// A string converts to a name of one component; an array of strings is a path; parsing splits at dots.
///
/// ```
/// use besom_core::ParamPath;
///
/// assert_eq!(ParamPath::from("lr").path(), ["lr"]);
/// assert_eq!(ParamPath::from("opt.lr").path(), ["opt.lr"]);
/// assert_eq!(ParamPath::from(["opt", "lr"]).path(), ["opt", "lr"]);
/// assert_eq!("opt.lr".parse::<ParamPath>()?.path(), ["opt", "lr"]);
/// # Ok::<(), besom_core::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParamPath(Arc<[String]>);

impl ParamPath {
    /// A name from its path; at least one component.
    ///
    /// # Panics
    /// If the path is empty: nothing can be called so.
    pub fn new<I, S>(path: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        let path: Arc<[String]> = path.into_iter().map(Into::into).collect();
        assert!(!path.is_empty(), "a name has at least one component");
        Self(path)
    }

    /// The components, outermost first.
    pub fn path(&self) -> &[String] {
        &self.0
    }

    /// What has this name in a nested JSON object: `{"optimizer": {"lr": 0.1}}` for `optimizer.lr`.
    pub fn find_in<'a>(&self, object: &'a Map<String, Value>) -> Option<&'a Value> {
        let (first, rest) = self.0.split_first()?;
        rest.iter().try_fold(object.get(first)?, |value, key| value.get(key))
    }

    /// Whether the name is printed so.
    pub(crate) fn prints_as(&self, text: &str) -> bool {
        let (first, inner) = self.0.split_first().expect("a name has at least one component");
        let mut rest = text.strip_prefix(first.as_str());
        for key in inner {
            rest = rest.and_then(|rest| rest.strip_prefix('.')?.strip_prefix(key.as_str()));
        }
        rest == Some("")
    }
}

impl From<&str> for ParamPath {
    /// A name of one component; dots do not split it.
    fn from(text: &str) -> Self {
        Self::new([text])
    }
}

impl From<String> for ParamPath {
    /// A name of one component; dots do not split it.
    fn from(text: String) -> Self {
        Self::new([text])
    }
}

impl<S: Into<String>, const N: usize> From<[S; N]> for ParamPath {
    /// A name from its path, as [`ParamPath::new`] makes it.
    fn from(path: [S; N]) -> Self {
        Self::new(path)
    }
}

impl FromStr for ParamPath {
    type Err = ParseError;

    /// The name that is printed so, with a component between any two dots.
    ///
    /// # Errors
    /// If a component is empty.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        if text.split('.').any(str::is_empty) {
            return Err(ParseError::Name { found: text.to_owned() });
        }
        Ok(Self::new(text.split('.')))
    }
}

impl fmt::Display for ParamPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl fmt::Debug for ParamPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParamPath({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsing_splits_at_dots_and_refuses_empty_components() {
        assert_eq!("a.b".parse(), Ok(ParamPath::from(["a", "b"])));
        for found in ["", ".", "a.", ".a", "a..b"] {
            assert_eq!(found.parse::<ParamPath>(), Err(ParseError::Name { found: found.to_owned() }));
        }
    }

    #[test]
    fn a_name_is_known_by_what_it_prints() {
        for name in
            [ParamPath::from(["a", "b.c"]), ParamPath::from("a.b.c"), ParamPath::from(["a", "b", "c"])]
        {
            assert!(name.prints_as(&name.to_string()));
            assert!(
                ["", "a", "a.b", "a.b.", "a.b.c.", "a.b.cd", "b.c"].iter().all(|text| !name.prints_as(text))
            );
        }
        assert!(ParamPath::from(["a", ""]).prints_as("a."));
    }
}

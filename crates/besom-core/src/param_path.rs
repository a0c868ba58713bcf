//! Names of parameters: paths, because parameters nest.

use std::fmt;
use std::sync::Arc;

/// The name of a parameter: the path from the top of the sweep file's `parameters` to it.
///
/// `optimizer: {parameters: {lr: ..}}` has the path `["optimizer", "lr"]`, printed `optimizer.lr`. A dot inside one
/// component is not a separator: `["opt.lr"]` is another name. Names order component by component, by code point, as
/// W&B sorts nested parameters. Cloning is cheap.
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
}

impl From<&str> for ParamPath {
    /// A name of one component; dots do not split it.
    fn from(text: &str) -> Self {
        Self::new([text])
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

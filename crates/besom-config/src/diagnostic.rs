//! What is wrong with a sweep file, said so that one can go and repair it.
//!
//! A reader of a sweep file wants all problems at once, each with its place in the text, its place in the
//! configuration, what stands there and what may stand there.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::excerpt::{Excerpt, Paint};

/// A part of a text that stands at a place: so many characters from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) text: String,
    pub(crate) at: usize,
    pub(crate) length: usize,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is valid, but its author may mean something else.
    Warning,
}

/// One diagnostic about a sweep file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Whether the file is refused for it.
    pub severity: Severity,
    /// What the text was called when it was read, `sweep.yaml` for example.
    #[serde(serialize_with = "as_text")]
    pub source: Arc<str>,
    /// Line in the text, from 1; `None` if the configuration never was text.
    pub line: Option<u32>,
    /// Column in the line in characters, from 1.
    pub column: Option<u32>,
    /// Place in the configuration, such as `parameters.lr.min`; empty for the whole of it.
    pub path: String,
    /// What stands there, shortened, if a value is at fault.
    pub found: Option<String>,
    /// What is expected there, or what is wrong.
    pub message: String,
    /// What to write instead, such as `did you mean "maximize"?`.
    pub suggestion: Option<String>,
    /// The line that it points at.
    #[serde(skip)]
    pub(crate) excerpt: Option<Excerpt>,
    /// The part of the text there that it points at.
    #[serde(skip)]
    pub(crate) part: Option<Part>,
}

impl Diagnostic {
    /// The diagnostic on one line, and below it the line of the file with a caret under the place, as compilers show it.
    ///
    /// ```
    /// use besom_config::{Paint, Reader};
    ///
    /// let registry = besom_core::Registry::new();
    /// let text = "method: random\nparameters: {x: {min: 1}}";
    /// let diagnostics = Reader::new(&registry).method("random").read(text, "sweep.yaml").expect_err("max is missing");
    /// assert_eq!(
    ///     diagnostics.report(Paint::Plain),
    ///     "sweep.yaml:2:14: parameters.x.max: missing required key; min alone is not a range\n  \
    ///      |\n2 | parameters: {x: {min: 1}}\n  |              ^"
    /// );
    /// ```
    pub fn report(&self, paint: Paint) -> String {
        let code = if self.severity == Severity::Warning { "1;33" } else { "1;31" };
        let line = self.to_string();
        let mut out = match self.location().as_str() {
            "" => line,
            location => format!("{}{}", paint.paint(code, location), &line[location.len()..]),
        };
        if let Some(excerpt) = &self.excerpt {
            out.push('\n');
            excerpt.write(&mut out, paint, code).expect("a string takes all");
        }
        out
    }

    /// Where it is: `sweep.yaml:7:10`.
    fn location(&self) -> String {
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", self.source),
            _ => self.source.to_string(),
        }
    }
}

fn as_text<S: serde::Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

impl fmt::Display for Diagnostic {
    /// `sweep.yaml:7:10: parameters.lr.min: found "abc", expected a number (remove the quotes)`, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.location())?;
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        if let Some(found) = &self.found {
            write!(f, "found {found}, ")?;
        }
        f.write_str(&self.message)?;
        self.suggestion.as_ref().map_or(Ok(()), |suggestion| write!(f, " ({suggestion})"))
    }
}

/// All that is wrong with a sweep file, in the order of the text; printed one diagnostic a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// The diagnostics.
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.0
    }

    /// The diagnostics, one after another.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// How many diagnostics there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The diagnostics one after another, each as [`Diagnostic::report`] shows it.
    pub fn report(&self, paint: Paint) -> String {
        self.0.iter().map(|diagnostic| diagnostic.report(paint)).collect::<Vec<_>>().join("\n")
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<Diagnostic>> for Diagnostics {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self(diagnostics)
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

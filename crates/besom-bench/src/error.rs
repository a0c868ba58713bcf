//! What can go wrong with a benchmark.

use std::path::PathBuf;

use besom_core::{BoxError, UnknownName};
use thiserror::Error;

/// Why a benchmark could not be run or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BenchError {
    /// What was asked for makes no benchmark.
    #[error("{}", problems.join("\n"))]
    Invalid {
        /// Everything that is wrong, a sentence each.
        problems: Vec<String>,
    },
    /// No suite, task or method has this name.
    #[error(transparent)]
    Unknown(UnknownName),
    /// An instance can't be made, or measured with random search.
    #[error("task {key}")]
    Task {
        /// The instance.
        key: String,
        /// Why.
        source: BoxError,
    },
    /// Two methods have no sweep in common.
    #[error("{one} and {other} have no finished sweep of the same task and seed in common")]
    NothingInCommon {
        /// A method.
        one: String,
        /// Another one.
        other: String,
    },
    /// A results file is damaged.
    #[error("{}: {} damaged:\n{}", path.display(), counted(problems.len()), problems.join("\n"))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line each.
        problems: Vec<String>,
    },
    /// A file can't be read or written.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// `read` or `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl BenchError {
    /// No `kind` is called `name`.
    pub(crate) fn unknown<'a>(
        kind: &'static str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self::Unknown(UnknownName::new(kind, name, known))
    }
}

fn counted(lines: usize) -> String {
    if lines == 1 { "a line is".to_owned() } else { format!("{lines} lines are") }
}

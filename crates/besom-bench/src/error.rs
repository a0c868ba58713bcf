//! What can go wrong with a benchmark.

use std::path::PathBuf;

use besom_core::{BoxError, did_you_mean};
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
    #[error("unknown {kind} '{name}'{}; known: {}", did_you_mean(nearest.as_deref()), listed(known))]
    Unknown {
        /// `suite or task` or `method`.
        kind: &'static str,
        /// The name that was asked for.
        name: String,
        /// All names there are.
        known: Vec<String>,
        /// The known name that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
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
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let nearest = besom_core::nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Self::Unknown { kind, name: name.to_owned(), known, nearest }
    }
}

fn counted(lines: usize) -> String {
    if lines == 1 { "a line is".to_owned() } else { format!("{lines} lines are") }
}

fn listed(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

//! What can be wrong with a folder of surrogates.

use std::path::PathBuf;

use besom_core::BoxError;
use thiserror::Error;

use super::scenario::SCENARIOS;

/// What is wrong with a folder of surrogates.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SurrogateError {
    /// It has no scenario.
    #[error("{} has none of the folders {}", folder.display(), SCENARIOS.map(|s| s.name).join(", "))]
    NoScenario {
        /// The folder.
        folder: PathBuf,
    },
    /// A file is missing, or does not hold what it should.
    #[error("cannot use {}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: BoxError,
    },
}

impl SurrogateError {
    pub(super) fn file(file: PathBuf, source: impl Into<BoxError>) -> Self {
        Self::File { file, source: source.into() }
    }
}

//! What can go wrong.

use besom_core::BoxError;
use thiserror::Error;

/// Why a picture could not be drawn.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The picture needs more parameters that are not constant.
    #[error("the picture '{kind}' needs {needed} parameters that are not constant, the sweep has {found}")]
    Parameters {
        /// The kind of picture.
        kind: &'static str,
        /// How many it needs.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// The history does not say what the picture would show.
    #[error(transparent)]
    Insight(#[from] besom_insight::InsightError),
    /// The drawing library failed.
    #[error("the picture could not be drawn")]
    Drawing(#[source] BoxError),
}

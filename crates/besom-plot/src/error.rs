//! What can go wrong.

use besom_core::BoxError;
use thiserror::Error;

/// Why a picture could not be drawn.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The history does not hold what the picture would show.
    #[error(transparent)]
    Insight(#[from] besom_insight::InsightError),
    /// The drawing library failed.
    #[error("the picture could not be drawn")]
    Drawing(#[source] BoxError),
}

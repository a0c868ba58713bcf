//! What can go wrong.

use besom_core::BoxError;
use thiserror::Error;

use crate::Kind;

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

/// The name is not that of a [`Kind`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "unknown plot{}; known plots: {}",
    besom_core::did_you_mean(*nearest),
    Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
)]
#[non_exhaustive]
pub struct UnknownKind {
    /// The name with the most similar spelling, if one is near.
    pub nearest: Option<&'static str>,
}

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
    /// A front takes several metrics.
    #[error("a front takes two metrics or more, and the sweep has {}", if *found == 0 { "none" } else { "one" })]
    FewMetrics {
        /// How many there are.
        found: usize,
    },
    /// The picture would have too many pixels.
    #[error("the picture would have {width} x {height} pixels; at most {most} are possible along each side")]
    TooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
        /// The most along each side.
        most: u32,
    },
    /// The pixels could not be written as a file.
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

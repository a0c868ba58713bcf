//! The kinds of pictures, a file each.

mod contour;
mod curves;
mod front;
mod history;
mod importance;
mod parallel;
mod slice;

use std::str::FromStr;

use besom_core::{History, Problem, nearest};

use crate::data::Data;
use crate::error::{PlotError, UnknownKind};
use crate::scene::Scene;

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The metric of each run in the order of the runs, and the best so far.
    History,
    /// One line per run across one axis per parameter, colored by the metric.
    Parallel,
    /// How much of the metric's variation each parameter explains, alone and together with others.
    Importance,
    /// The metric over each parameter, one panel each.
    Slice,
    /// What a model predicts over two parameters (the most important ones, if none are named).
    Contour,
    /// The metric of each run over its steps.
    Curves,
    /// The runs over two metrics or more, and their front.
    Front,
}

impl Kind {
    /// All kinds.
    pub const ALL: &[Self] = &[
        Self::History,
        Self::Parallel,
        Self::Importance,
        Self::Slice,
        Self::Contour,
        Self::Curves,
        Self::Front,
    ];

    /// The kind's name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Parallel => "parallel",
            Self::Importance => "importance",
            Self::Slice => "slice",
            Self::Contour => "contour",
            Self::Curves => "curves",
            Self::Front => "front",
        }
    }

    /// The scene of this kind, of the parameters with these names or of all, in this size in pixels or in its natural one;
    /// `curves` are the place and the name of other curves than those of the first metric.
    pub(crate) fn scene(
        self,
        problem: &Problem,
        history: &History,
        named: &[String],
        curves: Option<(usize, &str)>,
        size: Option<(u32, u32)>,
    ) -> Result<Scene, PlotError> {
        let data = || Data::new(problem, history, named);
        match self {
            Self::History => Ok(history::scene(&data()?, size)),
            Self::Parallel => parallel::scene(&data()?, size),
            Self::Importance => importance::scene(&data()?, size),
            Self::Slice => slice::scene(&data()?, size),
            Self::Contour => contour::scene(&data()?, size),
            Self::Front => front::scene(problem, history, size),
            Self::Curves => Ok(curves::Curves::new(problem, history, named, curves)?.scene(size)),
        }
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    /// The kind of this name, as [`Self::as_str`] writes it.
    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let found = Self::ALL.iter().copied().find(|kind| kind.as_str() == name);
        found
            .ok_or_else(|| UnknownKind { nearest: nearest(name, Self::ALL.iter().map(|kind| kind.as_str())) })
    }
}

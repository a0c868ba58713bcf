//! Pictures of a sweep, as SVG or PNG.
//!
//! A picture is a function of a problem and its history, like a suggestion: nothing else is asked, nothing is stored.
//! Each kind composes a scene of a few shapes in floats, which is what tests look at; only `render` knows the
//! drawing library.
//!
//! ```
//! use besom::core::{Distribution, Goal, History, Metric, Parameter, Problem, Run, RunState, Space};
//! use besom::core::distribution::Continuous;
//! use besom::plot::{Format, Kind, Plot};
//!
//! let x = Distribution::Continuous(Continuous::Uniform { min: 0.0, max: 1.0 });
//! let space = Space::new(vec![Parameter { name: "x".into(), distribution: x }])?;
//! let problem = Problem::new(space, Metric::new("loss", Goal::Minimize));
//! let mut history = History::new();
//! for u in [0.2, 0.9, 0.4] {
//!     let mut run = Run { state: RunState::Finished, ..Run::new(problem.space.decode(&[u])) };
//!     run.curve_mut(0).values.push((u - 0.3) * (u - 0.3));
//!     history.push(run);
//! }
//! let picture = Plot::new(Kind::History).draw(&problem, &history, Format::Svg)?;
//! assert!(picture.starts_with(b"<svg"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod axis;
mod contour;
mod curves;
mod data;
mod frame;
mod history;
mod importance;
mod parallel;
mod render;
mod scale;
mod scene;
mod slice;

use besom_core::{BoxError, History, Problem};
use thiserror::Error;

use data::Data;

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The metric of each run in the order of the runs, and the best so far.
    History,
    /// One line a run across one axis a parameter, coloured by the metric.
    Parallel,
    /// How much of the metric's variation each parameter explains, alone and together with others.
    Importance,
    /// The metric over each parameter, one panel each.
    Slice,
    /// What a model predicts over two parameters (the most important ones, if none are named).
    Contour,
    /// The metric of each run over its steps.
    Curves,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::History, Self::Parallel, Self::Importance, Self::Slice, Self::Contour, Self::Curves];

    /// The kind's name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Parallel => "parallel",
            Self::Importance => "importance",
            Self::Slice => "slice",
            Self::Contour => "contour",
            Self::Curves => "curves",
        }
    }

    /// The kind of this name, as [`Self::as_str`] writes it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Text with shapes; sharp at any size.
    Svg,
    /// Pixels.
    Png,
}

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

/// A picture to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    kind: Kind,
    size: Option<(u32, u32)>,
    parameters: Vec<String>,
}

impl Plot {
    /// A picture of this kind at its natural size.
    pub fn new(kind: Kind) -> Self {
        Self { kind, size: None, parameters: Vec::new() }
    }

    /// The same in this size, in pixels, each at least 100 and at most 10,000.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = Some((width.clamp(100, 10_000), height.clamp(100, 10_000)));
        self
    }

    /// The same of these parameters only (nested names joined by dots), in this order; a contour takes two.
    #[must_use]
    pub fn parameters(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.parameters = names.into_iter().map(Into::into).collect();
        self
    }

    /// Draws the picture into a file's content.
    pub fn draw(&self, problem: &Problem, history: &History, format: Format) -> Result<Vec<u8>, PlotError> {
        let data = Data::new(problem, history, &self.parameters)?;
        let scene = match self.kind {
            Kind::History => history::scene(&data, self.size),
            Kind::Parallel => parallel::scene(&data, self.size)?,
            Kind::Importance => importance::scene(&data, self.size)?,
            Kind::Slice => slice::scene(&data, self.size)?,
            Kind::Contour => contour::scene(&data, self.size)?,
            Kind::Curves => curves::scene(&data, self.size),
        };
        match format {
            Format::Svg => render::svg(&scene),
            Format::Png => render::png(&scene),
        }
    }
}

#[cfg(test)]
mod tests;

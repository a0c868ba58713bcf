//! Pictures of a sweep, as SVG or PNG.
//!
//! A picture is a function of a problem and its history, like a suggestion: it reads nothing else and stores nothing.
//! Each [`Kind`] composes a scene of a few shapes in floats, which is what tests look at; only `render` knows the
//! drawing library.
//!
//! A crate of its own because the command and the Python package show the same pictures, and neither may depend on the
//! other; nothing else needs a drawing library.
//!
//! ```
//! use besom_core::distribution::Continuous;
//! use besom_core::{Distribution, Goal, History, Metric, Parameter, Problem, Run, RunState, Space};
//! use besom_plot::{Format, Kind, Plot};
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
mod data;
mod error;
mod frame;
mod kind;
mod legend;
mod plot;
mod render;
mod scale;
mod scene;

#[cfg(test)]
mod tests;

pub use error::{PlotError, UnknownKind};
pub use kind::Kind;
pub use plot::{Format, Plot};

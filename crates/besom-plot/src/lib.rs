#![doc = include_str!("../README.md")]
//!
//! # Design
//!
//! Each [`Kind`] composes a scene of a few shapes in floats, which is what tests look at; only `render` knows the
//! drawing library.
//!
//! A crate of its own because the command and the Python package show the same pictures, and neither may depend on the
//! other; nothing else needs a drawing library.

mod axis;
mod chart;
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

pub use chart::{Chart, Line, Panel};
pub use error::{PlotError, UnknownKind};
pub use kind::Kind;
pub use plot::{Format, Plot};

#![doc = include_str!("../README.md")]
//!
//! # Design
//!
//! Each [`Kind`] composes a scene of a few shapes in floats, which is what tests look at; `svg` and `bitmap`
//! write it as files.
//!
//! A crate of its own because the command and the Python package show the same pictures, and neither may depend on the
//! other; nothing else draws.

mod axis;
mod bitmap;
mod chart;
mod color;
mod contour;
mod data;
mod error;
mod font;
mod frame;
mod kind;
mod legend;
mod plot;
mod scale;
mod scene;
mod svg;

#[cfg(test)]
mod tests;

pub use chart::{Chart, Line, Panel};
pub use error::{PlotError, UnknownKind};
pub use kind::Kind;
pub use plot::{Format, Plot};

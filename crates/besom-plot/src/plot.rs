//! A picture to draw: its kind, size and parameters.

use std::ops::RangeInclusive;

use besom_core::{History, Problem};

use crate::scene::Scene;
use crate::{Kind, PlotError, bitmap, svg};

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Text with shapes; sharp at any size.
    Svg,
    /// Pixels.
    Png,
}

/// A picture to draw.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "it draws nothing before `draw` is called"]
pub struct Plot {
    kind: Kind,
    size: Option<(u32, u32)>,
    scale: f64,
    parameters: Vec<String>,
    curves: Option<(usize, String)>,
}

impl Plot {
    /// The sizes that a side can have, in pixels.
    pub const SIDES: RangeInclusive<u32> = 100..=10_000;

    /// The factors by which a picture can be enlarged.
    pub const SCALES: RangeInclusive<f64> = 0.1..=10.0;

    /// A picture of this kind at its natural size.
    pub fn new(kind: Kind) -> Self {
        Self { kind, size: None, scale: 1.0, parameters: Vec::new(), curves: None }
    }

    /// The same in this size, in pixels, each clamped to [`Plot::SIDES`]. Text keeps its size: a larger picture has more
    /// room.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        let side = |pixels: u32| pixels.clamp(*Self::SIDES.start(), *Self::SIDES.end());
        self.size = Some((side(width), side(height)));
        self
    }

    /// The same, all of it this many times as large, text too: 2 makes a PNG sharp on a screen of twice as many pixels.
    /// Clamped to [`Plot::SCALES`]; 1 if it is not a number.
    pub fn scale(mut self, scale: f64) -> Self {
        let (least, most) = (*Self::SCALES.start(), *Self::SCALES.end());
        self.scale = if scale.is_nan() { 1.0 } else { scale.clamp(least, most) };
        self
    }

    /// The same of these parameters only (nested names joined by dots), in this order; a contour takes two.
    pub fn parameters(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.parameters = names.into_iter().map(Into::into).collect();
        self
    }

    /// The same with the curves that are at this place in each run, from 0, and have this name, in place of those of the
    /// first metric. They can be of a key that is none of the problem's metrics, at the first place behind those. The best
    /// run is that of the first metric all the same. Kinds other than [`Kind::Curves`] show that one.
    pub fn curves_of(mut self, place: usize, name: impl Into<String>) -> Self {
        self.curves = Some((place, name.into()));
        self
    }

    /// Draws the picture; returns the content of a file.
    ///
    /// # Errors
    /// [`PlotError`] if the history holds too little for this kind, a parameter is unknown, or a PNG would have too many
    /// pixels.
    pub fn draw(&self, problem: &Problem, history: &History, format: Format) -> Result<Vec<u8>, PlotError> {
        let scene = self.scene(problem, history)?;
        match format {
            Format::Svg => Ok(svg::svg(&scene, self.scale)),
            Format::Png => bitmap::png(&scene, self.scale),
        }
    }

    pub(crate) fn scene(&self, problem: &Problem, history: &History) -> Result<Scene, PlotError> {
        let other = self.curves.as_ref().map(|(place, name)| (*place, name.as_str()));
        self.kind.scene(problem, history, &self.parameters, other, self.size)
    }
}

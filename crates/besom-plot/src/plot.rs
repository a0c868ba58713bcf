//! A picture to draw: its kind, size and parameters.

use besom_core::{History, Problem};

use crate::data::Data;
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
    metric: usize,
}

impl Plot {
    /// A picture of this kind at its natural size.
    pub fn new(kind: Kind) -> Self {
        Self { kind, size: None, scale: 1.0, parameters: Vec::new(), metric: 0 }
    }

    /// The same in this size, in pixels, each at least 100 and at most 10,000. Text keeps its size: a larger picture has
    /// more room.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = Some((width.clamp(100, 10_000), height.clamp(100, 10_000)));
        self
    }

    /// The same, all of it this many times as large, text too: 2 makes a PNG sharp on a screen of twice as many pixels. At
    /// least 0.1 and at most 10; 1 if it is not a number.
    pub fn scale(mut self, scale: f64) -> Self {
        self.scale = if scale.is_nan() { 1.0 } else { scale.clamp(0.1, 10.0) };
        self
    }

    /// The same of these parameters only (nested names joined by dots), in this order; a contour takes two.
    pub fn parameters(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.parameters = names.into_iter().map(Into::into).collect();
        self
    }

    /// The same with the curves of the metric at this place in the problem, from 0, in place of the first one, which decides all the
    /// same which run is the best. Kinds other than [`Kind::Curves`] show the first one.
    pub fn curves_of(mut self, metric: usize) -> Self {
        self.metric = metric;
        self
    }

    /// Draws the picture; returns the content of a file.
    ///
    /// # Errors
    /// [`PlotError`] if the history holds too little for this kind, a parameter is unknown, or a PNG would have too many
    /// pixels.
    pub fn draw(&self, problem: &Problem, history: &History, format: Format) -> Result<Vec<u8>, PlotError> {
        let data = Data::new(problem, history, &self.parameters)?.curves_of(problem, self.metric);
        let scene = self.kind.scene(&data, self.size)?;
        match format {
            Format::Svg => Ok(svg::svg(&scene, self.scale)),
            Format::Png => bitmap::png(&scene, self.scale),
        }
    }
}

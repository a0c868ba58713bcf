//! What all pictures are made of: runs with their values, over parameters as axes.

use besom_core::{Goal, History, Problem};
use besom_insight::{Sample, ValuedRun};

use crate::PlotError;
use crate::scene::Color;

/// Problem and history as pictures see them.
#[derive(Clone, Debug)]
pub(crate) struct Data<'a> {
    /// The runs with a value, over the parameters to show.
    pub(crate) sample: Sample<'a>,
    /// Whether the caller named the parameters.
    pub(crate) named: bool,
    /// The number of runs, with a value or without.
    pub(crate) total: usize,
}

impl<'a> Data<'a> {
    pub(crate) fn new(
        problem: &'a Problem,
        history: &'a History,
        named: &[String],
    ) -> Result<Self, PlotError> {
        let sample = Sample::new(problem, history, named)?;
        Ok(Self { sample, named: !named.is_empty(), total: history.len() })
    }

    /// The best run.
    pub(crate) fn best(&self) -> Option<&ValuedRun<'a>> {
        self.sample.runs.iter().find(|run| Some(run.number) == self.sample.best)
    }

    /// `loss (smaller is better)`.
    pub(crate) fn metric_title(&self) -> String {
        let goal = match self.sample.metric.goal {
            Goal::Minimize => "smaller is better",
            Goal::Maximize => "larger is better",
        };
        format!("{} ({goal})", self.sample.metric.name)
    }

    /// A color for each run with a value by its rank: the best dark, the worst light.
    pub(crate) fn colors(&self) -> Vec<Color> {
        self.sample.ranks().into_iter().map(shade).collect()
    }
}

/// A color from dark (0, good) to light (1, bad), which differ in lightness for people who see no hues.
pub(crate) fn shade(u: f64) -> Color {
    use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};
    // The last, yellow tenth is hard to see on white.
    let color = ViridisRGB.get_color(0.9 * u.clamp(0.0, 1.0));
    Color::new(color.0, color.1, color.2)
}

//! What all pictures are made of: parameters as axes, and runs with their values.

use besom_core::{Goal, History, Problem, Run, RunState};
use besom_insight::{Sample, Seen};

use crate::PlotError;
use crate::scene::Color;

/// Problem and history as pictures see them.
#[derive(Clone, Debug)]
pub(crate) struct Data<'a> {
    /// The runs with a value, over the parameters to show.
    pub(crate) sample: Sample<'a>,
    /// Whether the caller named the parameters.
    pub(crate) named: bool,
    /// How many runs there are, with a value or without.
    pub(crate) runs: usize,
}

impl<'a> Data<'a> {
    pub(crate) fn new(
        problem: &'a Problem,
        history: &'a History,
        named: &[String],
    ) -> Result<Self, PlotError> {
        let sample = Sample::new(problem, history, named)?;
        Ok(Self { sample, named: !named.is_empty(), runs: history.len() })
    }

    /// At least `needed` axes, or an error.
    pub(crate) fn need_axes(&self, kind: &'static str, needed: usize) -> Result<(), PlotError> {
        let found = self.sample.axes.len();
        if found < needed { Err(PlotError::Parameters { kind, needed, found }) } else { Ok(()) }
    }

    /// Whether one value is better than another.
    pub(crate) fn better(&self, a: f64, b: f64) -> bool {
        self.sample.metric.goal.to_loss(a) < self.sample.metric.goal.to_loss(b)
    }

    /// The run that counts as best: of those that finished or go on.
    pub(crate) fn best(&self) -> Option<&Seen<'a>> {
        let counts = self.sample.seen.iter().filter(|seen| counts(seen.run));
        counts.reduce(|best, seen| if self.better(seen.value, best.value) { seen } else { best })
    }

    /// `loss (minimize)`.
    pub(crate) fn metric_title(&self) -> String {
        let goal =
            if self.sample.metric.goal == Goal::Minimize { "smaller is better" } else { "larger is better" };
        format!("{} ({goal})", self.sample.metric.name)
    }

    /// A color for each seen run by its rank: the best dark, the worst light.
    pub(crate) fn colors(&self) -> Vec<Color> {
        let mut order: Vec<usize> = (0..self.sample.seen.len()).collect();
        let loss = |i: &usize| self.sample.metric.goal.to_loss(self.sample.seen[*i].value);
        order.sort_by(|a, b| loss(a).total_cmp(&loss(b)));
        let mut colors = vec![Color::MAIN; order.len()];
        let last = (order.len() - 1).max(1) as f64;
        for (rank, &i) in order.iter().enumerate() {
            colors[i] = shade(rank as f64 / last);
        }
        colors
    }
}

/// Whether a run counts for the best so far.
pub(crate) fn counts(run: &Run) -> bool {
    matches!(run.state, RunState::Running | RunState::Finished)
}

/// A color from dark (0, good) to light (1, bad), also for those who see no hues.
pub(crate) fn shade(u: f64) -> Color {
    use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};
    // The last, yellow tenth is hard to see on white.
    let color = ViridisRGB.get_color(0.9 * u.clamp(0.0, 1.0));
    Color::new(color.0, color.1, color.2)
}

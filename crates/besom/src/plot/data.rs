//! What all pictures are made of: parameters as axes, and runs with their values.

use besom_core::{Goal, History, Problem, Run, RunState};
use besom_insight::{Sample, Seen};

use super::PlotError;
use super::scene::Colour;

/// Problem and history as pictures see them.
#[derive(Clone, Debug)]
pub(super) struct Data<'a> {
    /// The runs with a value, over the parameters to show.
    pub(super) sample: Sample<'a>,
    /// Whether the caller named the parameters.
    pub(super) named: bool,
    /// How many runs there are, with a value or without.
    pub(super) runs: usize,
}

impl<'a> Data<'a> {
    pub(super) fn new(
        problem: &'a Problem,
        history: &'a History,
        named: &[String],
    ) -> Result<Self, PlotError> {
        let sample = Sample::new(problem, history, named)?;
        Ok(Self { sample, named: !named.is_empty(), runs: history.len() })
    }

    /// At least `needed` axes, or an error.
    pub(super) fn need_axes(&self, kind: &'static str, needed: usize) -> Result<(), PlotError> {
        let found = self.sample.axes.len();
        if found < needed { Err(PlotError::Parameters { kind, needed, found }) } else { Ok(()) }
    }

    /// Whether one value is better than another.
    pub(super) fn better(&self, a: f64, b: f64) -> bool {
        self.sample.metric.goal.to_loss(a) < self.sample.metric.goal.to_loss(b)
    }

    /// The run that counts as best: of those that finished or go on.
    pub(super) fn best(&self) -> Option<&Seen<'a>> {
        let counts = self.sample.seen.iter().filter(|seen| counts(seen.run));
        counts.reduce(|best, seen| if self.better(seen.value, best.value) { seen } else { best })
    }

    /// `loss (minimize)`.
    pub(super) fn metric_title(&self) -> String {
        let goal =
            if self.sample.metric.goal == Goal::Minimize { "smaller is better" } else { "larger is better" };
        format!("{} ({goal})", self.sample.metric.name)
    }

    /// A colour for each seen run by its rank: the best dark, the worst light.
    pub(super) fn colours(&self) -> Vec<Colour> {
        let mut order: Vec<usize> = (0..self.sample.seen.len()).collect();
        let loss = |i: &usize| self.sample.metric.goal.to_loss(self.sample.seen[*i].value);
        order.sort_by(|a, b| loss(a).total_cmp(&loss(b)));
        let mut colours = vec![Colour::MAIN; order.len()];
        let last = (order.len() - 1).max(1) as f64;
        for (rank, &i) in order.iter().enumerate() {
            colours[i] = shade(rank as f64 / last);
        }
        colours
    }
}

/// Whether a run counts for the best so far.
pub(super) fn counts(run: &Run) -> bool {
    matches!(run.state, RunState::Running | RunState::Finished)
}

/// A colour from dark (0, good) to light (1, bad), also for those who see no hues.
pub(super) fn shade(u: f64) -> Colour {
    use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};
    // The last, yellow tenth is hard to see on white.
    let colour = ViridisRGB.get_color(0.9 * u.clamp(0.0, 1.0));
    Colour::new(colour.0, colour.1, colour.2)
}

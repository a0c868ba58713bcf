//! What all pictures are made of: parameters as axes, and runs with their values.

use besom_core::{Goal, History, Metric, Problem, Run, RunNumber, RunState, nearest};

use super::PlotError;
use super::axis::Axis;
use super::scene::Colour;

/// A run with a value of the metric.
#[derive(Clone, Debug)]
pub(super) struct Seen<'a> {
    pub(super) number: RunNumber,
    pub(super) run: &'a Run,
    /// Its best value.
    pub(super) value: f64,
}

/// Problem and history as pictures see them.
#[derive(Clone, Debug)]
pub(super) struct Data<'a> {
    pub(super) metric: &'a Metric,
    /// The parameters to show.
    pub(super) axes: Vec<Axis>,
    /// Whether the caller named them.
    pub(super) named: bool,
    names: Vec<besom_core::Name>,
    /// The runs with a value, in order; at least one.
    pub(super) seen: Vec<Seen<'a>>,
    /// How many runs there are, with a value or without.
    pub(super) runs: usize,
}

impl<'a> Data<'a> {
    pub(super) fn new(
        problem: &'a Problem,
        history: &'a History,
        named: &[String],
    ) -> Result<Self, PlotError> {
        let metric = problem.metric().ok_or(PlotError::NoMetric)?;
        let all: Vec<_> = problem.space.searchable().collect();
        let find = |name: &String| {
            all.iter().copied().find(|p| p.name.to_string() == *name).ok_or_else(|| {
                let known: Vec<String> = all.iter().map(|p| p.name.to_string()).collect();
                let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
                PlotError::UnknownParameter { name: name.clone(), known, nearest }
            })
        };
        let chosen =
            if named.is_empty() { all.clone() } else { named.iter().map(find).collect::<Result<_, _>>()? };
        let seen: Vec<Seen<'a>> = history
            .iter()
            .filter_map(|(number, run)| Some(Seen { number, run, value: run.curve(0).best(metric.goal)? }))
            .collect();
        if seen.is_empty() {
            return Err(PlotError::NoValues { metric: metric.name.clone() });
        }
        Ok(Self {
            metric,
            axes: chosen.iter().map(|p| Axis::new(p)).collect(),
            named: !named.is_empty(),
            names: chosen.iter().map(|p| p.name.clone()).collect(),
            seen,
            runs: history.len(),
        })
    }

    /// Where a run lies on the `k`-th axis; `None` if it has no such parameter or a foreign value.
    pub(super) fn place(&self, run: &Run, k: usize) -> Option<f64> {
        self.axes[k].place(run.point.get(&self.names[k])?)
    }

    /// At least `needed` axes, or an error.
    pub(super) fn need_axes(&self, kind: &'static str, needed: usize) -> Result<(), PlotError> {
        let found = self.axes.len();
        if found < needed { Err(PlotError::Parameters { kind, needed, found }) } else { Ok(()) }
    }

    /// Whether one value is better than another.
    pub(super) fn better(&self, a: f64, b: f64) -> bool {
        self.metric.goal.to_loss(a) < self.metric.goal.to_loss(b)
    }

    /// The run that counts as best: of those that finished or go on.
    pub(super) fn best(&self) -> Option<&Seen<'a>> {
        let counts = self.seen.iter().filter(|seen| counts(seen.run));
        counts.reduce(|best, seen| if self.better(seen.value, best.value) { seen } else { best })
    }

    /// `loss (minimize)`.
    pub(super) fn metric_title(&self) -> String {
        let goal = if self.metric.goal == Goal::Minimize { "smaller is better" } else { "larger is better" };
        format!("{} ({goal})", self.metric.name)
    }

    /// A colour for each seen run by its rank: the best dark, the worst light.
    pub(super) fn colours(&self) -> Vec<Colour> {
        let mut order: Vec<usize> = (0..self.seen.len()).collect();
        let loss = |i: &usize| self.metric.goal.to_loss(self.seen[*i].value);
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

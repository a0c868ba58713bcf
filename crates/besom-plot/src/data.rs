//! What all pictures are made of: runs with their values, over parameters as axes.

use besom_core::value::label;
use besom_core::{Goal, History, ParamPath, Problem, Run, RunNumber};
use besom_insight::{Sample, ValuedRun, number};
use serde_json::Value;

use crate::PlotError;
use crate::color::shade;
use crate::font::fit;
use crate::scale::Scale;
use crate::scene::{Color, Scene, TEXT};

/// The most parameters of a run that are named beside the pointer, and the room for the text of each.
const NAMED: usize = 12;
const VALUE: f64 = 240.0;

/// How a run ended, as far as it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It finished or is running.
    Whole,
    /// It was stopped early.
    Stopped,
    /// It failed, crashed or was killed, and does not count.
    Failed,
}

impl Mark {
    pub(crate) fn of(run: &Run) -> Self {
        match (run.state.can_be_best(), run.stopped.is_some()) {
            (false, _) => Self::Failed,
            (true, true) => Self::Stopped,
            (true, false) => Self::Whole,
        }
    }

    /// Draws it: a dot, a circle or a cross.
    pub(crate) fn draw(self, scene: &mut Scene, at: (f64, f64), radius: u32, color: Color) {
        match self {
            Self::Whole => scene.dot(at, radius, color, true),
            Self::Stopped => scene.dot(at, radius, color, false),
            Self::Failed => scene.cross(at, radius.saturating_sub(1).max(2), Color::INK.alpha(0.75)),
        }
    }
}

/// Problem and history as pictures see them.
#[derive(Clone, Debug)]
pub(crate) struct Data<'a> {
    /// The runs with a value, over the parameters to show.
    pub(crate) sample: Sample<'a>,
    /// Whether the caller named the parameters.
    pub(crate) named: bool,
    /// The number of runs, with a value or without.
    pub(crate) total: usize,
    /// The number of parameters that vary and are not shown.
    pub(crate) left_out: usize,
}

impl<'a> Data<'a> {
    pub(crate) fn new(
        problem: &'a Problem,
        history: &'a History,
        named: &[String],
    ) -> Result<Self, PlotError> {
        let sample = Sample::new(problem, history, named)?;
        Ok(Self { sample, named: !named.is_empty(), total: history.len(), left_out: 0 })
    }

    /// The same of at most this many parameters, the most important ones, unless the caller has named some.
    pub(crate) fn of_most_important(&self, most: usize) -> Self {
        if self.named || self.sample.axes.len() <= most {
            return self.clone();
        }
        let left_out = self.sample.axes.len() - most;
        Self { sample: self.sample.of_most_important(most), left_out, ..self.clone() }
    }

    /// ` (the 20 most important of 200 parameters)`, if some are left out.
    pub(crate) fn left_out_title(&self) -> String {
        let shown = self.sample.axes.len();
        match self.left_out {
            0 => String::new(),
            left_out => format!(" (the {shown} most important of {} parameters)", shown + left_out),
        }
    }

    /// `run 12: loss 0.31, lr 0.01; stopped early`, of the axes with these numbers.
    pub(crate) fn tip(&self, run: &ValuedRun<'_>, axes: impl IntoIterator<Item = usize>) -> String {
        let value = [(self.sample.metric.name.as_str(), run.value)];
        tip(run.number, run.run, value, axes.into_iter().map(|k| self.sample.axes[k].name()))
    }

    /// The axis of the metric.
    pub(crate) fn scale(&self) -> Scale {
        Scale::over(self.sample.span(self.sample.runs.iter().map(|run| run.value)))
    }

    /// How many runs lie beyond the ends of the axis of the metric.
    pub(crate) fn beyond(&self, scale: &Scale) -> usize {
        self.sample.runs.iter().filter(|run| !(0.0..=1.0).contains(&scale.place(run.value))).count()
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

/// What is shown beside the pointer at a run: its number, its values by metric as far as it has some, parameters, its end.
pub(crate) fn tip<'a>(
    number: RunNumber,
    run: &Run,
    values: impl IntoIterator<Item = (&'a str, f64)>,
    names: impl Iterator<Item = &'a ParamPath>,
) -> String {
    let parameter =
        |name: &ParamPath| Some(format!("{name} {}", fit(&shown(run.point.get(name)?), TEXT, VALUE)));
    let values = values.into_iter().map(|(metric, value)| format!("{metric} {}", shown(&value.into())));
    let facts: Vec<String> = values.chain(names.filter_map(parameter).take(NAMED)).collect();
    let colon = if facts.is_empty() { "" } else { ": " };
    let end = match Mark::of(run) {
        Mark::Whole => "",
        Mark::Stopped => "; stopped early",
        Mark::Failed => "; failed",
    };
    format!("run {number}{colon}{}{end}", facts.join(", "))
}

/// A value as a label.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(float) if float.is_f64() => number(float.as_f64().unwrap_or(f64::NAN), 6, 1e-4..1e7),
        Value::String(text) => label(text).into_owned(),
        other => other.to_string(),
    }
}

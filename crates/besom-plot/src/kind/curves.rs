//! The metric of each run over its steps.

use besom_core::{History, ParamPath, Problem, Run, RunNumber};
use besom_insight::{Axis, InsightError};

use crate::PlotError;
use crate::data::{Data, Mark, tip};
use crate::frame::{Frame, Labels};
use crate::legend::{Key, legend};
use crate::scale::Scale;
use crate::scene::{Color, Scene};

/// The most points of a curve that are drawn: about one for each two pixels of the natural width.
const POINTS: usize = 500;

/// The curves to show.
#[derive(Debug)]
pub(crate) struct Curves<'a> {
    /// What they are of.
    name: &'a str,
    /// The runs with a number of it.
    lines: Vec<Line<'a>>,
    /// The number of runs, with a number of it or without.
    total: usize,
    /// The best run of the sweep's metric, whatever the curves are of.
    best: Option<RunNumber>,
    y: Scale,
    y_title: String,
}

/// The curve of a run.
#[derive(Debug)]
struct Line<'a> {
    number: RunNumber,
    run: &'a Run,
    /// The number of steps, with a number or without.
    steps: usize,
    /// Steps and values, at least one.
    points: Vec<(f64, f64)>,
    tip: String,
}

impl<'a> Curves<'a> {
    /// The curves of the first metric, or the `other` ones with this place and name, which need no value of that metric.
    pub(crate) fn new(
        problem: &'a Problem,
        history: &'a History,
        named: &[String],
        other: Option<(usize, &'a str)>,
    ) -> Result<Self, PlotError> {
        use InsightError::{NoMetric, NoValues};
        let data = match (Data::new(problem, history, named), other) {
            (Err(PlotError::Insight(NoMetric | NoValues { .. })), Some(_)) => None,
            (data, _) => Some(data?),
        };
        let first = problem.metric().map(|metric| (0, metric.name.as_str()));
        let (place, name) = other.or(first).ok_or(NoMetric)?;
        let names: Vec<&ParamPath> = match &data {
            Some(data) => data.sample.axes.iter().map(Axis::name).collect(),
            None => problem.space.searchable().map(|parameter| &parameter.name).collect(),
        };
        let lines = lines(problem, history, place, &names);
        if lines.is_empty() && other.is_some() {
            return Err(NoValues { metric: name.to_owned() }.into());
        }
        let values = lines.iter().flat_map(|line| &line.points).map(|&(_, value)| value);
        let (y, y_title) = match &data {
            Some(data) if place == 0 => (Scale::over(data.sample.span(values)), data.metric_title()),
            _ => (Scale::of(values), name.to_owned()),
        };
        let best = data.and_then(|data| data.sample.best);
        Ok(Self { name, lines, total: history.len(), best, y, y_title })
    }

    pub(crate) fn scene(&self, size: Option<(u32, u32)>) -> Scene {
        let title = format!("{} over the steps of {} runs", self.name, self.total);
        let mut scene = Scene::new(size, (900, 520), &title);
        let steps = self.lines.iter().map(|line| line.steps).fold(2, usize::max);
        let x = Scale::between(1.0, steps as f64);
        let y_labels = Labels::of(&self.y, self.y_title.as_str());
        let frame = Frame::whole(&scene, &y_labels);
        frame.axes(&mut scene, &Labels::counting(&x, "step"), &y_labels);
        let mut draw = |line: &Line<'_>, color, width| {
            let points = line.points.iter();
            let points = points.map(|&(step, value)| frame.at(x.place(step), self.y.place(value)));
            curve_or_dot(&mut scene, points.collect(), color, width);
            scene.tip(line.tip.as_str());
        };
        // The best is drawn last, above the others.
        let (best, others): (Vec<_>, Vec<_>) =
            self.lines.iter().partition(|line| Some(line.number) == self.best);
        for line in others {
            let color = if line.is_whole() { Color::MAIN } else { Color::FAINT };
            draw(line, color.alpha(0.7), 1);
        }
        for line in &best {
            draw(line, Color::BEST, 2);
        }
        let mut keys = vec![(Key::Line(Color::MAIN), "run")];
        if self.lines.iter().any(|line| !line.is_whole()) {
            keys.push((Key::Line(Color::FAINT), "stopped early or failed"));
        }
        keys.extend(best.first().map(|_| (Key::Line(Color::BEST), "best run")));
        legend(&mut scene, &keys, 0);
        scene
    }
}

impl Line<'_> {
    fn is_whole(&self) -> bool {
        Mark::of(self.run) == Mark::Whole
    }
}

/// The curves at this place of all runs that have one, with the parameters of these names.
fn lines<'a>(problem: &Problem, history: &'a History, place: usize, names: &[&ParamPath]) -> Vec<Line<'a>> {
    let line = |(number, run): (RunNumber, &'a Run)| {
        let curve = &run.curve(place).values;
        let (steps, points) = (curve.len(), thinned(curve));
        if points.is_empty() {
            return None;
        }
        let value = problem.metric().and_then(|metric| Some((metric.name.as_str(), problem.value(run, 0)?)));
        let tip = tip(number, run, value, names.iter().copied());
        Some(Line { number, run, steps, points, tip })
    };
    history.iter().filter_map(line).collect()
}

/// A line, or a dot where there is only one point.
fn curve_or_dot(scene: &mut Scene, line: Vec<(f64, f64)>, color: Color, width: u32) {
    match line.as_slice() {
        [at] => scene.dot(*at, 2, color, true),
        _ => scene.line(line, color, width),
    }
}

/// Steps (from 1) and finite values, at most [`POINTS`] of them: the last of each of as many equal parts.
fn thinned(values: &[f64]) -> Vec<(f64, f64)> {
    let finite: Vec<_> =
        (1..).zip(values).filter(|(_, v)| v.is_finite()).map(|(s, &v)| (f64::from(s), v)).collect();
    let parts = finite.len().min(POINTS);
    (1..=parts).map(|part| finite[part * finite.len() / parts - 1]).collect()
}

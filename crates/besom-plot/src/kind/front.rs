//! The runs of a sweep with several metrics over the first of them, one panel for each other metric; the front stands out.

use besom_core::{Front, Goal, History, Problem, Run, RunNumber};
use besom_insight::{InsightError, Span};

use crate::data::{Mark, tip};
use crate::error::PlotError;
use crate::frame::{Frame, Labels};
use crate::legend::{Key, legend};
use crate::scale::Scale;
use crate::scene::{Color, Scene};

/// The most panels: with more a picture is too wide for a page.
const ACROSS: usize = 3;
/// The room for the title of the picture and for its legend, in pixels.
const TITLE: f64 = 36.0;
const LEGEND: f64 = 30.0;

/// A run with its values.
struct Valued<'a> {
    number: RunNumber,
    run: &'a Run,
    values: Vec<f64>,
}

pub(crate) fn scene(
    problem: &Problem,
    history: &History,
    size: Option<(u32, u32)>,
) -> Result<Scene, PlotError> {
    let metrics = problem.metrics.len();
    if metrics < 2 {
        return Err(PlotError::FewMetrics { found: metrics });
    }
    let valued =
        history.iter().filter_map(|(number, run)| Some(Valued { number, run, values: problem.values(run)? }));
    let runs: Vec<Valued<'_>> = valued.collect();
    if runs.is_empty() {
        return Err(InsightError::NoValues { metric: problem.metrics[0].name.clone() }.into());
    }
    let front = history.front(problem);
    let others = (metrics - 1).min(ACROSS);
    let natural = if others == 1 { (760, 520) } else { (1080, 440) };
    let title = format!("front of {} of {} runs", front.runs.len(), history.len());
    let mut scene = Scene::new(size, natural, &title);
    let x = scale(&runs, &front, 0);
    let (width, height) = (f64::from(scene.width) / others as f64, f64::from(scene.height));
    let mut beyond = vec![false; runs.len()];
    for other in 1..=others {
        let y = scale(&runs, &front, other);
        let y_labels = Labels::of(&y, titled(problem, other));
        let left = (other - 1) as f64 * width;
        let frame = Frame {
            left: left + y_labels.room().clamp(40.0, width / 2.0),
            top: TITLE + 10.0,
            right: left + width - 18.0,
            bottom: (height - LEGEND - 50.0).max(TITLE + 20.0),
        };
        frame.axes(&mut scene, &Labels::of(&x, titled(problem, 0)), &y_labels);
        let at = |values: &[f64]| frame.at(x.place(values[0]), y.place(values[other]));
        if metrics == 2 {
            scene.line(border(problem, &front, at), Color::BEST, 2);
        }
        for (place, Valued { number, run, values }) in runs.iter().enumerate() {
            let is_on = front.contains(*number);
            Mark::of(run).draw(&mut scene, at(values), 4, if is_on { Color::BEST } else { Color::MAIN });
            scene.tip(named(problem, *number, run, values));
            let is_inside = |place: f64| (0.0..=1.0).contains(&place);
            beyond[place] |= !is_inside(x.place(values[0])) || !is_inside(y.place(values[other]));
        }
    }
    let keys = [(Key::Dot(Color::BEST), "front"), (Key::Run(Mark::Whole, Color::MAIN), "run")];
    let marks = [(Mark::Stopped, "stopped early"), (Mark::Failed, "failed")].into_iter();
    let marks = marks.filter(|(mark, _)| runs.iter().any(|valued| Mark::of(valued.run) == *mark));
    let marks = marks.map(|(mark, text)| (Key::Run(mark, Color::MAIN), text));
    let keys: Vec<_> = keys.into_iter().chain(marks).collect();
    legend(&mut scene, &keys, beyond.iter().filter(|beyond| **beyond).count());
    Ok(scene)
}

/// The axis of a metric: what suits all runs, and all of the front.
fn scale(runs: &[Valued<'_>], front: &Front, place: usize) -> Scale {
    let span = Span::of(runs.iter().map(|run| run.values[place]));
    Scale::over(front.runs.iter().fold(span, |span, run| span.including(run.values[place])))
}

/// `latency (smaller is better)`.
fn titled(problem: &Problem, place: usize) -> String {
    let metric = &problem.metrics[place];
    let goal = match metric.goal {
        Goal::Minimize => "smaller is better",
        Goal::Maximize => "larger is better",
    };
    format!("{} ({goal})", metric.name)
}

/// The staircase between the runs of a front of two metrics: what lies behind it is beaten.
fn border(problem: &Problem, front: &Front, at: impl Fn(&[f64]) -> (f64, f64)) -> Vec<(f64, f64)> {
    let mut line = Vec::new();
    let mut before: Option<&[f64]> = None;
    for run in &front.runs {
        // The first metric gets worse from run to run: until there, the run before is the best in the second.
        line.extend(before.map(|before| at(&[run.values[0], before[1]])));
        line.push(at(&run.values));
        before = Some(&run.values);
    }
    debug_assert_eq!(problem.metrics.len(), 2, "a staircase has two sides");
    line
}

/// What is shown beside the pointer.
fn named(problem: &Problem, number: RunNumber, run: &Run, values: &[f64]) -> String {
    let all = problem.metrics.iter().zip(values).map(|(metric, value)| (metric.name.as_str(), *value));
    tip(number, run, all, problem.space.searchable().map(|parameter| &parameter.name))
}

//! The metric of each run over its steps.

use besom_insight::Span;

use crate::data::{Data, Mark};
use crate::frame::{Frame, Labels};
use crate::legend::{Key, legend};
use crate::scale::Scale;
use crate::scene::{Color, Scene};

/// The most points of a curve that are drawn: about one for each two pixels of the natural width.
const POINTS: usize = 500;

pub(crate) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Scene {
    let (metric, name) = data.curve;
    let title = format!("{name} over the steps of {} runs", data.total);
    let mut scene = Scene::new(size, (900, 520), &title);
    let runs = &data.sample.runs;
    let curves: Vec<_> = runs.iter().map(|run| thinned(&run.run.curve(metric).values)).collect();
    let longest = runs.iter().map(|run| run.run.curve(metric).values.len()).max().unwrap_or(1);
    let x = Scale::between(1.0, longest.max(2) as f64);
    let values = curves.iter().flatten().map(|&(_, value)| value);
    let (y, y_title) = match metric {
        0 => (Scale::over(data.sample.span(values)), data.metric_title()),
        _ => (Scale::over(Span::of(values)), name.to_owned()),
    };
    let y_labels = Labels::of(&y, y_title);
    let frame = Frame::whole(&scene, &y_labels);
    frame.axes(&mut scene, &Labels::counting(&x, "step"), &y_labels);
    let mut draw = |i: usize, color, width| {
        let curve: &Vec<(f64, f64)> = &curves[i];
        let line = curve.iter().map(|&(step, value)| frame.at(x.place(step), y.place(value)));
        curve_or_dot(&mut scene, line.collect(), color, width);
        scene.tip(data.tip(&runs[i], 0..data.sample.axes.len()));
    };
    let best = runs.iter().position(|run| Some(run.number) == data.sample.best);
    let is_whole = |i: usize| Mark::of(&runs[i]) == Mark::Whole;
    for i in (0..runs.len()).filter(|&i| Some(i) != best) {
        let color = if is_whole(i) { Color::MAIN } else { Color::FAINT };
        draw(i, color.alpha(0.7), 1);
    }
    // The best is drawn last, above the others.
    if let Some(best) = best {
        draw(best, Color::BEST, 2);
    }
    let mut keys = vec![(Key::Line(Color::MAIN), "run")];
    if (0..runs.len()).any(|i| !is_whole(i)) {
        keys.push((Key::Line(Color::FAINT), "stopped early or failed"));
    }
    keys.push((Key::Line(Color::BEST), "best run"));
    legend(&mut scene, &keys, 0);
    scene
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

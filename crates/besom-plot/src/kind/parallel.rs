//! Parallel coordinates: one line per run across one axis per parameter and, last, the metric.

use crate::PlotError;
use crate::axis::labels;
use crate::data::Data;
use crate::frame::{Frame, Labels};
use crate::scale::Scale;
use crate::scene::{Anchor, Color, Scene, cut};

pub(crate) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Result<Scene, PlotError> {
    data.sample.require_axes(1)?;
    let axes = &data.sample.axes;
    // A column is as wide as a name of 17 letters.
    let natural = (u32::try_from(140 * (axes.len() + 1)).unwrap_or(u32::MAX).clamp(600, 6000), 520);
    let title = format!("parameters and {} of {} runs", data.sample.metric.name, data.sample.runs.len());
    let mut scene = Scene::new(size, natural, &title);
    let frame = Frame { left: 70.0, right: f64::from(scene.width) - 60.0, ..Frame::whole(&scene) };
    let scale = Scale::over(data.sample.span(data.sample.runs.iter().map(|run| run.value)));
    let column = |k: usize| k as f64 / axes.len() as f64;
    lines(&mut scene, data, &scale, |k, v| frame.at(column(k), v));
    for (k, parameter) in axes.iter().enumerate() {
        axis(&mut scene, &frame, column(k), &labels(parameter));
    }
    let metric = Labels { ticks: scale.ticks(), title: data.sample.metric.name.clone() };
    axis(&mut scene, &frame, 1.0, &metric);
    Ok(scene)
}

/// The runs that have all parameters; the best are drawn last, above the others.
fn lines(scene: &mut Scene, data: &Data<'_>, scale: &Scale, at: impl Fn(usize, f64) -> (f64, f64)) {
    let runs = &data.sample.runs;
    let loss = |i: usize| data.sample.metric.goal.to_loss(runs[i].value);
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by(|&a, &b| loss(b).total_cmp(&loss(a)));
    let colors = data.colors();
    for i in order {
        let places = (0..data.sample.axes.len()).map(|k| data.sample.place(runs[i].run, k));
        let Some(places) = places.collect::<Option<Vec<f64>>>() else { continue };
        let all = places.into_iter().chain([scale.place(runs[i].value)]).enumerate();
        scene.line(all.map(|(k, v)| at(k, v)).collect(), colors[i].alpha(0.7), 1);
    }
}

fn axis(scene: &mut Scene, frame: &Frame, column: f64, labels: &Labels) {
    let (x, _) = frame.at(column, 0.0);
    scene.line(vec![(x, frame.top), (x, frame.bottom)], Color::INK, 1);
    for (v, text) in &labels.ticks {
        let (_, y) = frame.at(0.0, *v);
        scene.line(vec![(x - 4.0, y), (x, y)], Color::INK, 1);
        scene.text((x - 7.0, y), cut(text, 9), Anchor::End);
    }
    scene.text((x, frame.bottom + 24.0), cut(&labels.title, 17), Anchor::Middle);
}

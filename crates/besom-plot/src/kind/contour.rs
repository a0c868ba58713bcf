//! What a model predicts over two parameters, with the runs.

use besom_core::Run;

use crate::PlotError;
use crate::axis::labels;
use crate::data::{Data, shade};
use crate::frame::Frame;
use crate::scene::{Anchor, Color, Scene};

/// Cells along each axis, about 14 pixels wide: finer ones would show no more of a model that is smooth.
const CELLS: usize = 48;

pub(crate) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Result<Scene, PlotError> {
    data.sample.require_axes(2)?;
    let (across, up) = if data.named { (0, 1) } else { most_important(data)? };
    let scores = data.sample.surface(&[across, up])?.cells(CELLS)?;
    let (x, y) = (&data.sample.axes[across], &data.sample.axes[up]);
    let title = format!("predicted {} over {} and {}", data.sample.metric.name, x.name(), y.name());
    let mut scene = Scene::new(size, (760, 640), &title);
    let frame = Frame { bottom: f64::from(scene.height) - 70.0, ..Frame::whole(&scene) };
    // The frame's grid would show through the cells, so they come after it.
    frame.axes(&mut scene, &labels(x), &labels(y));
    cells(&mut scene, &frame, &scores);
    let place = |run: &Run| Some(frame.at(data.sample.place(run, across)?, data.sample.place(run, up)?));
    for at in data.sample.runs.iter().filter_map(|run| place(run.run)) {
        scene.dot(at, 3, Color::new(255, 255, 255), true);
        scene.dot(at, 3, Color::INK, false);
    }
    if let Some((best, at)) = data.best().and_then(|best| Some((best.number, place(best.run)?))) {
        scene.dot(at, 6, Color::BEST, true);
        let note = format!("red: best run {best}; dark: predicted good, the other parameters left open");
        scene.text((f64::from(scene.width) / 2.0, f64::from(scene.height) - 14.0), note, Anchor::Middle);
    }
    Ok(scene)
}

fn cells(scene: &mut Scene, frame: &Frame, scores: &[f64]) {
    let (low, high) = scores
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &score| (low.min(score), high.max(score)));
    let width = if high > low { high - low } else { 1.0 };
    let edge = |n: f64| n / CELLS as f64;
    for (i, score) in scores.iter().enumerate() {
        let (column, row) = ((i % CELLS) as f64, (i / CELLS) as f64);
        let (from, to) = (frame.at(edge(column), edge(row + 1.0)), frame.at(edge(column + 1.0), edge(row)));
        scene.bar(from, to, shade((score - low) / width));
    }
}

fn most_important(data: &Data<'_>) -> Result<(usize, usize), PlotError> {
    let order = data.sample.by_importance()?;
    Ok((order[0], order[1]))
}

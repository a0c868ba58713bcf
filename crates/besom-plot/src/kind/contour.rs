//! What a model predicts over two parameters, with the runs.

use crate::PlotError;
use crate::axis::labels;
use crate::data::{Data, shade};
use crate::frame::Frame;
use crate::scene::{Anchor, Color, Scene};

/// Cells along each axis.
const CELLS: usize = 48;

pub(crate) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Result<Scene, PlotError> {
    data.need_axes("contour", 2)?;
    let (across, up) = if data.named { (0, 1) } else { two_most_important(data)? };
    let scores = data.sample.model(&[across, up])?.surface(CELLS)?;
    let (x, y) = (&data.sample.axes[across], &data.sample.axes[up]);
    let title = format!("predicted {} over {} and {}", data.sample.metric.name, x.name(), y.name());
    let mut scene = Scene::new(size, (760, 640), &title);
    let frame = Frame { bottom: f64::from(scene.height) - 70.0, ..Frame::whole(&scene) };
    let (low, high) = scores
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &score| (low.min(score), high.max(score)));
    let width = if high > low { high - low } else { 1.0 };
    // The frame's grid would show through the cells, so they come after it.
    frame.axes(&mut scene, &labels(x), &labels(y));
    for (i, score) in scores.iter().enumerate() {
        let (column, row) = ((i % CELLS) as f64, (i / CELLS) as f64);
        let edge = |n: f64| n / CELLS as f64;
        let (from, to) = (frame.at(edge(column), edge(row + 1.0)), frame.at(edge(column + 1.0), edge(row)));
        scene.bar(from, to, shade((score - low) / width));
    }
    for seen in &data.sample.seen {
        if let (Some(u), Some(v)) = (data.sample.place(seen.run, across), data.sample.place(seen.run, up)) {
            scene.dot(frame.at(u, v), 3, Color::new(255, 255, 255), true);
            scene.dot(frame.at(u, v), 3, Color::INK, false);
        }
    }
    if let Some(best) = data.best()
        && let (Some(u), Some(v)) = (data.sample.place(best.run, across), data.sample.place(best.run, up))
    {
        scene.dot(frame.at(u, v), 6, Color::BEST, true);
        let note =
            format!("red: best run {}; dark: predicted good, the other parameters left open", best.number);
        scene.text((f64::from(scene.width) / 2.0, f64::from(scene.height) - 14.0), note, Anchor::Middle);
    }
    Ok(scene)
}

fn two_most_important(data: &Data<'_>) -> Result<(usize, usize), PlotError> {
    let importances = data.sample.importances()?;
    let mut order: Vec<usize> = (0..importances.len()).collect();
    order.sort_by(|&a, &b| importances[b].total.total_cmp(&importances[a].total));
    Ok((order[0], order[1]))
}

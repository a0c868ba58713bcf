//! What a model predicts over two parameters, with the runs.

use nalgebra::DMatrix;

use super::PlotError;
use super::data::{Data, shade};
use super::frame::Frame;
use super::importance::importances;
use super::scene::{Anchor, Colour, Scene};
use super::surrogate::Surrogate;

/// Cells along each axis.
const CELLS: usize = 48;

pub(super) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Result<Scene, PlotError> {
    data.need_axes("contour", 2)?;
    let (across, up) = if data.named { (0, 1) } else { two_most_important(data)? };
    let surrogate = Surrogate::new(data, &[across, up], "contour")?;
    let (x, y) = (&data.axes[across], &data.axes[up]);
    let title = format!("predicted {} over {} and {}", data.metric.name, x.name, y.name);
    let mut scene = Scene::new(size, (760, 640), &title);
    let frame = Frame { bottom: f64::from(scene.height) - 70.0, ..Frame::whole(&scene) };
    let middle = |cell: usize| (cell as f64 + 0.5) / CELLS as f64;
    let cells = DMatrix::from_fn(CELLS * CELLS, 2, |i, k| match k {
        0 => x.snap(middle(i % CELLS)),
        _ => y.snap(middle(i / CELLS)),
    });
    let scores = surrogate.predict(&cells)?;
    let (low, high) = (scores.min(), scores.max());
    let width = if high > low { high - low } else { 1.0 };
    // The frame's grid would show through the cells, so they come after it.
    frame.axes(&mut scene, &x.labels(), &y.labels());
    for (i, score) in scores.iter().enumerate() {
        let (column, row) = ((i % CELLS) as f64, (i / CELLS) as f64);
        let edge = |n: f64| n / CELLS as f64;
        let (from, to) = (frame.at(edge(column), edge(row + 1.0)), frame.at(edge(column + 1.0), edge(row)));
        scene.bar(from, to, shade((score - low) / width));
    }
    for seen in &data.seen {
        if let (Some(u), Some(v)) = (data.place(seen.run, across), data.place(seen.run, up)) {
            scene.dot(frame.at(u, v), 3, Colour::new(255, 255, 255), true);
            scene.dot(frame.at(u, v), 3, Colour::INK, false);
        }
    }
    if let Some(best) = data.best()
        && let (Some(u), Some(v)) = (data.place(best.run, across), data.place(best.run, up))
    {
        scene.dot(frame.at(u, v), 6, Colour::BEST, true);
        let note =
            format!("red: best run {}; dark: predicted good, the other parameters left open", best.number);
        scene.text((f64::from(scene.width) / 2.0, f64::from(scene.height) - 14.0), note, Anchor::Middle);
    }
    Ok(scene)
}

fn two_most_important(data: &Data<'_>) -> Result<(usize, usize), PlotError> {
    let importances = importances(data, "contour")?;
    let mut order: Vec<usize> = (0..importances.len()).collect();
    order.sort_by(|&a, &b| importances[b].total.total_cmp(&importances[a].total));
    Ok((order[0], order[1]))
}

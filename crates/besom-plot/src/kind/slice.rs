//! The metric over each parameter, one panel each; later runs are darker.

use crate::PlotError;
use crate::axis::labels;
use crate::data::Data;
use crate::frame::{Frame, Labels};
use crate::scale::Scale;
use crate::scene::{Color, Scene};

/// The most panels side by side: with more a picture is too wide for a page.
const ACROSS: usize = 3;
/// The room for the title of the picture, in pixels.
const TITLE: f64 = 36.0;

pub(crate) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Result<Scene, PlotError> {
    data.sample.require_axes(1)?;
    let across = data.sample.axes.len().min(ACROSS);
    let rows = data.sample.axes.len().div_ceil(across);
    let pixels = |n: usize, each: usize| u32::try_from(n * each).unwrap_or(u32::MAX).min(10_000);
    let natural = (pixels(across, 340).max(400), 40 + pixels(rows, 260));
    let title = format!("{} over each parameter, {} runs", data.sample.metric.name, data.sample.runs.len());
    let mut scene = Scene::new(size, natural, &title);
    let scale = Scale::over(data.sample.span(data.sample.runs.iter().map(|run| run.value)));
    let (width, height) =
        (f64::from(scene.width) / across as f64, (f64::from(scene.height) - TITLE) / rows as f64);
    for (k, axis) in data.sample.axes.iter().enumerate() {
        let frame = panel((k % across) as f64 * width, TITLE + (k / across) as f64 * height, width, height);
        let title = if k % across == 0 { data.sample.metric.name.clone() } else { String::new() };
        frame.axes(&mut scene, &labels(axis), &Labels { ticks: scale.ticks(), title });
        for run in &data.sample.runs {
            let Some(u) = data.sample.place(run.run, k) else { continue };
            let age = run.number.get() as f64 / data.total as f64;
            let color = Color::MAIN.alpha(0.25 + 0.7 * age);
            scene.dot(frame.at(u, scale.place(run.value)), 3, color, run.counts());
        }
    }
    Ok(scene)
}

/// The frame of a panel, with room for its labels.
fn panel(left: f64, top: f64, width: f64, height: f64) -> Frame {
    Frame { left: left + 84.0, top: top + 10.0, right: left + width - 18.0, bottom: top + height - 50.0 }
}

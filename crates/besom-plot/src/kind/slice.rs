//! The metric over each parameter, one panel each; later runs are darker.

use crate::PlotError;
use crate::axis::labels;
use crate::data::{Data, Mark};
use crate::frame::{Frame, Labels};
use crate::legend::{Key, legend, marks_of};
use crate::scene::{Color, Scene};

/// The most panels side by side: with more a picture is too wide for a page.
const ACROSS: usize = 3;
/// The most parameters that are shown if none is named: as many as fit a long page.
const MOST: usize = 24;
/// The room for the title of the picture and for its legend, in pixels.
const TITLE: f64 = 36.0;
const LEGEND: f64 = 30.0;

pub(crate) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Result<Scene, PlotError> {
    data.sample.require_axes(1)?;
    let data = &data.of_most_important(MOST);
    let across = data.sample.axes.len().min(ACROSS);
    let rows = data.sample.axes.len().div_ceil(across);
    let pixels = |n: usize, each: usize| u32::try_from(n * each).unwrap_or(u32::MAX).min(10_000);
    let natural = (pixels(across, 340).max(460), 70 + pixels(rows, 260));
    let (runs, metric) = (data.sample.runs.len(), &data.sample.metric.name);
    let title = format!("{metric} over each parameter, {runs} runs{}", data.left_out_title());
    let mut scene = Scene::new(size, natural, &title);
    let scale = data.scale();
    let width = f64::from(scene.width) / across as f64;
    let height = (f64::from(scene.height) - TITLE - LEGEND) / rows as f64;
    // Panels below each other begin at one place.
    let y_labels = Labels::of(&scale, metric.clone());
    let room = y_labels.room().min(width / 2.0).max(40.0);
    for k in 0..data.sample.axes.len() {
        let (column, row) = ((k % across) as f64, (k / across) as f64);
        let title = if k % across == 0 { metric.clone() } else { String::new() };
        let y = Labels { title, ..y_labels.clone() };
        let (left, top) = (column * width, TITLE + row * height);
        let frame = Frame {
            left: left + room,
            top: top + 10.0,
            right: left + width - 18.0,
            bottom: (top + height - 50.0).max(top + 20.0),
        };
        frame.axes(&mut scene, &labels(&data.sample.axes[k]), &y);
        runs_over(&mut scene, data, k, |u, value| frame.at(u, scale.place(value)));
    }
    let mut keys =
        vec![(Key::Dot(Color::BEST), "best run"), (Key::Ages(Color::MAIN), "earlier to later runs")];
    keys.extend(marks_of(data, Color::MAIN));
    legend(&mut scene, &keys, data.beyond(&scale));
    Ok(scene)
}

/// The runs over the `k`-th parameter, the best above the others.
fn runs_over(scene: &mut Scene, data: &Data<'_>, k: usize, at: impl Fn(f64, f64) -> (f64, f64)) {
    for run in &data.sample.runs {
        let Some(u) = data.sample.place(run.run, k) else { continue };
        let age = run.number.get() as f64 / data.total as f64;
        Mark::of(run.run).draw(scene, at(u, run.value), 3, Color::MAIN.alpha(0.25 + 0.7 * age));
        scene.tip(data.tip(run, [k]));
    }
    let best = data.best().and_then(|best| Some((best, data.sample.place(best.run, k)?)));
    if let Some((best, u)) = best {
        scene.dot(at(u, best.value), 4, Color::BEST, true);
        scene.tip(data.tip(best, [k]));
    }
}

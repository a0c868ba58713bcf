//! Parallel coordinates: one line per run across one axis per parameter and, last, the metric.

use besom_core::Run;
use besom_insight::numbers;

use crate::PlotError;
use crate::axis::labels;
use crate::color::{color_bar, color_bar_room};
use crate::data::Data;
use crate::font::{fit, width};
use crate::frame::{Frame, Labels};
use crate::scale::Scale;
use crate::scene::{Anchor, Color, Scene, TEXT};

/// The most parameters that are shown if none is named: more columns than a screen is wide.
const MOST: usize = 20;
/// The natural width of a column: a name of 17 letters.
const COLUMN: u32 = 140;
/// The room below an axis for runs that lack its parameter.
const ABSENT: f64 = 20.0;
/// Values beside the bar of colors, and its colors.
const VALUES: usize = 5;
const COLORS: usize = 48;

pub(crate) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Result<Scene, PlotError> {
    data.sample.require_axes(1)?;
    let data = &data.of_most_important(MOST);
    let axes: Vec<Labels> = data.sample.axes.iter().map(labels).collect();
    let (runs, metric) = (&data.sample.runs, &data.sample.metric.name);
    let columns = u32::try_from(axes.len() + 1).unwrap_or(u32::MAX);
    let natural = (columns.saturating_mul(COLUMN).saturating_add(60).clamp(600, 10_000), 520);
    let title = format!("parameters and {metric} of {} runs{}", runs.len(), data.left_out_title());
    let mut scene = Scene::new(size, natural, &title);
    let scale = data.scale();
    let ranked = ranked_values(data);
    let across = f64::from(scene.width);
    let left = (axes[0].widest() + 18.0).min(across / 4.0).max(40.0);
    let right = (across - color_bar_room(&ranked) - 34.0).max(across / 2.0);
    let lacking: Vec<bool> =
        (0..axes.len()).map(|k| runs.iter().any(|run| lacks(data, run.run, k))).collect();
    let below = if lacking.contains(&true) { ABSENT } else { 0.0 };
    let frame = Frame { left, top: 42.0, right, bottom: f64::from(scene.height) - 46.0 - below };
    let column = |k: usize| k as f64 / axes.len() as f64;
    lines(&mut scene, data, &scale, |k, v| match v {
        Some(v) => frame.at(column(k), v),
        None => (frame.at(column(k), 0.0).0, frame.bottom + below),
    });
    let room = (right - left) / axes.len() as f64 - 12.0;
    for (k, parameter) in axes.iter().enumerate() {
        axis(&mut scene, &frame, column(k), parameter, (room, below));
        if lacking[k] {
            let (x, _) = frame.at(column(k), 0.0);
            scene.text_on_lines((x - 7.0, frame.bottom + below), "none", Anchor::End);
        }
    }
    axis(&mut scene, &frame, 1.0, &Labels::of(&scale, metric.clone()), (room, below));
    color_bar(&mut scene, &frame, COLORS, &ranked);
    Ok(scene)
}

/// The values at even ranks, the best first: colors are those of ranks.
fn ranked_values(data: &Data<'_>) -> Vec<String> {
    let order = data.sample.by_value();
    let count = VALUES.min(order.len());
    let value = |k: usize| data.sample.runs[order[k * (order.len() - 1) / (count - 1).max(1)]].value;
    numbers(&(0..count).map(value).collect::<Vec<_>>())
}

/// Whether a run has no such parameter, as where the condition of that one does not hold.
fn lacks(data: &Data<'_>, run: &Run, k: usize) -> bool {
    run.point.get(data.sample.axes[k].name()).is_none()
}

/// The runs, but for those with a value that is on no axis; the best are drawn last, above the others. `at` is where a value lies or,
/// of none, where a run goes that lacks the parameter.
fn lines(scene: &mut Scene, data: &Data<'_>, scale: &Scale, at: impl Fn(usize, Option<f64>) -> (f64, f64)) {
    let colors = data.colors();
    for i in data.sample.by_value().into_iter().rev() {
        let run = &data.sample.runs[i];
        let place = |k: usize| {
            if lacks(data, run.run, k) { Some(None) } else { data.sample.place(run.run, k).map(Some) }
        };
        let Some(places) = (0..data.sample.axes.len()).map(place).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let all = places.into_iter().chain([Some(scale.place(run.value))]).enumerate();
        scene.line(all.map(|(k, v)| at(k, v)).collect(), colors[i].alpha(0.7), 1);
        scene.tip(data.tip(run, 0..data.sample.axes.len()));
    }
}

/// An axis with its name below. Its labels stand on lines, which they must not be crossed out by. `below` is how far below the axis
/// lines may go.
fn axis(scene: &mut Scene, frame: &Frame, column: f64, labels: &Labels, (room, below): (f64, f64)) {
    let (x, _) = frame.at(column, 0.0);
    scene.rule((x, frame.top), (x, frame.bottom), Color::INK);
    for (v, text) in &labels.ticks {
        let (_, y) = frame.at(0.0, *v);
        scene.rule((x - 4.0, y), (x, y), Color::INK);
        let text = labels.beside(text);
        let text = if labels.names { fit(&text, TEXT, room.min(x - 9.0)) } else { text };
        scene.text_on_lines((x - 7.0, y), text, Anchor::End);
    }
    // The first and the last name would reach beyond the picture.
    let title = fit(&labels.title, TEXT, room);
    let half = width(&title, TEXT) / 2.0;
    let middle = x.max(half + 4.0).min(f64::from(scene.width) - half - 4.0);
    scene.text((middle, frame.bottom + below + 24.0), title, Anchor::Middle);
}

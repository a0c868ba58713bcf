//! Parallel coordinates: one line a run across one axis a parameter and, last, the metric.

use crate::PlotError;
use crate::axis::labels;
use crate::data::Data;
use crate::frame::Frame;
use crate::scale::Scale;
use crate::scene::{Anchor, Color, Scene, cut};

pub(crate) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Result<Scene, PlotError> {
    data.sample.require_axes(1)?;
    let count = data.sample.axes.len() + 1;
    let natural = (u32::try_from(140 * count).unwrap_or(u32::MAX).clamp(600, 6000), 520);
    let title = format!("parameters and {} of {} runs", data.sample.metric.name, data.sample.runs.len());
    let mut scene = Scene::new(size, natural, &title);
    let frame = Frame { left: 70.0, right: f64::from(scene.width) - 60.0, ..Frame::whole(&scene) };
    let scale = Scale::of(data.sample.runs.iter().map(|run| run.value));
    let column = |k: usize| k as f64 / (count - 1) as f64;

    let colors = data.colors();
    let mut order: Vec<usize> = (0..data.sample.runs.len()).collect();
    // The best are drawn last, over the others.
    let loss = |i: &usize| data.sample.metric.goal.to_loss(data.sample.runs[*i].value);
    order.sort_by(|a, b| loss(b).total_cmp(&loss(a)));
    for i in order {
        let run = &data.sample.runs[i];
        let places: Option<Vec<f64>> =
            (0..data.sample.axes.len()).map(|k| data.sample.place(run.run, k)).collect();
        let Some(places) = places else { continue };
        let all = places.into_iter().chain([scale.place(run.value)]).enumerate();
        let line = all.map(|(k, v)| frame.at(column(k), v)).collect();
        scene.line(line, colors[i].alpha(0.7), 1);
    }
    for k in 0..count {
        let (ticks, title) = match data.sample.axes.get(k) {
            Some(axis) => (labels(axis).ticks, axis.name().to_string()),
            None => (scale.ticks(), data.sample.metric.name.clone()),
        };
        let (x, _) = frame.at(column(k), 0.0);
        scene.line(vec![(x, frame.top), (x, frame.bottom)], Color::INK, 1);
        for (v, text) in ticks {
            let (_, y) = frame.at(0.0, v);
            scene.line(vec![(x - 4.0, y), (x, y)], Color::INK, 1);
            scene.text((x - 7.0, y), cut(&text, 9), Anchor::End);
        }
        scene.text((x, frame.bottom + 24.0), cut(&title, 17), Anchor::Middle);
    }
    Ok(scene)
}

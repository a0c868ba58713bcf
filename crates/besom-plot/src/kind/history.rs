//! The metric of each run in order, and the best so far.

use crate::data::Data;
use crate::frame::{Frame, Labels};
use crate::legend::{legend, x_title};
use crate::scale::Scale;
use crate::scene::{Color, Scene};

pub(crate) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Scene {
    let mut scene =
        Scene::new(size, (900, 520), &format!("{} of {} runs", data.sample.metric.name, data.total));
    let frame = Frame::whole(&scene);
    let x = Scale::between(1.0, data.total as f64);
    let y = Scale::over(data.sample.span(data.sample.runs.iter().map(|run| run.value)));
    let y_labels = Labels { ticks: y.ticks(), title: data.metric_title() };
    let x_labels = Labels::counting(&x, x_title(&scene, "run"));
    frame.axes(&mut scene, &x_labels, &y_labels);
    for run in &data.sample.runs {
        let at = frame.at(x.place(run.number.get() as f64), y.place(run.value));
        let ended_well = run.counts() && run.run.stopped.is_none();
        let color = if ended_well { Color::MAIN } else { Color::FAINT };
        scene.dot(at, 4, color, ended_well);
    }
    let line = best_so_far(data, |run, value| frame.at(x.place(run), y.place(value)));
    scene.line(line, Color::BEST, 2);
    let is_beyond = |value| !(0.0..=1.0).contains(&y.place(value));
    let beyond = data.sample.runs.iter().filter(|run| is_beyond(run.value)).count();
    legend(&mut scene, data, "best so far", beyond);
    scene
}

/// A staircase through the records, to the newest run.
fn best_so_far(data: &Data<'_>, at: impl Fn(f64, f64) -> (f64, f64)) -> Vec<(f64, f64)> {
    let mut line = Vec::new();
    let mut best = None;
    for record in data.sample.records() {
        let run = record.number.get() as f64;
        line.extend(best.map(|best| at(run, best)));
        line.push(at(run, record.value));
        best = Some(record.value);
    }
    line.extend(best.map(|best| at(data.total as f64, best)));
    line
}

//! The metric of each run in order, and the best so far.

use crate::data::{Data, Mark};
use crate::frame::{Frame, Labels};
use crate::legend::{Key, legend, marks_of};
use crate::scale::Scale;
use crate::scene::{Color, Scene};

pub(crate) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Scene {
    let title = format!("{} of {} runs", data.sample.metric.name, data.total);
    let mut scene = Scene::new(size, (900, 520), &title);
    let x = Scale::between(1.0, data.total as f64);
    let y = data.scale();
    let y_labels = Labels::of(&y, data.metric_title());
    let frame = Frame::whole(&scene, &y_labels);
    frame.axes(&mut scene, &Labels::counting(&x, "run"), &y_labels);
    let line = best_so_far(data, |run, value| frame.at(x.place(run), y.place(value)));
    scene.line(line, Color::BEST, 2);
    for run in &data.sample.runs {
        let at = frame.at(x.place(run.number.get() as f64), y.place(run.value));
        Mark::of(run.run).draw(&mut scene, at, 4, Color::MAIN);
        scene.tip(data.tip(run, 0..data.sample.axes.len()));
    }
    let mut keys = vec![(Key::Line(Color::BEST), "best so far"), (Key::Run(Mark::Whole, Color::MAIN), "run")];
    keys.extend(marks_of(data, Color::MAIN));
    legend(&mut scene, &keys, data.beyond(&y));
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

//! The metric of each run in order, and the best so far.

use crate::data::{Data, counts};
use crate::frame::{Frame, Labels};
use crate::legend::legend;
use crate::scale::Scale;
use crate::scene::{Color, Scene};

pub(crate) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Scene {
    let mut scene =
        Scene::new(size, (900, 520), &format!("{} of {} runs", data.sample.metric.name, data.runs));
    let frame = Frame::whole(&scene);
    let x = Scale::between(1.0, data.runs as f64);
    let y = Scale::of(data.sample.seen.iter().map(|seen| seen.value));
    let mut ticks = x.ticks();
    ticks.retain(|(_, text)| !text.contains('.'));
    frame.axes(
        &mut scene,
        &Labels { ticks, title: "run".into() },
        &Labels { ticks: y.ticks(), title: data.metric_title() },
    );
    for seen in &data.sample.seen {
        let at = frame.at(x.place(seen.number.get() as f64), y.place(seen.value));
        let ended_well = counts(seen.run) && seen.run.stopped.is_none();
        let color = if ended_well { Color::MAIN } else { Color::FAINT };
        scene.dot(at, 4, color, ended_well);
    }
    let mut line = Vec::new();
    let mut best: Option<f64> = None;
    for seen in data.sample.seen.iter().filter(|seen| counts(seen.run)) {
        if best.is_none_or(|best| data.better(seen.value, best)) {
            let u = x.place(seen.number.get() as f64);
            line.extend(best.map(|best| frame.at(u, y.place(best))));
            line.push(frame.at(u, y.place(seen.value)));
            best = Some(seen.value);
        }
    }
    line.extend(best.map(|best| frame.at(1.0, y.place(best))));
    scene.line(line, Color::BEST, 2);
    let beyond = data.sample.seen.iter().filter(|seen| !(0.0..=1.0).contains(&y.place(seen.value))).count();
    legend(&mut scene, data, "best so far", beyond);
    scene
}

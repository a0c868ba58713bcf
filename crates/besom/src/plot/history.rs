//! The metric of each run in order, and the best so far.

use super::data::{Data, counts};
use super::frame::{Frame, Labels};
use super::scale::Scale;
use super::scene::{Anchor, Colour, Scene};

pub(super) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Scene {
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
        let colour = if ended_well { Colour::MAIN } else { Colour::FAINT };
        scene.dot(at, 4, colour, ended_well);
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
    scene.line(line, Colour::BEST, 2);
    let beyond = data.sample.seen.iter().filter(|seen| !(0.0..=1.0).contains(&y.place(seen.value))).count();
    legend(&mut scene, data, "best so far", beyond);
    scene
}

/// What the marks mean, and how many runs lie beyond the frame, on whose edge they are drawn.
pub(super) fn legend(scene: &mut Scene, data: &Data<'_>, best: &str, beyond: usize) {
    let y = f64::from(scene.height) - 18.0;
    let mut x = 90.0;
    let mut entry = |scene: &mut Scene, colour: Colour, filled: bool, text: &str| {
        scene.dot((x, y), 4, colour, filled);
        scene.text((x + 10.0, y), text, Anchor::Start);
        x += 24.0 + 8.0 * text.len() as f64;
    };
    entry(scene, Colour::BEST, true, best);
    entry(scene, Colour::MAIN, true, "run");
    if data.sample.seen.iter().any(|seen| !counts(seen.run) || seen.run.stopped.is_some()) {
        entry(scene, Colour::FAINT, false, "stopped early or failed");
    }
    if beyond > 0 {
        let runs = if beyond == 1 { "run lies" } else { "runs lie" };
        let text = format!("{beyond} {runs} beyond the edge");
        scene.text((f64::from(scene.width) - 24.0, y), text, Anchor::End);
    }
}

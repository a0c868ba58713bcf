//! The metric of each run over its steps.

use crate::data::Data;
use crate::frame::{Frame, Labels};
use crate::legend::legend;
use crate::scale::Scale;
use crate::scene::{Color, Scene};

/// A curve is drawn with at most so many points.
const POINTS: usize = 500;

pub(crate) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Scene {
    let title = format!("{} over the steps of {} runs", data.sample.metric.name, data.runs);
    let mut scene = Scene::new(size, (900, 520), &title);
    let frame = Frame::whole(&scene);
    let curves: Vec<(usize, Vec<(f64, f64)>)> = data
        .sample
        .seen
        .iter()
        .enumerate()
        .map(|(i, seen)| (i, thinned(&seen.run.curve(0).values)))
        .collect();
    let longest = data.sample.seen.iter().map(|seen| seen.run.curve(0).values.len()).max().unwrap_or(1);
    let x = Scale::between(1.0, longest.max(2) as f64);
    let y = Scale::of(curves.iter().flat_map(|(_, curve)| curve.iter().map(|&(_, value)| value)));
    let mut ticks = x.ticks();
    ticks.retain(|(_, text)| !text.contains('.'));
    frame.axes(
        &mut scene,
        &Labels { ticks, title: "step".into() },
        &Labels { ticks: y.ticks(), title: data.metric_title() },
    );
    let best = data.best().map(|best| best.number);
    let (mut last, mut others) = (Vec::new(), Vec::new());
    for (i, curve) in curves {
        let line: Vec<_> =
            curve.iter().map(|&(step, value)| frame.at(x.place(step), y.place(value))).collect();
        let seen = &data.sample.seen[i];
        if Some(seen.number) == best {
            last.push(line);
        } else {
            others.push((seen.run.stopped.is_some(), line));
        }
    }
    for (stopped, line) in others {
        let color = if stopped { Color::FAINT.alpha(0.7) } else { Color::MAIN.alpha(0.7) };
        one(&mut scene, line, color, 1);
    }
    for line in last {
        one(&mut scene, line, Color::BEST, 2);
    }
    legend(&mut scene, data, "best run", 0);
    scene
}

/// A line, or a dot where there is only one point.
fn one(scene: &mut Scene, line: Vec<(f64, f64)>, color: Color, width: u32) {
    match line.as_slice() {
        [] => {}
        [at] => scene.dot(*at, 2, color, true),
        _ => scene.line(line, color, width),
    }
}

/// Steps (from 1) and finite values, at most [`POINTS`] of them: the last of each of so many equal parts.
fn thinned(values: &[f64]) -> Vec<(f64, f64)> {
    let finite: Vec<_> =
        (1..).zip(values).filter(|(_, v)| v.is_finite()).map(|(s, &v)| (f64::from(s), v)).collect();
    let parts = finite.len().min(POINTS);
    (1..=parts).map(|part| finite[part * finite.len() / parts - 1]).collect()
}

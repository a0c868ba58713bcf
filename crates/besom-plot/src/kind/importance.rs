//! How much of the metric's variation each parameter explains.

use crate::PlotError;
use crate::data::Data;
use crate::frame::Frame;
use crate::scale::Scale;
use crate::scene::{Anchor, Color, Scene, cut};

pub(crate) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Result<Scene, PlotError> {
    data.sample.require_axes(1)?;
    let mut bars = data.sample.importances()?;
    bars.sort_by(|a, b| b.total.total_cmp(&a.total));
    let natural = (760, 110 + u32::try_from(34 * bars.len()).unwrap_or(u32::MAX).min(9000));
    let title = format!(
        "importance of parameters for {}, from {} runs",
        data.sample.metric.name,
        data.sample.runs.len()
    );
    let mut scene = Scene::new(size, natural, &title);
    let frame = Frame { left: 190.0, ..Frame::whole(&scene) };
    // A little more than the longest bar, so that its end is seen.
    let most = bars.iter().map(|importance| importance.total).fold(0.0, f64::max);
    let x = Scale::from_zero((most * 1.08).min(1.0));
    frame.rules_across(&mut scene, &x.ticks());
    let height = (frame.bottom - frame.top) / bars.len() as f64;
    for (row, importance) in bars.iter().enumerate() {
        let middle = frame.top + (row as f64 + 0.5) * height;
        let bar = |share: f64| (frame.at(x.place(share), 0.0).0, middle + 0.3 * height);
        let from = (frame.left, middle - 0.3 * height);
        scene.bar(from, bar(importance.total), Color::MAIN.alpha(0.35));
        scene.bar(from, bar(importance.alone), Color::MAIN);
        scene.text((frame.left - 10.0, middle), cut(&importance.parameter.to_string(), 24), Anchor::End);
    }
    scene.line(vec![(frame.left, frame.top), (frame.left, frame.bottom)], Color::INK, 1);
    let below =
        "share of the variation that the parameter explains alone (dark) and together with others (light)";
    scene.text((f64::from(scene.width) / 2.0, frame.bottom + 36.0), below, Anchor::Middle);
    Ok(scene)
}

//! How much of the metric's variation each parameter explains.

use crate::PlotError;
use crate::data::Data;
use crate::font::{fit, width};
use crate::frame::{Frame, Labels};
use crate::scale::Scale;
use crate::scene::{Anchor, Color, Scene, TEXT};

/// The most pixels that a name takes.
const NAME: f64 = 220.0;
/// Room for the values at the end of the longest bar.
const VALUES: f64 = 120.0;

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
    let name_room = NAME.min(f64::from(scene.width) / 3.0);
    let names: Vec<String> =
        bars.iter().map(|bar| fit(&bar.parameter.to_string(), TEXT, name_room)).collect();
    let widest = names.iter().map(|name| width(name, TEXT)).fold(0.0, f64::max);
    let page = Frame::whole(&scene, &Labels { ticks: Vec::new(), title: String::new(), names: true });
    let right = (page.right - VALUES).max(widest + 60.0);
    let frame = Frame { left: widest + 24.0, right, bottom: page.bottom + 20.0, ..page };
    let most = bars.iter().map(|importance| importance.total).fold(0.0, f64::max);
    let x = Scale::from_zero(most);
    frame.rules_across(&mut scene, &Labels::of(&x, ""));
    let height = (frame.bottom - frame.top) / bars.len() as f64;
    for (row, (importance, name)) in bars.iter().zip(names).enumerate() {
        let middle = frame.top + (row as f64 + 0.5) * height;
        let bar = |share: f64| (frame.at(x.place(share), 0.0).0, middle + 0.3 * height);
        let from = (frame.left, middle - 0.3 * height);
        scene.bar(from, bar(importance.total), Color::PALE);
        scene.bar(from, bar(importance.alone), Color::MAIN);
        scene.tip(importance.parameter.to_string());
        scene.text((frame.left - 8.0, middle), name, Anchor::End);
        let values = format!("{:.2} ({:.2} alone)", importance.total, importance.alone);
        scene.text_on_lines((bar(importance.total).0 + 6.0, middle), values, Anchor::Start);
    }
    scene.rule((frame.left, frame.top), (frame.left, frame.bottom), Color::INK);
    let below = "share of the variance that the parameter explains alone (dark) and in total (light)";
    let at = (f64::from(scene.width) / 2.0, f64::from(scene.height) - 16.0);
    let room = f64::from(scene.width) - 20.0;
    scene.text(at, fit(below, TEXT, room), Anchor::Middle);
    Ok(scene)
}

//! Colors for values: from dark (good) to light (bad), which differ in lightness for people who see no hues.

use crate::font;
use crate::frame::Frame;
use crate::scene::{Anchor, Color, Scene, TEXT};

/// Viridis (van der Walt and Smith 2015) at even distances, without its last, yellow tenth, which is hard to see on white.
const VIRIDIS: [(f64, f64, f64); 10] = [
    (68.0, 1.0, 84.0),
    (72.0, 36.0, 117.0),
    (65.0, 68.0, 135.0),
    (53.0, 95.0, 141.0),
    (42.0, 120.0, 142.0),
    (33.0, 145.0, 140.0),
    (34.0, 168.0, 132.0),
    (68.0, 191.0, 112.0),
    (122.0, 209.0, 81.0),
    (189.0, 223.0, 38.0),
];

/// The width of the bar that [`color_bar`] draws.
const BAR: f64 = 14.0;
/// Room between bar and values, and beside both.
const GAP: f64 = 6.0;

/// The color of a share from 0, good, to 1, bad.
pub(crate) fn shade(u: f64) -> Color {
    let place = u.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a short list")]
    let before = (place as usize).min(VIRIDIS.len() - 2);
    let share = place - before as f64;
    let (from, to) = (VIRIDIS[before], VIRIDIS[before + 1]);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
    let mixed = |from: f64, to: f64| (from + share * (to - from)).round() as u8;
    Color::new(mixed(from.0, to.0), mixed(from.1, to.1), mixed(from.2, to.2))
}

/// The room that a color bar with these values takes, at the right.
pub(crate) fn color_bar_room(values: &[String]) -> f64 {
    let widest = values.iter().map(|text| font::width(text, TEXT)).fold(0.0, f64::max);
    BAR + widest + 3.0 * GAP
}

/// The color of the k-th of so many bands, the best first.
pub(crate) fn band(k: usize, bands: usize) -> Color {
    shade(k as f64 / (bands - 1) as f64)
}

/// A bar of so many colors at the right of the scene, as high as the frame, the good ones on top, with values at even distances.
pub(crate) fn color_bar(scene: &mut Scene, frame: &Frame, bands: usize, values: &[String]) {
    let left = f64::from(scene.width) - color_bar_room(values);
    let edge = |k: usize| frame.top + ((frame.bottom - frame.top) * k as f64 / bands as f64).round();
    for k in 0..bands {
        scene.bar((left, edge(k)), (left + BAR, edge(k + 1)), band(k, bands));
    }
    let last = values.len().saturating_sub(1).max(1) as f64;
    for (k, text) in values.iter().enumerate() {
        let y = frame.top + (frame.bottom - frame.top) * k as f64 / last;
        scene.text((left + BAR + GAP, y), text.clone(), Anchor::Start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_is_darker() {
        let lightness =
            |color: Color| 3 * u32::from(color.red) + 6 * u32::from(color.green) + u32::from(color.blue);
        let shades: Vec<u32> = (0..=20).map(|k| lightness(shade(f64::from(k) / 20.0))).collect();
        assert!(shades.is_sorted(), "{shades:?}");
    }
}

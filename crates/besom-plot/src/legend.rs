//! What the marks of a picture mean.

use crate::data::{Data, counts};
use crate::scene::{Anchor, Color, Scene};

/// What the marks mean, and how many runs lie beyond the frame, on whose edge they are drawn.
pub(crate) fn legend(scene: &mut Scene, data: &Data<'_>, best: &str, beyond: usize) {
    let y = f64::from(scene.height) - 18.0;
    let mut x = 90.0;
    let mut entry = |scene: &mut Scene, color: Color, filled: bool, text: &str| {
        scene.dot((x, y), 4, color, filled);
        scene.text((x + 10.0, y), text, Anchor::Start);
        x += 24.0 + 8.0 * text.len() as f64;
    };
    entry(scene, Color::BEST, true, best);
    entry(scene, Color::MAIN, true, "run");
    if data.sample.seen.iter().any(|seen| !counts(seen.run) || seen.run.stopped.is_some()) {
        entry(scene, Color::FAINT, false, "stopped early or failed");
    }
    if beyond > 0 {
        let runs = if beyond == 1 { "run lies" } else { "runs lie" };
        let text = format!("{beyond} {runs} beyond the edge");
        scene.text((f64::from(scene.width) - 24.0, y), text, Anchor::End);
    }
}

//! What the marks of a picture mean.

use crate::data::Data;
use crate::scene::{Anchor, Color, Scene};

/// Narrower pictures have no room for the title of the x axis beside the legend.
const ROOM: u32 = 780;

/// The title of the x axis above a legend; a narrow picture leaves it to its own title.
pub(crate) fn x_title(scene: &Scene, title: &'static str) -> &'static str {
    if scene.width < ROOM { "" } else { title }
}

/// Explains the marks, and reports how many runs lie beyond the frame, on whose edge they are drawn.
pub(crate) fn legend(scene: &mut Scene, data: &Data<'_>, best: &str, beyond: usize) {
    let y = f64::from(scene.height) - 18.0;
    let mut x = 90.0;
    let mut entry = |scene: &mut Scene, color: Color, filled: bool, text: &str| {
        scene.dot((x, y), 4, color, filled);
        scene.text((x + 10.0, y), text, Anchor::Start);
        // The width of a letter on average, and room for the dot.
        x += 24.0 + 8.0 * text.len() as f64;
    };
    entry(scene, Color::BEST, true, best);
    entry(scene, Color::MAIN, true, "run");
    if data.sample.runs.iter().any(|run| !run.counts() || run.run.stopped.is_some()) {
        entry(scene, Color::FAINT, false, "stopped early or failed");
    }
    if beyond > 0 {
        let runs = if beyond == 1 { "run lies" } else { "runs lie" };
        let text = format!("{beyond} {runs} beyond the edge");
        scene.text((f64::from(scene.width) - 24.0, y), text, Anchor::End);
    }
}

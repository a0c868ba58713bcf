//! What the marks of a picture mean.

use crate::data::{Data, Mark};
use crate::font::width;
use crate::scene::{Anchor, Color, Scene, TEXT};

/// Pixels before the first entry, and beside the last.
const MARGIN: f64 = 24.0;

/// What stands before the text of an entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Key {
    /// The mark of runs that ended so.
    Run(Mark, Color),
    /// A filled dot.
    Dot(Color),
    /// A piece of a line.
    Line(Color),
    /// Dots from pale to strong.
    Ages(Color),
}

impl Key {
    fn draw(self, scene: &mut Scene, (x, y): (f64, f64)) {
        match self {
            Self::Run(mark, color) => mark.draw(scene, (x, y), 4, color),
            Self::Dot(color) => scene.dot((x, y), 4, color, true),
            Self::Line(color) => scene.bar((x - 7.0, y - 1.0), (x + 7.0, y + 1.0), color),
            Self::Ages(color) => {
                for (place, alpha) in [(-7.0, 0.25), (0.0, 0.6), (7.0, 0.95)] {
                    scene.dot((x + place, y), 3, color.alpha(alpha), true);
                }
            }
        }
    }
}

/// The marks of runs that did not end by themselves, as far as the sample has such runs.
pub(crate) fn marks_of(data: &Data<'_>, color: Color) -> Vec<(Key, &'static str)> {
    let marks = [(Mark::Stopped, "stopped early"), (Mark::Failed, "failed")];
    let occurs = |mark: Mark| data.sample.runs.iter().any(|run| Mark::of(run.run) == mark);
    marks
        .into_iter()
        .filter(|(mark, _)| occurs(*mark))
        .map(|(mark, text)| (Key::Run(mark, color), text))
        .collect()
}

/// Explains the marks at the lower left, as many as have room, and says at the right how many runs lie beyond the frame,
/// on whose edge they are drawn.
pub(crate) fn legend(scene: &mut Scene, entries: &[(Key, &str)], beyond: usize) {
    let y = f64::from(scene.height) - 16.0;
    let note = if beyond > 0 { format!("{beyond} out of range") } else { String::new() };
    let right = f64::from(scene.width) - MARGIN;
    let end = right - width(&note, TEXT);
    let mut x = MARGIN + 8.0;
    for (key, text) in entries {
        let text_end = x + 14.0 + width(text, TEXT);
        if text_end > end {
            break;
        }
        key.draw(scene, (x, y));
        scene.text((x + 14.0, y), *text, Anchor::Start);
        x = text_end + 24.0;
    }
    if !note.is_empty() {
        scene.text((right, y), note, Anchor::End);
    }
}

//! A rectangle with axes, into which a picture or one of its panels is drawn.

use crate::font::{fit, width};
use crate::scale::Scale;
use crate::scene::{Anchor, Color, Scene, TEXT};

/// The most pixels that a name beside an axis takes; numbers are never cut.
const NAME: f64 = 130.0;
/// Pixels between a label and its axis, and between two labels.
const GAP: f64 = 8.0;
/// The least distance of labels that stand one above the other.
const LINE: f64 = TEXT as f64;
/// The room below a frame for labels, the title of the axis and a legend.
const BELOW: f64 = 74.0;

/// A rectangle of a scene, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

/// What stands beside an axis: its ticks (place in [0, 1], text), in order, and its title.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Labels {
    pub(crate) ticks: Vec<(f64, String)>,
    pub(crate) title: String,
    /// Whether the texts are names at even distances, which may be cut; numbers may be left out.
    pub(crate) names: bool,
}

impl Labels {
    /// An axis of values.
    pub(crate) fn of(scale: &Scale, title: impl Into<String>) -> Self {
        Self { ticks: scale.ticks(), title: title.into(), names: false }
    }

    /// An axis of whole numbers.
    pub(crate) fn counting(scale: &Scale, title: &str) -> Self {
        Self { ticks: scale.whole_ticks(), title: title.to_owned(), names: false }
    }

    /// A text as it stands beside an upright axis.
    pub(crate) fn beside(&self, text: &str) -> String {
        if self.names { fit(text, TEXT, NAME) } else { text.to_owned() }
    }

    /// The room that the texts and the title take beside an upright axis.
    pub(crate) fn room(&self) -> f64 {
        let title = if self.title.is_empty() { 0.0 } else { LINE + GAP };
        self.widest() + GAP + title + GAP
    }

    /// The width of the widest text beside an upright axis.
    pub(crate) fn widest(&self) -> f64 {
        self.ticks.iter().map(|(_, text)| width(&self.beside(text), TEXT)).fold(0.0, f64::max)
    }
}

impl Frame {
    /// The whole scene below its title, with room for what stands beside the upright axis, and below it for labels, the
    /// title of the axis and a legend.
    pub(crate) fn whole(scene: &Scene, y: &Labels) -> Self {
        let (width, height) = (f64::from(scene.width), f64::from(scene.height));
        // However long the labels are, some of the picture is left.
        let left = y.room().clamp(40.0, width / 2.0);
        Self { left, top: 42.0, right: width - 24.0, bottom: (height - BELOW).max(50.0) }
    }

    /// The point at shares `u` of the width and `v` of the height, the latter from below. Shares are clamped.
    pub(crate) fn at(&self, u: f64, v: f64) -> (f64, f64) {
        let share = |from: f64, to: f64, u: f64| from + (to - from) * u.clamp(0.0, 1.0);
        (share(self.left, self.right, u), share(self.bottom, self.top, v))
    }

    /// Draws both axes with what stands beside them.
    pub(crate) fn axes(&self, scene: &mut Scene, x: &Labels, y: &Labels) {
        self.rules_across(scene, x);
        let mut free = f64::INFINITY;
        for (v, text) in &y.ticks {
            let (_, at) = self.at(0.0, *v);
            scene.rule((self.left, at), (self.right, at), Color::RULE);
            if at <= free {
                scene.text((self.left - GAP, at), y.beside(text), Anchor::End);
                free = at - LINE;
            }
        }
        self.border(scene);
        if !x.title.is_empty() {
            let below = ((self.left + self.right) / 2.0, self.bottom + 33.0);
            scene.text(below, fit(&x.title, TEXT, self.right - self.left), Anchor::Middle);
        }
        if !y.title.is_empty() {
            let beside = (self.left - y.widest() - 2.0 * GAP - LINE / 2.0).max(LINE / 2.0);
            let title = fit(&y.title, TEXT, self.bottom - self.top + LINE);
            scene.text_upwards((beside, (self.top + self.bottom) / 2.0), title);
        }
    }

    /// Draws the lines by which places across are read, and their labels: names cut to the room that they have, numbers
    /// where there is room.
    pub(crate) fn rules_across(&self, scene: &mut Scene, labels: &Labels) {
        let each = (self.right - self.left) / labels.ticks.len().max(1) as f64 - GAP;
        let mut free = 0.0;
        for (u, text) in &labels.ticks {
            let (at, _) = self.at(*u, 0.0);
            scene.rule((at, self.bottom), (at, self.top), Color::RULE);
            let text = if labels.names { fit(text, TEXT, each) } else { text.clone() };
            let half = width(&text, TEXT) / 2.0;
            let middle = at.min(f64::from(scene.width) - half - 2.0);
            if middle - half >= free {
                scene.text((middle, self.bottom + 14.0), text, Anchor::Middle);
                free = middle + half + GAP;
            }
        }
    }

    fn border(&self, scene: &mut Scene) {
        scene.rule((self.left, self.top), (self.left, self.bottom), Color::INK);
        scene.rule((self.left, self.bottom), (self.right, self.bottom), Color::INK);
    }
}

//! A rectangle with axes, into which a picture or one of its panels is drawn.

use crate::scale::Scale;
use crate::scene::{Anchor, Color, Scene, cut};

/// A rectangle of a scene, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

/// What stands beside an axis: its ticks (place in [0, 1], text) and its title.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Labels {
    pub(crate) ticks: Vec<(f64, String)>,
    pub(crate) title: String,
}

impl Labels {
    /// An axis of whole numbers.
    pub(crate) fn counting(scale: &Scale, title: &str) -> Self {
        let mut ticks = scale.ticks();
        ticks.retain(|(_, text)| !text.contains('.'));
        Self { ticks, title: title.to_owned() }
    }
}

impl Frame {
    /// The whole scene below its title, with room for labels of nine letters at the left, and for labels, an axis title and a
    /// legend at the bottom.
    pub(crate) fn whole(scene: &Scene) -> Self {
        let (width, height) = (f64::from(scene.width), f64::from(scene.height));
        Self { left: 82.0, top: 42.0, right: width - 24.0, bottom: height - 54.0 }
    }

    /// The point at shares `u` of the width and `v` of the height, the latter from below. Shares are clamped.
    pub(crate) fn at(&self, u: f64, v: f64) -> (f64, f64) {
        let share = |from: f64, to: f64, u: f64| from + (to - from) * u.clamp(0.0, 1.0);
        (share(self.left, self.right, u), share(self.bottom, self.top, v))
    }

    /// Draws both axes with what stands beside them.
    pub(crate) fn axes(&self, scene: &mut Scene, x: &Labels, y: &Labels) {
        self.rules_across(scene, &x.ticks);
        for (v, text) in &y.ticks {
            let (_, at) = self.at(0.0, *v);
            scene.line(vec![(self.left, at), (self.right, at)], Color::RULE, 1);
            scene.text((self.left - 8.0, at), cut(text, 9), Anchor::End);
        }
        self.border(scene);
        if !x.title.is_empty() {
            let below = ((self.left + self.right) / 2.0, self.bottom + 34.0);
            scene.text(below, cut(&x.title, 60), Anchor::Middle);
        }
        if !y.title.is_empty() {
            scene.text_upwards((self.left - 68.0, (self.top + self.bottom) / 2.0), cut(&y.title, 40));
        }
    }

    /// Draws the lines by which places across are read, and their labels.
    pub(crate) fn rules_across(&self, scene: &mut Scene, ticks: &[(f64, String)]) {
        for (u, text) in ticks {
            let (at, _) = self.at(*u, 0.0);
            scene.line(vec![(at, self.bottom), (at, self.top)], Color::RULE, 1);
            scene.text((at, self.bottom + 13.0), cut(text, 12), Anchor::Middle);
        }
    }

    fn border(&self, scene: &mut Scene) {
        let corners = [(0.0, 1.0), (0.0, 0.0), (1.0, 0.0)].map(|(u, v)| self.at(u, v));
        scene.line(corners.to_vec(), Color::INK, 1);
    }
}

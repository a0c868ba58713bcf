//! A picture as a list of shapes, in pixels from the upper left corner.

/// A color; `alpha` from 0 (nothing) to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Color {
    pub(crate) red: u8,
    pub(crate) green: u8,
    pub(crate) blue: u8,
    pub(crate) alpha: f64,
}

impl Color {
    /// Text and axes.
    pub(crate) const INK: Self = Self::new(0x33, 0x33, 0x33);
    /// Lines to read values by.
    pub(crate) const RULE: Self = Self::new(0xe3, 0xe3, 0xe3);
    /// What matters less.
    pub(crate) const FAINT: Self = Self::new(0xa8, 0xa8, 0xa8);
    /// What is shown.
    pub(crate) const MAIN: Self = Self::new(0x1f, 0x77, 0xb4);
    /// The best.
    pub(crate) const BEST: Self = Self::new(0xd6, 0x27, 0x28);

    pub(crate) const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue, alpha: 1.0 }
    }

    pub(crate) const fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }
}

/// Where a text stands relative to its point; vertically it is always centered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Line { points: Vec<(f64, f64)>, color: Color, width: u32 },
    Dot { at: (f64, f64), radius: u32, color: Color, filled: bool },
    Bar { from: (f64, f64), to: (f64, f64), color: Color },
    Text { at: (f64, f64), text: String, size: u32, anchor: Anchor, upwards: bool },
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scene {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) shapes: Vec<Shape>,
}

/// The height of ordinary text, in pixels.
pub(crate) const TEXT: u32 = 13;

impl Scene {
    /// An empty picture with a title, of the size that was asked for or else of its natural size.
    pub(crate) fn new(asked: Option<(u32, u32)>, natural: (u32, u32), title: &str) -> Self {
        let (width, height) = asked.unwrap_or(natural);
        let mut scene = Self { width, height, shapes: Vec::new() };
        scene.shapes.push(Shape::Text {
            at: (f64::from(width) / 2.0, 20.0),
            text: title.to_owned(),
            size: TEXT + 3,
            anchor: Anchor::Middle,
            upwards: false,
        });
        scene
    }

    pub(crate) fn line(&mut self, points: Vec<(f64, f64)>, color: Color, width: u32) {
        self.shapes.push(Shape::Line { points, color, width });
    }

    pub(crate) fn dot(&mut self, at: (f64, f64), radius: u32, color: Color, filled: bool) {
        self.shapes.push(Shape::Dot { at, radius, color, filled });
    }

    pub(crate) fn bar(&mut self, from: (f64, f64), to: (f64, f64), color: Color) {
        self.shapes.push(Shape::Bar { from, to, color });
    }

    pub(crate) fn text(&mut self, at: (f64, f64), text: impl Into<String>, anchor: Anchor) {
        self.shapes.push(Shape::Text { at, text: text.into(), size: TEXT, anchor, upwards: false });
    }

    /// Text that is read from below to above.
    pub(crate) fn text_upwards(&mut self, at: (f64, f64), text: impl Into<String>) {
        let anchor = Anchor::Middle;
        self.shapes.push(Shape::Text { at, text: text.into(), size: TEXT, anchor, upwards: true });
    }
}

/// The text, shortened to at most `most` characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

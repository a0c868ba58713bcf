//! A picture as a list of shapes, in pixels from the upper left corner.

/// A colour; `alpha` from 0 (nothing) to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Colour {
    pub(super) red: u8,
    pub(super) green: u8,
    pub(super) blue: u8,
    pub(super) alpha: f64,
}

impl Colour {
    /// Text and axes.
    pub(super) const INK: Self = Self::new(0x33, 0x33, 0x33);
    /// Lines to read values by.
    pub(super) const RULE: Self = Self::new(0xe3, 0xe3, 0xe3);
    /// What is there and matters less.
    pub(super) const FAINT: Self = Self::new(0xa8, 0xa8, 0xa8);
    /// What is shown.
    pub(super) const MAIN: Self = Self::new(0x1f, 0x77, 0xb4);
    /// The best.
    pub(super) const BEST: Self = Self::new(0xd6, 0x27, 0x28);

    pub(super) const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue, alpha: 1.0 }
    }

    pub(super) const fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }
}

/// Where a text stands relative to its point; vertically it is always centred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Line { points: Vec<(f64, f64)>, colour: Colour, width: u32 },
    Dot { at: (f64, f64), radius: u32, colour: Colour, filled: bool },
    Bar { from: (f64, f64), to: (f64, f64), colour: Colour },
    Text { at: (f64, f64), text: String, size: u32, anchor: Anchor, upwards: bool },
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scene {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) shapes: Vec<Shape>,
}

/// The height of ordinary text, in pixels.
pub(super) const TEXT: u32 = 13;

impl Scene {
    /// An empty picture of the size that was asked for, else of its natural one, with a title.
    pub(super) fn new(asked: Option<(u32, u32)>, natural: (u32, u32), title: &str) -> Self {
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

    pub(super) fn line(&mut self, points: Vec<(f64, f64)>, colour: Colour, width: u32) {
        self.shapes.push(Shape::Line { points, colour, width });
    }

    pub(super) fn dot(&mut self, at: (f64, f64), radius: u32, colour: Colour, filled: bool) {
        self.shapes.push(Shape::Dot { at, radius, colour, filled });
    }

    pub(super) fn bar(&mut self, from: (f64, f64), to: (f64, f64), colour: Colour) {
        self.shapes.push(Shape::Bar { from, to, colour });
    }

    pub(super) fn text(&mut self, at: (f64, f64), text: impl Into<String>, anchor: Anchor) {
        self.shapes.push(Shape::Text { at, text: text.into(), size: TEXT, anchor, upwards: false });
    }

    /// Text that is read from below to above.
    pub(super) fn text_upwards(&mut self, at: (f64, f64), text: impl Into<String>) {
        let anchor = Anchor::Middle;
        self.shapes.push(Shape::Text { at, text: text.into(), size: TEXT, anchor, upwards: true });
    }
}

/// A text of at most so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

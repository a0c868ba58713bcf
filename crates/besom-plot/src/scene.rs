//! A picture as a list of shapes, in pixels from the upper left corner.

use crate::font;

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
    pub(crate) const FAINT: Self = Self::new(0x9a, 0x9a, 0x9a);
    /// What is shown.
    pub(crate) const MAIN: Self = Self::new(0x1f, 0x77, 0xb4);
    /// The main color at a third of its strength, through which no line shows.
    pub(crate) const PALE: Self = Self::new(0xb0, 0xcf, 0xe5);
    /// The best.
    pub(crate) const BEST: Self = Self::new(0xd6, 0x27, 0x28);
    /// The page.
    pub(crate) const PAPER: Self = Self::new(0xff, 0xff, 0xff);

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

/// Text, read from below to above where it stands `upwards`; with a `halo`, it is readable on lines.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Text {
    pub(crate) at: (f64, f64),
    pub(crate) text: String,
    pub(crate) size: u32,
    pub(crate) anchor: Anchor,
    pub(crate) upwards: bool,
    pub(crate) halo: bool,
}

impl Text {
    fn new(at: (f64, f64), text: impl Into<String>, anchor: Anchor) -> Self {
        Self { at, text: text.into(), size: TEXT, anchor, upwards: false, halo: false }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Line { points: Vec<(f64, f64)>, color: Color, width: u32 },
    Dot { at: (f64, f64), radius: u32, color: Color, filled: bool },
    Cross { at: (f64, f64), radius: u32, color: Color },
    Bar { from: (f64, f64), to: (f64, f64), color: Color },
    Area { rings: Vec<Vec<(f64, f64)>>, color: Color, edge: Color },
    Text(Text),
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scene {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// What it shows, in whole.
    pub(crate) title: String,
    pub(crate) shapes: Vec<Shape>,
    /// What a viewer shows beside the pointer: numbers of shapes, in order, with their texts.
    pub(crate) tips: Vec<(usize, String)>,
}

/// The height of ordinary text, in pixels.
pub(crate) const TEXT: u32 = 13;
/// The width of the line around text that stands on lines, half of it outside of the letters.
pub(crate) const HALO: u32 = 4;
/// The height of a title.
const TITLE: u32 = 16;

impl Scene {
    /// An empty picture with a title, of the size that was asked for or else of its natural size.
    pub(crate) fn new(asked: Option<(u32, u32)>, natural: (u32, u32), title: &str) -> Self {
        let (width, height) = asked.unwrap_or(natural);
        let mut scene = Self { width, height, title: title.to_owned(), shapes: Vec::new(), tips: Vec::new() };
        let text = font::fit(title, TITLE, f64::from(width) - 20.0);
        scene.write(Text { size: TITLE, ..Text::new((f64::from(width) / 2.0, 20.0), text, Anchor::Middle) });
        scene
    }

    pub(crate) fn line(&mut self, points: Vec<(f64, f64)>, color: Color, width: u32) {
        self.shapes.push(Shape::Line { points, color, width });
    }

    /// A thin line along an axis, in the middle of a row or column of pixels so that it is sharp.
    pub(crate) fn rule(&mut self, from: (f64, f64), to: (f64, f64), color: Color) {
        let middle = |(x, y): (f64, f64)| (x.floor() + 0.5, y.floor() + 0.5);
        self.line(vec![middle(from), middle(to)], color, 1);
    }

    pub(crate) fn dot(&mut self, at: (f64, f64), radius: u32, color: Color, filled: bool) {
        self.shapes.push(Shape::Dot { at, radius, color, filled });
    }

    pub(crate) fn cross(&mut self, at: (f64, f64), radius: u32, color: Color) {
        self.shapes.push(Shape::Cross { at, radius, color });
    }

    pub(crate) fn bar(&mut self, from: (f64, f64), to: (f64, f64), color: Color) {
        self.shapes.push(Shape::Bar { from, to, color });
    }

    /// What lies within an odd number of rings.
    pub(crate) fn area(&mut self, rings: Vec<Vec<(f64, f64)>>, color: Color, edge: Color) {
        self.shapes.push(Shape::Area { rings, color, edge });
    }

    pub(crate) fn text(&mut self, at: (f64, f64), text: impl Into<String>, anchor: Anchor) {
        self.write(Text::new(at, text, anchor));
    }

    fn write(&mut self, text: Text) {
        self.shapes.push(Shape::Text(text));
    }

    /// Text that is read from below to above.
    pub(crate) fn text_upwards(&mut self, at: (f64, f64), text: impl Into<String>) {
        self.write(Text { upwards: true, ..Text::new(at, text, Anchor::Middle) });
    }

    /// Text that is readable on lines.
    pub(crate) fn text_on_lines(&mut self, at: (f64, f64), text: impl Into<String>, anchor: Anchor) {
        self.write(Text { halo: true, ..Text::new(at, text, anchor) });
    }

    /// Lets a viewer show this text beside the pointer at the shape that was added last.
    pub(crate) fn tip(&mut self, text: impl Into<String>) {
        self.tips.extend(self.shapes.len().checked_sub(1).map(|last| (last, text.into())));
    }
}

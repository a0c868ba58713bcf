//! Scenes as SVG. Written by hand, since libraries that draw SVG have no titles of shapes, which viewers show beside the
//! pointer.

use std::fmt::Write;

use crate::font::{FAMILIES, MIDDLE};
use crate::scene::{Anchor, Color, HALO, Scene, Shape, Text};

/// The scene as an SVG file, shown this many times as large.
pub(crate) fn svg(scene: &Scene, scale: f64) -> Vec<u8> {
    let (width, height) = (f64::from(scene.width), f64::from(scene.height));
    let mut file = format!(
        "<svg width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\" xmlns=\"http://www.w3.org/2000/svg\">\n\
         <title>{}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#FFFFFF\"/>\n\
         <g fill=\"none\" stroke-linejoin=\"round\" font-family=\"{FAMILIES}\">\n",
        tenths(width * scale),
        tenths(height * scale),
        escaped(&scene.title),
    );
    let mut tips = scene.tips.iter().peekable();
    for (place, shape) in scene.shapes.iter().enumerate() {
        let mut element = Element::of(shape);
        while let Some((_, tip)) = tips.next_if(|(of, _)| *of == place) {
            element.content = format!("<title>{}</title>{}", escaped(tip), element.content);
        }
        file += &element.written();
    }
    file += "</g>\n</svg>\n";
    file.into_bytes()
}

/// An element of the file.
struct Element {
    name: &'static str,
    attributes: String,
    content: String,
}

impl Element {
    fn of(shape: &Shape) -> Self {
        let plain = |name, attributes| Self { name, attributes, content: String::new() };
        match shape {
            Shape::Line { points, color, width } => {
                let points = points.iter().map(|&at| pair(at, ",")).collect::<Vec<_>>().join(" ");
                plain("polyline", format!("points=\"{points}\"{}", stroke(*color, *width)))
            }
            Shape::Dot { at: (x, y), radius, color, filled } => {
                let paint = if *filled { fill(*color) } else { stroke(*color, 1) };
                plain("circle", format!("cx=\"{}\" cy=\"{}\" r=\"{radius}\"{paint}", tenths(*x), tenths(*y)))
            }
            Shape::Cross { at: (x, y), radius, color } => {
                let r = f64::from(*radius);
                let (corner, side) = (pair((x - r, y - r), " "), 2 * radius);
                let path = format!("M{corner}l{side} {side}m0 -{side}l-{side} {side}");
                plain("path", format!("d=\"{path}\"{}", stroke(*color, 1)))
            }
            Shape::Bar { from: (x, y), to, color } => {
                let (width, height) = (tenths((to.0 - x).max(0.0)), tenths((to.1 - y).max(0.0)));
                let place = format!("x=\"{}\" y=\"{}\"", tenths(*x), tenths(*y));
                plain("rect", format!("{place} width=\"{width}\" height=\"{height}\"{}", fill(*color)))
            }
            Shape::Area { rings, color, edge } => {
                let path: String = rings.iter().map(|ring| closed(ring)).collect();
                let paint = format!(" fill-rule=\"evenodd\"{}{}", fill(*color), stroke(*edge, 1));
                plain("path", format!("d=\"{path}\"{paint}"))
            }
            Shape::Text(text) => Self::of_text(text),
        }
    }

    fn of_text(Text { at: (x, y), text, size, anchor, upwards, halo }: &Text) -> Self {
        let down = MIDDLE * f64::from(*size);
        let place = if *upwards {
            let (x, y) = (tenths(x + down), tenths(*y));
            format!("x=\"{x}\" y=\"{y}\" transform=\"rotate(-90 {x} {y})\"")
        } else {
            format!("x=\"{}\" y=\"{}\"", tenths(*x), tenths(y + down))
        };
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let halo = if *halo {
            format!("{} paint-order=\"stroke\"", stroke(Color::PAPER, HALO))
        } else {
            String::new()
        };
        let attributes = format!("{place} font-size=\"{size}\"{anchor}{}{halo}", fill(Color::INK));
        Self { name: "text", attributes, content: escaped(text) }
    }

    fn written(&self) -> String {
        let Self { name, attributes, content } = self;
        if content.is_empty() {
            format!("<{name} {attributes}/>\n")
        } else {
            format!("<{name} {attributes}>{content}</{name}>\n")
        }
    }
}

fn closed(ring: &[(f64, f64)]) -> String {
    let mut path = String::new();
    let mut letter = "M";
    for &at in ring {
        path += letter;
        path += &pair(at, " ");
        letter = "L";
    }
    path + "Z"
}

fn pair((x, y): (f64, f64), between: &str) -> String {
    format!("{}{between}{}", tenths(x), tenths(y))
}

/// A number of pixels: a tenth is less than one sees.
fn tenths(x: f64) -> String {
    // Adding zero makes 0 of -0.
    ((x * 10.0).round() / 10.0 + 0.0).to_string()
}

fn fill(color: Color) -> String {
    paint("fill", color)
}

fn stroke(color: Color, width: u32) -> String {
    let mut text = paint("stroke", color);
    if width != 1 {
        let _ = write!(text, " stroke-width=\"{width}\"");
    }
    text
}

fn paint(what: &str, Color { red, green, blue, alpha }: Color) -> String {
    let color = format!(" {what}=\"#{red:02X}{green:02X}{blue:02X}\"");
    if alpha < 1.0 {
        format!("{color} {what}-opacity=\"{}\"", (alpha * 100.0).round() / 100.0)
    } else {
        color
    }
}

/// Text of XML, which has no place for most control characters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\t' | '\n' => out.push(' '),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => {
                out.push('\u{fffd}');
            }
            other => out.push(other),
        }
    }
    out
}

//! Scenes as PNG, drawn at fractions of a pixel.

use png::{ColorType, Encoder, PixelDimensions, Unit};
use tiny_skia::{FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform};

use crate::PlotError;
use crate::font::{self, MIDDLE};
use crate::scene::{Anchor, Color, HALO, Scene, Shape, Text};

/// The most pixels along a side: the pixels of a square picture of this size take 1.6 GB.
const MOST: u32 = 20_000;

/// Pixels to the meter at which a picture is as large as on a page of SVG: 96 to the inch.
const TO_THE_METER: f64 = 96.0 / 0.0254;

/// The scene as a PNG file, in this many times as many pixels.
pub(crate) fn png(scene: &Scene, scale: f64) -> Result<Vec<u8>, PlotError> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    let pixels = |length: u32| (f64::from(length) * scale).round().max(1.0) as u32;
    let (width, height) = (pixels(scene.width), pixels(scene.height));
    let canvas = if width.max(height) > MOST { None } else { Pixmap::new(width, height) };
    let Some(canvas) = canvas else { return Err(PlotError::TooLarge { width, height, most: MOST }) };
    let view = Transform::from_scale(single(scale), single(scale));
    let mut page = Page { canvas, view };
    page.canvas.fill(tiny_skia::Color::WHITE);
    scene.shapes.iter().for_each(|shape| page.draw(shape));
    encoded(&page.canvas, scale).map_err(|error| PlotError::Drawing(error.into()))
}

fn encoded(canvas: &Pixmap, scale: f64) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, canvas.width(), canvas.height());
    encoder.set_color(ColorType::Rgb);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    let density = (TO_THE_METER * scale).round() as u32;
    encoder.set_pixel_dims(Some(PixelDimensions { xppu: density, yppu: density, unit: Unit::Meter }));
    let mut writer = encoder.write_header()?;
    // All is painted on white, so nothing shines through.
    let colors: Vec<u8> = canvas.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
    writer.write_image_data(&colors)?;
    writer.finish()?;
    Ok(file)
}

/// What is drawn on, and how pixels of the scene become its pixels.
struct Page {
    canvas: Pixmap,
    view: Transform,
}

impl Page {
    fn draw(&mut self, shape: &Shape) {
        match shape {
            Shape::Line { points, color, width } => {
                self.stroke(through(&[points], false).as_ref(), *color, *width, self.view);
            }
            Shape::Dot { at: (x, y), radius, color, filled } => {
                let circle = PathBuilder::from_circle(single(*x), single(*y), single((*radius).into()));
                if *filled {
                    self.fill(circle.as_ref(), *color, FillRule::Winding, self.view);
                } else {
                    self.stroke(circle.as_ref(), *color, 1, self.view);
                }
            }
            Shape::Cross { at: (x, y), radius, color } => {
                let r = f64::from(*radius);
                let falling = [(x - r, y - r), (x + r, y + r)];
                let rising = [(x - r, y + r), (x + r, y - r)];
                self.stroke(through(&[&falling, &rising], false).as_ref(), *color, 1, self.view);
            }
            Shape::Bar { from, to, color } => {
                let sides = Rect::from_ltrb(single(from.0), single(from.1), single(to.0), single(to.1));
                self.fill(sides.map(PathBuilder::from_rect).as_ref(), *color, FillRule::Winding, self.view);
            }
            Shape::Area { rings, color, edge } => {
                let rings: Vec<&[(f64, f64)]> = rings.iter().map(Vec::as_slice).collect();
                let path = through(&rings, true);
                self.fill(path.as_ref(), *color, FillRule::EvenOdd, self.view);
                self.stroke(path.as_ref(), *edge, 1, self.view);
            }
            Shape::Text(text) => self.write(text),
        }
    }

    fn write(&mut self, Text { at, text, size, anchor, upwards, halo }: &Text) {
        let before = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5,
            Anchor::End => 1.0,
        };
        let left = -before * font::width(text, *size);
        let place = self.view.pre_translate(single(at.0), single(at.1));
        let turned = if *upwards { place.pre_rotate(-90.0) } else { place };
        let place = turned.pre_translate(single(left), single(MIDDLE * f64::from(*size)));
        let path = font::outline(text, *size);
        if *halo {
            self.stroke(path.as_ref(), Color::PAPER, HALO, place);
        }
        // Parts of a letter may overlap.
        self.fill(path.as_ref(), Color::INK, FillRule::Winding, place);
    }

    fn fill(&mut self, path: Option<&Path>, color: Color, rule: FillRule, place: Transform) {
        if let Some(path) = path {
            self.canvas.fill_path(path, &paint(color), rule, place, None);
        }
    }

    fn stroke(&mut self, path: Option<&Path>, color: Color, width: u32, place: Transform) {
        if let Some(path) = path {
            let stroke =
                Stroke { width: single(width.into()), line_join: LineJoin::Round, ..Stroke::default() };
            self.canvas.stroke_path(path, &paint(color), &stroke, place, None);
        }
    }
}

fn paint(color: Color) -> Paint<'static> {
    let mut paint = Paint::default();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "alpha is a share")]
    paint.set_color_rgba8(color.red, color.green, color.blue, (color.alpha * 255.0).round() as u8);
    paint
}

/// Lines through points, closed or open.
fn through(lines: &[&[(f64, f64)]], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for line in lines {
        let mut points = line.iter().map(|&(x, y)| (single(x), single(y)));
        if let Some((x, y)) = points.next() {
            path.move_to(x, y);
        }
        points.for_each(|(x, y)| path.line_to(x, y));
        if closed && !line.is_empty() {
            path.close();
        }
    }
    path.finish()
}

fn single(x: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "a place in a picture, to a thousandth of a pixel")]
    let single = x as f32;
    single
}

//! Scenes to files, by the drawing library.

use std::sync::Once;

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color as _, FontStyle, FontTransform, RGBAColor, ShapeStyle, TextStyle, WHITE, register_font,
};

use crate::PlotError;
use crate::scene::{Anchor, Color, Scene, Shape};

/// The scene as an SVG file.
pub(crate) fn svg(scene: &Scene) -> Result<Vec<u8>, PlotError> {
    let mut text = String::new();
    paint(scene, SVGBackend::with_string(&mut text, (scene.width, scene.height)))?;
    Ok(text.into_bytes())
}

/// The scene as a PNG file.
pub(crate) fn png(scene: &Scene) -> Result<Vec<u8>, PlotError> {
    let (width, height) = (scene.width, scene.height);
    let mut pixels = vec![0; width as usize * height as usize * 3];
    paint(scene, BitMapBackend::with_buffer(&mut pixels, (width, height)))?;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&pixels)?;
        writer.finish()
    });
    written.map_err(|error| PlotError::Drawing(error.into()))?;
    Ok(file)
}

fn paint<DB: DrawingBackend>(scene: &Scene, backend: DB) -> Result<(), PlotError>
where
    DB::ErrorType: 'static,
{
    know_the_font();
    let area = backend.into_drawing_area();
    area.fill(&WHITE).map_err(failed)?;
    for shape in &scene.shapes {
        draw(&area, shape).map_err(failed)?;
    }
    area.present().map_err(failed)
}

/// The library keeps its fonts in one place for the whole process; ours is put there once.
fn know_the_font() {
    static KNOWN: Once = Once::new();
    KNOWN.call_once(|| {
        // It fails only on bytes that are no font.
        let _ = register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular());
    });
}

fn failed<E: std::error::Error + Send + Sync + 'static>(error: DrawingAreaErrorKind<E>) -> PlotError {
    PlotError::Drawing(error.into())
}

fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    shape: &Shape,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    match shape {
        Shape::Line { points, color, width } => {
            let points: Vec<_> = points.iter().map(|&at| pixel(at)).collect();
            area.draw(&PathElement::new(points, stroke(*color, *width)))
        }
        Shape::Dot { at, radius, color, filled } => {
            let style = if *filled { paint_of(*color).filled() } else { stroke(*color, 1) };
            area.draw(&Circle::new(pixel(*at), *radius, style))
        }
        Shape::Bar { from, to, color } => {
            area.draw(&Rectangle::new([pixel(*from), pixel(*to)], paint_of(*color).filled()))
        }
        Shape::Text { at, text, size, anchor, upwards } => {
            let horizontal = match anchor {
                Anchor::Start => HPos::Left,
                Anchor::Middle => HPos::Center,
                Anchor::End => HPos::Right,
            };
            let ink = paint_of(Color::INK);
            let style =
                TextStyle::from(("sans-serif", *size)).color(&ink).pos(Pos::new(horizontal, VPos::Center));
            let style = if *upwards { style.transform(FontTransform::Rotate270) } else { style };
            area.draw_text(text, &style, pixel(*at))
        }
    }
}

fn paint_of(color: Color) -> RGBAColor {
    RGBAColor(color.red, color.green, color.blue, color.alpha)
}

fn stroke(color: Color, width: u32) -> ShapeStyle {
    paint_of(color).stroke_width(width)
}

fn pixel((x, y): (f64, f64)) -> (i32, i32) {
    #[expect(clippy::cast_possible_truncation, reason = "casts saturate, and pictures are smaller than that")]
    let pixel = (x.round() as i32, y.round() as i32);
    pixel
}

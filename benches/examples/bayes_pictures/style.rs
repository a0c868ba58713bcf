//! What the pictures have in common: colors, type, the axes of a panel, the legend.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::register_font;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Where a picture is drawn.
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A panel with linear axes.
pub(crate) type Panel<'a> = ChartContext<
    'a,
    SVGBackend<'a>,
    Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>,
>;

/// Text and axes.
pub(crate) const INK: RGBColor = RGBColor(0x33, 0x33, 0x33);
/// Lines to read values by.
pub(crate) const RULE: RGBColor = RGBColor(0xe3, 0xe3, 0xe3);
/// What is there and matters less.
pub(crate) const FAINT: RGBColor = RGBColor(0xa8, 0xa8, 0xa8);
/// What is shown.
pub(crate) const MAIN: RGBColor = RGBColor(0x1f, 0x77, 0xb4);
/// What is chosen.
pub(crate) const CHOSEN: RGBColor = RGBColor(0xd6, 0x27, 0x28);

/// The height of ordinary text, in pixels.
pub(crate) const TEXT: i32 = 14;

/// The picture of this size that `fill` fills.
pub(crate) fn picture(
    size: (u32, u32),
    fill: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn Error>>,
) -> Result<String, Box<dyn Error>> {
    // Widths of text are measured with this font; it fails only on bytes that are no font.
    let _ = register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular());
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        area.fill(&WHITE)?;
        fill(&area)?;
        area.present()?;
    }
    Ok(text)
}

/// What a panel says of its axes.
pub(crate) struct Axes<'a> {
    pub(crate) title: &'a str,
    pub(crate) x: (f64, f64),
    pub(crate) y: (f64, f64),
    pub(crate) x_title: &'a str,
    pub(crate) y_title: &'a str,
    pub(crate) x_label: &'a dyn Fn(f64) -> String,
    pub(crate) y_label: &'a dyn Fn(f64) -> String,
}

/// A panel with these axes.
pub(crate) fn panel<'a>(area: &Area<'a>, axes: &Axes<'_>) -> Result<Panel<'a>, Box<dyn Error>> {
    let mut builder = ChartBuilder::on(area);
    builder.margin_right(14).margin_left(6).margin_top(6);
    builder.set_label_area_size(LabelAreaPosition::Left, if axes.y_title.is_empty() { 42 } else { 62 });
    builder.set_label_area_size(LabelAreaPosition::Bottom, if axes.x_title.is_empty() { 22 } else { 40 });
    if !axes.title.is_empty() {
        builder.caption(axes.title, ("sans-serif", TEXT + 2).into_font().color(&INK));
    }
    let mut panel = builder.build_cartesian_2d(axes.x.0..axes.x.1, axes.y.0..axes.y.1)?;
    panel
        .configure_mesh()
        .bold_line_style(RULE)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .label_style(("sans-serif", TEXT - 1).into_font().color(&INK))
        .axis_desc_style(("sans-serif", TEXT).into_font().color(&INK))
        .x_labels(6)
        .y_labels(6)
        .x_desc(axes.x_title)
        .y_desc(axes.y_title)
        .x_label_formatter(&|x| (axes.x_label)(*x))
        .y_label_formatter(&|y| (axes.y_label)(*y))
        .draw()?;
    Ok(panel)
}

/// Draws a line into a panel.
pub(crate) fn line(
    panel: &mut Panel<'_>,
    points: impl IntoIterator<Item = (f64, f64)>,
    color: RGBColor,
    width: u32,
) -> Result<(), Box<dyn Error>> {
    let points: Vec<_> = points.into_iter().collect();
    panel.draw_series([PathElement::new(points, color.stroke_width(width))])?;
    Ok(())
}

/// Draws a line of many points with gaps that are equally long in pixels, however steep it is; `unit` is how long a step of
/// one along each axis is.
pub(crate) fn dashes(
    panel: &mut Panel<'_>,
    points: &[(f64, f64)],
    unit: (f64, f64),
    color: RGBColor,
) -> Result<(), Box<dyn Error>> {
    const DASH: f64 = 6.0;
    let (mut length, mut dash) = (0.0, Vec::new());
    for piece in points.windows(2) {
        dash.push(piece[0]);
        let (dx, dy) = ((piece[1].0 - piece[0].0) * unit.0, (piece[1].1 - piece[0].1) * unit.1);
        length += dx.hypot(dy);
        if length >= DASH {
            dash.push(piece[1]);
            line(panel, dash.drain(..), color, 2)?;
            length = -DASH;
        } else if length < 0.0 {
            dash.clear();
        }
    }
    Ok(())
}

/// Fills a closed shape in a panel with a light color.
pub(crate) fn shade(
    panel: &mut Panel<'_>,
    outline: impl IntoIterator<Item = (f64, f64)>,
    color: RGBColor,
) -> Result<(), Box<dyn Error>> {
    let outline: Vec<_> = outline.into_iter().collect();
    panel.draw_series([Polygon::new(outline, color.mix(0.18).filled())])?;
    Ok(())
}

/// How an entry of a legend looks.
pub(crate) enum Sample {
    Line(RGBColor, u32),
    Dashes(RGBColor),
    Band(RGBColor),
    Dot(RGBColor),
}

/// Draws a legend in one line across an area.
pub(crate) fn legend(area: &Area<'_>, entries: &[(Sample, &str)]) -> Result<(), Box<dyn Error>> {
    const SAMPLE: i32 = 26;
    const GAP: i32 = 22;
    let style = ("sans-serif", TEXT).into_font().color(&INK).pos(Pos::new(HPos::Left, VPos::Center));
    let mut widths = Vec::new();
    for (_, text) in entries {
        widths.push(i32::try_from(area.estimate_text_size(text, &style)?.0)?);
    }
    let (width, height) = area.dim_in_pixel();
    let total: i32 = widths.iter().map(|width| width + SAMPLE + 6 + GAP).sum::<i32>() - GAP;
    let (mut x, y) = ((i32::try_from(width)? - total) / 2, i32::try_from(height)? / 2);
    for ((sample, text), width) in entries.iter().zip(widths) {
        let ends = (x, x + SAMPLE);
        match sample {
            Sample::Line(color, width) => {
                area.draw(&PathElement::new(vec![(ends.0, y), (ends.1, y)], color.stroke_width(*width)))?;
            }
            Sample::Dashes(color) => {
                for from in [ends.0, ends.0 + 10, ends.0 + 20] {
                    area.draw(&PathElement::new(vec![(from, y), (from + 6, y)], color.stroke_width(2)))?;
                }
            }
            Sample::Band(color) => {
                let corners = [(ends.0, y - 6), (ends.1, y + 6)];
                area.draw(&Rectangle::new(corners, color.mix(0.18).filled()))?;
            }
            Sample::Dot(color) => {
                area.draw(&Circle::new(((ends.0 + ends.1) / 2, y), 5, color.filled()))?;
            }
        }
        area.draw_text(text, &style, (x + SAMPLE + 6, y))?;
        x += SAMPLE + 6 + width + GAP;
    }
    Ok(())
}

/// A power of ten as text.
pub(crate) fn decade(exponent: f64) -> String {
    if exponent.abs() < 2.5 { format!("{}", 10_f64.powf(exponent)) } else { format!("1e{exponent}") }
}

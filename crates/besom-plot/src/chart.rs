//! Lines in panels: what is drawn of anything but a sweep.

use crate::font::fit;
use crate::frame::{Frame, Labels};
use crate::legend::{Key, legend};
use crate::scale::Scale;
use crate::scene::{Anchor, Color, Scene, TEXT};
use crate::{Format, PlotError, bitmap, svg};

/// The most panels side by side.
const ACROSS: usize = 3;
/// Room for the title of the picture, for that of a panel and for the legend, in pixels.
const TITLE: f64 = 36.0;
const PANEL_TITLE: f64 = 22.0;
const LEGEND: f64 = 34.0;

/// The colors of lines, in the order in which their names appear; the ninth is the first again.
const COLORS: [Color; 8] = [
    Color::MAIN,
    Color::BEST,
    Color::new(0x2c, 0xa0, 0x2c),
    Color::new(0xff, 0x7f, 0x0e),
    Color::new(0x94, 0x67, 0xbd),
    Color::new(0x8c, 0x56, 0x4b),
    Color::new(0x17, 0xbe, 0xcf),
    Color::new(0x7f, 0x7f, 0x7f),
];

/// A picture of panels with lines. Lines of one name have one color in all panels, and a place in the legend below.
///
/// ```
/// use besom_plot::{Chart, Format, Line, Panel};
///
/// let line = Line::new("bayes", [(1.0, 0.9), (2.0, 0.2), (3.0, 0.1)]);
/// let panel = Panel::new("sphere").titles("run", "regret").line(line);
/// let picture = Chart::new("regret").panel(panel).draw(Format::Svg)?;
/// assert!(picture.starts_with(b"<svg"));
/// # Ok::<(), besom_plot::PlotError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    title: String,
    panels: Vec<Panel>,
}

/// A part of a [`Chart`] with axes of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    title: String,
    x_title: String,
    y_title: String,
    logarithmic: bool,
    lines: Vec<Line>,
}

/// A line, perhaps between thinner ones that bound it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    name: String,
    points: Vec<(f64, f64)>,
    bounds: Vec<Vec<(f64, f64)>>,
}

impl Line {
    /// A line through points, from left to right. What is not finite is left out.
    pub fn new(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self { name: name.into(), points: finite(points), bounds: Vec::new() }
    }

    /// The same with a thinner line of its color beside it, such as a quartile.
    #[must_use]
    pub fn bound(mut self, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.bounds.push(finite(points));
        self
    }

    fn all_points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.points.iter().chain(self.bounds.iter().flatten()).copied()
    }
}

fn finite(points: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    points.into_iter().filter(|(x, y)| x.is_finite() && y.is_finite()).collect()
}

impl Panel {
    /// An empty panel.
    pub fn new(title: impl Into<String>) -> Self {
        let (x_title, y_title) = (String::new(), String::new());
        Self { title: title.into(), x_title, y_title, logarithmic: false, lines: Vec::new() }
    }

    /// The same with titles of its axes.
    #[must_use]
    pub fn titles(mut self, x: impl Into<String>, y: impl Into<String>) -> Self {
        (self.x_title, self.y_title) = (x.into(), y.into());
        self
    }

    /// The same with a logarithmic vertical axis. Without, it is one where that suits the values.
    #[must_use]
    pub fn logarithmic(mut self) -> Self {
        self.logarithmic = true;
        self
    }

    /// The same with one more line.
    #[must_use]
    pub fn line(mut self, line: Line) -> Self {
        self.lines.push(line);
        self
    }

    fn draw(&self, scene: &mut Scene, frame: &Frame, names: &[&str]) {
        let ends = |f: fn(f64, f64) -> f64, from| self.points().map(|(x, _)| x).fold(from, f);
        let (low, high) = (ends(f64::min, f64::INFINITY), ends(f64::max, f64::NEG_INFINITY));
        let x = if low.is_finite() { Scale::between(low, high) } else { Scale::from_zero(1.0) };
        let values = self.points().map(|(_, y)| y);
        let y = if self.logarithmic { Scale::logarithmic(values) } else { Scale::of(values) };
        let y_labels = Labels::of(&y, self.y_title.clone());
        let frame = &Frame { left: frame.left + y_labels.room(), ..*frame };
        frame.axes(scene, &Labels::of(&x, self.x_title.clone()), &y_labels);
        scene.text(
            ((frame.left + frame.right) / 2.0, frame.top - PANEL_TITLE / 2.0),
            fit(&self.title, TEXT, frame.right - frame.left),
            Anchor::Middle,
        );
        for line in &self.lines {
            let color = color(names, &line.name);
            let place = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
                points.iter().map(|&(u, v)| frame.at(x.place(u), y.place(v))).collect()
            };
            line.bounds.iter().for_each(|bound| scene.line(place(bound), color.alpha(0.35), 1));
            scene.line(place(&line.points), color, 2);
        }
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.lines.iter().flat_map(Line::all_points)
    }
}

impl Chart {
    /// An empty picture.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), panels: Vec::new() }
    }

    /// The same with one more panel.
    #[must_use]
    pub fn panel(mut self, panel: Panel) -> Self {
        self.panels.push(panel);
        self
    }

    /// Draws the picture; returns the content of a file.
    ///
    /// # Errors
    /// [`PlotError::Drawing`] if the drawing library fails.
    pub fn draw(&self, format: Format) -> Result<Vec<u8>, PlotError> {
        let scene = self.scene();
        match format {
            Format::Svg => Ok(svg::svg(&scene, 1.0)),
            Format::Png => bitmap::png(&scene, 1.0),
        }
    }

    fn scene(&self) -> Scene {
        let across = self.panels.len().clamp(1, ACROSS);
        let rows = self.panels.len().div_ceil(across).max(1);
        let (each_width, each_height) = if self.panels.len() > 1 { (340, 270) } else { (760, 420) };
        let pixels = |n: usize, each: usize| u32::try_from(n * each).unwrap_or(u32::MAX).min(10_000);
        let natural = (pixels(across, each_width), 70 + pixels(rows, each_height));
        let mut scene = Scene::new(None, natural, &self.title);
        let width = f64::from(scene.width) / across as f64;
        let height = (f64::from(scene.height) - TITLE - LEGEND) / rows as f64;
        let names = self.names();
        for (place, panel) in self.panels.iter().enumerate() {
            let (left, top) = ((place % across) as f64 * width, TITLE + (place / across) as f64 * height);
            let frame = Frame {
                left,
                top: top + PANEL_TITLE,
                right: left + width - 18.0,
                bottom: top + height - 50.0,
            };
            panel.draw(&mut scene, &frame, &names);
        }
        let keys: Vec<_> = names.iter().map(|name| (Key::Dot(color(&names, name)), *name)).collect();
        legend(&mut scene, &keys, 0);
        scene
    }

    /// The names of all lines, in order of their appearance.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for line in self.panels.iter().flat_map(|panel| &panel.lines) {
            if !names.contains(&line.name.as_str()) {
                names.push(&line.name);
            }
        }
        names
    }
}

fn color(names: &[&str], name: &str) -> Color {
    let place = names.iter().position(|known| *known == name).unwrap_or(0);
    COLORS[place % COLORS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::Shape;

    #[test]
    fn lines_of_one_name_have_one_color_and_one_entry() {
        let panel = |title: &str, names: [&str; 2]| {
            let line = |name: &str| Line::new(name, [(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0)]);
            names.iter().fold(Panel::new(title), |panel, name| panel.line(line(name)))
        };
        let chart = Chart::new("two").panel(panel("one", ["a", "b"])).panel(panel("other", ["b", "a"]));
        let scene = chart.scene();
        let thick = scene.shapes.iter().filter_map(|shape| match shape {
            Shape::Line { color, width: 2, points } => Some((*color, points.len())),
            _ => None,
        });
        let [a, b] = [(COLORS[0], 2), (COLORS[1], 2)];
        assert_eq!(thick.collect::<Vec<_>>(), [a, b, b, a]);
        let dots = scene.shapes.iter().filter(|shape| matches!(shape, Shape::Dot { .. }));
        assert_eq!(dots.count(), 2);
    }

    #[test]
    fn nothing_to_draw_is_drawn() {
        for chart in
            [Chart::new(""), Chart::new("").panel(Panel::new("").logarithmic().line(Line::new("", [])))]
        {
            assert!(chart.draw(Format::Svg).is_ok());
        }
    }
}

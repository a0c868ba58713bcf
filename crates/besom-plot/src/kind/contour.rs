//! What a model predicts over two parameters, with the runs.

use besom_core::Run;
use besom_insight::{Axis, Surface, numbers};

use crate::PlotError;
use crate::axis::labels;
use crate::color::{band, color_bar, color_bar_room, shade};
use crate::contour::Grid;
use crate::data::{Data, Mark};
use crate::frame::Frame;
use crate::legend::{Key, legend, marks_of};
use crate::scene::{Color, Scene};

/// Colors, each between two lines of equal prediction.
const BANDS: usize = 12;
/// Nodes of the grid along an axis, about ten pixels apart: a model is smooth, and lines between nodes are straight.
const NODES: usize = 61;
/// Values beside the bar of colors: one for every third band.
const VALUES: usize = 5;

pub(crate) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Result<Scene, PlotError> {
    let (across, up) = if data.named { the_named(data)? } else { most_important(data)? };
    let surface = data.sample.surface(&[across, up])?;
    let (x, y) = (&data.sample.axes[across], &data.sample.axes[up]);
    let field = Field::new(&surface, x, y)?;
    let title = format!("predicted {} over {} and {}", data.sample.metric.name, x.name(), y.name());
    let mut scene = Scene::new(size, (800, 640), &title);
    let values = field.values(&surface);
    let (x_labels, y_labels) = (labels(x), labels(y));
    let whole = Frame::whole(&scene, &y_labels);
    let right = (f64::from(scene.width) - color_bar_room(&values) - 18.0).max(whole.left + 40.0);
    let frame = Frame { right, ..whole };
    // The lines of the axes would show through the colors, so the colors come after them.
    frame.axes(&mut scene, &x_labels, &y_labels);
    field.draw(&mut scene, &frame);
    color_bar(&mut scene, &frame, BANDS, &values);
    runs(
        &mut scene,
        data,
        |run| Some(frame.at(data.sample.place(run, across)?, data.sample.place(run, up)?)),
        [across, up],
    );
    let mut keys = vec![(Key::Dot(Color::BEST), "best run"), (Key::Run(Mark::Whole, Color::INK), "run")];
    keys.extend(marks_of(data, Color::INK));
    legend(&mut scene, &keys, 0);
    Ok(scene)
}

fn runs(scene: &mut Scene, data: &Data<'_>, place: impl Fn(&Run) -> Option<(f64, f64)>, axes: [usize; 2]) {
    for run in &data.sample.runs {
        let Some(at) = place(run.run) else { continue };
        if Some(run.number) == data.sample.best {
            continue;
        }
        scene.dot(at, 4, Color::PAPER, true);
        Mark::of(run.run).draw(scene, at, 3, Color::INK);
        scene.tip(data.tip(run, axes));
    }
    if let Some((best, at)) = data.best().and_then(|best| Some((best, place(best.run)?))) {
        scene.dot(at, 7, Color::PAPER, true);
        scene.dot(at, 6, Color::BEST, true);
        scene.tip(data.tip(best, axes));
    }
}

/// Predictions at the nodes of a grid.
struct Field {
    /// Nodes along each axis: those of names are all that there are.
    nodes: [usize; 2],
    /// Whether an axis has names, between which nothing lies.
    names: bool,
    scores: Vec<f64>,
    low: f64,
    high: f64,
}

impl Field {
    fn new(surface: &Surface, x: &Axis, y: &Axis) -> Result<Self, PlotError> {
        let nodes = [x, y].map(|axis| axis.categories().unwrap_or(NODES).min(NODES));
        let names = x.is_categorical() || y.is_categorical();
        // Cells have a middle; smooth fields reach from end to end.
        let at = |k: usize, nodes: usize| {
            if names { (k as f64 + 0.5) / nodes as f64 } else { k as f64 / (nodes - 1) as f64 }
        };
        let place = |i: usize| [at(i % nodes[0], nodes[0]), at(i / nodes[0], nodes[1])];
        let places: Vec<[f64; 2]> = (0..nodes[0] * nodes[1]).map(place).collect();
        let scores = surface.scores(&places)?;
        let low = scores.iter().copied().fold(f64::INFINITY, f64::min);
        let high = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Ok(Self { nodes, names, scores, low, high })
    }

    /// The score at which a band begins.
    fn edge(&self, k: usize) -> f64 {
        self.low + (self.high - self.low) * k as f64 / BANDS as f64
    }

    /// Values of the metric at even scores, from the best.
    fn values(&self, surface: &Surface) -> Vec<String> {
        let score = |k: usize| self.edge(k * BANDS / (VALUES - 1));
        numbers(&(0..VALUES).map(|k| surface.value(score(k))).collect::<Vec<_>>())
    }

    fn draw(&self, scene: &mut Scene, frame: &Frame) {
        if self.names { self.cells(scene, frame) } else { self.bands(scene, frame) }
    }

    fn bands(&self, scene: &mut Scene, frame: &Frame) {
        scene.bar((frame.left, frame.top), (frame.right, frame.bottom), band(0, BANDS));
        let grid = Grid::new(NODES, &self.scores);
        for k in 1..BANDS {
            let rings = grid.rings(self.edge(k)).into_iter();
            let rings: Vec<Vec<_>> =
                rings.map(|ring| ring.into_iter().map(|(u, v)| frame.at(u, v)).collect()).collect();
            if self.high > self.low && !rings.is_empty() {
                scene.area(rings, band(k, BANDS), Color::PAPER.alpha(0.5));
            }
        }
    }

    /// A bar for each run of cells of one color, on whole pixels, between which nothing shows through.
    fn cells(&self, scene: &mut Scene, frame: &Frame) {
        let width = if self.high > self.low { self.high - self.low } else { 1.0 };
        let whole = |(x, y): (f64, f64)| (x.round(), y.round());
        let corner = |i: usize, j: usize| {
            whole(frame.at(i as f64 / self.nodes[0] as f64, j as f64 / self.nodes[1] as f64))
        };
        for (i, score) in self.scores.iter().enumerate() {
            let (column, row) = (i % self.nodes[0], i / self.nodes[0]);
            let ((left, top), (right, bottom)) = (corner(column, row + 1), corner(column + 1, row));
            scene.bar((left, top), (right, bottom), shade((score - self.low) / width));
        }
    }
}

fn the_named(data: &Data<'_>) -> Result<(usize, usize), PlotError> {
    data.sample.require_pair()?;
    Ok((0, 1))
}

fn most_important(data: &Data<'_>) -> Result<(usize, usize), PlotError> {
    data.sample.require_axes(2)?;
    let order = data.sample.by_importance()?;
    Ok((order[0], order[1]))
}

//! How much of the metric's variation each parameter explains.
//!
//! Functional analysis of variance (Hutter, Hoos, Leyton-Brown 2014) on a model of the metric, by the estimators of
//! Jansen (1999; Saltelli et al. 2010, table 2) over the whole space as the sweep's distributions weigh it: the share
//! of the variance that a parameter explains alone, and the share that is gone once it is known together with the
//! others.

use nalgebra::DMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::PlotError;
use super::data::Data;
use super::frame::Frame;
use super::scale::Scale;
use super::scene::{Anchor, Colour, Scene, cut};
use super::surrogate::Surrogate;

/// How many pairs of points the variances are estimated from.
const SAMPLES: usize = 1024;

/// The importance of one parameter, both shares in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Importance {
    pub(super) alone: f64,
    pub(super) total: f64,
}

/// The importance of each axis of the data.
pub(super) fn importances(data: &Data<'_>, kind: &'static str) -> Result<Vec<Importance>, PlotError> {
    let d = data.axes.len();
    let all: Vec<usize> = (0..d).collect();
    let surrogate = Surrogate::new(data, &all, kind)?;
    // A picture of the same history is the same picture.
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut draw = || {
        let place = |k: usize, u: f64| data.axes[k].snap(u);
        DMatrix::from_fn(SAMPLES, d, |_, k| place(k, rng.random()))
    };
    let (a, b) = (draw(), draw());
    let (at_a, at_b) = (surrogate.predict(&a)?, surrogate.predict(&b)?);
    let mean = (at_a.sum() + at_b.sum()) / (2 * SAMPLES) as f64;
    let squares = at_a.iter().chain(at_b.iter()).map(|v| (v - mean) * (v - mean));
    let variance = squares.sum::<f64>() / (2 * SAMPLES) as f64;
    let share = |sum: f64| if variance > 1e-12 { sum / (2 * SAMPLES) as f64 / variance } else { 0.0 };
    let mut importances = Vec::with_capacity(d);
    for k in 0..d {
        let mut mixed = a.clone();
        mixed.set_column(k, &b.column(k));
        let at_mixed = surrogate.predict(&mixed)?;
        let apart = |other: &nalgebra::DVector<f64>| (other - &at_mixed).norm_squared();
        let total = share(apart(&at_a)).clamp(0.0, 1.0);
        let alone = if variance > 1e-12 { (1.0 - share(apart(&at_b))).clamp(0.0, total) } else { 0.0 };
        importances.push(Importance { alone, total });
    }
    Ok(importances)
}

pub(super) fn scene(data: &Data<'_>, size: Option<(u32, u32)>) -> Result<Scene, PlotError> {
    data.need_axes("importance", 1)?;
    let mut bars: Vec<_> = importances(data, "importance")?.into_iter().zip(&data.axes).collect();
    bars.sort_by(|(a, _), (b, _)| b.total.total_cmp(&a.total));
    let natural = (760, 110 + u32::try_from(34 * bars.len()).unwrap_or(u32::MAX).min(9000));
    let title = format!("importance of parameters for {}, from {} runs", data.metric.name, data.seen.len());
    let mut scene = Scene::new(size, natural, &title);
    let frame = Frame { left: 190.0, ..Frame::whole(&scene) };
    let most = bars.iter().map(|(importance, _)| importance.total).fold(0.0, f64::max);
    let x = Scale::from_zero((most * 1.08).min(1.0));
    for (u, text) in x.ticks() {
        let (at, _) = frame.at(u, 0.0);
        scene.line(vec![(at, frame.bottom), (at, frame.top)], Colour::RULE, 1);
        scene.text((at, frame.bottom + 13.0), text, Anchor::Middle);
    }
    let height = (frame.bottom - frame.top) / bars.len() as f64;
    for (row, (importance, axis)) in bars.iter().enumerate() {
        let middle = frame.top + (row as f64 + 0.5) * height;
        let bar = |share: f64| (frame.at(x.place(share), 0.0).0, middle + 0.3 * height);
        let from = (frame.left, middle - 0.3 * height);
        scene.bar(from, bar(importance.total), Colour::MAIN.alpha(0.35));
        scene.bar(from, bar(importance.alone), Colour::MAIN);
        scene.text((frame.left - 10.0, middle), cut(&axis.name, 24), Anchor::End);
    }
    scene.line(vec![(frame.left, frame.top), (frame.left, frame.bottom)], Colour::INK, 1);
    let below =
        "share of the variation that the parameter explains alone (dark) and together with others (light)";
    scene.text((f64::from(scene.width) / 2.0, frame.bottom + 36.0), below, Anchor::Middle);
    Ok(scene)
}

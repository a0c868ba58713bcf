//! Every picture of any history is drawn completely, or rejected with a reason.

use besom_core::distribution::Continuous;
use besom_core::{Distribution, Goal, History, Metric, Parameter, Problem, Run, RunState, Space, laws};
use proptest::prelude::*;
use serde_json::json;

use crate::data::Data;
use crate::scene::{Color, Scene, Shape};
use crate::{Format, Kind, Plot, PlotError, render};

/// The scene of a kind.
fn scene(kind: Kind, problem: &Problem, history: &History) -> Result<Scene, PlotError> {
    kind.scene(&Data::new(problem, history, &[])?, None)
}

/// All points at which something is drawn.
fn points(scene: &Scene) -> Vec<(f64, f64)> {
    let of = |shape: &Shape| match shape {
        Shape::Line { points, .. } => points.clone(),
        Shape::Dot { at, .. } | Shape::Text { at, .. } => vec![*at],
        Shape::Bar { from, to, .. } => vec![*from, *to],
    };
    scene.shapes.iter().flat_map(of).collect()
}

/// x (a number) decides everything, c (a category) and n (a whole number) nothing.
fn sweep(runs: usize) -> (Problem, History) {
    let parameter = |name: &str, distribution| Parameter::new(name, distribution);
    let space = Space::new(vec![
        parameter(
            "c",
            Distribution::Categorical { values: vec![json!("a"), json!("b")], probabilities: None },
        ),
        parameter("x", Distribution::Continuous(Continuous::LogUniformValues { min: 1e-4, max: 1.0 })),
        parameter("n", Distribution::IntUniform { min: 1, max: 40 }),
    ])
    .expect("three parameters");
    let problem = Problem::new(space, Metric::new("loss", Goal::Minimize));
    let run = |i: usize| {
        let share = |step: usize| ((i * step) % 97) as f64 / 97.0;
        let x = share(31);
        let mut run = Run::new(problem.space.decode(&[share(53), x, share(71)]));
        run.state = RunState::Finished;
        run.curve_mut(0).values = vec![1.0 + x, (x - 0.4).powi(2)];
        run
    };
    let history = (0..runs).map(run).collect();
    (problem, history)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn everything_is_drawn_inside_the_picture(
        (problem, history) in laws::any_problem().prop_flat_map(|problem| {
            let history = laws::history(&problem, 12);
            (Just(problem), history)
        }),
        kind in prop::sample::select(Kind::ALL.to_vec()),
    ) {
        if let Ok(scene) = scene(kind, &problem, &history) {
            let (width, height) = (f64::from(scene.width), f64::from(scene.height));
            for (x, y) in points(&scene) {
                prop_assert!((0.0..=width).contains(&x) && (0.0..=height).contains(&y), "{x}, {y}");
            }
            prop_assert!(render::svg(&scene).is_ok());
        }
    }
}

#[test]
fn pictures_are_files_of_their_format() {
    let (problem, history) = sweep(20);
    for &kind in Kind::ALL {
        let plot = Plot::new(kind).size(400, 300);
        let svg = plot.draw(&problem, &history, Format::Svg).expect("a picture");
        assert!(svg.starts_with(b"<svg") && svg.ends_with(b"</svg>\n"), "{kind:?}");
        let file = plot.draw(&problem, &history, Format::Png).expect("a picture");
        let mut png = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a PNG file");
        let mut pixels = vec![0; png.output_buffer_size().expect("a small picture")];
        let info = png.next_frame(&mut pixels).expect("pixels");
        assert_eq!((info.width, info.height), (400, 300));
        assert!(pixels.iter().any(|&p| p < 128), "{kind:?} shows nothing");
    }
}

#[test]
fn the_best_so_far_never_gets_worse() {
    let (problem, history) = sweep(30);
    let scene = scene(Kind::History, &problem, &history).expect("a picture");
    let best = scene.shapes.iter().find_map(|shape| match shape {
        Shape::Line { points, color, width: 2 } if *color == Color::BEST => Some(points),
        _ => None,
    });
    let best = best.expect("a line");
    // Smaller losses are further down, where y is larger.
    assert!(best.windows(2).all(|pair| pair[0].1 <= pair[1].1 && pair[0].0 <= pair[1].0), "{best:?}");
}

#[test]
fn what_cannot_be_drawn_is_rejected_with_a_reason() {
    let refusal = |kind, problem: &Problem, history: &History, named: &[&str]| {
        let plot = Plot::new(kind).parameters(named.iter().copied());
        plot.draw(problem, history, Format::Svg).expect_err("it is refused").to_string()
    };
    let (problem, history) = sweep(3);
    assert_eq!(
        refusal(Kind::History, &problem, &History::new(), &[]),
        "no run has logged a number as 'loss' yet"
    );
    assert_eq!(
        refusal(Kind::Slice, &problem, &history, &["y"]),
        "no parameter 'y' that is not constant, did you mean 'c'?; known: c, x, n"
    );
    assert_eq!(
        refusal(Kind::Contour, &problem, &history, &["x"]),
        "at least 2 parameters that are not constant are required, found 1"
    );
    assert_eq!(
        refusal(Kind::Importance, &problem, &history, &[]),
        "a model of the metric requires at least 4 runs with a value, found 3"
    );
    let without = Problem::without_metric().space(problem.space);
    assert_eq!(refusal(Kind::History, &without, &history, &[]), "the sweep has no metric");
}

#[test]
fn a_diverged_run_does_not_flatten_the_others() {
    let (problem, mut history) = sweep(20);
    let mut run = Run::new(problem.space.decode(&[0.5, 0.5, 0.5]));
    run.state = RunState::Finished;
    run.curve_mut(0).values = vec![1e30];
    history.push(run);
    let scene = scene(Kind::History, &problem, &history).expect("a picture");
    let dots: Vec<f64> = scene
        .shapes
        .iter()
        .filter_map(|shape| match shape {
            Shape::Dot { at, color, .. } if *color == Color::MAIN => Some(at.1),
            _ => None,
        })
        .collect();
    let distinct: std::collections::BTreeSet<i64> = dots
        .iter()
        .map(|y| {
            #[expect(clippy::cast_possible_truncation, reason = "pixels")]
            let pixel = *y as i64;
            pixel
        })
        .collect();
    assert!(distinct.len() > 12, "{dots:?}");
}

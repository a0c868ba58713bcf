//! Every picture of any history is drawn completely, or rejected with a reason.

use besom_core::distribution::Continuous;
use besom_core::{
    Curve, Distribution, Goal, History, Metric, Parameter, Problem, Run, RunState, Space, When, laws,
};
use proptest::prelude::*;
use serde_json::json;

use crate::scene::{Color, Scene, Shape, Text};
use crate::{Format, Kind, Plot, PlotError, svg};

/// The scene of a kind.
fn scene(kind: Kind, problem: &Problem, history: &History) -> Result<Scene, PlotError> {
    Plot::new(kind).scene(problem, history)
}

/// All points at which something is drawn.
fn points(scene: &Scene) -> Vec<(f64, f64)> {
    let of = |shape: &Shape| match shape {
        Shape::Line { points, .. } => points.clone(),
        Shape::Dot { at, .. } | Shape::Cross { at, .. } | Shape::Text(Text { at, .. }) => vec![*at],
        Shape::Area { rings, .. } => rings.concat(),
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
            prop_assert!(svg::svg(&scene, 1.0).ends_with(b"</svg>\n"));
        }
    }
}

#[test]
fn pictures_are_files_of_their_format() {
    let (problem, history) = sweep(20);
    for &kind in Kind::ALL {
        let (problem, history) =
            if kind == Kind::Front { traded(20) } else { (problem.clone(), history.clone()) };
        let plot = Plot::new(kind).size(400, 300);
        let svg = plot.draw(&problem, &history, Format::Svg).expect("a picture");
        assert!(svg.starts_with(b"<svg") && svg.ends_with(b"</svg>\n"), "{kind:?}");
        let file = plot.draw(&problem, &history, Format::Png).expect("a picture");
        let mut png = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a PNG file");
        let mut pixels = vec![0; png.output_buffer_size().expect("a small picture")];
        let info = png.next_frame(&mut pixels).expect("pixels");
        assert_eq!((info.width, info.height), (400, 300));
        let svg = String::from_utf8(svg).expect("text");
        assert_eq!(svg.matches("<title>").count(), svg.matches("</title>").count());
        assert!(pixels.iter().any(|&p| p < 128), "{kind:?} shows nothing");
    }
}

/// The same sweep with a second metric, which a large x improves.
fn traded(runs: usize) -> (Problem, History) {
    let (problem, history) = sweep(runs);
    let traded = history.runs().iter().map(|run| {
        let x = run.point.f64("x").expect("it is active");
        run.clone().with_curve(1, Curve::new([1.0 - x]))
    });
    (problem.with_metric(Metric::maximize("speed")), traded.collect())
}

#[test]
fn the_border_of_a_front_is_a_staircase_through_its_runs() {
    let (problem, history) = traded(40);
    let scene = scene(Kind::Front, &problem, &history).expect("a picture");
    let lines = scene.shapes.iter().filter_map(|shape| match shape {
        Shape::Line { points, color, width: 2 } if *color == Color::BEST => Some(points),
        _ => None,
    });
    let [border] = lines.collect::<Vec<_>>()[..] else { panic!("one line") };
    let front = history.front(&problem).runs.len();
    assert_eq!(border.len(), 2 * front - 1);
    for pair in border.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        assert!(from.0 <= to.0 && (from.0 - to.0).abs().min((from.1 - to.1).abs()) < 1e-9, "{border:?}");
    }
    let dots = |wanted: Color| {
        let is_such = |shape: &&Shape| matches!(shape, Shape::Dot { color, .. } if *color == wanted);
        scene.shapes.iter().filter(is_such).count()
    };
    // One of each is in the legend.
    assert_eq!((dots(Color::BEST), dots(Color::MAIN)), (front + 1, 40 - front + 1));
}

#[test]
fn a_front_of_three_metrics_has_a_panel_for_each_but_the_first() {
    let (problem, history) = traded(9);
    let problem = problem.with_metric(Metric::minimize("size"));
    let runs = history.runs().iter().zip(0..);
    let history = runs.map(|(run, i)| run.clone().with_curve(2, Curve::new([f64::from(i)]))).collect();
    let scene = scene(Kind::Front, &problem, &history).expect("a picture");
    let titles = |text: &str| {
        let is_such = |shape: &&Shape| matches!(shape, Shape::Text(found) if found.text == text);
        scene.shapes.iter().filter(is_such).count()
    };
    assert_eq!(titles("loss (smaller is better)"), 2);
    assert_eq!((titles("speed (larger is better)"), titles("size (smaller is better)")), (1, 1));
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
fn a_run_that_lacks_a_parameter_is_a_whole_line_that_passes_below_its_axis() {
    let space = Space::builder()
        .choice("optimizer", ["sgd", "adam"])
        .uniform("momentum", 0.0, 0.99)
        .when(When::is("optimizer", "sgd"))
        .uniform("beta", 0.9, 0.999)
        .when(When::is("optimizer", "adam"))
        .build()
        .expect("three parameters");
    let problem = Problem::minimize("loss").space(space);
    let run = |i: u8| {
        let mut run = Run::new(problem.space.decode(&[f64::from(i) / 8.0, 0.3, 0.6]));
        run.state = RunState::Finished;
        run.curve_mut(0).values = vec![f64::from(i)];
        run
    };
    let history: History = (0..8).map(run).collect();
    let scene = scene(Kind::Parallel, &problem, &history).expect("a picture");
    let lines = scene.shapes.iter().filter_map(|shape| match shape {
        Shape::Line { points, .. } if points.len() == 4 => Some(points),
        _ => None,
    });
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines.len(), 8);
    let bottom = f64::from(scene.height) - 46.0;
    for line in lines {
        let below: Vec<bool> = line.iter().map(|(_, y)| (y - bottom).abs() < 1e-9).collect();
        assert!(below == [false, false, true, false] || below == [false, true, false, false], "{line:?}");
    }
    let none = scene.shapes.iter().filter(|shape| matches!(shape, Shape::Text(text) if text.text == "none"));
    assert_eq!(none.count(), 2, "beside the axes of both");
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
        "a contour takes two different parameters, not x"
    );
    for named in [&["x", "n", "c"][..], &["x", "x"], &["x", "n", "x"]] {
        let message = format!("a contour takes two different parameters, not {}", named.join(", "));
        assert_eq!(refusal(Kind::Contour, &problem, &history, named), message);
    }
    let one = Space::new(vec![Parameter::new("x", Distribution::uniform(0.0, 1.0))]).expect("a parameter");
    assert_eq!(
        refusal(Kind::Contour, &problem.clone().space(one), &history, &[]),
        "needs 2 or more parameters that vary; found 1"
    );
    assert_eq!(
        refusal(Kind::Importance, &problem, &history, &[]),
        "a model of the metric requires at least 4 runs with a value, found 3"
    );
    let without = Problem::without_metric().space(problem.space);
    assert_eq!(refusal(Kind::History, &without, &history, &[]), "the sweep has no metric");
    assert_eq!(
        refusal(Kind::Front, &Problem::minimize("loss"), &history, &[]),
        "a front takes two metrics or more, and the sweep has one"
    );
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

/// The texts of a scene.
fn texts(scene: &Scene) -> Vec<&str> {
    let mut texts = Vec::new();
    for shape in &scene.shapes {
        if let Shape::Text(Text { text, .. }) = shape {
            texts.push(text.as_str());
        }
    }
    texts
}

#[test]
fn a_viewer_shows_beside_the_pointer_which_run_it_is() {
    let (problem, history) = sweep(20);
    let problem = Problem::new(problem.space, Metric::new("<loss> & \u{1b}co", Goal::Minimize));
    for kind in [Kind::History, Kind::Parallel, Kind::Slice, Kind::Contour, Kind::Curves] {
        let scene = scene(kind, &problem, &history).expect("a picture");
        let tip = scene.tips.iter().find(|(_, tip)| tip.starts_with("run 3: ")).expect("a tip");
        assert!(tip.1.starts_with("run 3: <loss> & \u{1b}co 0.0"), "{tip:?}");
        let svg = String::from_utf8(svg::svg(&scene, 1.0)).expect("text");
        assert!(svg.contains("<title>run 3: &lt;loss&gt; &amp; \u{fffd}co 0.0"), "{kind:?}");
    }
}

#[test]
fn stopped_and_failed_runs_have_marks_of_their_own_and_a_legend() {
    let (problem, mut history) = sweep(20);
    for state in [RunState::Failed, RunState::Killed] {
        let mut run = Run::new(problem.space.decode(&[0.5, 0.5, 0.5])).with_state(state);
        run.curve_mut(0).values = vec![0.2];
        history.push(run);
    }
    for kind in [Kind::History, Kind::Slice, Kind::Contour] {
        let scene = scene(kind, &problem, &history).expect("a picture");
        let crosses = scene.shapes.iter().filter(|shape| matches!(shape, Shape::Cross { .. })).count();
        let panels = if kind == Kind::Slice { 3 } else { 1 };
        assert_eq!(crosses, 2 * panels + 1, "{kind:?}");
        assert!(texts(&scene).contains(&"failed") && !texts(&scene).contains(&"stopped early"), "{kind:?}");
    }
}

#[test]
fn colors_are_explained_by_values() {
    let (problem, history) = sweep(40);
    for (kind, colors) in [(Kind::Parallel, 48), (Kind::Contour, 12)] {
        let scene = scene(kind, &problem, &history).expect("a picture");
        let from = f64::from(scene.width) - 110.0;
        let is_bar = |shape: &&Shape| matches!(shape, Shape::Bar { from: (x, _), .. } if *x > from);
        assert_eq!(scene.shapes.iter().filter(is_bar).count(), colors, "{kind:?}");
    }
}

#[test]
fn a_contour_of_numbers_is_smooth_and_small() {
    let (problem, history) = sweep(40);
    let plot = Plot::new(Kind::Contour).parameters(["x", "n"]);
    let svg = plot.draw(&problem, &history, Format::Svg).expect("a picture");
    assert!(svg.len() < 100_000, "{} bytes", svg.len());
    let svg = String::from_utf8(svg).expect("text");
    assert!(svg.matches("fill-rule=\"evenodd\"").count() >= 8);
    let names = Plot::new(Kind::Contour).parameters(["x", "c"]);
    let svg =
        String::from_utf8(names.draw(&problem, &history, Format::Svg).expect("a picture")).expect("text");
    assert!(!svg.contains("evenodd"), "nothing lies between two names");
}

#[test]
fn scale_enlarges_all_and_size_gives_room() {
    let (problem, history) = sweep(20);
    let draw = |plot: Plot, format| plot.draw(&problem, &history, format).expect("a picture");
    let plot = || Plot::new(Kind::History).size(400, 300);
    let width = |file: &[u8]| u32::from_be_bytes(file[16..20].try_into().expect("four bytes"));
    assert_eq!(width(&draw(plot().scale(2.5), Format::Png)), 1000);
    let once = String::from_utf8(draw(plot(), Format::Svg)).expect("text");
    let twice = String::from_utf8(draw(plot().scale(2.0), Format::Svg)).expect("text");
    assert!(twice.starts_with("<svg width=\"800\" height=\"600\" viewBox=\"0 0 400 300\""));
    assert_eq!(once.split_once('>').map(|parts| parts.1), twice.split_once('>').map(|parts| parts.1));
    let huge =
        Plot::new(Kind::History).size(10_000, 10_000).scale(10.0).draw(&problem, &history, Format::Png);
    assert!(matches!(huge, Err(PlotError::TooLarge { width: 100_000, .. })));
}

/// The red tip and all tips of the curves of `acc`, which stand behind those of the metrics.
fn curves_of_acc(problem: &Problem, history: &History) -> (Option<String>, Vec<String>) {
    let plot = Plot::new(Kind::Curves).curves_of(problem.metrics.len(), "acc");
    let scene = plot.scene(problem, history).expect("a picture");
    assert!(texts(&scene).contains(&"acc"), "it has no goal");
    let is_red =
        |place: usize| matches!(&scene.shapes[place], Shape::Line { color, .. } if *color == Color::BEST);
    let red = scene.tips.iter().find(|(place, _)| is_red(*place)).map(|(_, tip)| tip.clone());
    assert_eq!(texts(&scene).contains(&"best run"), red.is_some());
    (red, scene.tips.into_iter().map(|(_, tip)| tip).collect())
}

#[test]
fn curves_of_another_key_show_the_best_run_of_the_metric_and_need_no_value_of_it() {
    let space = Space::new(vec![Parameter::new("x", Distribution::uniform(0.0, 1.0))]).expect("a parameter");
    let problem = Problem::minimize("loss").space(space);
    let run = |loss: &[f64]| {
        let run = Run::new(problem.space.decode(&[0.5])).with_state(RunState::Finished);
        run.with_curve(0, Curve::new(loss)).with_curve(1, Curve::new([0.2, 0.7]))
    };
    let history = History::from_iter([run(&[0.1, 0.9]), run(&[0.5, 0.4]), run(&[])]);
    let (red, all) = curves_of_acc(&problem, &history);
    assert_eq!(red.as_deref(), Some("run 1: loss 0.1, x 0.5"));
    assert_eq!(all, ["run 2: loss 0.4, x 0.5", "run 3: x 0.5", "run 1: loss 0.1, x 0.5"]);
    let none = History::from_iter([run(&[]), run(&[])]);
    assert_eq!(
        curves_of_acc(&problem, &none),
        (None, vec!["run 1: x 0.5".to_owned(), "run 2: x 0.5".to_owned()])
    );
    let without = Problem::without_metric().space(problem.space.clone());
    let one = Run::new(problem.space.decode(&[0.5])).with_state(RunState::Running);
    let history_of_one = History::from_iter([one.with_curve(0, Curve::new([0.2, 0.7]))]);
    assert_eq!(curves_of_acc(&without, &history_of_one), (None, vec!["run 1: x 0.5".to_owned()]));
    let plot = Plot::new(Kind::Curves).curves_of(2, "lr").draw(&problem, &history, Format::Svg);
    assert_eq!(plot.expect_err("nothing to draw").to_string(), "no run has logged a number as 'lr' yet");
}

#[test]
fn every_picture_can_be_as_small_as_allowed() {
    let side = *Plot::SIDES.start();
    for &kind in Kind::ALL {
        let (problem, history) = if kind == Kind::Front { traded(40) } else { sweep(40) };
        let small = Plot::new(kind).size(side, side).draw(&problem, &history, Format::Svg);
        assert!(small.is_ok(), "{kind:?}: {small:?}");
    }
}

#[test]
fn bars_of_importance_have_values() {
    let (problem, history) = sweep(40);
    let scene = scene(Kind::Importance, &problem, &history).expect("a picture");
    let values: Vec<&str> = texts(&scene).into_iter().filter(|text| text.ends_with(" alone)")).collect();
    assert_eq!(values.len(), 3);
    assert!(values[0].starts_with("0.9") || values[0].starts_with("1.0"), "{values:?}");
    // The lines by which values are read show through neither.
    for shape in &scene.shapes {
        match shape {
            Shape::Bar { color, .. } => assert!(color.alpha >= 1.0),
            Shape::Text(Text { text, halo, .. }) => assert_eq!(*halo, text.ends_with(" alone)"), "{text}"),
            _ => {}
        }
    }
}

#[test]
fn of_many_parameters_the_most_important_are_shown() {
    let names = (0..60).map(|k| Parameter::new(format!("p{k}").as_str(), Distribution::uniform(0.0, 1.0)));
    let problem = Problem::minimize("loss").space(Space::new(names.collect()).expect("sixty parameters"));
    let run = |i: usize| {
        let cube: Vec<f64> = (0..60).map(|k| ((i * (2 * k + 3) + k) % 41) as f64 / 41.0).collect();
        Run::new(problem.space.decode(&cube)).finished((cube[50] - 0.5).powi(2))
    };
    let history = (0..41).map(run).collect();
    for (kind, shown) in [(Kind::Slice, 24), (Kind::Parallel, 20)] {
        let scene = scene(kind, &problem, &history).expect("a picture");
        let note = format!("(the {shown} most important of 60 parameters)");
        assert!(scene.title.ends_with(&note) && texts(&scene).contains(&"p50"), "{}", scene.title);
    }
}

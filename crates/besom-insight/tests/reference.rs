//! Importances and models of functions for which they are known.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use besom_core::distribution::{Continuous, Step};
use besom_core::special::normal_quantile;
use besom_core::{Distribution, Goal, History, Metric, Parameter, Problem, Run, RunState, Space, laws};
use besom_insight::{Axis, Importance, InsightError, Sample, Span};
use proptest::prelude::*;
use serde_json::json;

/// `runs` runs at the points of an additive recurrence, which fills the cube evenly, each with the value of `f` at its
/// coordinates.
fn history(problem: &Problem, runs: u32, f: impl Fn(&[f64]) -> f64) -> History {
    // Roberts 2018: powers of the inverse of the root of x^(d+1) = x + 1, here for up to three dimensions.
    let steps = [0.8191725133961645, 0.6710436067037893, 0.5497004779019703];
    let d = problem.space.dimensions();
    let run = |i: u32| {
        let cube: Vec<f64> = steps[..d].iter().map(|step| (0.5 + f64::from(i) * step) % 1.0).collect();
        let mut run = Run::new(problem.space.decode(&cube));
        run.curve_mut(0).values.push(f(&cube));
        run
    };
    (0..runs).map(run).collect()
}

fn problem(distributions: &[Distribution], goal: Goal) -> Problem {
    let parameter = |(name, distribution): (&str, &Distribution)| Parameter::new(name, distribution.clone());
    let parameters = ["x", "y", "z"].into_iter().zip(distributions).map(parameter).collect();
    Problem::new(Space::new(parameters).unwrap(), Metric::new("m", goal))
}

fn uniform() -> Distribution {
    Distribution::Continuous(Continuous::Uniform { min: -1.0, max: 1.0 })
}

/// The importances of `f` over uniform parameters are these, to within `tolerance`.
fn check(d: usize, runs: u32, f: impl Fn(&[f64]) -> f64, expected: &[(f64, f64)], tolerance: f64) {
    let problem = problem(&vec![uniform(); d], Goal::Minimize);
    let history = history(&problem, runs, f);
    let found = Sample::new(&problem, &history, &[]).unwrap().importances().unwrap();
    assert_eq!(found.len(), expected.len());
    for (Importance { alone, total, .. }, (wanted_alone, wanted_total)) in found.iter().zip(expected) {
        let near = (alone - wanted_alone).abs() < tolerance && (total - wanted_total).abs() < tolerance;
        assert!(near, "{found:?}, not {expected:?}");
    }
}

#[test]
fn an_additive_function_has_the_shares_of_its_terms() {
    // 2 z1 + z2 of standard normals: its normal score is itself over √5, so the shares of variance are 4/5 and 1/5.
    check(2, 120, |u| 2.0 * normal_quantile(u[0]) + normal_quantile(u[1]), &[(0.8, 0.8), (0.2, 0.2)], 0.05);
}

#[test]
fn a_valley_is_seen_although_it_has_no_slope() {
    check(3, 60, |u| (u[1] - 0.5).abs(), &[(0.0, 0.0), (1.0, 1.0), (0.0, 0.0)], 0.05);
}

#[test]
fn what_two_parameters_do_together_neither_does_alone() {
    // Odd in both: the mean over either is 0 wherever the other is, on any symmetric scale.
    let product = |u: &[f64]| (u[0] - 0.5) * (u[2] - 0.5);
    check(3, 120, product, &[(0.0, 1.0), (0.0, 0.0), (0.0, 1.0)], 0.1);
}

#[test]
fn a_metric_that_never_changes_depends_on_nothing() {
    check(2, 20, |_| 7.0, &[(0.0, 0.0), (0.0, 0.0)], 1e-9);
}

#[test]
fn a_category_that_decides_is_the_important_one() {
    let names =
        Distribution::Categorical { values: vec![json!("a"), json!("b"), json!("c")], probabilities: None };
    let problem = problem(&[uniform(), names], Goal::Maximize);
    // The middle one is best: no order of the names would show it.
    let history = history(&problem, 60, |u| f64::from(u8::from((1.0 / 3.0..2.0 / 3.0).contains(&u[1]))));
    let sample = Sample::new(&problem, &history, &[]).unwrap();
    let found = sample.importances().unwrap();
    assert!(found[1].alone > 0.95 && found[0].total < 0.05, "{found:?}");
    // Larger is better, so the middle third has the smallest scores.
    let surface = sample.surface(&[1]).unwrap().cells(9).unwrap();
    let best = (0..9).min_by(|&a, &b| surface[a].total_cmp(&surface[b])).unwrap();
    assert!((3..6).contains(&best), "{surface:?}");
}

#[test]
fn a_model_predicts_what_it_was_not_shown() {
    let problem = problem(&[uniform(), uniform()], Goal::Minimize);
    let bowl = |u: &[f64]| (u[0] - 0.3).powi(2) + (u[1] - 0.7).powi(2);
    let history = history(&problem, 80, bowl);
    let surface = Sample::new(&problem, &history, &[]).unwrap().surface(&[0, 1]).unwrap();
    let cells = 10;
    for (i, score) in surface.cells(cells).unwrap().into_iter().enumerate() {
        let middle = |cell: usize| (cell as f64 + 0.5) / cells as f64;
        let truth = bowl(&[middle(i % cells), middle(i / cells)]);
        assert!(
            (surface.value(score) - truth).abs() < 0.08,
            "cell {i}: {} for {truth}",
            surface.value(score)
        );
    }
}

#[test]
fn values_are_translated_within_what_was_seen() {
    for goal in [Goal::Minimize, Goal::Maximize] {
        let problem = problem(&[uniform()], goal);
        let history = history(&problem, 5, |u| 10.0 * u[0]);
        let sample = Sample::new(&problem, &history, &[]).unwrap();
        let surface = sample.surface(&[0]).unwrap();
        let mut values: Vec<f64> = sample.runs.iter().map(|run| goal.to_loss(run.value)).collect();
        values.sort_by(f64::total_cmp);
        assert!((goal.to_loss(surface.value(0.0)) - values[2]).abs() < 1e-9, "0 is the median");
        assert!(
            (goal.to_loss(surface.value(-9.0)) - values[0]).abs() < 1e-9,
            "nothing is better than the best"
        );
        assert!(
            (goal.to_loss(surface.value(9.0)) - values[4]).abs() < 1e-9,
            "nothing is worse than the worst"
        );
    }
}

#[test]
fn what_a_history_cannot_answer_is_rejected_with_a_reason() {
    let problem = problem(&[uniform(), uniform()], Goal::Minimize);
    let refusal = |history: &History, named: &[&str]| {
        let named: Vec<String> = named.iter().map(|&name| name.to_owned()).collect();
        let refused = Sample::new(&problem, history, &named).and_then(|sample| sample.importances());
        refused.unwrap_err().to_string()
    };
    assert_eq!(refusal(&History::new(), &[]), "no run has logged a number as 'm' yet");
    let three = history(&problem, 3, |u| u[0]);
    assert_eq!(refusal(&three, &[]), "a model of the metric requires at least 4 runs with a value, found 3");
    assert_eq!(
        refusal(&three, &["yy"]),
        "no parameter 'yy' that is not constant, did you mean 'y'?; known: x, y"
    );
    let without = Problem::without_metric().space(problem.space.clone());
    assert!(matches!(Sample::new(&without, &three, &[]), Err(InsightError::NoMetric)));
}

#[test]
fn runs_that_did_not_finish_are_neither_records_nor_the_best() {
    let problem = problem(&[uniform()], Goal::Maximize);
    let run = |(state, value): (RunState, f64)| {
        let mut run = Run::new(problem.space.decode(&[0.5])).with_state(state);
        run.curve_mut(0).values.push(value);
        run
    };
    let states = [
        (RunState::Finished, 1.0),
        (RunState::Killed, 9.0),
        (RunState::Finished, 0.5),
        (RunState::Running, 2.0),
        (RunState::Finished, 2.0),
    ];
    let history: History = states.into_iter().map(run).collect();
    let sample = Sample::new(&problem, &history, &[]).unwrap();
    let records: Vec<_> = sample.records().into_iter().map(|run| (run.number.get(), run.value)).collect();
    assert_eq!(records, [(1, 1.0), (4, 2.0)]);
    assert_eq!(sample.best.map(|best| best.get()), Some(4));
    assert_eq!(sample.by_value(), [1, 3, 4, 0, 2], "the best first, of equal ones the earliest");
    assert_eq!(sample.ranks(), [0.75, 0.0, 1.0, 0.25, 0.5]);
}

#[test]
fn a_span_leaves_out_what_is_far_from_the_middle_half() {
    let plain = Span::of((1..=9).map(f64::from));
    assert!(0.0 < plain.place(1.0) && plain.place(1.0) < 0.1, "{plain:?}");
    assert!(0.9 < plain.place(9.0) && plain.place(9.0) < 1.0, "{plain:?}");
    let diverged = Span::of((1..=9).map(f64::from).chain([1e30, f64::NAN]));
    assert!(!diverged.logarithmic && diverged.high < 30.0 && diverged.place(1e30) > 1.0, "{diverged:?}");
    let decades = Span::of((0..9).map(|k| 10_f64.powi(k)));
    assert!(decades.logarithmic && decades.low > -1.0 && decades.high > 8.0, "{decades:?}");
    assert_eq!(Span::of([]), Span::new(0.0, 1.0));
    // Of few values near one of none, the fences lie far beyond all of them on a logarithmic axis.
    let whiskers = Span::of([1e-4, 0.06, 0.1, 0.2, 0.5, 0.8, 1.0, 1e30]);
    assert!(whiskers.logarithmic && whiskers.high < 0.5 && whiskers.place(1e30) > 1.0, "{whiskers:?}");
    let best = Span::of([1e-9, 0.06, 0.1, 0.2, 0.5, 0.8, 1.0]);
    assert!(best.place(1e-9) < 0.0 && (0.0..0.1).contains(&best.including(1e-9).place(1e-9)), "{best:?}");
    assert_eq!(best.including(f64::NAN).including(0.0).including(0.5), best);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn of_any_history_shares_are_shares_and_the_same_again(
        (problem, history) in laws::any_problem().prop_flat_map(|problem| {
            let history = laws::history(&problem, 12);
            (Just(problem), history)
        }),
    ) {
        let importances = || Sample::new(&problem, &history, &[]).and_then(|sample| sample.importances());
        if let (Ok(once), Ok(again)) = (importances(), importances()) {
            prop_assert_eq!(&once, &again);
            for Importance { alone, total, .. } in once {
                prop_assert!((0.0..=total).contains(&alone) && total <= 1.0, "{} {}", alone, total);
            }
        }
    }
}

/// The labels beside the axis of a parameter.
fn labels(distribution: Distribution) -> Vec<String> {
    let axis = Axis::new(&Parameter::new("x", distribution));
    let ticks = axis.ticks();
    assert!(ticks.is_sorted_by(|a, b| a.0 < b.0), "{ticks:?}");
    assert!(ticks.iter().all(|(place, _)| (0.0..=1.0).contains(place)), "{ticks:?}");
    ticks.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn the_axis_of_a_parameter_has_round_labels() {
    let tenths = Distribution::Quantized(Continuous::Uniform { min: 0.0, max: 0.5 }, Step::new(0.1));
    assert_eq!(labels(tenths), ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]);
    let sixty_fours =
        Distribution::Quantized(Continuous::Uniform { min: 16.0, max: 512.0 }, Step::integer(64));
    assert_eq!(labels(sixty_fours), ["64", "128", "192", "256", "320", "384", "448", "512"]);
    assert_eq!(labels(Distribution::log_uniform(1e-3, 3.0)), ["0.001", "0.01", "0.1", "1"]);
    assert_eq!(labels(Distribution::int(1, 4)), ["1", "2", "3", "4"]);
    assert_eq!(labels(Distribution::int(1, 40)), ["5", "10", "15", "20", "25", "30", "35", "40"]);
    assert_eq!(labels(Distribution::normal(0.0, 1.0)), ["-2", "-1", "0", "1", "2"]);
    assert_eq!(labels(Distribution::log_normal(0.0, 1.0)), ["0.1", "0.2", "0.5", "1", "2", "5", "10"]);
    assert_eq!(labels(Distribution::uniform(1_234_567.0, 1_234_567.9))[1], "1234567.2");
}

#[test]
fn the_values_of_a_list_are_labeled_as_they_are() {
    assert_eq!(labels(Distribution::choice(["adam", "1"])), ["adam", "\"1\""]);
    assert_eq!(labels(Distribution::choice([0.1, 0.30000000000000004])), ["0.1", "0.3"]);
    assert_eq!(labels(Distribution::choice([1_234_567.25, 1_234_567.5])), ["1234567.2", "1234567.5"]);
    assert_eq!(labels(Distribution::choice(0..20)), ["0", "3", "6", "9", "12", "15", "18"]);
}

#[test]
fn a_span_is_labeled_by_round_values() {
    let texts = |span: Span| span.ticks().into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    let values = (0..10).map(|x| 0.99999 + 9e-6 * f64::from(x));
    assert_eq!(texts(Span::of(values)), ["1", "1.00002", "1.00004", "1.00006"]);
    assert_eq!(texts(Span::of((0..9).map(|k| 10_f64.powi(k)))), ["1", "100", "10000", "1e6", "1e8"]);
    assert_eq!(
        texts(Span::of([0.3, 0.1 + 0.2, 0.3])).first().map(String::as_str),
        Some("0.27"),
        "rounding only"
    );
    let counts = Span::new(1.0, 3.0).whole_ticks();
    assert_eq!(counts.into_iter().map(|(place, _)| place).collect::<Vec<_>>(), [0.0, 0.5, 1.0]);
}

#[test]
fn a_parameter_counts_only_where_it_exists() {
    // With x = a half of the time, y alone decides; otherwise z is not there either.
    let space = Space::builder()
        .choice("x", ["a", "b"])
        .uniform("y", 0.0, 1.0)
        .when(besom_core::When::is("x", "a"))
        .uniform("z", 0.0, 1.0)
        .when(besom_core::When::is("x", "b"))
        .build()
        .unwrap();
    let problem = Problem::new(space, Metric::new("m", Goal::Minimize));
    let history = history(&problem, 60, |u| if u[0] <= 0.5 { u[1] } else { 2.0 });
    let found = Sample::new(&problem, &history, &[]).unwrap().importances().unwrap();
    let total = |k: usize| found[k].total;
    assert!(total(0) > 0.5 && total(1) > 0.05 && total(2) < 0.02, "{found:?}");
    let one = Sample::new(&problem, &history, &["y".to_owned()]).unwrap();
    assert!(one.importances().unwrap()[0].total > 0.0 || one.surface(&[0]).is_ok());
}

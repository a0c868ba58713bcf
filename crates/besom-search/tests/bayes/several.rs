//! Several metrics.

use besom_core::laws::{Suite, mixed_problem};
use besom_core::{Impute, Metric, RunNumber, pareto};
use proptest::prelude::*;

use super::*;

/// Two or three metrics over two numbers, a whole number and a category.
fn several(seed: u64, metrics: &[&str]) -> Problem {
    let space = Space::builder()
        .uniform("x", 0.0, 1.0)
        .log_uniform("y", 1e-3, 1.0)
        .int("layers", 1, 8)
        .choice("kind", ["a", "b", "c"])
        .build();
    let problem = Problem::without_metric().space(space.unwrap()).seed(seed);
    metrics.iter().fold(problem, |problem, name| problem.with_metric(Metric::minimize(*name)))
}

/// The losses by the names of the metrics: quality, time and memory want different points.
fn value(point: &Point, metric: &str) -> f64 {
    let (x, y) = (number(point, "x"), number(point, "y").log10() / -3.0);
    let layers = number(point, "layers");
    let kind = match point.get(&"kind".into()).unwrap().as_str().unwrap() {
        "a" => 0.0,
        "b" => 0.3,
        _ => 0.6,
    };
    match metric {
        "quality" => (x - 0.2).powi(2) + (y - 0.4).powi(2) + 0.05 * (8.0 - layers) + kind,
        "time" => (x - 0.8).powi(2) + (y - 0.5).powi(2) + 0.05 * layers + kind,
        "memory" => (x - 0.5).powi(2) + (y - 0.9).powi(2) + 0.5 * kind,
        other => panic!("no metric {other}"),
    }
}

fn told(suggestion: Suggestion, problem: &Problem, value: impl Fn(&Point, &str) -> f64) -> Run {
    let values: Vec<f64> =
        problem.metrics.iter().map(|metric| value(&suggestion.point, &metric.name)).collect();
    run(suggestion).finished_with(values)
}

/// The history after this many runs, one after the other.
fn sweep_of(
    search: &mut dyn Search,
    problem: &Problem,
    runs: usize,
    value: impl Fn(&Point, &str) -> f64,
) -> History {
    let mut history = History::new();
    for _ in 0..runs {
        let suggestion = ask(search, problem, &history, 1).remove(0);
        history.push(told(suggestion, problem, &value));
    }
    history
}

fn points(history: &History) -> Vec<Point> {
    history.runs().iter().map(|run| run.point.clone()).collect()
}

fn volume(problem: &Problem, history: &History) -> f64 {
    let losses: Vec<Vec<f64>> = history.runs().iter().filter_map(|run| problem.losses(run)).collect();
    pareto::hypervolume(&losses, &vec![1.0; problem.metrics.len()])
}

fn turns(history: &History) -> Vec<&str> {
    history.runs().iter().filter_map(|run| run.note.get("turn")?.as_str()).collect()
}

/// Mixed problems with one to three metrics more, one with a threshold.
fn problems() -> impl Strategy<Value = Problem> {
    let more = (1_usize..4, any::<bool>(), prop::option::of(-1.0_f64..1.0));
    (mixed_problem(), more).prop_map(|(problem, (more, maximize, threshold))| {
        let goal = if maximize { Goal::Maximize } else { Goal::Minimize };
        let metric = |k: usize| Metric::new(format!("other {k}"), goal);
        let problem = (1..more).fold(problem, |problem, k| problem.with_metric(metric(k)));
        problem.with_metric(metric(0).threshold(threshold).impute(Impute::Latest))
    })
}

#[test]
fn laws_hold_with_several_metrics() {
    let suite = Suite::default().steps(6).cases(100);
    suite.check_search(problems(), |problem| Ok(Bayes::new(problem, &Options::new())?));
}

#[test]
fn a_front_is_found_better_than_by_chance() {
    for metrics in
        [&["quality", "time"][..], &["quality", "time", "memory"], &["quality", "time", "memory", "quality"]]
    {
        let found = |random: bool| {
            let one = |seed| {
                let mut problem = several(seed, metrics);
                // Names differ.
                problem
                    .metrics
                    .iter_mut()
                    .enumerate()
                    .for_each(|(k, metric)| metric.name.push_str(&k.to_string()));
                let value = |point: &Point, name: &str| value(point, &name[..name.len() - 1]);
                let mut search: Box<dyn Search> = match random {
                    true => Box::new(besom_search::Random::new(&problem, &Options::new()).unwrap()),
                    false => Box::new(bayes(&problem)),
                };
                volume(&problem, &sweep_of(&mut search, &problem, 40, value))
            };
            median((1..=5).map(one).collect())
        };
        let (model, random) = (found(false), found(true));
        assert!(model > 1.1 * random, "{metrics:?}: {model} against {random}");
    }
}

#[test]
fn three_criteria_take_turns() {
    let problem = several(2, &["quality", "time"]);
    let history = sweep_of(&mut bayes(&problem), &problem, 40, value);
    for (number, run) in history.iter() {
        let expected = ["near", "wide", "scalarized"][number.index() % 3];
        assert!(run.note.get("turn").is_none_or(|turn| turn == expected), "{number}: {:?}", run.note);
    }
    let turns = turns(&history);
    assert!(turns.len() > 12, "{turns:?}");
    let last = |turn: &str| {
        history.runs().iter().rev().find(|run| run.note.get("turn").is_some_and(|t| t == turn)).unwrap()
    };
    let note = &last("near").note;
    for name in ["quality", "time"] {
        assert!(note["predicted"][name]["sd"].as_f64().unwrap() > 0.0);
        assert!(note["fit"][name]["runs"].as_u64().unwrap() > 5);
        assert!(note["fit"][name]["length_scales"]["x"].as_f64().unwrap() > 0.0);
    }
    assert!(note["expected_gain"].as_f64().unwrap() >= 0.0);
    let weights = last("scalarized").note["weights"].as_object().unwrap().clone();
    let sum: f64 = weights.values().map(|weight| weight.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-12, "{weights:?}");
    let four = several(2, &["quality", "time", "memory", "kind"]);
    let value =
        |point: &Point, name: &str| if name == "kind" { number(point, "x") } else { value(point, name) };
    let history = sweep_of(&mut bayes(&four), &four, 30, value);
    assert!(
        !self::turns(&history).is_empty() && self::turns(&history).iter().all(|turn| *turn == "scalarized")
    );
}

#[test]
fn several_suggestions_of_several_metrics_are_one_several_times() {
    for metrics in [&["quality", "time"][..], &["quality", "time", "memory"]] {
        let problem = several(8, metrics);
        let mut history = sweep_of(&mut bayes(&problem), &problem, 22, value);
        let together = ask(&mut bayes(&problem), &problem, &history, 8);
        let mut one_by_one = Vec::new();
        for _ in 0..8 {
            let suggestion = ask(&mut bayes(&problem), &problem, &history, 1).remove(0);
            one_by_one.push(suggestion.clone());
            history.push(run(suggestion));
        }
        assert_eq!(together, one_by_one);
    }
}

#[test]
fn an_instance_that_followed_a_sweep_of_several_metrics_answers_as_a_fresh_one() {
    let problem = several(4, &["quality", "time"]);
    let mut search = bayes(&problem);
    let mut history = History::new();
    for number in 0..30 {
        let count = 1 + number % 4;
        let suggestions = ask(&mut search, &problem, &history, count);
        if number % 5 == 0 {
            assert_eq!(ask(&mut bayes(&problem), &problem, &history, count), suggestions, "{number}");
        }
        // One stays pending until the next question.
        for (place, suggestion) in suggestions.into_iter().enumerate() {
            let pending = place == 1;
            history.push(if pending { run(suggestion) } else { told(suggestion, &problem, value) });
        }
    }
}

#[test]
fn the_order_of_metrics_does_not_matter() {
    let (one, other) =
        (several(5, &["quality", "time", "memory"]), several(5, &["memory", "quality", "time"]));
    let one = sweep_of(&mut bayes(&one), &one, 24, value);
    let other = sweep_of(&mut bayes(&other), &other, 24, value);
    assert_eq!(points(&one), points(&other));
}

/// A run has failed that has a value of no metric, whichever is the first.
#[test]
fn the_order_of_metrics_does_not_matter_where_runs_lack_values() {
    let next = |names: &[&str]| {
        let problem = several(5, names);
        let mut history = sweep_of(&mut bayes(&problem), &problem, 6, value);
        for number in 0..24 {
            let suggestion = ask(&mut bayes(&problem), &problem, &history, 1).remove(0);
            let mut run = told(suggestion, &problem, value);
            if number % 3 == 0 {
                let place = names.iter().position(|name| *name == "time").unwrap();
                run = run.with_curve(place, Curve::default());
            }
            history.push(run);
        }
        points(&history)
    };
    assert_eq!(next(&["time", "quality"]), next(&["quality", "time"]));
}

/// On a binary grid both changes are exact, so that not even a last bit may differ.
#[test]
fn unit_origin_and_goal_of_one_of_several_metrics_do_not_matter() {
    let problem = several(6, &["quality", "time"]);
    let exact = |point: &Point, name: &str| (value(point, name) * 1024.0).round() / 1024.0;
    let plain = sweep_of(&mut bayes(&problem), &problem, 30, exact);
    let mut changed = problem.clone();
    changed.metrics[1].goal = Goal::Maximize;
    let changed = sweep_of(&mut bayes(&changed), &changed, 30, |point, name| match name {
        "time" => 64.0 - 8.0 * exact(point, name),
        _ => exact(point, name),
    });
    assert_eq!(points(&plain), points(&changed));
}

#[test]
fn metrics_that_agree_or_say_nothing_are_no_obstacle() {
    let problem = several(7, &["quality", "time"]);
    let cases: [fn(&Point, &str) -> f64; 3] = [
        |point, _| value(point, "quality"),
        |point, name| if name == "time" { 1.0 } else { value(point, name) },
        // Of one metric, one run in three has no value.
        |point, name| match name {
            "time" if number(point, "layers") % 3.0 == 0.0 => f64::NAN,
            "time" => -value(point, "quality"),
            _ => value(point, name),
        },
    ];
    for (case, value) in cases.into_iter().enumerate() {
        let history = sweep_of(&mut bayes(&problem), &problem, 40, value);
        assert!(turns(&history).len() > 12, "{case}: {:?}", kinds(&history));
        let best = history.runs().iter().filter_map(|run| run.curve(0).last()).fold(f64::INFINITY, f64::min);
        assert!(best < 0.08, "{case}: {best}");
    }
}

#[test]
fn a_run_without_one_of_the_metrics_is_not_on_the_front() {
    let problem = several(9, &["quality", "time"]);
    let mut history = sweep_of(&mut bayes(&problem), &problem, 20, value);
    let front = |history: &History| {
        let note = &ask(&mut bayes(&problem), &problem, history, 3)
            .into_iter()
            .find(|suggestion| suggestion.note["turn"] == "wide")
            .unwrap()
            .note;
        note["why"].as_str().unwrap().to_owned()
    };
    let before = front(&history);
    // It would dominate all others.
    let lost = Run::new(history.runs()[0].point.clone()).finished_with([-9.0, f64::NAN]);
    history.push(lost.clone());
    history.push(lost.clone());
    history.push(lost);
    assert!(!before.contains("front of 1 run") && !front(&history).contains("front of 1 run"), "{before}");
}

#[test]
fn thresholds_say_where_to_look() {
    let within = |threshold: Option<f64>| {
        let counted = |seed| {
            let mut problem = several(seed, &["quality", "time"]);
            problem.metrics[1].threshold = threshold;
            let history = sweep_of(&mut bayes(&problem), &problem, 40, value);
            history.runs().iter().filter(|run| run.curve(1).last().unwrap() <= 0.25).count() as f64
        };
        median((1..=5).map(counted).collect())
    };
    let (with, without) = (within(Some(0.25)), within(None));
    assert!(with > without, "{with} runs within the threshold, {without} where there is none");
}

#[test]
fn conditions_and_constraints_hold_with_several_metrics() {
    let space = Space::builder()
        .choice("optimizer", ["sgd", "adam"])
        .uniform("momentum", 0.0, 1.0)
        .when(besom_core::When::is("optimizer", "sgd"))
        .uniform("a", 0.0, 1.0)
        .uniform("b", 0.0, 1.0)
        .constraint("a + b <= 0.5")
        .build()
        .unwrap();
    let problem = Problem::minimize("loss").with_metric(Metric::minimize("time")).space(space).seed(3);
    let value = |point: &Point, name: &str| {
        let momentum = point.get(&"momentum".into()).map_or(0.5, |m| (m.as_f64().unwrap() - 0.3).abs());
        let (a, b) = (number(point, "a"), number(point, "b"));
        if name == "loss" { momentum - a - b } else { momentum + a - b }
    };
    let history = sweep_of(&mut bayes(&problem), &problem, 40, value);
    for run in history.runs() {
        assert!(problem.space.allows(&run.point) && problem.space.is_complete(&run.point), "{:?}", run.point);
    }
    assert!(turns(&history).len() > 12, "{:?}", kinds(&history));
}

#[test]
fn runs_without_any_value_leave_quasi_random_points() {
    let problem = several(1, &["quality", "time"]);
    let mut history = History::new();
    for _ in 0..14 {
        let suggestion = ask(&mut bayes(&problem), &problem, &history, 1).remove(0);
        history.push(run(suggestion).with_state(RunState::Failed));
    }
    assert!(kinds(&history).iter().all(|kind| *kind != "model"));
    assert_eq!(history.next_number(), RunNumber::from_index(14));
}

#[test]
fn what_several_metrics_exclude_is_refused() {
    let error = |problem: &Problem, options: &Options| Bayes::new(problem, options).unwrap_err().to_string();
    let options = Options::from_iter([("acquisition".to_owned(), json!("confidence_bound"))]);
    let message = error(&several(1, &["quality", "time"]), &options);
    assert!(message.contains("expected_improvement with several metrics"), "{message}");
    let message = error(&several(1, &["a", "b", "c", "d", "e"]), &Options::new());
    assert!(message.contains("at most 4 metrics"), "{message}");
}

#[test]
fn points_that_are_tried_at_once_are_apart() {
    let problem = several(8, &["quality", "time"]);
    let history = sweep_of(&mut bayes(&problem), &problem, 22, value);
    let together = ask(&mut bayes(&problem), &problem, &history, 8);
    let rows: Vec<Vec<f64>> = together.iter().map(|one| problem.space.encode(&one.point).unwrap()).collect();
    for (k, a) in rows.iter().enumerate() {
        for b in &rows[..k] {
            let distance = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(distance > 1e-6, "{a:?} and {b:?}");
        }
    }
}

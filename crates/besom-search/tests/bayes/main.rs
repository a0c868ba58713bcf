//! Bayesian search keeps the laws and its own contract.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed call is a failed test")]

#[path = "../common/mod.rs"]
mod common;
mod conditions;
mod curves;
mod incomplete;
mod options;
mod proposers;
mod several;
mod shares;

use besom_core::distribution::{Continuous, Step};
use besom_core::laws::{Suite, mixed_problem};
use besom_core::{
    Answer, Ask, Curve, Distribution, Faults, Goal, History, Options, ParamPath, Point, Problem, Run,
    RunState, Search, Space, Suggestion,
};
use besom_search::{Bayes, SearchError};
use common::{problem, uniform};
use serde_json::{Value, json};

fn one_of(values: &[Value]) -> Distribution {
    Distribution::Categorical { values: values.to_vec(), probabilities: None }
}

fn mixed(seed: u64) -> Problem {
    let steps =
        Distribution::Quantized(Continuous::Uniform { min: 0.0, max: 10.0 }, Step { q: 2.0, integer: true });
    problem(
        vec![
            ("lr", Distribution::Continuous(Continuous::LogUniformValues { min: 1e-5, max: 1.0 })),
            ("layers", Distribution::IntUniform { min: 1, max: 8 }),
            ("optimizer", one_of(&[json!("adam"), json!("sgd"), json!("lion")])),
            ("width", one_of(&[json!(32), json!(64), json!(128), json!(256)])),
            ("steps", steps),
            ("note", Distribution::Constant(json!("fixed"))),
        ],
        seed,
    )
}

fn number(point: &Point, name: &str) -> f64 {
    point.get(&name.into()).unwrap().as_f64().unwrap()
}

/// Smallest, 0, at lr = 1e-3, layers = 5, optimizer = lion, width = 128, steps = 4.
fn mixed_loss(point: &Point) -> f64 {
    let optimizer = match point.get(&"optimizer".into()).unwrap().as_str().unwrap() {
        "lion" => 0.0,
        "sgd" => 0.7,
        _ => 0.4,
    };
    (number(point, "lr").log10() + 3.0).powi(2)
        + 0.1 * (number(point, "layers") - 5.0).powi(2)
        + optimizer
        + 0.3 * (number(point, "width").log2() - 7.0).abs()
        + 0.02 * (number(point, "steps") - 4.0).powi(2)
}

fn branin(point: &Point) -> f64 {
    use std::f64::consts::PI;
    let (x, y) = (number(point, "x"), number(point, "y"));
    let b = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0;
    b * b + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x.cos() + 10.0
}

fn ask(search: &mut dyn Search, problem: &Problem, history: &History, count: usize) -> Vec<Suggestion> {
    match search.suggest(&Ask::new(problem, history).count(count)).unwrap() {
        Answer::Try(suggestions) => suggestions,
        other => panic!("no suggestion but {other:?}"),
    }
}

fn run(suggestion: Suggestion) -> Run {
    Run::new(suggestion.point).with_note(suggestion.note)
}

fn finished(suggestion: Suggestion, loss: f64) -> Run {
    run(suggestion).with_curve(0, Curve::new([loss])).with_state(RunState::Finished)
}

/// The history after this many runs, one after the other.
fn sweep(search: &mut dyn Search, problem: &Problem, runs: usize, loss: impl Fn(&Point) -> f64) -> History {
    let mut history = History::new();
    for _ in 0..runs {
        let suggestion = ask(search, problem, &history, 1).remove(0);
        let loss = loss(&suggestion.point);
        history.push(finished(suggestion, loss));
    }
    history
}

fn bayes(problem: &Problem) -> Bayes {
    Bayes::new(problem, &Options::new()).unwrap()
}

fn best(history: &History) -> f64 {
    history.runs().iter().filter_map(|run| run.curve(0).last()).fold(f64::INFINITY, f64::min)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median over seeds of the best of this many runs.
fn quality(make: impl Fn(u64) -> Problem, random: bool, runs: usize, loss: fn(&Point) -> f64) -> f64 {
    let one = |seed| {
        let problem = make(seed);
        let mut search: Box<dyn Search> = if random {
            Box::new(besom_search::Random::new(&problem, &Options::new()).unwrap())
        } else {
            Box::new(bayes(&problem))
        };
        best(&sweep(&mut search, &problem, runs, loss))
    };
    median((1..=5).map(one).collect())
}

fn kinds(history: &History) -> Vec<&str> {
    history.runs().iter().map(|run| run.note["kind"].as_str().unwrap()).collect()
}

#[test]
fn laws_hold() {
    Suite::default()
        .steps(6)
        .cases(150)
        .check_search(mixed_problem(), |problem| Ok(Bayes::new(problem, &Options::new())?));
}

#[test]
fn branin_is_solved_in_thirty_runs_and_better_than_by_chance() {
    let make = |seed| problem(vec![("x", uniform(-5.0, 10.0)), ("y", uniform(0.0, 15.0))], seed);
    let model = quality(make, false, 30, branin);
    assert!(model < 0.41, "{model}");
    let random = quality(make, true, 30, branin);
    assert!(model < random, "{model} against {random}");
}

#[test]
fn mixed_space_is_solved_better_than_by_chance() {
    let model = quality(mixed, false, 40, mixed_loss);
    let random = quality(mixed, true, 40, mixed_loss);
    assert!(model < 0.2 && model < 0.5 * random, "{model} against {random}");
}

#[test]
fn first_point_is_the_middle_of_every_number() {
    let two = || vec![("x", uniform(-5.0, 10.0)), ("y", uniform(0.0, 15.0))];
    for seed in 0..5 {
        let problem = problem(two(), seed);
        let history = sweep(&mut bayes(&problem), &problem, 2, branin);
        let at = |run: usize, name: &str| history.runs()[run].point[name].as_f64();
        assert_eq!((at(0, "x"), at(0, "y")), (Some(2.5), Some(7.5)));
        assert_ne!(at(1, "x"), at(0, "x"));
    }
}

#[test]
fn maximizing_is_minimizing_the_negative() {
    let minimize = mixed(3);
    let mut maximize = minimize.clone();
    maximize.metrics[0].goal = Goal::Maximize;
    let down = sweep(&mut bayes(&minimize), &minimize, 14, mixed_loss);
    let up = sweep(&mut bayes(&maximize), &maximize, 14, |point| -mixed_loss(point));
    let points = |history: &History| history.runs().iter().map(|run| run.point.clone()).collect::<Vec<_>>();
    assert_eq!(points(&down), points(&up));
    let predicted = |history: &History| -> Vec<f64> {
        history.runs().iter().filter_map(|run| run.note.get("predicted_mean")?.as_f64()).collect()
    };
    let pairs: Vec<_> = predicted(&down).into_iter().zip(predicted(&up)).collect();
    assert!(!pairs.is_empty() && pairs.iter().all(|(down, up)| (down + up).abs() < 1e-9), "{pairs:?}");
}

/// With losses on a binary grid both changes are exact, so that not even a last bit may differ.
#[test]
fn unit_and_origin_of_the_metric_do_not_matter() {
    let problem = mixed(12);
    let loss = |point: &Point| (mixed_loss(point) * 1024.0).round() / 1024.0;
    let plain = sweep(&mut bayes(&problem), &problem, 24, loss);
    let changed = sweep(&mut bayes(&problem), &problem, 24, |point| 8.0 * loss(point) + 64.0);
    for (plain, changed) in plain.runs().iter().zip(changed.runs()) {
        assert_eq!(plain.point, changed.point);
    }
}

#[test]
fn asking_for_several_is_asking_for_one_several_times() {
    let problem = mixed(8);
    let mut history = sweep(&mut bayes(&problem), &problem, 5, mixed_loss);
    let together = ask(&mut bayes(&problem), &problem, &history, 6);
    let mut one_by_one = Vec::new();
    for _ in 0..6 {
        let suggestion = ask(&mut bayes(&problem), &problem, &history, 1).remove(0);
        one_by_one.push(suggestion.clone());
        history.push(run(suggestion));
    }
    assert_eq!(together, one_by_one);
}

/// A warm start comes from notes, never from memory.
#[test]
fn an_instance_that_followed_a_long_sweep_answers_as_a_fresh_one() {
    let problem = mixed(4);
    let mut search = bayes(&problem);
    let mut history = History::new();
    for number in 0..90 {
        let suggestions = ask(&mut search, &problem, &history, 1 + number % 3);
        if number % 6 == 0 {
            assert_eq!(
                ask(&mut bayes(&problem), &problem, &history, 1 + number % 3),
                suggestions,
                "{number}"
            );
        }
        let suggestion = suggestions[0].clone();
        let loss = mixed_loss(&suggestion.point);
        history.push(finished(suggestion, loss));
        if number % 10 == 9 {
            // Old runs change: the model is made of other data.
            let old = besom_core::RunNumber::from_index(number - 4);
            history.record(old, besom_core::News::State(RunState::Killed)).unwrap();
        }
    }
    let fits: Vec<u64> =
        history.runs().iter().filter_map(|run| run.note.get("fit")?["runs"].as_u64()).collect();
    assert!(fits.windows(2).any(|pair| pair[0] == pair[1]), "no fit served twice");
    // Killed runs are not the fault of their points and are left out: one in ten.
    assert!(fits.last().unwrap() > &75, "{fits:?}");
}

#[test]
fn agents_at_work_get_different_points() {
    let problem = mixed(1);
    let mut history = sweep(&mut bayes(&problem), &problem, 12, mixed_loss);
    let mut search = bayes(&problem);
    for _ in 0..8 {
        let suggestion = ask(&mut search, &problem, &history, 1).remove(0);
        assert!(history.runs().iter().all(|run| run.point != suggestion.point));
        history.push(run(suggestion).with_state(RunState::Running));
    }
}

#[test]
fn finite_space_is_tried_completely_without_repetition_and_then_done() {
    let problem = problem(
        vec![
            ("a", one_of(&[json!("x"), json!("y"), json!(2), json!(2.0)])),
            ("b", Distribution::IntUniform { min: -1, max: 3 }),
            ("c", one_of(&[json!("only")])),
        ],
        4,
    );
    let mut search = bayes(&problem);
    let mut history = History::new();
    for place in 0..15 {
        let suggestion = ask(&mut search, &problem, &history, 1).remove(0);
        assert!(history.runs().iter().all(|run| run.point != suggestion.point), "run {place} repeats");
        let state = if place % 4 == 3 { RunState::Failed } else { RunState::Finished };
        let curves = vec![Curve::new([f64::from(place % 5)])];
        history.push(run(suggestion).with_curves(curves).with_state(state));
    }
    assert_eq!(search.suggest(&Ask::new(&problem, &history).count(3)).unwrap(), Answer::Done);
}

/// Steps of a normal distribution have no bounds, but those beyond the tails are never suggested.
#[test]
fn unbounded_steps_are_tried_up_to_the_tails_and_then_done() {
    let step = |q: f64| Step { q, integer: false };
    let shapes = [
        (Distribution::Quantized(Continuous::Normal { mu: 0.0, sigma: 1.0 }, step(1.0)), 11),
        (Distribution::Quantized(Continuous::Normal { mu: 3.0, sigma: 1.2 }, step(0.5)), 23),
        (Distribution::Quantized(Continuous::LogNormal { mu: 0.0, sigma: 0.5 }, step(1.0)), 12),
    ];
    for (distribution, count) in shapes {
        let problem = problem(vec![("x", distribution), ("k", one_of(&[json!("a"), json!("b")]))], 3);
        let mut search = bayes(&problem);
        // One beyond the tails, which no suggestion is.
        let far = Point::from_iter([(ParamPath::from("x"), json!(1000.0)), ("k".into(), json!("a"))]);
        let mut history = History::new();
        history.push(Run::new(far).finished(3.0));
        while let Answer::Try(suggestions) = search.suggest(&Ask::new(&problem, &history)).unwrap() {
            let suggestion = suggestions[0].clone();
            assert!(history.runs().iter().all(|run| run.point != suggestion.point), "{suggestion:?} repeats");
            history.push(finished(suggestion, f64::from(u32::try_from(history.len() % 5).unwrap())));
        }
        assert_eq!(history.len(), 2 * count + 1, "{problem:?}");
    }
}

#[test]
fn an_answer_is_short_when_few_points_are_left() {
    let problem = problem(vec![("a", Distribution::IntUniform { min: 1, max: 6 })], 0);
    let history = sweep(&mut bayes(&problem), &problem, 4, |point| number(point, "a"));
    assert_eq!(ask(&mut bayes(&problem), &problem, &history, 10).len(), 2);
}

#[test]
fn sweep_whose_first_runs_fail_continues() {
    let problem = mixed(2);
    let mut search = bayes(&problem);
    let mut history = History::new();
    for _ in 0..20 {
        let suggestion = ask(&mut search, &problem, &history, 1).remove(0);
        history.push(run(suggestion).with_state(RunState::Failed));
    }
    assert_eq!(kinds(&history)[..7], ["initial"; 7]);
    assert_eq!(kinds(&history)[7..], ["fallback"; 13]);
    for _ in 0..3 {
        let suggestion = ask(&mut search, &problem, &history, 1).remove(0);
        let loss = mixed_loss(&suggestion.point);
        history.push(finished(suggestion, loss));
    }
    assert_eq!(kinds(&history)[22], "model");
}

#[test]
fn outrageous_losses_do_no_harm() {
    let problem = mixed(6);
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, f64::MAX, f64::MIN, 0.0] {
        let mut count = 0;
        let mut search = bayes(&problem);
        let mut history = History::new();
        while count < 14 {
            let suggestion = ask(&mut search, &problem, &history, 1).remove(0);
            let loss = if count % 3 == 1 { odd } else { mixed_loss(&suggestion.point) };
            count += 1;
            history.push(finished(suggestion, loss));
        }
        assert!(kinds(&history).iter().all(|kind| *kind != "fallback"), "with {odd}");
        assert!(kinds(&history)[7..].contains(&"model"), "with {odd}");
    }
}

#[test]
fn equal_losses_are_met_by_exploring() {
    let problem = mixed(7);
    let history = sweep(&mut bayes(&problem), &problem, 14, |_| 0.25);
    assert!(kinds(&history).iter().all(|kind| *kind != "fallback"));
    assert!(kinds(&history)[7..].contains(&"model"));
}

#[test]
fn notes_are_in_units_of_the_metric() {
    let problem = mixed(5);
    let history = sweep(&mut bayes(&problem), &problem, 20, |point| 1000.0 + 50.0 * mixed_loss(point));
    let note = &history.runs()[0].note;
    assert_eq!(note["why"], "initial point 1 of 7, with every number at its median");
    let note = &history.runs().iter().rfind(|run| run.note["kind"] == "model").unwrap().note;
    let why = note["why"].as_str().unwrap();
    assert!(why.starts_with("largest expected improvement of loss: "), "{why}");
    assert!(note["predicted_mean"].as_f64().unwrap() > 950.0);
    assert!(note["predicted_sd"].as_f64().unwrap() > 0.0);
    assert!(note["expected_improvement"].as_f64().unwrap() > 0.0);
    let scales = note["length_scales"].as_object().unwrap();
    assert_eq!(scales.keys().collect::<Vec<_>>(), ["lr", "layers", "optimizer", "width", "steps"]);
}

#[test]
fn names_of_categories_do_not_matter() {
    let other = |point: &Point| {
        let renamed = |(name, value): (&ParamPath, &Value)| {
            let value = match value.as_str() {
                Some("alpha") => json!("adam"),
                Some("beta") => json!("sgd"),
                Some("gamma") => json!("lion"),
                _ => value.clone(),
            };
            (name.clone(), value)
        };
        point.iter().map(renamed).collect::<Point>()
    };
    let plain = mixed(9);
    let mut parameters = plain.space.parameters().to_vec();
    parameters[2].distribution = one_of(&[json!("alpha"), json!("beta"), json!("gamma")]);
    let renamed = plain.clone().space(Space::new(parameters).unwrap());
    let expected = sweep(&mut bayes(&plain), &plain, 12, mixed_loss);
    let found = sweep(&mut bayes(&renamed), &renamed, 12, |point| mixed_loss(&other(point)));
    for (expected, found) in expected.runs().iter().zip(found.runs()) {
        assert_eq!(expected.point, other(&found.point));
    }
}

#[test]
fn refuses_what_it_cannot_solve() {
    let mut nothing = problem(vec![("a", Distribution::Constant(json!(1)))], 0);
    nothing.metrics.clear();
    let options: Options = [("kernel".to_owned(), json!("rbf"))].into_iter().collect();
    let Err(Faults(faults)) = Bayes::new(&nothing, &options) else {
        panic!("it was accepted");
    };
    assert_eq!(faults[0].option.as_deref(), Some("kernel"));
    let others: Vec<_> =
        faults[1..].iter().filter_map(|fault| fault.reason.downcast_ref::<SearchError>()).collect();
    assert_eq!(others, [&SearchError::NoMetric, &SearchError::NothingToSearch]);
}

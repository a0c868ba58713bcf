//! What the options of the method change.

use besom_core::laws::{Suite, mixed_problem};
use besom_core::{Distribution, History, Options, Point};
use besom_search::Bayes;
use serde_json::{Value, json};

use super::common::problem;
use super::{ask, bayes, best, finished, kinds, median, mixed, mixed_loss, number, quality, sweep};

#[test]
fn first_points_are_fewer_in_a_short_sweep() {
    let mut short = mixed(5);
    short.run_cap = Some(10);
    let history = sweep(&mut bayes(&short), &short, 4, mixed_loss);
    assert_eq!(kinds(&history), ["initial", "initial", "initial", "model"]);
}

fn options(json: Value) -> Options {
    json.as_object().cloned().unwrap_or_default()
}

#[test]
fn given_points_come_first_and_what_they_leave_open_is_chosen() {
    let problem = mixed(5);
    let given =
        json!({"points_to_evaluate": [{"optimizer": "sgd"}, {"lr": 0.5, "layers": 3}], "initial_points": 3});
    let mut search = Bayes::new(&problem, &options(given.clone())).unwrap();
    let history = sweep(&mut search, &problem, 5, mixed_loss);
    assert_eq!(kinds(&history)[..3], ["given", "given", "initial"]);
    assert!(kinds(&history)[3..].contains(&"model"));
    let points: Vec<&Point> = history.runs().iter().map(|run| &run.point).collect();
    assert_eq!(points[0].get(&"optimizer".into()), Some(&json!("sgd")));
    assert_eq!(points[1].get(&"lr".into()), Some(&json!(0.5)));
    assert_eq!(points[1].get(&"layers".into()), Some(&json!(3)));
    assert!(points.iter().all(|point| problem.space.contains(point) && problem.space.is_complete(point)));
    Suite::default().steps(6).cases(40).check_search(mixed_problem(), |problem| {
        let given = json!({"points_to_evaluate": [{}, {}], "acquisition": "confidence_bound"});
        Ok(Bayes::new(problem, &options(given))?)
    });
}

#[test]
fn given_points_are_not_given_again_where_notes_are_not_kept() {
    let problem = mixed(5);
    let given = json!({"points_to_evaluate": [{"optimizer": "sgd", "layers": 3.0}, {"lr": 0.5}], "initial_points": 1});
    let mut history = History::new();
    for place in 0..4 {
        let mut search = Bayes::new(&problem, &options(given.clone())).unwrap();
        let suggestion = ask(&mut search, &problem, &history, 1).remove(0);
        assert_eq!(suggestion.note["kind"] == "given", place < 2, "{place}: {:?}", suggestion.note);
        if place == 0 {
            assert_eq!(suggestion.point.get(&"layers".into()).unwrap().to_string(), "3");
        }
        let loss = mixed_loss(&suggestion.point);
        history.push(finished(suggestion, loss).with_note(serde_json::Map::new()));
    }
}

#[test]
fn confidence_bound_solves_a_mixed_space_too() {
    let bound = json!({"acquisition": "confidence_bound", "beta": 1.5});
    let mut losses = Vec::new();
    for seed in 0..5 {
        let problem = mixed(seed);
        let mut search = Bayes::new(&problem, &options(bound.clone())).unwrap();
        losses.push(best(&sweep(&mut search, &problem, 30, mixed_loss)));
    }
    let random = quality(mixed, true, 30, mixed_loss);
    assert!(median(losses.clone()) < 0.5 * random, "{losses:?}, random {random}");
}

#[test]
fn options_that_cannot_be_meant_are_all_named() {
    let wrong = json!({
        "initial_points": 0,
        "acquisition": "expected_improvment",
        "beta": 2,
        "points_to_evaluate": [{"lrr": 0.1, "optimizer": "adamw"}, 7],
    });
    let Err(error) = Bayes::new(&mixed(0), &options(wrong)) else { panic!("it was accepted") };
    let text = error.to_string();
    for part in [
        "option 'initial_points' must be a whole number of at least 1, found 0",
        "did you mean 'expected_improvement'?",
        "option 'beta' must be left out unless acquisition is confidence_bound",
        "there is no parameter 'lrr', found 0.1, did you mean 'lr'?",
        "'optimizer' does not take this value, found \"adamw\"",
        "each an object of parameters and values, found 7",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

/// Eight points, of which 2 is best by little, measured with an error three times as large.
#[test]
fn a_noisy_space_that_is_used_up_is_replicated_if_asked() {
    let problem = problem(vec![("a", Distribution::IntUniform { min: 1, max: 8 })], 5);
    let mut search = Bayes::new(&problem, &options(json!({ "replicate": true }))).unwrap();
    let mut history = History::new();
    let mut rng = besom_core::seed::rng(1, besom_core::RunNumber::FIRST);
    for place in 0..60 {
        let suggestions = ask(&mut search, &problem, &history, 1 + place % 3);
        for (i, suggestion) in suggestions.iter().enumerate() {
            assert!(suggestions[..i].iter().all(|other| other.point != suggestion.point));
        }
        let suggestion = suggestions[0].clone();
        let noise: f64 = rand::RngExt::sample(&mut rng, rand_distr::StandardNormal);
        let loss = (number(&suggestion.point, "a") - 2.0).abs() * 0.5 + 1.5 * noise;
        history.push(finished(suggestion, loss));
    }
    let times =
        |a: u64| history.runs().iter().filter(|run| run.point.get(&"a".into()) == Some(&json!(a))).count();
    assert!((1..=8).all(|a| times(a) >= 1));
    let near = times(1) + times(2) + times(3);
    assert!(near > 30, "{near} of 60 runs are near the best");
    assert!(times(2) >= 5);
}

//! The choice of a method keeps the laws and its own rules.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed call is a failed test")]

use besom_core::distribution::{Continuous, Step};
use besom_core::laws::{self, any_problem, finite_problem, mixed_problem};
use besom_core::{
    Answer, Ask, Distribution, Goal, History, Metric, Options, Parameter, Problem, Run, RunState, Search,
    Space, Suggestion,
};
use besom_search::{Auto, CmaEs, Grid};
use proptest::prelude::*;
use serde_json::{Value, json};

fn unit() -> Distribution {
    Distribution::Continuous(Continuous::Uniform { min: 0.0, max: 1.0 })
}

fn digit() -> Distribution {
    Distribution::IntUniform { min: 0, max: 9 }
}

fn problem(distributions: Vec<Distribution>, run_cap: Option<u64>) -> Problem {
    let parameters = distributions.into_iter().enumerate();
    let parameters = parameters.map(|(k, distribution)| Parameter::new(format!("p{k}"), distribution));
    let space = Space::new(parameters.collect()).unwrap();
    Problem::new(space, Metric::new("loss", Goal::Minimize)).run_cap(run_cap)
}

fn first(search: &mut impl Search, problem: &Problem, history: &History) -> Suggestion {
    match search.suggest(&Ask::new(problem, history)).unwrap() {
        Answer::Try(mut suggestions) => suggestions.remove(0),
        other => panic!("{other:?}"),
    }
}

fn check(problem: &Problem, history: &History, chosen: &str, because: &str) {
    let note = first(&mut Auto::new(problem, &Options::new()).unwrap(), problem, history).note;
    assert_eq!(note["chosen"], json!(chosen), "{note:?}");
    let why = note["why"].as_str().unwrap();
    assert!(why.contains(&format!("auto chose {chosen}, because {because}")), "{why}");
}

#[test]
fn more_parameters_than_sobol_has_are_drawn_at_random() {
    let mut problem = problem(vec![unit(); 1001], None);
    problem.metrics.clear();
    check(
        &problem,
        &History::new(),
        "random",
        "there is no metric to learn from, and sobol has 1000 dimensions",
    );
}

#[test]
fn auto_satisfies_the_laws() {
    let make = |problem: &Problem| Ok(Auto::new(problem, &Options::new())?);
    laws::check_search(any_problem(), make);
    let capped = |problem: Problem, cap: u64| problem.run_cap(cap);
    laws::check_search(
        (finite_problem(), 1_u64..500).prop_map(move |(problem, cap)| capped(problem, cap)),
        make,
    );
    laws::check_search(
        (mixed_problem(), 1_u64..20_000).prop_map(move |(problem, cap)| capped(problem, cap)),
        make,
    );
}

#[test]
fn the_first_rule_that_applies_decides() {
    let none = History::new();
    let floats = |count: usize| vec![unit(); count];
    check(
        &problem(vec![digit(), digit()], Some(100)),
        &none,
        "grid",
        "run_cap 100 is enough for all 100 points",
    );
    check(
        &problem(vec![digit(), digit()], Some(99)),
        &none,
        "bayes",
        "the space may have fewer than 2000 points",
    );
    check(
        &problem(vec![Distribution::Constant(json!(1))], None),
        &none,
        "grid",
        "the space has one point only",
    );
    check(&problem(floats(2), Some(5)), &none, "sobol", "run_cap 5 is less than the 6 runs");
    check(&problem(floats(2), Some(6)), &none, "bayes", "there are fewer than 2000 runs");
    check(&problem(floats(100), None), &none, "bayes", "there are fewer than 2000 runs");
    check(&problem(floats(101), None), &none, "tpe", "101 parameters are more than 100");
    check(&problem(floats(50), Some(10_000)), &none, "cma-es", "run_cap 10000 is at least 10000");
    check(&problem(floats(50), Some(9999)), &none, "bayes", "there are fewer than 2000 runs");
    check(&problem(floats(51), Some(10_000)), &none, "bayes", "there are fewer than 2000 runs");
    check(&problem(vec![unit(), digit()], Some(10_000)), &none, "bayes", "there are fewer than 2000 runs");
    let aimless = Problem::without_metric().space(problem(floats(2), None).space);
    check(&aimless, &none, "sobol", "there is no metric to learn from");
}

#[test]
fn many_runs_are_handed_over_unless_the_space_may_be_used_up() {
    let history: History = (0..2000)
        .map(|k| {
            let point = problem(vec![unit(), unit()], None)
                .space
                .decode(&[f64::from(k % 50) / 50.0, f64::from(k) / 2000.0]);
            let mut run = Run::new(point).with_state(RunState::Finished);
            run.curve_mut(0).values.push(f64::from(k));
            run
        })
        .collect();
    check(&problem(vec![unit(), unit()], None), &history, "tpe", "there are 2000 runs or more");
    check(
        &problem(vec![Distribution::IntUniform { min: 1, max: 2000 }], None),
        &history,
        "tpe",
        "there are 2000 runs",
    );
    check(
        &problem(vec![Distribution::IntUniform { min: 1, max: 1999 }], None),
        &history,
        "bayes",
        "the space may have fewer than 2000 points",
    );
    let twice = json!([1, 1.0, 2]).as_array().cloned().unwrap();
    let values: Vec<Value> = (0..1998).map(Value::from).chain(twice).collect();
    let list = Distribution::Categorical { values, probabilities: None };
    check(&problem(vec![list], None), &history, "bayes", "the space may have fewer");
}

#[test]
fn points_are_those_of_the_chosen_method() {
    let (none, history) = (Options::new(), History::new());
    let cheap = problem(vec![unit(), unit()], Some(10_000));
    let own = first(&mut CmaEs::new(&cheap, &none).unwrap(), &cheap, &history);
    let chosen = first(&mut Auto::new(&cheap, &none).unwrap(), &cheap, &history);
    assert_eq!((&own.point, &own.note["x"]), (&chosen.point, &chosen.note["x"]));
    let small = problem(vec![digit()], Some(10));
    let random = Options::from_iter([("order".to_owned(), json!("random"))]);
    let own = first(&mut Grid::new(&small, &random).unwrap(), &small, &history);
    assert_eq!(own.point, first(&mut Auto::new(&small, &none).unwrap(), &small, &history).point);
}

#[test]
fn there_are_no_options() {
    let options = json!({"order": "random"});
    let error = Auto::new(&problem(vec![unit()], None), options.as_object().unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "unknown option 'order'; the method has none");
}

#[test]
fn every_point_includes_the_maximum_of_a_q_uniform() {
    let steps = Distribution::Quantized(Continuous::Uniform { min: 0.0, max: 0.9 }, Step::new(0.1));
    let problem = problem(vec![steps], Some(20));
    let mut auto = Auto::new(&problem, &Options::new()).unwrap();
    let mut history = History::new();
    let mut tried = Vec::new();
    while let Answer::Try(suggestions) = auto.suggest(&Ask::new(&problem, &history)).unwrap() {
        for suggestion in suggestions {
            tried.push(suggestion.point["p0"].as_f64().unwrap());
            history.push(Run::new(suggestion.point).with_note(suggestion.note));
        }
    }
    tried.sort_by(f64::total_cmp);
    assert_eq!(tried, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
}

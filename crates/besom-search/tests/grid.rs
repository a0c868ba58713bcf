//! Grid search agrees with W&B's engine on shared cases, and keeps its own rules.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test's own data is known; a failed case should fail loudly and say which it is"
)]

mod reader;

use besom_core::value::same;
use besom_core::{Answer, Ask, History, Point, Problem, Run, Search};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn suggest(
    search: &mut dyn Search,
    problem: &Problem,
    history: &History,
    count: usize,
) -> Option<Vec<Point>> {
    match search.suggest(&Ask::new(problem, history).count(count)).unwrap() {
        Answer::Try(suggestions) => {
            Some(suggestions.into_iter().map(|suggestion| suggestion.point).collect())
        }
        Answer::Done => None,
        Answer::Wait => panic!("a grid never waits"),
    }
}

/// All points that the grid still has after `history`, asked for `count` at a time; they become runs.
fn rest(search: &mut dyn Search, problem: &Problem, history: &mut History, count: usize) -> Vec<Point> {
    let mut all = Vec::new();
    while let Some(points) = suggest(search, problem, history, count) {
        assert!(!points.is_empty() && points.len() <= count);
        for point in points {
            history.push(Run::new(point.clone()));
            all.push(point);
        }
    }
    all
}

fn grid(parameters: Value, order: &str, seed: u64) -> (Problem, Box<dyn Search>) {
    let config = json!({"method": "grid", "order": order, "parameters": parameters});
    let (problem, search) = reader::read(&config, seed);
    (problem, search.unwrap())
}

fn refusal(config: &Value) -> String {
    reader::read(config, 0).1.err().unwrap()
}

#[test]
fn grid_agrees_with_the_reference() {
    let file: Value = serde_json::from_str(include_str!("data/grid.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        println!("{}", case["id"]);
        let expected = case.get("fixed").unwrap_or(&case["expected"]);
        let (problem, search) = reader::read(&case["config"], 0);
        let mut search = match search {
            Ok(search) => search,
            Err(error) => {
                assert_eq!(expected["error"], true, "{error}");
                continue;
            }
        };
        let history = history_of(&problem, &case["runs"]);
        let count = usize::try_from(case["n"].as_u64().unwrap()).unwrap();
        let points = suggest(&mut *search, &problem, &history, count).unwrap_or_default();
        let mut found: Vec<Value> = points.iter().map(|point| json!({"config": outer(point)})).collect();
        if points.len() < count {
            found.push(Value::Null);
        }
        let expected = expected["suggestions"].as_array().unwrap();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(near(expected, found), "{found} instead of {expected}");
        }
    }
}

/// The history of a case's runs, with the points as they read in the space.
fn history_of(problem: &Problem, runs: &Value) -> History {
    let run = |run: &Value| {
        let config = run["config"].as_object().unwrap().iter();
        let config: Map<_, _> = config.map(|(key, entry)| (key.clone(), entry["value"].clone())).collect();
        let mut new = Run::new(problem.space.read(&config));
        new.state = run["state"].as_str().unwrap().parse().unwrap();
        new
    };
    runs.as_array().unwrap().iter().map(run).collect()
}

/// A point in the form of the cases: first-level values wrapped in `{"value": ..}`.
fn outer(point: &Point) -> Map<String, Value> {
    point.to_json().into_iter().map(|(key, value)| (key, json!({"value": value}))).collect()
}

/// Whether two values are the same up to binary noise; an integer must not come back as a float.
fn near(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Number(a), Value::Number(b)) => {
            let (x, y) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (x - y).abs() <= 1e-9 * x.abs() && !(a.is_i64() && b.is_f64())
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| near(a, b)))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| near(a, b)),
        _ => expected == found,
    }
}

#[test]
fn declared_order_lets_the_last_declared_parameter_vary_fastest() {
    let parameters = json!({"b": {"values": [1, 2]}, "c": {"value": 0}, "a": {"values": ["x", "y"]}});
    let (problem, mut search) = grid(parameters, "declared", 0);
    let points = rest(&mut *search, &problem, &mut History::new(), 3);
    let points: Vec<_> = points.iter().map(|point| Value::from(point.to_json())).collect();
    let expected = [(1, "x"), (1, "y"), (2, "x"), (2, "y")].map(|(b, a)| json!({"b": b, "c": 0, "a": a}));
    assert_eq!(points, expected);
}

#[test]
fn an_empty_space_has_one_point_that_any_run_uses_up() {
    let (problem, mut search) = grid(json!({}), "sorted", 0);
    assert_eq!(suggest(&mut *search, &problem, &History::new(), 5), Some(vec![Point::default()]));
    let history: History = [Run::new(Point::default())].into_iter().collect();
    assert_eq!(suggest(&mut *search, &problem, &history, 5), None);
}

#[test]
fn the_first_points_of_a_trillion_cells_come_at_once() {
    let parameters: Map<String, Value> =
        (0..12).map(|i| (format!("p{i:02}"), json!({"min": 0, "max": 9}))).collect();
    for order in ["sorted", "declared", "random"] {
        let (problem, mut search) = grid(parameters.clone().into(), order, 7);
        let points = suggest(&mut *search, &problem, &History::new(), 100).unwrap();
        let different: std::collections::HashSet<_> =
            points.iter().map(|point| format!("{point:?}")).collect();
        assert_eq!(different.len(), 100);
    }
}

#[test]
fn parameters_without_countable_values_are_all_named() {
    let parameters = json!({
        "a": {"values": [1, 2]}, "x": {"min": 0.0, "max": 1.0}, "n": {"parameters": {"p": {"values": [1, 2],
        "probabilities": [0.5, 0.5]}}}
    });
    let message = refusal(&json!({"method": "grid", "parameters": parameters}));
    assert_eq!(
        message,
        "search method 'grid': a grid needs parameters with countable, equally likely values; not so: x (uniform), \
         n.p (categorical_w_probabilities)"
    );
}

#[test]
fn a_grid_beyond_counting_is_refused() {
    let parameters: Map<String, Value> =
        (0..40).map(|i| (format!("p{i}"), json!({"min": 0, "max": 9}))).collect();
    let message = refusal(&json!({"method": "grid", "parameters": parameters}));
    assert_eq!(message, "search method 'grid': the grid has 2^128 points or more");
}

#[test]
fn a_wrong_order_is_refused_together_with_all_else() {
    let parameters = json!({"x": {"min": 0.0, "max": 1.0}});
    let message = refusal(&json!({"method": "grid", "order": "randm", "parameters": parameters}));
    assert_eq!(
        message,
        "search method 'grid': option 'order' must be sorted, declared or random, found \"randm\", did you mean \
         'random'?; a grid needs parameters with countable, equally likely values; not so: x (uniform)"
    );
}

/// The values of up to three parameters, some constant.
fn spaces() -> impl Strategy<Value = Value> {
    let parameter = prop_oneof![
        (-3..3_i64, 1..4_i64).prop_map(|(min, n)| json!({"min": min, "max": min + n})),
        prop::collection::vec(-1..3_i64, 1..4).prop_map(|values| json!({"values": values})),
        Just(json!({"value": 5})),
        Just(json!({"distribution": "q_uniform", "min": 0.1, "max": 0.5, "q": 0.1})),
    ];
    prop::collection::vec(parameter, 0..4).prop_map(|parameters| {
        let parameters = parameters.into_iter().zip(["b", "c", "a"]);
        parameters.map(|(parameter, name)| (name.to_owned(), parameter)).collect::<Map<_, _>>().into()
    })
}

proptest! {
    #[test]
    fn every_cell_comes_exactly_once_in_any_order(
        parameters in spaces(), seed: u64, order in prop::sample::select(vec!["sorted", "declared", "random"]),
        count in 1..5_usize,
    ) {
        let (problem, mut search) = grid(parameters.clone(), order, seed);
        let points = rest(&mut *search, &problem, &mut History::new(), count);
        let (plain, mut straight) = grid(parameters, "sorted", seed);
        let expected = rest(&mut *straight, &plain, &mut History::new(), 1);
        prop_assert_eq!(points.len(), expected.len());
        for (i, point) in points.iter().enumerate() {
            prop_assert!(problem.space.contains(point) && problem.space.is_complete(point));
            prop_assert!(expected.contains(point));
            prop_assert!(!points[..i].contains(point));
        }
    }

    #[test]
    fn a_cache_of_any_other_history_changes_nothing(
        parameters in spaces(), seed: u64, random: bool,
        visits in prop::collection::vec(prop::collection::vec(0..6_usize, 0..6), 1..6),
    ) {
        let order = if random { "random" } else { "sorted" };
        let (problem, mut old) = grid(parameters.clone(), order, seed);
        let points = rest(&mut *grid(parameters.clone(), order, seed).1, &problem, &mut History::new(), 1);
        for visit in visits {
            let history: History = visit
                .into_iter()
                .map(|place| Run::new(points.get(place).cloned().unwrap_or_default()))
                .collect();
            let (_, mut fresh) = grid(parameters.clone(), order, seed);
            prop_assert_eq!(
                suggest(&mut *old, &problem, &history, 3),
                suggest(&mut *fresh, &problem, &history, 3)
            );
        }
    }
}

#[test]
fn numbers_that_came_back_through_json_use_up_their_points() {
    let parameters = json!({"a": {"values": [[1.0, 2.0], [3.0]]}, "b": {"values": [1.0, 2.5]}});
    let (problem, mut search) = grid(parameters, "sorted", 0);
    let back = json!({"b": 1, "a": [1, 2]});
    let point = problem.space.read(back.as_object().unwrap());
    let mut history: History = [Run::new(point)].into_iter().collect();
    let points = rest(&mut *search, &problem, &mut history, 1);
    assert_eq!(points.len(), 3);
    assert!(points.iter().all(|point| !same(&back, &point.to_json().into())));
}

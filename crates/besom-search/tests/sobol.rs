//! Sobol search fills spaces evenly and rejects what it cannot do.

#![expect(clippy::unwrap_used, reason = "a test's own data is known")]

use besom_core::distribution::Continuous;
use besom_core::{
    Answer, Ask, Distribution, Goal, History, Metric, Options, ParamPath, Parameter, Point, Problem, Run,
    Search, Space,
};
use besom_search::Sobol;
use serde_json::json;

fn problem(dimensions: usize, distribution: &Distribution) -> Problem {
    let parameter = |k| Parameter::new(ParamPath::new([format!("x{k}")]), distribution.clone());
    let space = Space::new((0..dimensions).map(parameter).collect()).unwrap();
    Problem::new(space, Metric::new("loss", Goal::Minimize)).seed(11)
}

fn unit() -> Distribution {
    Distribution::Continuous(Continuous::Uniform { min: 0.0, max: 1.0 })
}

fn points(problem: &Problem, history: &History, count: usize) -> Vec<Point> {
    let ask = Ask::new(problem, history).count(count);
    let mut sobol = Sobol::new(problem, &Options::new()).unwrap();
    let Answer::Try(suggestions) = sobol.suggest(&ask).unwrap() else { panic!("it is never done") };
    suggestions.into_iter().map(|suggestion| suggestion.point).collect()
}

#[test]
fn every_level_comes_equally_often() {
    let problem = problem(3, &Distribution::IntUniform { min: 0, max: 7 });
    let points = points(&problem, &History::new(), 64);
    for parameter in problem.space.parameters() {
        let mut hits = [0; 8];
        for point in &points {
            hits[usize::try_from(point.get(&parameter.name).unwrap().as_u64().unwrap()).unwrap()] += 1;
        }
        assert_eq!(hits, [8; 8]);
    }
}

#[test]
fn points_one_by_one_are_those_of_a_batch() {
    let problem = problem(4, &unit());
    let batch = points(&problem, &History::new(), 9);
    let mut history = History::new();
    for expected in batch {
        let point = points(&problem, &history, 1).remove(0);
        assert_eq!(point, expected);
        history.push(Run::new(point));
    }
}

#[test]
fn a_thousand_parameters_are_searched_and_no_more() {
    let wide = problem(1000, &unit());
    let points = points(&wide, &History::new(), 32);
    let last = &wide.space.parameters()[999].name;
    let low = points.iter().filter(|point| point.get(last).unwrap().as_f64().unwrap() < 0.5).count();
    assert_eq!(low, 16);
    let error = Sobol::new(&problem(1001, &unit()), &Options::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "sobol search has 1000 dimensions at most, and there are 1001 parameters to search"
    );
}

#[test]
fn options_are_refused() {
    let options = Options::from_iter([("scramble".to_owned(), json!(true))]);
    let error = Sobol::new(&problem(1, &unit()), &options).unwrap_err();
    assert_eq!(error.to_string(), "unknown option 'scramble'; the method has none");
}

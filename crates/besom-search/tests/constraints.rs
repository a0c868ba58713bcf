//! Constraints between parameters: what every method suggests keeps them, and they help and do not hinder.

#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use besom_core::laws::Suite;
use besom_core::{
    Answer, Ask, Curve, History, Options, Point, Problem, Run, RunState, Search, Space, SpaceBuilder, laws,
};
use besom_search::{Auto, Bayes, CmaEs, Grid, Random, Sobol, Tpe};
use proptest::strategy::Strategy;
use serde_json::{Value, json};

#[test]
fn methods_that_do_not_learn_satisfy_the_laws() {
    let suite = Suite::default().cases(40);
    let any = || laws::constrained(laws::any_problem());
    suite.check_search(any(), |problem| Ok(Random::new(problem, &Options::new())?));
    suite.check_search(any(), |problem| Ok(Sobol::new(problem, &Options::new())?));
    for order in ["sorted", "random"] {
        let options = Options::from_iter([("order".to_owned(), json!(order))]);
        let countable =
            |problem: &Problem| Grid::new(problem, &Options::new()).is_ok_and(|grid| grid.is_counted());
        let finite = laws::constrained(laws::finite_problem()).prop_filter("can be counted", countable);
        suite.check_search(finite, |problem| Ok(Grid::new(problem, &options)?));
    }
}

#[test]
fn methods_that_learn_satisfy_the_laws() {
    let suite = Suite::default().cases(15).steps(5).long(40).allow_repeats();
    let mixed = || laws::constrained(laws::mixed_problem());
    suite.check_search(mixed(), |problem| Ok(Tpe::new(problem, &Options::new())?));
    suite.check_search(mixed(), |problem| Ok(Bayes::new(problem, &Options::new())?));
    suite.check_search(mixed(), |problem| Ok(Auto::new(problem, &Options::new())?));
}

fn problem(space: SpaceBuilder) -> Problem {
    Problem::minimize("loss").space(space.build().unwrap()).seed(3)
}

/// A sweep of this many runs; every point is legal.
fn sweep(problem: &Problem, search: &mut dyn Search, runs: usize, loss: impl Fn(&Point) -> f64) -> History {
    let mut history = History::new();
    while history.len() < runs {
        let Answer::Try(suggestions) = search.suggest(&Ask::new(problem, &history)).unwrap() else { break };
        for suggestion in suggestions {
            let point = suggestion.point;
            assert!(problem.space.allows(&point), "{point:?}");
            let run = Run::new(point.clone()).with_state(RunState::Finished);
            history.push(run.with_curve(0, Curve::new([loss(&point)])).with_note(suggestion.note));
        }
    }
    history
}

fn searches(problem: &Problem) -> Vec<Box<dyn Search>> {
    let none = Options::new();
    vec![
        Box::new(Random::new(problem, &none).unwrap()),
        Box::new(Sobol::new(problem, &none).unwrap()),
        Box::new(Tpe::new(problem, &none).unwrap()),
        Box::new(Bayes::new(problem, &none).unwrap()),
        Box::new(Auto::new(problem, &none).unwrap()),
    ]
}

/// Two lengths and a category of which one value is never legal.
fn narrow(most: f64) -> SpaceBuilder {
    Space::builder()
        .uniform("a", 0.0, 1.0)
        .log_uniform("b", 1e-3, 1.0)
        .choice("c", ["x", "y", "z"])
        .int("n", 1, 100)
        .constraint(format!("a + b <= {most}"))
        .constraint("c != 'z' and n < 60")
}

#[test]
fn suggestions_keep_constraints_however_rare_legal_points_are() {
    for most in [1.0, 0.1, 0.003] {
        let problem = problem(narrow(most));
        for mut search in searches(&problem) {
            let loss = |point: &Point| -point.f64("a").unwrap() - point.f64("b").unwrap();
            assert_eq!(sweep(&problem, &mut *search, 25, loss).len(), 25);
        }
    }
}

/// The best loss of 30 runs where the optimum without the constraint is illegal.
#[test]
fn bayes_finds_an_optimum_on_the_border() {
    let space = Space::builder().uniform("a", 0.0, 1.0).uniform("b", 0.0, 1.0).constraint("a + b <= 1");
    let problem = problem(space);
    let mut bayes = Bayes::new(&problem, &Options::new()).unwrap();
    // Least, 0.02, at (0.6, 0.4).
    let loss = |point: &Point| {
        let (a, b) = (point.f64("a").unwrap(), point.f64("b").unwrap());
        (a - 0.7).powi(2) + (b - 0.5).powi(2)
    };
    let history = sweep(&problem, &mut bayes, 30, loss);
    let best = history.runs().iter().map(|run| loss(&run.point)).fold(f64::INFINITY, f64::min);
    assert!(best < 0.0201, "{best}");
}

#[test]
fn a_finite_space_is_used_up_once_its_legal_points_are() {
    let space = Space::builder().int("a", 1, 12).int("b", 1, 12).constraint("a * b == 12");
    let problem = problem(space);
    let mut bayes = Bayes::new(&problem, &Options::new()).unwrap();
    let loss = |point: &Point| point.f64("a").unwrap();
    let history = sweep(&problem, &mut bayes, 50, loss);
    assert_eq!(history.len(), 6);
    let capped = problem.run_cap(10);
    let mut auto = Auto::new(&capped, &Options::new()).unwrap();
    assert_eq!(sweep(&capped, &mut auto, 50, loss).len(), 6);
}

#[test]
fn a_grid_has_the_points_that_keep_its_constraints() {
    let space = Space::builder()
        .int("a", 1, 4)
        .choice("b", [1, 2, 3])
        .constraint("a < b")
        .constraint("not (a == 1 and b == 3)");
    let problem = problem(space);
    let mut grid = Grid::new(&problem, &Options::new()).unwrap();
    assert_eq!((grid.size(), grid.is_counted()), (2, true));
    assert_eq!(grid.point(0).map(|p| p.to_json()), json!({"a": 1, "b": 2}).as_object().cloned());
    assert_eq!(grid.point(1).map(|p| p.to_json()), json!({"a": 2, "b": 3}).as_object().cloned());
    assert_eq!(grid.point(2), None);
    assert_eq!(sweep(&problem, &mut grid, 10, |_| 0.0).len(), 2);
}

#[test]
fn a_large_grid_with_hardly_a_legal_point_says_so() {
    let wide = Space::builder().int("a", 1, 1_000_000_000).int("b", 1, 9).constraint("a + b >= 1000000000");
    let problem = problem(wide);
    let mut grid = Grid::new(&problem, &Options::new()).unwrap();
    assert!(!grid.is_counted());
    let error = grid.suggest(&Ask::new(&problem, &History::new())).unwrap_err().to_string();
    assert!(
        error.starts_with("none of 1000000 points of the grid in a row keeps all constraints"),
        "{error}"
    );
}

#[test]
fn points_that_are_given_first_are_completed_so_that_they_keep_constraints() {
    let problem = problem(narrow(0.5));
    let with = |points: Value| {
        Bayes::new(&problem, &Options::from_iter([("points_to_evaluate".to_owned(), points)]))
    };
    let mut bayes = with(json!([{"a": 0.45}, {"c": "y"}])).unwrap();
    let history = sweep(&problem, &mut bayes, 3, |_| 0.0);
    assert_eq!(history.runs()[0].point["a"], 0.45);
    assert_eq!(history.runs()[1].point["c"], "y");
    let error = with(json!([{"c": "z"}])).unwrap_err().to_string();
    assert!(error.contains("points that keep all of parameter_constraints"), "{error}");
}

#[test]
fn what_cannot_be_kept_is_refused_at_once() {
    let impossible = problem(narrow(-1.0));
    let none = Options::new();
    let errors = [
        Random::new(&impossible, &none).err(),
        Sobol::new(&impossible, &none).err(),
        Tpe::new(&impossible, &none).err(),
        Bayes::new(&impossible, &none).err(),
        Auto::new(&impossible, &none).err(),
    ];
    for error in errors {
        assert!(error.unwrap().to_string().contains("no point is known that keeps all constraints"));
    }
    let numbers = problem(Space::builder().uniform("a", 0.0, 1.0).uniform("b", 0.0, 1.0).constraint("a < b"));
    let error = CmaEs::new(&numbers, &none).err().unwrap().to_string();
    assert!(error.contains("cma-es search knows no constraints between parameters"), "{error}");
    assert!(Auto::new(&numbers.run_cap(20_000), &none).is_ok());
}

//! Methods that don't learn satisfy the laws of every search, and all methods keep their specs.

use besom_core::laws::Suite;
use besom_core::{Options, Problem, laws};
use besom_search::{Auto, Bayes, CmaEs, Grid, Random, Sobol, Tpe};
use proptest::strategy::Strategy;
use serde_json::json;

#[test]
fn grid_satisfies_the_laws_in_every_order() {
    for order in ["sorted", "declared", "random"] {
        let options = Options::from_iter([("order".to_owned(), json!(order))]);
        let problems = laws::finite_problem().prop_filter("a grid that can be counted", can_be_counted);
        laws::check_search(problems, |problem| Ok(Grid::new(problem, &options)?));
    }
}

fn can_be_counted(problem: &Problem) -> bool {
    Grid::new(problem, &Options::new()).is_ok()
}

#[test]
fn random_satisfies_the_laws() {
    laws::check_search(laws::any_problem(), |problem| Ok(Random::new(problem, &Options::new())?));
}

#[test]
fn sobol_satisfies_the_laws() {
    laws::check_search(laws::any_problem(), |problem| Ok(Sobol::new(problem, &Options::new())?));
}

#[test]
fn methods_that_do_not_learn_keep_their_specs() {
    let finite = laws::finite_problem().prop_filter("a grid that can be counted", can_be_counted);
    laws::check_search_spec(Grid::SPEC, finite, |problem, options| Ok(Grid::new(problem, options)?));
    laws::check_search_spec(Random::SPEC, laws::any_problem(), |problem, options| {
        Ok(Random::new(problem, options)?)
    });
    laws::check_search_spec(Sobol::SPEC, laws::any_problem(), |problem, options| {
        Ok(Sobol::new(problem, options)?)
    });
}

#[test]
fn methods_that_learn_keep_their_specs() {
    let suite = Suite::default().steps(4).cases(20);
    let problems = laws::mixed_problem;
    suite.check_search_spec(Tpe::SPEC, problems(), |problem, options| Ok(Tpe::new(problem, options)?));
    let flat = problems().prop_filter("no conditions", |problem| !problem.space.is_conditional());
    suite.check_search_spec(CmaEs::SPEC, flat, |problem, options| Ok(CmaEs::new(problem, options)?));
    suite.check_search_spec(Bayes::SPEC, problems(), |problem, options| Ok(Bayes::new(problem, options)?));
    suite.check_search_spec(Auto::SPEC, problems(), |problem, options| Ok(Auto::new(problem, options)?));
}

//! Methods that don't learn satisfy the laws of every search.

use besom_core::{Options, Problem, laws};
use besom_search::{Grid, Random, Sobol};
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
    let mut counts =
        problem.space.searchable().map(|p| p.distribution.levels().map_or(1, |levels| levels.count()));
    counts.try_fold(1, u128::checked_mul).is_some()
}

#[test]
fn random_satisfies_the_laws() {
    laws::check_search(laws::any_problem(), |problem| Ok(Random::new(problem, &Options::new())?));
}

#[test]
fn sobol_satisfies_the_laws() {
    laws::check_search(laws::any_problem(), |problem| Ok(Sobol::new(problem, &Options::new())?));
}

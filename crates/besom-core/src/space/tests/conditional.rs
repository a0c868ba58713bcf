//! Spaces with conditions.

use proptest::collection::vec;
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
use proptest::strategy::{Just, Strategy};
use serde_json::json;

use super::cube;
use crate::laws::{any_problem, point};
use crate::{Distribution, Parameter, Point, Space, SpaceFault, When};

/// What the definition says: a parameter is active if its condition holds for the values of active parents.
fn is_active(space: &Space, place: usize, value: &dyn Fn(usize) -> Option<serde_json::Value>) -> bool {
    fn holds(space: &Space, when: &When, value: &dyn Fn(usize) -> Option<serde_json::Value>) -> bool {
        match when {
            When::Is { parent, wanted } => {
                let parent = space.parameters().iter().position(|p| p.name == *parent).expect("it exists");
                is_active(space, parent, value) && value(parent).is_some_and(|value| wanted.holds(&value))
            }
            When::All(inner) => inner.iter().all(|when| holds(space, when, value)),
            When::Any(inner) => inner.iter().any(|when| holds(space, when, value)),
        }
    }
    space.parameters()[place].when.as_ref().is_none_or(|when| holds(space, when, value))
}

/// Spaces with conditions, and coordinates.
fn conditional() -> impl Strategy<Value = (Space, Vec<f64>)> {
    let problems = any_problem().prop_filter("conditions", |problem| problem.space.is_conditional());
    problems.prop_flat_map(|problem| {
        let cube = cube(problem.space.dimensions());
        (Just(problem.space), cube)
    })
}

proptest! {
    #[test]
    fn a_point_lists_exactly_the_active_parameters((space, cube) in conditional()) {
        let flat = space.parameters().iter().map(|p| Parameter::new(p.name.clone(), p.distribution.clone()));
        let flat = Space::new(flat.collect()).expect("conditions are not needed").decode(&cube);
        let point = space.decode(&cube);
        for (place, parameter) in space.parameters().iter().enumerate() {
            let value = |place: usize| flat.get(&space.parameters()[place].name).cloned();
            let expected = is_active(&space, place, &value).then(|| flat.get(&parameter.name)).flatten();
            prop_assert_eq!(point.get(&parameter.name), expected);
        }
    }

    #[test]
    fn what_inactive_parameters_have_means_nothing((space, cube) in conditional(), other in cube(64)) {
        let point = space.decode(&cube);
        let active = space.active_in(&point);
        let searchable = space.parameters().iter().zip(&active).filter(|(p, _)| !p.distribution.is_constant());
        let searchable: Vec<bool> = searchable.map(|(_, active)| *active).collect();
        let mixed: Vec<f64> =
            cube.iter().zip(&other).zip(&searchable).map(|((u, v), active)| if *active { *u } else { *v }).collect();
        prop_assert_eq!(&space.decode(&mixed), &point);
        let values = space.parameters().iter().zip(&active).map(|(p, active)| {
            let own = point.get(&p.name).filter(|_| *active).cloned();
            (p.name.clone(), own.unwrap_or_else(|| p.distribution.quantile(0.3)))
        });
        let full: Point = values.collect();
        prop_assert_eq!(space.encode(&full), space.encode(&point));
        prop_assert_eq!(space.only_active(full.clone()), point.clone());
        prop_assert_eq!(space.read(&full.to_json()), point.clone());
        prop_assert_eq!(space.contains(&full), active.iter().all(|active| *active));
    }

    #[test]
    fn encoding_and_decoding_settle_on_canonical_coordinates((space, cube) in conditional()) {
        let canonical = space.encode(&space.decode(&cube)).expect("every value is the space's");
        let point = space.decode(&canonical);
        prop_assert_eq!(space.active_in(&point), space.active_in(&space.decode(&cube)));
    }

    #[test]
    fn hostile_points_keep_only_what_is_active(
        (space, point) in any_problem().prop_flat_map(|p| { let point = point(&p.space); (Just(p.space), point) }),
    ) {
        let kept = space.only_active(point);
        let active = space.active_in(&kept);
        prop_assert!(space.parameters().iter().zip(active).all(|(p, active)| active || kept.get(&p.name).is_none()));
    }

    #[test]
    fn parents_come_before_what_depends_on_them((space, _cube) in conditional(), rank in vec(0_usize..9, 8)) {
        let places = space.parameters().len();
        let rank = &rank[..places];
        let sorted = space.parents_first(rank);
        let mut all = sorted.clone();
        all.sort_unstable();
        prop_assert_eq!(all, (0..places).collect::<Vec<_>>());
        for (at, &place) in sorted.iter().enumerate() {
            for (parent, _) in space.parameters()[place].when.iter().flat_map(When::leaves) {
                prop_assert!(sorted[..at].iter().any(|&before| space.parameters()[before].name == *parent));
            }
        }
    }
}

fn networks() -> crate::SpaceBuilder {
    Space::builder()
        .int("layers", 1, 4)
        .choice("optimizer", ["sgd", "adam", "lion"])
        .uniform("lr", 0.0, 1.0)
        .uniform("dropout", 0.0, 0.5)
}

#[track_caller]
fn check(when: When, expected: &str) {
    let error = networks().when(when).build().expect_err("the condition is wrong");
    assert_eq!(error.to_string(), format!("parameter dropout: {expected}"));
}

#[test]
fn conditions_that_are_none_are_refused() {
    check(When::is("optimiser", "sgd"), "there is no parameter optimiser, did you mean 'optimizer'?");
    check(
        When::is("optimizer", "adm"),
        "optimizer is never \"adm\", did you mean 'adam'?; it is one of \"sgd\", \"adam\", \"lion\"",
    );
    check(When::is("layers", 7), "layers is never 7; it is a whole number from 1 to 4");
    check(When::at_least("layers", 5.0), "layers is never at least 5; it is a whole number from 1 to 4");
    check(
        When::between("layers", 2.2, 2.8),
        "layers is never from 2.2 to 2.8; it is a whole number from 1 to 4",
    );
    check(
        When::at_least("optimizer", 1.0),
        "optimizer is not a number, so it is in no range; it is one of \"sgd\", \"adam\", \"lion\"",
    );
    check(
        When::is("lr", 0.5),
        "lr is a real number, which is hardly ever exactly 0.5; give a range, {min: .., max: ..}",
    );
    check(
        When::is("dropout", 0.5).or(When::is("layers", 1)),
        &format!(
            "{}; parameter dropout: it depends on itself: dropout -> dropout",
            "dropout is a real number, which is hardly ever exactly 0.5; give a range, {min: .., max: ..}"
        ),
    );
}

#[test]
fn a_contradiction_is_found_across_parents() {
    let never = "it can never be active: no values of layers satisfy its conditions together";
    check(When::is("layers", 1).and(When::at_least("layers", 2.0)), never);
    let error = networks()
        .when(When::is("optimizer", "sgd"))
        .int("depth", 1, 2)
        .when(When::at_least("dropout", 0.1).and(When::one_of("optimizer", ["adam", "lion"])))
        .build()
        .expect_err("dropout is not there with adam");
    assert_eq!(
        error.to_string(),
        "parameter depth: it can never be active: no values of optimizer, dropout satisfy its conditions together"
    );
}

#[test]
fn a_circle_is_shown_and_a_long_chain_is_not_one() {
    let unit = || Distribution::uniform(0.0, 1.0);
    let of = |name: &str, parent: &str| Parameter::new(name, unit()).when(When::at_least(parent, 0.5));
    let error = Space::new(vec![of("a", "b"), of("b", "c"), of("c", "b")]).expect_err("b and c go round");
    let names = ["b", "c", "b"].map(Into::into).to_vec();
    let expected = SpaceFault::When { name: "b".into(), fault: crate::WhenFault::Cycle { cycle: names } };
    assert_eq!(error.faults(), [expected]);

    let mut chain: Vec<Parameter> =
        (1..20_000).map(|k| of(&format!("p{k}"), &format!("p{}", k - 1))).collect();
    chain.push(Parameter::new("p0", unit()));
    let space = Space::new(chain).expect("a chain");
    assert_eq!(space.decode(&vec![0.9; 20_000]).len(), 20_000);
    assert_eq!(space.decode(&vec![0.1; 20_000]).len(), 1);
}

#[test]
fn conditions_read_as_sentences() {
    let when = When::is("opt.name", "sgd").and(When::at_least("layers", 2.0).or(When::one_of("lr", [1, 2])));
    assert_eq!(when.to_string(), "opt.name is sgd and (layers is at least 2 or lr is 1 or 2)");
    assert_eq!(when.leaves().len(), 3);
    assert_eq!(When::between("x", 0.5, 2.0).to_string(), "x is from 0.5 to 2");
    assert_eq!(When::at_most("x", 2.0).to_string(), "x is at most 2");
}

#[test]
fn a_value_of_an_object_counts_without_keys_that_tools_inject() {
    let space = Space::builder()
        .choice("model", [json!({"kind": "a"}), json!({"kind": "b"})])
        .int("depth", 1, 3)
        .when(When::is("model", json!({"kind": "a"})))
        .build()
        .expect("a space");
    let read = |model| space.read(json!({"model": model, "depth": 2}).as_object().expect("an object")).len();
    assert_eq!((read(json!({"kind": "a", "_wandb": 1})), read(json!({"kind": "b"}))), (2, 1));
}

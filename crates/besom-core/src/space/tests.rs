//! The unit cube and JSON, there and back.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, ProptestConfig, any, prop_assert, prop_assert_eq, prop_assume};
use proptest::sample::select;
use proptest::strategy::Strategy;
use proptest::{prop_oneof, proptest};
use serde_json::json;

use super::*;
use crate::distribution::{Continuous, Step};
use crate::laws::{any_problem, distribution, point};
use crate::value::same;

/// Coordinates where floats still tell neighboring probabilities apart well enough to lead back exactly.
fn body() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(1.0), 1e-6..0.999_999]
}

fn space_and_cube() -> impl Strategy<Value = (Space, Vec<f64>)> {
    any_problem().prop_flat_map(|problem| {
        let cube = cube(problem.space.dimensions());
        (Just(problem.space), cube)
    })
}

/// Coordinates within the unit cube and outside of it.
fn cube(dimensions: usize) -> impl Strategy<Value = Vec<f64>> {
    vec(prop_oneof![4 => 0.0..1.0, 4 => any::<f64>().prop_filter("no NaN", |u| !u.is_nan())], dimensions)
}

/// Numbers that an author may write for any other, the hostile ones among them.
fn number() -> impl Strategy<Value = f64> {
    let odd = [0.0, -1.0, 1.0, 1e300, -1e300, f64::MAX, f64::MIN_POSITIVE, 5e-324, f64::NAN, f64::INFINITY];
    prop_oneof![4 => -10.0..10.0, 2 => any::<f64>(), 2 => select(odd.to_vec())]
}

/// What can be written for a distribution, be it one or not.
fn attempt() -> impl Strategy<Value = Distribution> {
    let shape = || {
        (number(), number()).prop_flat_map(|(a, b)| {
            let shapes = [
                Continuous::Uniform { min: a, max: b },
                Continuous::LogUniform { min: a, max: b },
                Continuous::LogUniformValues { min: a, max: b },
                Continuous::InvLogUniform { min: a, max: b },
                Continuous::InvLogUniformValues { min: a, max: b },
                Continuous::Normal { mu: a, sigma: b },
                Continuous::LogNormal { mu: a, sigma: b },
                Continuous::Beta { a, b },
            ];
            select(shapes.to_vec())
        })
    };
    let step = prop_oneof![2 => number(), 1 => select(vec![0.1, 1.0, 3.0])];
    let probabilities = vec(prop_oneof![3 => select(vec![0.0, 0.25, 0.5, 1.0]), 1 => number()], 0..4);
    let values = vec(select(vec![json!(1), json!("a"), json!(null)]), 0..4);
    let list = (values, option::of(probabilities));
    let whole = || prop_oneof![-3_i64..3, any::<i64>()];
    prop_oneof![
        2 => shape().prop_map(Distribution::Continuous),
        2 => (shape(), step, any::<bool>())
            .prop_map(|(shape, q, integer)| Distribution::Quantized(shape, Step { q, integer })),
        2 => list.prop_map(|(values, probabilities)| Distribution::Categorical { values, probabilities }),
        1 => (whole(), whole()).prop_map(|(min, max)| Distribution::IntUniform { min, max }),
    ]
}

/// Whether two values are the same, floats to a billionth.
fn nearly(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) if a.is_f64() => (x - y).abs() <= 1e-9 * x.abs().max(1e-9),
        _ => same(a, b),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn whatever_new_accepts_decodes_and_encodes(
        (distribution, cube) in attempt().prop_flat_map(|d| (Just(d), cube(1))),
    ) {
        let Ok(space) = Space::new(vec![Parameter::new("x", distribution)]) else { return Ok(()) };
        let point = space.decode(&cube);
        prop_assert!(space.contains(&point) && space.is_complete(&point), "{point:?}");
        prop_assert!(space.encode(&point).is_some_and(|cube| (0.0..=1.0).contains(&cube[0])));
        if let Some(levels) = space.parameters()[0].distribution.levels() {
            prop_assert!(levels.count() > 0);
        }
    }
}

proptest! {
    #[test]
    fn every_cube_decodes_to_a_point_of_the_space((space, cube) in space_and_cube()) {
        let point = space.decode(&cube);
        prop_assert!(space.contains(&point) && space.is_complete(&point), "{point:?}");
        prop_assert!(space.encode(&point).is_some_and(|cube| cube.iter().all(|u| (0.0..=1.0).contains(u))));
    }

    #[test]
    fn encoding_leads_back_to_the_same_value(distribution in distribution(), u in body()) {
        let value = distribution.quantile(u);
        let Some(coordinate) = distribution.coordinate(&value) else { panic!("{value} has no coordinate") };
        if distribution.is_constant() {
            return Ok(());
        }
        let back = distribution.quantile(coordinate);
        // Neighboring values share a coordinate where there are more of them than floats.
        let wide = match &distribution {
            Distribution::IntUniform { min, max } => max.abs_diff(*min) > 1 << 50,
            Distribution::Quantized(_, step) => value.as_f64().is_some_and(|x| x.abs() / step.q > 1e12),
            _ => false,
        };
        // Where probabilities differ by less than floats do, many values have one coordinate.
        let flat = distribution.coordinate(&back).is_some_and(|u| (u - coordinate).abs() <= 4.0 * f64::EPSILON);
        let exact = !matches!(distribution, Distribution::Continuous(_)) && !wide;
        if exact {
            prop_assert!(same(&back, &value), "{value} came back as {back}");
        } else {
            prop_assert!(nearly(&back, &value) || flat, "{value} came back as {back}");
        }
    }

    #[test]
    fn quantiles_rise(distribution in distribution(), u in 0.0..=1.0, v in 0.0..=1.0) {
        let (low, high) = if u < v { (u, v) } else { (v, u) };
        let list = matches!(distribution, Distribution::Categorical { .. } | Distribution::Constant(_));
        let (low, high) = (distribution.quantile(low).as_f64(), distribution.quantile(high).as_f64());
        prop_assert!(list || low <= high, "{low:?} > {high:?}");
    }

    #[test]
    fn json_leads_back_to_the_same_point((space, cube) in space_and_cube()) {
        let point = space.decode(&cube);
        let text = serde_json::to_string(&point.to_json()).expect("JSON");
        let config: Map<String, Value> = serde_json::from_str(&text).expect("an object");
        prop_assert_eq!(space.read(&config), point);
    }

    #[test]
    fn a_point_that_lacks_parameters_lies_at_their_canonical_coordinates(
        (space, cube) in space_and_cube(), dropped: u64,
    ) {
        prop_assume!(!space.is_conditional());
        let point = space.decode(&cube);
        let kept = |place: usize| dropped >> (place % 64) & 1 == 0;
        let entries = point.iter().enumerate().filter(|(place, _)| kept(*place));
        let part: Point = entries.map(|(_, (name, value))| (name.clone(), value.clone())).collect();
        prop_assert!(space.contains(&part));
        prop_assert_eq!(space.is_complete(&part), part.len() == point.len());
        let whole = space.encode(&point).expect("every value is the space's").into_iter();
        let parameters = space.parameters().iter().enumerate().filter(|(_, p)| !p.distribution.is_constant());
        let expected = parameters.zip(whole).map(|((place, p), coordinate)| {
            if kept(place) { coordinate } else { p.distribution.canonical_coordinate() }
        });
        prop_assert_eq!(space.encode(&part), Some(expected.collect()));
    }

    #[test]
    fn hostile_points_are_read_without_harm(
        (space, point) in any_problem().prop_flat_map(|p| { let point = point(&p.space); (Just(p.space), point) }),
    ) {
        space.contains(&point);
        space.encode(&point);
        let read = space.read(&point.to_json());
        prop_assert!(read.len() <= space.parameters().len());
        for (name, value) in read.iter() {
            prop_assert_eq!(point.get(name), Some(value));
        }
    }
}

fn parameter(path: &[&str], distribution: Distribution) -> Parameter {
    Parameter::new(ParamPath::new(path.to_vec()), distribution)
}

fn unit() -> Distribution {
    Distribution::uniform(0.0, 1.0)
}

#[test]
fn a_space_is_refused_for_all_its_faults_at_once_by_parameter() {
    let error = Space::builder()
        .uniform("a", 5.0, 1.0)
        .normal("b", f64::NAN, 0.0)
        .choice("c", Vec::<i64>::new())
        .int(["d", "e"], 3, 3)
        .log_uniform("f", 0.0, 1.0)
        .q_uniform("g", -f64::MAX, f64::MAX, -1.0)
        .parameter("h", Distribution::weighted([("x", 0.5), ("y", 0.4)]))
        .parameter("h", Distribution::weighted([("x", 2.0), ("y", -1.0)]))
        .parameter(
            "i",
            Distribution::Categorical { values: vec![json!(1)], probabilities: Some(vec![0.5, 0.5]) },
        )
        .parameter("j", Distribution::beta(1e7, 1.0))
        .parameter(
            "k",
            Distribution::Quantized(
                Continuous::Uniform { min: 0.0, max: 9.0 },
                Step { q: 0.5, integer: true },
            ),
        )
        .build();
    let expected = [
        "parameter a: min is 5.0, which is not less than max, 1.0",
        "parameter b: mu: found NaN, expected a finite number",
        "parameter b: sigma: found 0.0, expected a number greater than 0",
        "parameter c: values: expected at least one value",
        "parameter d.e: min is 3, which is not less than max, 3",
        "parameter f: min: found 0.0, expected a number greater than 0",
        "parameter g: the range is too wide for a 64-bit number",
        "parameter g: q: found -1.0, expected a number greater than 0",
        "parameter h: probabilities: the probabilities sum to 0.9, not to 1",
        "parameter h is declared twice",
        "parameter h: probabilities[1]: found -1.0, a probability cannot be negative",
        "parameter i: probabilities: 2 probabilities for 1 value",
        "parameter j: a: found 10000000.0, a shape of a beta distribution may be 1000000 at most",
        "parameter k: q: found 0.5, expected a whole number, as the values are integers",
    ];
    let faults: Vec<String> =
        error.expect_err("all are wrong").faults().iter().map(ToString::to_string).collect();
    assert_eq!(faults, expected);
}

#[test]
#[should_panic(expected = "the coordinate of parameter opt.lr is NaN")]
fn a_coordinate_that_is_nan_is_a_fault_of_its_algorithm() {
    let space = Space::builder().constant("a", 1).uniform(["opt", "lr"], 0.0, 1.0).build().expect("a space");
    let _ = space.decode(&[f64::NAN]);
}

#[test]
fn a_name_may_not_be_declared_twice_nor_inside_another() {
    let faults = |names: &[&[&str]]| {
        let parameters = names.iter().map(|name| parameter(name, unit())).collect();
        Space::new(parameters).expect_err("no space").faults().to_vec()
    };
    assert_eq!(faults(&[&["a"], &["a"]]), [SpaceFault::Duplicate { name: "a".into() }]);
    let inside = SpaceFault::Inside { outer: "a".into(), inner: ParamPath::from(["a", "b", "c"]) };
    assert_eq!(faults(&[&["a", "b", "c"], &["a"]]), [inside]);
    assert!(Space::new(vec![parameter(&["a", "b"], unit()), parameter(&["a.b"], unit())]).is_ok());
}

#[test]
fn unknown_keys_and_plain_values_in_place_of_nested_ones_are_ignored() {
    let space = Space::new(vec![parameter(&["a", "b"], unit()), parameter(&["c"], unit())]).expect("a space");
    let read = |config: Value| space.read(config.as_object().expect("an object"));
    assert_eq!(read(json!({"a": {"b": 0.5, "x": 1}, "c": 0.25, "y": 2})), space.decode(&[0.5, 0.25]));
    assert_eq!(
        read(json!({"a": 3, "c": 0.25})).to_json(),
        *json!({"c": 0.25}).as_object().expect("an object")
    );
    assert!(read(json!({"a.b": 0.5})).is_empty());
}

#[test]
fn foreign_points_with_one_parameter_inside_another_still_print() {
    let point: Point =
        [(ParamPath::from("a"), json!(1)), (ParamPath::new(["a", "b"]), json!(2))].into_iter().collect();
    assert_eq!(Value::Object(point.to_json()), json!({"a": {"b": 2}}));
}

#[test]
fn rounded_values_and_grid_levels_belong_to_a_quantized_distribution() {
    let shape = Continuous::Uniform { min: 1.0, max: 10.0 };
    let quantized = Distribution::Quantized(shape, crate::distribution::Step { q: 4.0, integer: true });
    let contained: Vec<i64> = (-4..=16).filter(|x| quantized.contains(&json!(x))).collect();
    // Multiples of 4 from rounding, and 1 + 4 i from a grid.
    assert_eq!(contained, [0, 1, 4, 5, 8, 9, 12]);
}

#[test]
fn points_of_a_space_share_their_names() {
    let space = Space::new(vec![parameter(&["a"], unit())]).expect("a space");
    let (one, two) = (space.decode(&[0.1]), space.decode(&[0.2]));
    assert!(Arc::ptr_eq(&one.names, &two.names));
    assert!(Arc::ptr_eq(&one.names, &space.read(&two.to_json()).names));
}

mod conditional;

/// A space with a constraint that few points keep.
fn narrow(constraint: &str) -> Space {
    let space = Space::builder().uniform("a", 0.0, 1.0).normal("b", 0.0, 1.0).choice("c", ["x", "y", "z"]);
    space.constraint(constraint).build().expect("a space")
}

#[test]
fn lists_in_lists_are_read_once_at_each_level() {
    let nested = format!("{}true{}", "a in [".repeat(60), "]".repeat(60));
    let _ = Space::builder().int("a", 1, 10).constraint(nested).build();
    let wrong = Space::builder().int("a", 1, 10).constraint("a in [-'x', 'z']").build();
    let error = wrong.expect_err("texts are no numbers").to_string();
    assert_eq!(error.matches("\"x\"").count(), 1, "{error}");
}

#[test]
fn draws_keep_constraints_however_few_points_do() {
    for constraint in [
        "a <= 0.5",
        "a + b <= -2",
        "a + b <= -3 and c == 'y'",
        "a < 1e-4 or b > 5",
        "abs(b - 4) < 1e-3 and c != 'x'",
    ] {
        let space = narrow(constraint);
        let mut rng = crate::Rng::new(1);
        let drawn: Vec<Point> =
            (0..20).map(|_| space.decode(&space.draw(&mut rng).expect(constraint))).collect();
        assert!(drawn.iter().all(|point| space.allows(point)), "{constraint}");
        assert!(drawn.iter().all(|point| drawn.iter().filter(|other| *other == point).count() == 1));
    }
}

#[test]
fn a_walk_reaches_all_categories() {
    let space = narrow("a < 0.001 and c in ['x', 'z']");
    assert!(space.is_rarely_legal());
    let mut rng = crate::Rng::new(3);
    let seen: std::collections::BTreeSet<String> = (0..40)
        .map(|_| space.decode(&space.draw(&mut rng).expect("legal")).str("c").expect("a text").to_owned())
        .collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["x", "z"]);
}

#[test]
fn few_points_are_counted_and_many_are_drawn() {
    let space =
        Space::builder().int("a", 1, 10).int("b", 1, 10).constraint("a * b <= 4").constraint("a < 11");
    let share = space.build().expect("a space").legal_share().expect("constraints");
    assert_eq!((share.points, share.exact, share.legal, share.kept), (100, true, 8, vec![8, 100]));
    let share = narrow("a <= 0.25").legal_share().expect("constraints");
    assert!(!share.exact && share.points == 2000 && (400..600).contains(&share.legal));
    let none = Space::builder().int("a", 1, 10).constraint("a > 10").build().expect("a space");
    assert_eq!(none.draw(&mut crate::Rng::new(1)), None);
    let two = Space::builder()
        .int("a", 1, 99)
        .int("b", 1, 99)
        .constraint("a * b == 9603")
        .build()
        .expect("a space");
    let point = two.decode(&two.draw(&mut crate::Rng::new(1)).expect("two points"));
    assert!(two.allows(&point), "{point:?}");
}

#[test]
fn a_space_without_constraints_draws_from_the_prior() {
    use rand::RngExt;
    let space = Space::builder().uniform("a", 0.0, 1.0).uniform("b", 0.0, 1.0).build().expect("a space");
    let mut rng = crate::Rng::new(1);
    let expected: Vec<f64> = (0..2).map(|_| rng.sample(rand::distr::Open01)).collect();
    assert_eq!(space.draw(&mut crate::Rng::new(1)), Some(expected));
    assert_eq!(space.legal_share(), None);
}

#[test]
fn what_an_inactive_parameter_decides_is_kept() {
    let space = Space::builder()
        .choice("opt", ["sgd", "adam"])
        .uniform("momentum", 0.0, 1.0)
        .when(When::is("opt", "sgd"))
        .constraint("momentum < 0.5")
        .constraint("not (momentum > 0.9)")
        .build()
        .expect("a space");
    assert!(space.allows(&space.decode(&[1.0, 0.99])));
    assert!(!space.allows(&space.decode(&[0.0, 0.99])));
    assert!(space.allows(&space.decode(&[0.0, 0.3])));
}

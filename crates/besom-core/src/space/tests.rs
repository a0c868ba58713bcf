//! The unit cube and JSON, there and back.

use proptest::collection::vec;
use proptest::prelude::{Just, any, prop_assert, prop_assert_eq};
use proptest::strategy::Strategy;
use proptest::{prop_oneof, proptest};
use serde_json::json;

use super::*;
use crate::distribution::Continuous;
use crate::laws::{any_problem, distribution, point};
use crate::value::same;

/// Coordinates where floats still tell neighboring probabilities apart well enough to lead back exactly.
fn body() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(1.0), 1e-6..0.999_999]
}

fn space_and_cube() -> impl Strategy<Value = (Space, Vec<f64>)> {
    any_problem().prop_flat_map(|problem| {
        let cube = vec(
            prop_oneof![4 => 0.0..1.0, 4 => any::<f64>(), 1 => Just(f64::NAN)],
            problem.space.dimensions(),
        );
        (Just(problem.space), cube)
    })
}

/// Whether two values are the same, floats to a billionth.
fn nearly(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) if a.is_f64() => (x - y).abs() <= 1e-9 * x.abs().max(1e-9),
        _ => same(a, b),
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
    Parameter { name: ParamPath::new(path.to_vec()), distribution }
}

fn unit() -> Distribution {
    Distribution::Continuous(Continuous::Uniform { min: 0.0, max: 1.0 })
}

#[test]
fn a_name_may_not_be_declared_twice_nor_inside_another() {
    let twice = Space::new(vec![parameter(&["a"], unit()), parameter(&["a"], unit())]);
    assert_eq!(twice, Err(SpaceError::Duplicate("a".into())));
    let inside = Space::new(vec![parameter(&["a", "b", "c"], unit()), parameter(&["a"], unit())]);
    assert_eq!(inside, Err(SpaceError::Inside { outer: "a".into(), inner: ParamPath::new(["a", "b", "c"]) }));
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

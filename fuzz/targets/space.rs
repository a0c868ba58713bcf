//! Any distributions and coordinates: what is decoded lies in the space, and comes back through encoding and JSON.

#![no_main]

use besom_core::value::same;
use besom_core::{Distribution, Problem};
use besom_fuzz::{Bytes, laws, problem, value};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|input: &[u8]| {
    let mut bytes = Bytes::new(input);
    let problem = problem(&mut bytes);
    check_cube(&mut bytes, &problem);
    for parameter in problem.space.parameters() {
        check_order(&mut bytes, &parameter.distribution);
        check_levels(&mut bytes, &parameter.distribution);
        check_foreign(&mut bytes, &parameter.distribution);
    }
});

fn check_cube(bytes: &mut Bytes<'_>, problem: &Problem) {
    let space = &problem.space;
    // NaN is a fault of the algorithm, at which `decode` panics.
    let mut coordinate = || Some(bytes.float()).filter(|u| !u.is_nan()).unwrap_or(0.5);
    let cube: Vec<f64> = (0..space.dimensions()).map(|_| coordinate()).collect();
    let point = space.decode(&cube);
    assert!(space.contains(&point) && space.is_complete(&point), "{point:?} is not in {space:?}");
    let text = serde_json::to_string(&point.to_json()).expect("JSON");
    let config: Map<String, Value> = serde_json::from_str(&text).expect("an object");
    assert_eq!(space.read(&config), point, "through {text}");
    for parameter in space.parameters() {
        if let Some(value) = point.get(&parameter.name) {
            laws::round_trip(&parameter.distribution, value);
        }
    }
    let cube = space.encode(&point).expect("a point of the space has coordinates");
    assert!(space.contains(&space.decode(&cube)));
}

/// Quantiles rise with the probability.
fn check_order(bytes: &mut Bytes<'_>, distribution: &Distribution) {
    let list = matches!(distribution, Distribution::Constant(_) | Distribution::Categorical { .. });
    if list || laws::is_lopsided(distribution) {
        return;
    }
    let (u, v) = (bytes.float(), bytes.float());
    if u <= v {
        let (low, high) = (distribution.quantile(u), distribution.quantile(v));
        assert!(low.as_f64() <= high.as_f64(), "{low} at {u}, {high} at {v}: {distribution:?}");
    }
}

/// The levels of a grid are values, each found again at its place.
fn check_levels(bytes: &mut Bytes<'_>, distribution: &Distribution) {
    let Some(levels) = distribution.levels() else { return };
    let k = u128::from(bytes.word()) % levels.count();
    let value = levels.value(k).expect("a level");
    assert!(levels.value(levels.count()).is_none());
    assert!(distribution.contains(&value), "level {k}, {value}, of {distribution:?}");
    let Some(place) = levels.index(&value) else {
        panic!("level {k}, {value}, of {distribution:?} is not found")
    };
    let again = levels.value(place).expect("a level");
    assert!(same(&value, &again), "level {k}, {value}, was found at {place}, {again}: {distribution:?}");
}

/// Values from elsewhere are judged without harm.
fn check_foreign(bytes: &mut Bytes<'_>, distribution: &Distribution) {
    let value = value(bytes, 2);
    if let Some(u) = distribution.coordinate(&value) {
        assert!((0.0..=1.0).contains(&u), "{value} at {u}: {distribution:?}");
    }
    if distribution.contains(&value) && !distribution.is_constant() {
        assert!(distribution.coordinate(&value).is_some(), "{value} of {distribution:?} has no coordinate");
    }
}

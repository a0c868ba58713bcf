//! Names of algorithms, from the registry, and options for them.
//!
//! An algorithm that is registered is tried, whether its options are listed here or not.

use besom_core::{Options, Registry};
use serde_json::{Value, json};

use crate::{Bytes, value};

/// The options of search methods.
const SEARCHES: &[(&str, &[&str])] = &[
    ("bayes", &["initial_points", "points_to_evaluate", "acquisition", "beta", "replicate"]),
    ("cma-es", &["population", "step"]),
    ("grid", &["order"]),
    ("tpe", &["initial_points", "gamma", "candidates"]),
];

/// The options of stopping rules.
const STOPPERS: &[(&str, &[&str])] = &[
    ("asha", &["eta", "min_iter", "min_peers"]),
    ("envelope", &["fraction", "min_runs", "start_iter"]),
    ("hyperband", &["min_iter", "max_iter", "s", "eta", "strict"]),
    ("median", &["grace", "min_peers"]),
    ("patience", &["patience", "min_delta", "min_iter"]),
    ("threshold", &["nan", "upper", "lower", "divergence", "min_iter"]),
];

/// A search method of the registry with options, which it may refuse.
pub fn search_options(bytes: &mut Bytes<'_>, registry: &Registry) -> (String, Options) {
    let names: Vec<&str> = registry.searches().collect();
    choice(bytes, &names, SEARCHES)
}

/// A stopping rule of the registry with options, which it may refuse.
pub fn stopper_options(bytes: &mut Bytes<'_>, registry: &Registry) -> (String, Options) {
    let names: Vec<&str> = registry.stoppers().collect();
    choice(bytes, &names, STOPPERS)
}

fn choice(bytes: &mut Bytes<'_>, names: &[&str], known: &[(&str, &[&str])]) -> (String, Options) {
    let name = bytes.pick(names);
    let keys = known.iter().find(|(known, _)| *known == name).map_or(&[] as &[&str], |(_, keys)| keys);
    let chosen = bytes.byte();
    let chosen = keys.iter().enumerate().filter(|(place, _)| chosen >> place & 1 == 1);
    let options = chosen.map(|(_, &key)| (key.to_owned(), option(bytes, key))).collect();
    (name.to_owned(), options)
}

/// A value, as a rule one of the kind that the option takes.
fn option(bytes: &mut Bytes<'_>, key: &str) -> Value {
    if bytes.one_in(16) {
        return value(bytes, 1);
    }
    match key {
        "order" => json!(bytes.pick(&["sorted", "declared", "random"])),
        "acquisition" => json!(bytes.pick(&["expected_improvement", "confidence_bound"])),
        "points_to_evaluate" => json!([{}, {}]),
        "strict" | "replicate" => json!(bytes.one_in(2)),
        "upper" | "lower" => json!(bytes.finite()),
        _ if bytes.one_in(4) => json!(f64::from(bytes.byte()) / 16.0),
        _ => json!(1 + bytes.below(8)),
    }
}

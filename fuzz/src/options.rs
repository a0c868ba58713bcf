//! Names of algorithms, from the registry, and options for them, from their specs.

use besom_core::{OptionKind, OptionSpec, Options, Registry};
use serde_json::{Value, json};

use crate::{Bytes, value};

/// A search method of the registry with options, which it may refuse.
pub fn search_options(bytes: &mut Bytes<'_>, registry: &Registry) -> (String, Options) {
    let names: Vec<&str> = registry.searches().collect();
    let name = bytes.pick(&names);
    (name.to_owned(), options(bytes, registry.search_spec(name).map_or(&[], |spec| spec.options)))
}

/// A stopping rule of the registry with options, which it may refuse.
pub fn stopper_options(bytes: &mut Bytes<'_>, registry: &Registry) -> (String, Options) {
    let names: Vec<&str> = registry.stoppers().collect();
    let name = bytes.pick(&names);
    (name.to_owned(), options(bytes, registry.stopper_spec(name).map_or(&[], |spec| spec.options)))
}

fn options(bytes: &mut Bytes<'_>, specs: &[OptionSpec]) -> Options {
    let chosen = bytes.byte();
    let chosen = specs.iter().enumerate().filter(|(place, _)| chosen >> place & 1 == 1);
    chosen.map(|(_, spec)| (spec.key.to_owned(), option(bytes, &spec.kind))).collect()
}

/// A value, as a rule one of the kind that the option takes.
fn option(bytes: &mut Bytes<'_>, kind: &OptionKind) -> Value {
    if bytes.one_in(16) {
        return value(bytes, 1);
    }
    match kind {
        OptionKind::Choice(words) => json!(bytes.pick(words)),
        OptionKind::Points => json!([{}, {}]),
        OptionKind::Flag => json!(bytes.one_in(2)),
        OptionKind::Number { .. } if bytes.one_in(2) => json!(bytes.finite()),
        OptionKind::Number { .. } => json!(f64::from(bytes.byte()) / 16.0),
        _ => json!(1 + bytes.below(8)),
    }
}

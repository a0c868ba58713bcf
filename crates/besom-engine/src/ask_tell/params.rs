//! What is odd about the parameters that a run is told with: values that mean nothing in it, and values that it lacks.

use besom_core::{Parameter, Point, Space};
use serde_json::{Map, Value};

/// What is odd about the parameters of a run whose point is this one, in a space with conditions; `is_own` if the caller made the run, so
/// that nothing is known of its parameters but what it says.
pub(super) fn oddities(
    space: &Space,
    params: &Map<String, Value>,
    point: &Point,
    is_own: bool,
) -> Vec<String> {
    if !space.is_conditional() {
        return Vec::new();
    }
    let pairs = space.parameters().iter().zip(space.active_in(point));
    let oddity = |(parameter, active): (&Parameter, bool)| {
        let Parameter { name, distribution, .. } = parameter;
        let is_given = name.find_in(params).is_some();
        let when = parameter.when.as_ref().map(ToString::to_string);
        match when {
            Some(when) if is_given && !active => {
                Some(format!("{name} is left out, because it exists only when {when}"))
            }
            when if is_own && active && !is_given && !distribution.is_constant() => {
                let when = when.map(|when| format!(", which exists when {when}")).unwrap_or_default();
                Some(format!("it has no {name}{when}"))
            }
            _ => None,
        }
    };
    pairs.filter_map(oddity).collect()
}

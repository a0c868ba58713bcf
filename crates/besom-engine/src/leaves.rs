//! Parameters of a run by flat names.

use serde_json::{Map, Value};

/// Parameters with nested names joined by dots, in their order; an empty object is a value.
pub fn leaves(point: &Map<String, Value>) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (name, value) in point {
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                all.extend(
                    leaves(inner).into_iter().map(|(below, value)| (format!("{name}.{below}"), value)),
                );
            }
            other => all.push((name.clone(), other.clone())),
        }
    }
    all
}

/// The value of this name among the [`leaves`].
pub fn leaf<'a>(point: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    point.iter().find_map(|(key, value)| match value {
        Value::Object(inner) if !inner.is_empty() => leaf(inner, name.strip_prefix(key)?.strip_prefix('.')?),
        other => (key == name).then_some(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_is_found_by_the_name_that_leaves_give_it() {
        let point = serde_json::json!({"a": {"b": 1, "b.c": 2}, "a.d": {"e": {}}, "a.b.c": 3, "f": 4});
        let point = point.as_object().expect("an object");
        let all = leaves(point);
        assert_eq!(all.len(), 5);
        for (name, _) in &all {
            let first = all.iter().find(|(other, _)| other == name).map(|(_, value)| value);
            assert_eq!(leaf(point, name), first, "{name}");
        }
        assert_eq!(["a", "a.", "b", "a.d", "a.d.e.", ""].map(|name| leaf(point, name)), [None; 6]);
    }
}
